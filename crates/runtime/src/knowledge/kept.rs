//! What is kept in memory because it is likely to be asked for again: bounded
//! in number and in bytes, the oldest goes first.

use std::sync::Arc;

use rouage_model::Value;

/// Bytes of values that one such store keeps.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// What a value takes beside its text.
const SIMPLE: usize = 32;

/// The latest last.
pub struct Kept<K, V> {
    entries: Vec<(K, usize, Arc<V>)>,
}

impl<K, V> Default for Kept<K, V> {
    fn default() -> Self {
        Self { entries: Vec::new() }
    }
}

impl<K: PartialEq, V> Kept<K, V> {
    pub fn get(&self, key: &K) -> Option<Arc<V>> {
        self.entries.iter().find(|(kept, ..)| kept == key).map(|(.., value)| value.clone())
    }

    /// What was just computed is kept in any case: it is asked for with the
    /// next key.
    pub fn put(&mut self, most: usize, bytes: usize, key: K, value: Arc<V>) {
        self.entries.retain(|(kept, ..)| *kept != key);
        self.entries.push((key, bytes, value));
        while self.entries.len() > 1 && (self.entries.len() > most || self.bytes() > MOST_BYTES) {
            self.entries.remove(0);
        }
    }

    fn bytes(&self) -> usize {
        self.entries.iter().map(|(_, bytes, _)| bytes).sum()
    }
}

/// About how many bytes a value takes.
pub fn weight(value: &Value) -> usize {
    SIMPLE
        + match value {
            Value::Text(text) => text.len(),
            Value::Array(items) => items.iter().map(weight).sum(),
            Value::Collection(entries) => entries.iter().map(|(name, value)| name.len() + weight(value)).sum(),
            _ => 0,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_goes_when_there_are_too_many_bytes() {
        let mut kept = Kept::default();
        for key in 1..=3 {
            kept.put(10, MOST_BYTES / 2, key, Arc::new(key));
        }
        assert_eq!([1, 2, 3].map(|key| kept.get(&key).is_some()), [false, true, true]);
        kept.put(10, MOST_BYTES * 2, 4, Arc::new(4));
        assert_eq!([2, 3, 4].map(|key| kept.get(&key).is_some()), [false, false, true]);
        kept.put(1, 0, 5, Arc::new(5));
        assert_eq!([4, 5].map(|key| kept.get(&key).is_some()), [false, true]);
    }

    #[test]
    fn a_value_weighs_what_its_texts_do() {
        let list = Value::from(vec![Value::from("x".repeat(1_000)), Value::from("y".repeat(2_000))]);
        assert_eq!(weight(&list), 3_000 + 3 * SIMPLE);
    }
}

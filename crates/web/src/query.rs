//! Names and values of a query or an urlencoded form, in order, repeated names
//! kept. Never fails: what is odd is read as it stands.

use percent_encoding::percent_decode;

/// Decoded pairs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query(Vec<(String, String)>);

impl Query {
    /// Reads `a=1&b=2`.
    pub fn parse(text: &str) -> Self {
        Self(text.split('&').filter(|pair| !pair.is_empty()).map(pair).collect())
    }

    /// Takes pairs as they are.
    pub fn of(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The first value of a name without blanks around, or an empty text.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).unwrap_or_default().trim()
    }

    /// Whether a check box is ticked.
    pub fn is_on(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| !matches!(value, "" | "0" | "off" | "false"))
    }

    /// The page number; 1 when missing or odd.
    pub fn page(&self) -> u32 {
        self.text("page").parse().unwrap_or(1).max(1)
    }

    /// The pairs in order.
    pub fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The query with one name replaced, for links of lists.
    pub fn with(&self, name: &str, value: &str) -> String {
        let encode =
            |text: &str| percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string();
        let kept = self.0.iter().filter(|(key, value)| key != name && key != "notice" && !value.is_empty());
        let mut pairs: Vec<String> = kept.map(|(key, value)| format!("{}={}", encode(key), encode(value))).collect();
        pairs.push(format!("{}={}", encode(name), encode(value)));
        pairs.join("&")
    }
}

fn pair(text: &str) -> (String, String) {
    let (name, value) = text.split_once('=').unwrap_or((text, ""));
    (decode(name), decode(value))
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_decode(spaced.as_bytes()).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_writes_pairs() {
        let query = Query::parse("q=a+b%26c&page=2&empty=&flag&q=second");
        assert_eq!(
            (query.text("q"), query.page(), query.get("empty"), query.get("flag")),
            ("a b&c", 2, Some(""), Some(""))
        );
        assert_eq!(Query::parse("q=a%20b&page=2&notice=saved").with("page", "3"), "q=a%20b&page=3");
        assert_eq!(Query::parse("%ff=%").pairs(), [("\u{fffd}".to_owned(), "%".to_owned())]);
    }
}

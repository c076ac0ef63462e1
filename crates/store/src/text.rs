//! Small conversions between stored and living values.

use jiff::Timestamp;
use rouage_model::{Value, tagged};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::Error;

/// Whole microseconds since 1970.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// Back from [`micros`]; what cannot be an instant becomes the nearest one.
pub(crate) fn instant(micros: i64) -> Timestamp {
    Timestamp::from_microsecond(micros).unwrap_or(if micros < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

/// A value as stored text.
pub(crate) fn store_value(value: &Value) -> String {
    tagged::to_string(value)
}

/// Back from [`store_value`].
pub(crate) fn read_value(what: &str, text: &[u8]) -> Result<Value, Error> {
    tagged::parse(text).map_err(|cause| Error::corrupt(what, cause))
}

/// Bundles as stored bytes.
pub(crate) fn store_bundles(bundles: Vec<Value>) -> Vec<u8> {
    store_value(&Value::from(bundles)).into_bytes()
}

/// Back from [`store_bundles`].
pub(crate) fn read_bundles(bytes: &[u8]) -> Result<Vec<Value>, Error> {
    Ok(read_value("the payload", bytes)?.as_array().unwrap_or_default().to_vec())
}

/// Text that both databases take: PostgreSQL knows no NUL in texts, and one
/// request with a NUL must not fail the transaction of its neighbours.
pub(crate) fn clean(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

/// Headers as stored text: a list of pairs.
pub(crate) fn store_headers(headers: &[(String, String)]) -> String {
    let pair = |(name, value): &(String, String)| Value::from(vec![name.as_str().into(), value.as_str().into()]);
    store_value(&headers.iter().map(pair).collect::<Vec<Value>>().into())
}

/// Back from [`store_headers`].
pub(crate) fn read_headers(text: &str) -> Result<Vec<(String, String)>, Error> {
    let value = read_value("a header", text.as_bytes())?;
    let pairs = value.as_array().unwrap_or_default().iter().filter_map(|pair| {
        let [name, value] = pair.as_array()? else { return None };
        Some((name.as_text()?.to_owned(), value.as_text()?.to_owned()))
    });
    Ok(pairs.collect())
}

/// Texts as a stored list.
pub(crate) fn store_texts(texts: &[String]) -> String {
    store_value(&texts.iter().map(|text| text.as_str().into()).collect::<Vec<Value>>().into())
}

/// Back from [`store_texts`].
pub(crate) fn read_texts(text: &str) -> Result<Vec<String>, Error> {
    let value = read_value("a list", text.as_bytes())?;
    Ok(value.as_array().unwrap_or_default().iter().filter_map(Value::as_text).map(str::to_owned).collect())
}

/// SHA-256 in hexadecimal.
pub(crate) fn digest(text: &str) -> String {
    hex::encode(Sha256::digest(text.as_bytes()))
}

/// Whether two texts of equal length are the same, in constant time.
pub(crate) fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// A text for `LIKE … ESCAPE '\'` that finds it anywhere.
pub(crate) fn like(text: &str) -> String {
    like_as_is(&text.trim().to_lowercase())
}

/// The same, in the case in which it is given.
pub(crate) fn like_as_is(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

/// A count for a column; what does not fit is cut.
pub(crate) fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// A count from a column; what is below 0 is 0.
pub(crate) fn count(column: i64) -> u64 {
    u64::try_from(column).unwrap_or(0)
}

/// A small count from a column.
pub(crate) fn small(column: i32) -> u32 {
    u32::try_from(column).unwrap_or(0)
}

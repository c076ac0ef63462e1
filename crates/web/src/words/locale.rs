//! The language that a request is answered in, and looking up its words.
//!
//! The English text is the key. A language is a flat JSON object in
//! `web/words/<tag>.json`, from the English text to its own, or to an array of
//! its plural forms; what it lacks stays English. Nothing is looked up and
//! nothing is allocated for English itself.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::OnceLock;

use rouage_model::{Collection, Value, json};

include!(concat!(env!("OUT_DIR"), "/words.rs"));

tokio::task_local! {
    static LOCALE: Option<&'static Locale>;
}

/// A language other than English.
#[derive(Debug)]
pub struct Locale {
    /// Such as `fr`.
    tag: String,
    texts: HashMap<String, Vec<String>>,
}

impl Locale {
    /// Reads a language.
    ///
    /// # Errors
    /// What is wrong with the text, for its author.
    pub fn parse(tag: &str, text: &str) -> Result<Self, String> {
        let value = json::parse(text.as_bytes()).map_err(|error| format!("{tag}.json: {error}"))?;
        let Value::Collection(entries) = value else { return Err(format!("{tag}.json: expected an object")) };
        let mut texts = HashMap::new();
        for (key, value) in entries.iter() {
            let forms: Option<Vec<String>> = match value {
                Value::Text(text) => Some(vec![text.to_string()]),
                Value::Array(forms) => forms.iter().map(|form| form.as_text().map(str::to_owned)).collect(),
                _ => None,
            };
            let forms = forms.filter(|forms| !forms.is_empty());
            let forms = forms.ok_or_else(|| format!("{tag}.json: {key:?} is neither a text nor plural forms"))?;
            if let Some(form) = forms.iter().find(|form| !fits(key, form)) {
                return Err(format!("{tag}.json: {form:?} has other placeholders or tags than {key:?}"));
            }
            texts.insert(key.to_string(), forms);
        }
        Ok(Self { tag: tag.to_owned(), texts })
    }

    /// A language that is part of the program.
    pub fn find(tag: &str) -> Option<&'static Self> {
        static ALL: OnceLock<Vec<Locale>> = OnceLock::new();
        let all = ALL.get_or_init(|| {
            let read = |(tag, text): &(&str, &str)| match Locale::parse(tag, text) {
                Ok(locale) => Some(locale),
                Err(error) => {
                    tracing::error!(%error, "a language cannot be read");
                    None
                }
            };
            LANGUAGES.iter().filter_map(read).collect()
        });
        all.iter().find(|locale| locale.tag == tag)
    }

    /// All its words as an object, for the scripts of the editor, which count
    /// by themselves and so need no plural forms.
    pub fn to_value(&self) -> Value {
        let texts = self.texts.iter().filter(|(_, forms)| forms.len() == 1);
        let texts: BTreeMap<&str, &str> = texts.map(|(key, forms)| (key.as_str(), forms[0].as_str())).collect();
        texts.into_iter().collect::<Collection>().into()
    }

    fn form(&self, key: &str, count: u64) -> Option<&str> {
        let forms = self.texts.get(key)?;
        let wanted = plural_form(&self.tag, count).min(forms.len() - 1);
        forms.get(wanted).map(String::as_str)
    }
}

/// Which plural form a count takes: one row per rule. What is in no row has
/// English's rule.
fn plural_form(tag: &str, count: u64) -> usize {
    match tag.split('-').next().unwrap_or(tag) {
        "fr" => usize::from(count > 1),
        "ja" | "ko" | "zh" | "th" | "vi" | "id" => 0,
        "pl" => match (count, count % 10, count % 100) {
            (1, _, _) => 0,
            (_, 2..=4, hundred) if !(12..=14).contains(&hundred) => 1,
            _ => 2,
        },
        "cs" | "sk" => match count {
            1 => 0,
            2..=4 => 1,
            _ => 2,
        },
        _ => usize::from(count != 1),
    }
}

/// Answers a request in a language; `None` is English.
pub async fn within<F: Future>(locale: Option<&'static Locale>, future: F) -> F::Output {
    LOCALE.scope(locale, future).await
}

/// The language of this request; `None` is English.
pub fn current() -> Option<&'static Locale> {
    LOCALE.try_with(|locale| *locale).ok().flatten()
}

/// The tag of the current language, for `<html lang>`.
pub fn tag() -> &'static str {
    current().map_or("en", |locale| locale.tag.as_str())
}

/// The text in the current language, if that is not English and has it.
pub fn translated(key: &str) -> Option<&'static str> {
    current()?.texts.get(key)?.first().map(String::as_str)
}

/// The form for this count in the current language, likewise. The key of a
/// plural is its English text for many.
pub fn translated_form(key: &str, count: u64) -> Option<&'static str> {
    current()?.form(key, count)
}

/// The text in the current language.
pub fn t(key: &str) -> &str {
    translated(key).unwrap_or(key)
}

/// The text with each `{name}` replaced.
pub fn fill(text: &str, values: &[(&str, &dyn fmt::Display)]) -> String {
    let mut filled = text.to_owned();
    let mut from = 0;
    while let Some((start, end, name)) = placeholder(&filled, from) {
        from = end;
        if let Some((_, value)) = values.iter().find(|(known, _)| *known == name) {
            let value = value.to_string();
            from = start + value.len();
            filled.replace_range(start..end, &value);
        }
    }
    filled
}

/// The next `{name}` from a place on: where it begins and ends, and the name.
pub(super) fn placeholder(text: &str, from: usize) -> Option<(usize, usize, String)> {
    let mut at = from;
    loop {
        let start = at + text.get(at..)?.find('{')?;
        let end = start + text.get(start..)?.find('}')?;
        let name = &text[start + 1..end];
        if !name.is_empty() && is_name(name) {
            return Some((start, end + 1, name.to_owned()));
        }
        at = start + 1;
    }
}

/// A name as in Rust, or a number as in the scripts.
fn is_name(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_digit()) || name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Whether a translation has the placeholders and tags of its key. A form for
/// one may leave out the count.
fn fits(key: &str, translation: &str) -> bool {
    let wanted = pieces(key);
    let has = pieces(translation);
    has.iter().all(|piece| wanted.contains(piece))
        && wanted.iter().all(|piece| has.contains(piece) || piece == "{count}")
}

/// The placeholders and tags of a text.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut from = 0;
    while let Some((_, end, name)) = placeholder(text, from) {
        pieces.push(format!("{{{name}}}"));
        from = end;
    }
    let tags = text.match_indices('<').filter_map(|(at, _)| super::sentence::tag_at(&text[at..]));
    pieces.extend(tags.map(str::to_owned));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::{Sentence, plural, t as say};

    fn made_up(text: &str) -> Option<&'static Locale> {
        Some(Box::leak(Box::new(Locale::parse("fr", text).unwrap())))
    }

    #[tokio::test]
    async fn words_come_from_the_language_of_the_request() {
        let locale = made_up(
            r#"{"Save": "Garder", "{who} was here": "Ici : {who}", "{count} runs": ["{count} marche", "{count} marches"]}"#,
        );
        let name = "Ada {who}";
        let all = |zero: u64| {
            let runs = |count: u64| plural!(count, "1 run", "{count} runs");
            (say!("Save"), say!("Keep"), say!("{who} was here", who = name), runs(zero), runs(2), tag())
        };
        let english = ("Save", "Keep", "Ada {who} was here".into(), "0 runs".into(), "2 runs".into(), "en");
        assert_eq!(all(0), english);
        let french = ("Garder", "Keep", "Ici : Ada {who}".into(), "0 marche".into(), "2 marches".into(), "fr");
        assert_eq!(within(locale, async { all(0) }).await, french);
        assert_eq!(within(None, async { all(0) }).await, english);
    }

    #[tokio::test]
    async fn sentences_of_templates_are_translated_whole() {
        let locale =
            made_up(r#"{"No “{what}”. <a>Show <b>all</b></a>": "<a>Tout <b>voir</b></a>, « {what} » manque"}"#);
        let sentence = || {
            Sentence::from(t("No “{what}”. <a>Show <b>all</b></a>"))
                .with("what", &"<i>")
                .link("/x?a=1&b=\"")
                .to_string()
        };
        assert_eq!(sentence(), "No “&#60;i&#62;”. <a href=\"/x?a=1&#38;b=&#34;\">Show <b>all</b></a>");
        let french = within(locale, async { sentence() }).await;
        assert_eq!(french, "<a href=\"/x?a=1&#38;b=&#34;\">Tout <b>voir</b></a>, « &#60;i&#62; » manque");
    }

    #[test]
    fn english_is_neither_looked_up_nor_copied() {
        let text = "Save";
        assert!(std::ptr::eq(t(text), text));
        assert!(current().is_none());
    }

    #[test]
    fn a_translation_has_the_placeholders_and_tags_of_its_key() {
        for (key, translation, fit) in [
            ("{a} and {b}", "{b} et {a}", true),
            ("{a} and {b}", "{b} et", false),
            ("{a}", "{a} {c}", false),
            ("{count} runs", "une marche", true),
            ("<a>Go</a>", "<a>Va</a>", true),
            ("<a>Go</a>", "Va", false),
            ("Go", "<script>", true),
            ("Write {{ and }}", "Écrivez {{ et }}", true),
        ] {
            assert_eq!(fits(key, translation), fit, "{key} – {translation}");
        }
        assert!(Locale::parse("xx", r#"{"{a}": "none"}"#).is_err());
        assert!(Locale::parse("xx", r#"{"a": 1}"#).is_err());
        assert!(Locale::parse("xx", r#"{"a": []}"#).is_err());
    }

    #[test]
    fn every_embedded_language_can_be_read() {
        for (tag, text) in LANGUAGES {
            Locale::parse(tag, text).unwrap();
        }
    }

    #[test]
    fn plural_rules_differ() {
        assert_eq!([0, 1, 2].map(|count| plural_form("fr", count)), [0, 0, 1]);
        assert_eq!([0, 1, 2].map(|count| plural_form("de", count)), [1, 0, 1]);
        assert_eq!([1, 2, 5, 12, 22].map(|count| plural_form("pl", count)), [0, 1, 2, 2, 1]);
        assert_eq!(plural_form("ja", 5), 0);
    }
}

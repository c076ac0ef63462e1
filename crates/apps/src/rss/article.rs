//! An article as modules give it.

use jiff::Timestamp;
use rouage_model::{Collection, Value};

/// An article, whatever kind of feed it comes from.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Article {
    /// What tells it from the others of its feed.
    pub(super) id: String,
    pub(super) title: String,
    /// The whole text, when the feed has it.
    pub(super) description: String,
    /// The short one.
    pub(super) summary: String,
    pub(super) author: String,
    pub(super) url: String,
    pub(super) created: Option<Timestamp>,
    pub(super) updated: Option<Timestamp>,
    pub(super) comments: String,
    pub(super) image: Option<Place>,
    pub(super) categories: Vec<String>,
    pub(super) source: Option<Place>,
    pub(super) enclosures: Vec<Enclosure>,
    /// All tags as they are.
    pub(super) raw: Collection,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Place {
    pub(super) title: String,
    pub(super) url: String,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Enclosure {
    pub(super) url: String,
    pub(super) kind: String,
    pub(super) length: Option<i64>,
}

impl Article {
    /// When it was published.
    pub(super) fn date(&self) -> Option<Timestamp> {
        self.created.or(self.updated)
    }

    pub(super) fn to_value(&self) -> Value {
        let mut bundle = Collection::new();
        for (name, text) in [
            ("id", &self.id),
            ("title", &self.title),
            ("description", &self.description),
            ("summary", &self.summary),
            ("author", &self.author),
            ("url", &self.url),
        ] {
            bundle.insert(name, text_or_null(text));
        }
        let date = |date: Option<Timestamp>| date.map_or(Value::Null, Value::Date);
        bundle.insert("dateUpdated", date(self.updated.or(self.created)));
        bundle.insert("dateCreated", date(self.date()));
        bundle.insert("comments", text_or_null(&self.comments));
        bundle.insert("image", Place::value(self.image.as_ref()));
        bundle.insert("categories", self.categories.iter().map(|name| Value::text(name.as_str())).collect::<Vec<_>>());
        bundle.insert("source", Place::value(self.source.as_ref()));
        bundle.insert("enclosures", self.enclosures.iter().map(Enclosure::value).collect::<Vec<_>>());
        bundle.insert("rssFields", self.raw.clone());
        bundle.into()
    }
}

impl Place {
    fn value(place: Option<&Self>) -> Value {
        let Some(place) = place else { return Value::Null };
        Collection::from_iter([("title", text_or_null(&place.title)), ("url", text_or_null(&place.url))]).into()
    }
}

impl Enclosure {
    fn value(&self) -> Value {
        let length = self.length.map_or(Value::Null, Value::from);
        Collection::from_iter([
            ("url", text_or_null(&self.url)),
            ("type", text_or_null(&self.kind)),
            ("length", length),
        ])
        .into()
    }
}

fn text_or_null(text: &str) -> Value {
    if text.is_empty() { Value::Null } else { Value::text(text) }
}

//! RSS: articles of feeds in RSS 2.0, RSS 1.0 and Atom.

mod article;
mod dates;
mod feed;
mod fetch;
mod new_article;
mod read_articles;
mod seen;

use std::sync::Arc;

use rouage_sdk::{App, Field, FieldKind};

pub(crate) fn app() -> App {
    App {
        name: "rss",
        label: "RSS",
        color: "#b4530a",
        icon: "rss",
        synonyms: &["feed", "news", "blog", "articles", "atom", "podcast"],
        modules: vec![Arc::new(read_articles::ReadArticles::default()), Arc::new(new_article::NewArticle::default())],
        connections: Vec::new(),
    }
}

fn address_fields() -> Vec<Field> {
    vec![
        Field::new("url", "URL", FieldKind::Url).required().help("The address of the feed, not of the site; it often ends with /feed or .xml."),
        Field::text("username", "User name").advanced().help("For feeds that ask who you are."),
        Field::new("password", "Password", FieldKind::Password).advanced().help("Of that user."),
        Field::boolean("gzip", "Request compressed content")
            .default("true")
            .advanced()
            .help("Yes: the feed may come compressed, which is faster."),
    ]
}

/// Kept for Make: the tags of both are always in `rssFields`.
fn include_field() -> Field {
    let kinds = vec![("google-merchant-center", "Google Merchant Center"), ("itunes", "iTunes")];
    let item = Field::new("", "", FieldKind::Select(kinds));
    Field::new("include", "Process RSS fields", FieldKind::Array(vec![item]))
        .advanced()
        .help("All tags of an article are in RSS fields, whatever is chosen.")
}

fn output() -> Vec<Field> {
    let place = || FieldKind::Collection(vec![Field::text("title", "Name"), Field::text("url", "URL")]);
    let enclosure =
        vec![Field::text("url", "URL"), Field::text("type", "Type"), Field::new("length", "Length", FieldKind::Number)];
    vec![
        Field::text("id", "Article ID"),
        Field::text("title", "Title"),
        Field::text("description", "Description"),
        Field::text("summary", "Summary"),
        Field::text("author", "Author"),
        Field::text("url", "URL"),
        Field::new("dateUpdated", "Date updated", FieldKind::Date),
        Field::new("dateCreated", "Date created", FieldKind::Date),
        Field::text("comments", "Comments"),
        Field::new("image", "Image", place()),
        Field::new("categories", "Categories", FieldKind::Array(vec![Field::text("", "")])),
        Field::new("source", "Source", place()),
        Field::new("enclosures", "Enclosures", FieldKind::Array(enclosure)),
        Field::new("rssFields", "RSS fields", FieldKind::Collection(Vec::new())),
    ]
}

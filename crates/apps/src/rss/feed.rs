//! A feed to its articles: RSS 2.0, RSS 1.0 (RDF) and Atom.
//!
//! Feeds are read as they are written, not as they should be: what is missing
//! or wrong in an article leaves a field empty and never loses the article.

use rouage_model::{Collection, Value};
use rouage_sdk::xml::{self, Element, Entities};
use url::Url;

use super::article::{Article, Enclosure, Place};
use super::dates;

/// Articles of one feed that are read.
const MOST: usize = 5_000;

/// The articles in the feed's order. `base` is where the feed came from; what
/// it names relatively is meant from there.
pub(super) fn parse(text: &str, base: &Url) -> Result<Vec<Article>, String> {
    let root = xml::parse(text.trim_start(), Entities::Html)?;
    let items: Vec<Article> = match root.name.as_str() {
        "rss" => {
            let channel = root.child("channel").unwrap_or(&root);
            // Some feeds have their items beside the channel.
            let outside = root.children_named("item");
            channel.children_named("item").chain(outside).take(MOST).map(|item| from_rss(item, base)).collect()
        }
        "rdf:RDF" => root.children_named("item").take(MOST).map(|item| from_rss(item, base)).collect(),
        "feed" => root.children_named("entry").take(MOST).map(|entry| from_atom(entry, base)).collect(),
        other => return Err(format!("it begins with <{other}>, which is neither RSS nor Atom")),
    };
    Ok(items)
}

fn from_rss(item: &Element, base: &Url) -> Article {
    let text = |names: &[&str]| first_text(item, names);
    let guid = item.child("guid");
    let is_link = guid.is_some_and(|guid| guid.attribute("isPermaLink") != Some("false"));
    let permalink = text(&["guid"]);
    let link = match text(&["link", "feedburner:origLink"]) {
        link if !link.is_empty() => link,
        _ if is_link && permalink.contains("://") => permalink.clone(),
        _ => item.attribute("rdf:about").unwrap_or_default().to_owned(),
    };
    let summary = markup(item, &["description", "itunes:summary", "media:description"]);
    let description = markup(item, &["content:encoded"]);
    let created = date(item, &["pubDate", "pubdate", "dc:date", "dcterms:created", "dcterms:issued"]);
    let mut article = Article {
        title: plain(&markup(item, &["title", "media:title"])),
        description: if description.is_empty() { summary.clone() } else { description },
        summary,
        author: person(&text(&["author", "dc:creator", "itunes:author", "managingEditor"])),
        url: absolute(&link, base),
        created,
        updated: date(item, &["a10:updated", "atom:updated", "dcterms:modified", "dc:date"]),
        comments: absolute(&text(&["comments"]), base),
        image: image(item, base),
        categories: categories(item),
        source: item.child("source").map(|source| Place {
            title: source.text().trim().to_owned(),
            url: absolute(source.attribute("url").unwrap_or_default(), base),
        }),
        enclosures: enclosures(item, base),
        raw: raw(item),
        id: permalink,
    };
    identify(&mut article);
    article
}

fn from_atom(entry: &Element, base: &Url) -> Article {
    let base = entry.attribute("xml:base").and_then(|own| base.join(own).ok()).unwrap_or_else(|| base.clone());
    let text = |names: &[&str]| first_text(entry, names);
    let links = || entry.children_named("link");
    let relation = |link: &Element| link.attribute("rel").unwrap_or("alternate").to_owned();
    let link =
        links().find(|link| relation(link) == "alternate").or_else(|| links().find(|link| relation(link) == "self"));
    let summary = markup(entry, &["summary", "media:description"]);
    let content = markup(entry, &["content"]);
    let mut article = Article {
        title: plain(&markup(entry, &["title"])),
        description: if content.is_empty() { summary.clone() } else { content.clone() },
        summary: if summary.is_empty() { content } else { summary },
        author: entry.child("author").map(|author| first_text(author, &["name", "email"])).unwrap_or_default(),
        url: absolute(link.and_then(|link| link.attribute("href")).unwrap_or_default(), &base),
        created: date(entry, &["published", "issued", "created"]),
        updated: date(entry, &["updated", "modified"]),
        comments: links()
            .find(|link| relation(link) == "replies")
            .map(|link| absolute(link.attribute("href").unwrap_or_default(), &base))
            .unwrap_or_default(),
        image: image(entry, &base),
        categories: categories(entry),
        source: entry.child("source").map(|source| Place {
            title: first_text(source, &["title"]),
            url: absolute(source.child("link").and_then(|link| link.attribute("href")).unwrap_or_default(), &base),
        }),
        enclosures: enclosures(entry, &base),
        raw: raw(entry),
        id: text(&["id"]),
    };
    identify(&mut article);
    article
}

/// What tells an article from others, when its feed does not say it.
fn identify(article: &mut Article) {
    if article.id.is_empty() {
        article.id = [&article.url, &article.title, &article.summary]
            .into_iter()
            .find(|text| !text.is_empty())
            .cloned()
            .unwrap_or_default();
    }
    // An id is kept in the position of triggers.
    if let Some((end, _)) = article.id.char_indices().nth(500) {
        article.id.truncate(end);
    }
}

fn first_text(item: &Element, names: &[&str]) -> String {
    let texts = names.iter().filter_map(|name| item.child(name)).map(|child| child.text().trim().to_owned());
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// A text that may have markup, escaped or not.
fn markup(item: &Element, names: &[&str]) -> String {
    let texts = names.iter().filter_map(|name| item.child(name)).map(|child| child.inner().trim().to_owned());
    texts.into_iter().find(|text| !text.is_empty()).unwrap_or_default()
}

/// A title on one line.
fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn date(item: &Element, names: &[&str]) -> Option<jiff::Timestamp> {
    names.iter().find_map(|name| dates::parse(&item.child(name)?.text()))
}

/// `ada@example.com (Ada)` is Ada.
fn person(text: &str) -> String {
    match text.split_once('(') {
        Some((address, name)) if address.contains('@') => name.trim_end_matches(')').trim().to_owned(),
        _ => text.to_owned(),
    }
}

fn absolute(link: &str, base: &Url) -> String {
    match link.trim() {
        "" => String::new(),
        link => base.join(link).map_or_else(|_| link.to_owned(), |url| url.to_string()),
    }
}

fn image(item: &Element, base: &Url) -> Option<Place> {
    let place = |element: &Element, attribute: &str| {
        let url = absolute(element.attribute(attribute)?, base);
        Some(Place { title: element.attribute("title").unwrap_or_default().to_owned(), url })
    };
    let group = item.child("media:group").unwrap_or(item);
    let thumbnail = || item.child("media:thumbnail").or_else(|| group.child("media:thumbnail"));
    let own = item
        .child("image")
        .map(|image| Place { title: first_text(image, &["title"]), url: absolute(&first_text(image, &["url"]), base) });
    own.filter(|place| !place.url.is_empty())
        .or_else(|| item.child("itunes:image").and_then(|image| place(image, "href")))
        .or_else(|| thumbnail().and_then(|image| place(image, "url")))
}

fn categories(item: &Element) -> Vec<String> {
    const NAMES: &[&str] = &["category", "dc:subject", "itunes:category", "media:category"];
    let mut found: Vec<String> = Vec::new();
    for element in item.children().filter(|child| NAMES.contains(&child.name.as_str())) {
        let attribute = element.attribute("label").or_else(|| element.attribute("term"));
        let attribute = attribute.or_else(|| element.attribute("text"));
        let text = element.text();
        let name = if text.trim().is_empty() { attribute.unwrap_or_default() } else { &text }.trim();
        if !name.is_empty() && found.len() < 1000 && !found.iter().any(|own| own == name) {
            found.push(name.to_owned());
        }
    }
    found
}

fn enclosures(item: &Element, base: &Url) -> Vec<Enclosure> {
    let of = |element: &Element, url: &str, length: &str| {
        let text = |name: &str| element.attribute(name).unwrap_or_default().trim().to_owned();
        Enclosure { url: absolute(&text(url), base), kind: text("type"), length: text(length).parse().ok() }
    };
    let group = item.child("media:group").into_iter().flat_map(Element::children);
    let mut found = Vec::new();
    for element in item.children().chain(group) {
        found.push(match element.name.as_str() {
            "enclosure" => of(element, "url", "length"),
            "link" if element.attribute("rel") == Some("enclosure") => of(element, "href", "length"),
            "media:content" => of(element, "url", "fileSize"),
            _ => continue,
        });
    }
    found.retain(|enclosure| !enclosure.url.is_empty());
    found
}

/// Every tag under its name in lower case: its text, or else `props` with its
/// attributes and what is in it. A tag that comes again makes a list.
fn raw(item: &Element) -> Collection {
    let mut fields: Vec<(String, Vec<Value>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for child in item.children() {
        let name = child.name.to_lowercase();
        let place = *places.entry(name.clone()).or_insert(fields.len());
        if place == fields.len() {
            fields.push((name, Vec::new()));
        }
        fields[place].1.push(raw_value(child));
    }
    let one = |mut values: Vec<Value>| if values.len() == 1 { values.remove(0) } else { values.into() };
    fields.into_iter().map(|(name, values)| (name, one(values))).collect()
}

fn raw_value(element: &Element) -> Value {
    let has_children = element.children().next().is_some();
    let text = element.text();
    if !has_children && (!text.trim().is_empty() || element.attributes.is_empty()) {
        return Value::text(text.trim());
    }
    let mut value = if has_children { raw(element) } else { Collection::new() };
    if !text.trim().is_empty() {
        value.insert("value", text.trim());
    }
    if !element.attributes.is_empty() {
        let properties = element.attributes.iter().map(|(name, value)| (name.to_lowercase(), value.as_str()));
        value.insert("props", Collection::from_iter(properties));
    }
    value.into()
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::url;

    use super::*;

    fn read(text: &str) -> Vec<Value> {
        parse(text, &url("https://x.example/feed")).unwrap().iter().map(Article::to_value).collect()
    }

    #[test]
    fn rss_2_has_every_field() {
        let articles = read(
            r#"<?xml version="1.0"?><rss version="2.0"><channel><title>Feed</title><item>
            <title>One &amp;amp; <![CDATA[two]]></title><link>/a?b=1&amp;c</link><guid isPermaLink="false">id-1</guid>
            <pubDate>Sat, 07 Sep 2002 09:42:31 GMT</pubDate><description>&lt;p&gt;Short&lt;/p&gt;</description>
            <content:encoded><![CDATA[<p>Long&nbsp;</p>]]></content:encoded><author>ada@x.example (Ada L)</author>
            <category>A</category><category domain="x">B</category><comments>https://x.example/c</comments>
            <enclosure url="https://x.example/a.mp3" length="123" type="audio/mpeg"/>
            <source url="https://y.example/feed">Y</source><media:thumbnail url="/i.png"/>
            <media:content url="/v.mp4" fileSize="x" medium="video"/></item></channel></rss>"#,
        );
        assert_eq!(
            json::to_string(&articles[0]),
            concat!(
                r#"{"id":"id-1","title":"One &amp; two","description":"<p>Long&nbsp;</p>","summary":"<p>Short</p>","#,
                r#""author":"Ada L","url":"https://x.example/a?b=1&c","dateUpdated":"2002-09-07T09:42:31.000Z","#,
                r#""dateCreated":"2002-09-07T09:42:31.000Z","comments":"https://x.example/c","#,
                r#""image":{"title":null,"url":"https://x.example/i.png"},"categories":["A","B"],"#,
                r#""source":{"title":"Y","url":"https://y.example/feed"},"#,
                r#""enclosures":[{"url":"https://x.example/a.mp3","type":"audio/mpeg","length":123},"#,
                r#"{"url":"https://x.example/v.mp4","type":null,"length":null}],"#,
                r#""rssFields":{"title":"One &amp; two","link":"/a?b=1&c","guid":"id-1","#,
                r#""pubdate":"Sat, 07 Sep 2002 09:42:31 GMT","description":"<p>Short</p>","#,
                r#""content:encoded":"<p>Long&nbsp;</p>","author":"ada@x.example (Ada L)","category":["A","B"],"#,
                r#""comments":"https://x.example/c","enclosure":{"props":{"url":"https://x.example/a.mp3","length":"123","type":"audio/mpeg"}},"#,
                r#""source":"Y","media:thumbnail":{"props":{"url":"/i.png"}},"#,
                r#""media:content":{"props":{"url":"/v.mp4","filesize":"x","medium":"video"}}}}"#,
            )
        );
    }

    #[test]
    fn rss_1_has_its_items_beside_the_channel() {
        let articles = read(
            r#"<rdf:RDF><channel rdf:about="x"/><item rdf:about="https://x.example/1"><title>One</title>
            <dc:creator>Ada</dc:creator><dc:date>2003-12-13T18:30:02Z</dc:date><dc:subject>S</dc:subject></item></rdf:RDF>"#,
        );
        assert_eq!(articles[0].field("url").as_text(), Some("https://x.example/1"));
        assert_eq!(articles[0].field("author").as_text(), Some("Ada"));
        assert_eq!(json::to_string(articles[0].field("dateCreated")), "\"2003-12-13T18:30:02.000Z\"");
        assert_eq!(json::to_string(articles[0].field("categories")), r#"["S"]"#);
    }

    #[test]
    fn atom_has_links_people_and_markup() {
        let articles = read(
            r#"<feed xmlns="http://www.w3.org/2005/Atom"><title>F</title><entry><title type="html">A &lt;b&gt;</title>
            <id>urn:1</id><link rel="self" href="/self"/><link href="2"/><link rel="enclosure" type="a/b" href="/e" length="7"/>
            <published>2003-12-13T08:29:29-04:00</published><updated>2003-12-14T00:00:00Z</updated>
            <author><name>Ada</name></author><category term="t" label="T"/><summary>s</summary>
            <content type="xhtml"><div>Hello <b>x</b> &amp; y</div></content></entry></feed>"#,
        );
        let article = &articles[0];
        assert_eq!(article.field("id").as_text(), Some("urn:1"));
        assert_eq!(article.field("title").as_text(), Some("A <b>"));
        assert_eq!(article.field("url").as_text(), Some("https://x.example/2"));
        assert_eq!(article.field("description").as_text(), Some("<div>Hello <b>x</b> &amp; y</div>"));
        assert_eq!(article.field("summary").as_text(), Some("s"));
        assert_eq!(article.field("author").as_text(), Some("Ada"));
        assert_eq!(json::to_string(article.field("dateCreated")), "\"2003-12-13T12:29:29.000Z\"");
        assert_eq!(json::to_string(article.field("dateUpdated")), "\"2003-12-14T00:00:00.000Z\"");
        assert_eq!(
            json::to_string(article.field("enclosures")),
            r#"[{"url":"https://x.example/e","type":"a/b","length":7}]"#
        );
        assert_eq!(json::to_string(article.field("categories")), r#"["T"]"#);
    }

    #[test]
    fn a_feed_that_is_cut_off_anywhere_does_no_harm() {
        let feed = "<?xml version='1.0'?><!DOCTYPE x><rss><channel><item><title>a&amp;&nbsp;é</title><![CDATA[x]]><link/><a:b c='d' c='e'>&#x1;&#999999999;</a:b></item></channel></rss>";
        for (at, _) in feed.char_indices() {
            let _ = parse(&feed[..at], &url("https://x.example/"));
            let _ = parse(&feed[at..], &url("https://x.example/"));
        }
    }

    #[test]
    fn poor_articles_are_kept_and_what_is_no_feed_is_refused() {
        let articles = read(
            "<rss><item><title>Only</title></item><item><guid>https://x.example/g</guid><pubDate>?</pubDate></item></rss>",
        );
        assert_eq!(articles[0].field("id").as_text(), Some("Only"));
        assert_eq!(articles[1].field("url").as_text(), Some("https://x.example/g"));
        assert_eq!(articles[1].field("dateCreated"), &Value::Null);
        for text in ["<html></html>", "not xml", "", "<rss>", &"<rss>".repeat(1000)] {
            assert!(parse(text, &url("https://x.example/")).is_err(), "{text:.40}");
        }
    }
}

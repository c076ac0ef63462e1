//! `regexp:HTMLParser`: one bundle for each element of a kind.

use async_trait::async_trait;
use rouage_model::{Collection, ErrorKind, ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::markup::{self, Piece, Pieces};

/// Elements that one document may give.
const MOST: usize = 50_000;
/// Bytes that the contents of all elements may have: nested ones repeat theirs.
const MOST_CONTENT: usize = 64 * 1024 * 1024;

pub(super) struct HtmlParser {
    spec: Spec,
}

impl Default for HtmlParser {
    fn default() -> Self {
        let element = Field::text("elementType", "Element type")
            .required()
            .help("The name of the tag: a for links, img for images, iframe for embedded pages.");
        let spec = Spec::new("regexp:HTMLParser", 1, "Get elements from HTML", Kind::Search, Effect::Pure)
            .describe("Finds links, images or other elements of an HTML text.")
            .parameters(vec![super::continue_field()])
            .mapper(vec![element, Field::text("html", "HTML").multiline().help("The HTML that is searched, such as the data of a page.")])
            .output(vec![
                Field::new("attrs", "Attributes", FieldKind::Collection(Vec::new())),
                Field::text("innerContent", "Inner content"),
            ])
            .synonyms(&["html", "link", "image", "iframe", "scrape", "href", "text parser"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for HtmlParser {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let html = call.input.text("html").unwrap_or_default();
        let mut found = elements(html, &call.input.text_or("elementType", "").to_ascii_lowercase())?;
        if found.is_empty() && call.parameters.is_true("continueWhenNoRes") {
            found.push(Value::empty_collection());
        }
        Ok(Outcome::Bundles(found))
    }
}

/// In the order of their opening tags; one that is not closed has no content.
fn elements(html: &str, wanted: &str) -> Result<Vec<Value>, ModuleError> {
    if html.len() > markup::LARGEST {
        return Err(ModuleError::data("the HTML is larger than 32 MiB"));
    }
    let mut found: Vec<(Collection, &str)> = Vec::new();
    // Which element each open tag belongs to, and where its content begins.
    let mut open: Vec<(usize, usize)> = Vec::new();
    for (range, piece) in Pieces::of(html) {
        match piece {
            Piece::Open { name, attributes } if name == wanted => {
                if found.len() == MOST {
                    return Err(too_many(wanted));
                }
                open.push((found.len(), range.end));
                found.push((markup::attributes(attributes), ""));
            }
            Piece::Close { name } if name == wanted => {
                let Some((element, start)) = open.pop() else { continue };
                found[element].1 = &html[start..range.start];
            }
            _ => {}
        }
    }
    let content: usize = found.iter().map(|(_, content)| content.len()).sum();
    if content > MOST_CONTENT {
        return Err(too_many(wanted));
    }
    let bundles = found.into_iter().map(|(attributes, content)| {
        Collection::from_iter([("attrs", Value::from(attributes)), ("innerContent", Value::text(content))]).into()
    });
    Ok(bundles.collect())
}

fn too_many(wanted: &str) -> ModuleError {
    let text = format!("the HTML has more than {MOST} elements {wanted:?}, or more than 64 MiB in them");
    ModuleError::new(ErrorKind::MaxResultsExceededError, text)
}

#[cfg(test)]
mod tests {
    use rouage_model::json;
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn run(parameters: &str, html: &str, element: &str) -> Result<String, ModuleError> {
        let mapper = Collection::from_iter([("html", html), ("elementType", element)]).into();
        let bundles = Bench::default().bundles(&HtmlParser::default(), &value(parameters), &mapper).await?;
        Ok(json::to_string(&bundles.into()))
    }

    #[tokio::test]
    async fn links_come_with_attributes_and_content() {
        let html = r#"<p><A class="x" href="/a?b=1&amp;c">One <b>bold</b></A> <a name=here> <abbr>x</abbr>"#;
        assert_eq!(
            run(r#"{"continueWhenNoRes":false}"#, html, "a").await.unwrap(),
            r#"[{"attrs":{"class":"x","href":"/a?b=1&c"},"innerContent":"One <b>bold</b>"},{"attrs":{"name":"here"},"innerContent":""}]"#
        );
        assert_eq!(run("{}", "<div>a<div>b</div></div>", "DIV").await.unwrap().matches("innerContent").count(), 2);
    }

    #[tokio::test]
    async fn without_elements_the_route_ends_or_goes_on() {
        assert_eq!(run("{}", "<p>", "img").await.unwrap(), "[]");
        assert_eq!(run(r#"{"continueWhenNoRes":true}"#, "<p>", "img").await.unwrap(), "[{}]");
    }

    #[tokio::test]
    async fn nested_elements_are_bounded() {
        let deep = "<b>".repeat(40_000) + &"x".repeat(10_000) + &"</b>".repeat(40_000);
        assert_eq!(run("{}", &deep, "b").await.unwrap_err().kind, ErrorKind::MaxResultsExceededError);
    }
}

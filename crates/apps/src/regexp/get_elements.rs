//! `regexp:GetElementsFromText`: addresses, links, numbers and the like.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::regex::{Expression, Found, Match};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::elements::{ELEMENTS, Element};

pub(super) struct GetElements {
    spec: Spec,
}

impl Default for GetElements {
    fn default() -> Self {
        let kinds = ELEMENTS.iter().map(|element| (element.name, element.label)).collect();
        let spec = Spec::new("regexp:GetElementsFromText", 1, "Get elements from text", Kind::Search, Effect::Pure)
            .describe("Finds e-mail addresses, links, telephone numbers and other elements of a text.")
            .parameters(vec![super::continue_field()])
            .mapper(vec![
                Field::new("pattern", "Pattern", FieldKind::Select(kinds)).required().help("What is looked for."),
                Field::text("text", "Text").multiline().help("The text that is searched."),
                Field::boolean("requireProtocol", "Require protocol")
                    .default("true")
                    .advanced()
                    .help("Yes: of web addresses only those with http:// or https://."),
                Field::text("specialCharsPattern", "Special characters")
                    .advanced()
                    .help("Characters that addresses and URLs may have besides the usual ones."),
            ])
            .output(vec![Field::text("match", "Match")])
            .synonyms(&["extract", "email", "url", "phone", "link", "ip", "emoji", "text parser"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for GetElements {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let wanted = call.input.text("pattern").unwrap_or_default();
        let Some(element) = ELEMENTS.iter().find(|element| element.name == wanted) else {
            return Err(ModuleError::validation(vec!["Prohibited value in parameter 'pattern'.".into()]));
        };
        let more = class_of(call.input.text("specialCharsPattern").unwrap_or_default());
        let pattern = (element.pattern)(call.input.is_true("requireProtocol"), &more);
        let text = call.input.text("text").unwrap_or_default();
        let found = Expression::new(pattern, "i").find(text.into(), true).await?;
        let mut bundles = accepted(element, &found);
        if bundles.is_empty() && call.parameters.is_true("continueWhenNoRes") {
            bundles.push(Value::empty_collection());
        }
        Ok(Outcome::Bundles(bundles))
    }
}

fn accepted(element: &Element, found: &Found) -> Vec<Value> {
    let good = found.matches.iter().filter(|one| !one.whole.is_empty() && (element.accept)(&one.whole));
    good.map(|one| bundle(element, found, one)).collect()
}

fn bundle(element: &Element, found: &Found, one: &Match) -> Value {
    let whole = match element.name {
        // The end of the sentence.
        "##ipv4" | "##ipv6" => one.whole.trim_end_matches('.'),
        _ => one.whole.trim_end(),
    };
    let mut bundle = Collection::from_iter([("match", whole)]);
    for (name, group) in found.names.iter().zip(&one.groups) {
        if let (Some(name), Some(group)) = (name, group) {
            bundle.insert(name.clone(), group.trim());
        }
    }
    bundle.into()
}

/// The characters as part of a class.
fn class_of(characters: &str) -> String {
    characters.chars().flat_map(|one| if one.is_ascii_punctuation() { vec!['\\', one] } else { vec![one] }).collect()
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    async fn find(pattern: &str, text: &str, further: &str) -> String {
        let mut mapper = value(further).as_collection().unwrap().clone();
        mapper.insert("pattern", pattern);
        mapper.insert("text", text);
        let parameters = value(r#"{"continueWhenNoRes":false}"#);
        let bundles = Bench::default().bundles(&GetElements::default(), &parameters, &mapper.into()).await.unwrap();
        bundles.iter().filter_map(|bundle| bundle.field("match").as_text()).collect::<Vec<_>>().join("|")
    }

    #[tokio::test]
    async fn each_kind_is_found() {
        for (pattern, text, found) in [
            (
                "##emails",
                "Write to ada@x.example, or <bob.b+c@mail.x.example>.",
                "ada@x.example|bob.b+c@mail.x.example",
            ),
            ("##html_tags", "a < b <b class='x'>c</b>", "<b class='x'>|</b>"),
            (
                "##http_urls",
                "See https://x.example/a_(b)?c=d&e=f#g. Or (http://y.example), but www.z.example not",
                "https://x.example/a_(b)?c=d&e=f#g|http://y.example",
            ),
            ("##ftp_urls", "ftp://x.example/file.zip, http://x.example", "ftp://x.example/file.zip"),
            (
                "##telephone_numbers",
                "Call +33 (0)1 23 45 67 89 or 555-123-4567, room 12",
                "+33 (0)1 23 45 67 89|555-123-4567",
            ),
            ("##ipv4", "10.0.0.1, 256.1.1.1, 1.2.3 and 8.8.8.8.", "10.0.0.1|8.8.8.8"),
            ("##ipv6", "at 2001:db8::1 or ::1, not 12:30", "2001:db8::1|::1"),
            ("##emoji", "a👍🏽b👨‍👩‍👧 © 1️⃣", "👍🏽|👨‍👩‍👧|1️⃣"),
            ("##key_value_pairs", "name: Ada L\nage=36, city = Paris", "name: Ada L|age=36|city = Paris"),
        ] {
            assert_eq!(find(pattern, text, "{}").await, found, "{pattern}");
        }
    }

    #[tokio::test]
    async fn without_protocol_bare_names_count_and_special_characters_extend() {
        let bare = r#"{"requireProtocol":false}"#;
        assert_eq!(
            find("##http_urls", "www.x.example/a or https://y.example/", bare).await,
            "www.x.example/a|https://y.example/"
        );
        assert_eq!(find("##http_urls", "https://x.example/é]", "{}").await, "https://x.example/");
        let special = r#"{"requireProtocol":true,"specialCharsPattern":"é]"}"#;
        assert_eq!(find("##http_urls", "https://x.example/é]", special).await, "https://x.example/é]");
    }
}

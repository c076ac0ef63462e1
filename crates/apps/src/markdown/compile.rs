//! `markdown:Compile`: Markdown to HTML.

use async_trait::async_trait;
use pulldown_cmark::{CowStr, Event, Options, Parser, Tag, html};
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, Kind, Module, Outcome, Spec};

/// Larger texts are refused; the HTML is a few times as large.
const LARGEST: usize = 8 * 1024 * 1024;

pub(super) struct Compile {
    spec: Spec,
}

impl Default for Compile {
    fn default() -> Self {
        let spec = Spec::new("markdown:Compile", 2, "Markdown to HTML", Kind::Action, Effect::Pure)
            .describe("Turns Markdown, as chat models write it, into HTML, as for an e-mail.")
            .mapper(vec![
                Field::text("data", "Markdown").multiline().help("Text with marks such as **bold** and # heading."),
                Field::boolean("gfm", "GitHub Flavored Markdown")
                    .default("true")
                    .advanced()
                    .help("Yes: also tables, task lists and text that is struck out."),
                Field::boolean("sanitize", "Sanitize")
                    .default("false")
                    .help("Yes: shows HTML tags as text and leaves out links that run scripts. For texts of strangers."),
            ])
            .output(vec![Field::text("data", "HTML")])
            .synonyms(&["html", "convert", "compile", "format", "github"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for Compile {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let text = call.input.text("data").unwrap_or_default();
        if text.len() > LARGEST {
            return Err(ModuleError::data("the Markdown is larger than 8 MiB"));
        }
        let html = compile(text, call.input.is_true("gfm"), call.input.is_true("sanitize"));
        Ok(Outcome::bundle(Collection::from_iter([("data", Value::text(html))])))
    }
}

fn compile(text: &str, gfm: bool, sanitize: bool) -> String {
    let mut options = Options::empty();
    if gfm {
        options.insert(Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS);
    }
    let events = Parser::new_ext(text, options);
    let mut out = String::with_capacity(text.len() * 2);
    if sanitize {
        html::push_html(&mut out, events.map(harmless));
    } else {
        html::push_html(&mut out, events);
    }
    out
}

/// Tags become text, and an address with a scheme that runs something none.
fn harmless(event: Event<'_>) -> Event<'_> {
    match event {
        Event::Html(html) | Event::InlineHtml(html) => Event::Text(html),
        Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Link { link_type, dest_url: address(dest_url), title, id })
        }
        Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
            Event::Start(Tag::Image { link_type, dest_url: address(dest_url), title, id })
        }
        other => other,
    }
}

fn address(address: CowStr<'_>) -> CowStr<'_> {
    // Browsers skip blanks and control characters inside a scheme.
    let plain: String = address.chars().filter(|letter| !letter.is_whitespace() && !letter.is_control()).collect();
    let scheme = plain.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase());
    match scheme.as_deref() {
        None | Some("http" | "https" | "mailto" | "tel") => address,
        // A colon behind a slash, `?` or `#` belongs to a path of the same site.
        Some(other) if other.contains(['/', '?', '#']) => address,
        Some(_) => "".into(),
    }
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[tokio::test]
    async fn a_real_module_writes_html() {
        let mapper = value(
            r##"{"gfm":true,"data":"# Hi\n\nOne **two** [three](https://x.example)\n\n- [x] done\n\n|a|b|\n|-|-|\n|1|~~2~~|\n","sanitize":false}"##,
        );
        let bundles = Bench::default().bundles(&Compile::default(), &value("{}"), &mapper).await.unwrap();
        let html = bundles[0].field("data").as_text().unwrap();
        for part in [
            "<h1>Hi</h1>",
            "<strong>two</strong>",
            r#"<a href="https://x.example">three</a>"#,
            r#"type="checkbox" checked="""#,
            "<td>1</td>",
            "<del>2</del>",
        ] {
            assert!(html.contains(part), "{part} in {html}");
        }
    }

    #[test]
    fn without_the_flavour_tables_are_text() {
        assert!(!compile("|a|\n|-|\n|1|", false, false).contains("<table>"));
    }

    #[test]
    fn sanitizing_leaves_no_tag_and_no_script() {
        assert_eq!(compile("<b>x</b>", false, false), "<p><b>x</b></p>\n");
        let html = compile(
            "<b onclick='x'>a</b> [y](JaVascript:alert) ![z](data:text/html,q)\n\n<script>1</script>",
            true,
            true,
        );
        for part in ["<b", "<script", "ascript:", "data:"] {
            assert!(!html.contains(part), "{part} in {html}");
        }
        assert!(compile("[a](/b:c) [d](https://x.example)", true, true).contains("href=\"/b:c\""));
    }

    #[test]
    fn deep_texts_do_no_harm() {
        let references = format!("[a]: /{}\n\n{}", "x".repeat(10_000), "[a] ".repeat(10_000));
        assert!(compile(&references, true, true).len() < 2_000_000, "a reference repeats its address without bound");
        compile(&"> ".repeat(50_000), true, true);
        compile(&"[".repeat(50_000), true, true);
        compile(&"*a ".repeat(50_000), true, true);
    }
}

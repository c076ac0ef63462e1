//! `regexp:HTMLToText`: an HTML text as a person reads it.

use async_trait::async_trait;
use rouage_model::{Collection, ModuleError, Value};
use rouage_sdk::{Call, Effect, Field, FieldKind, Kind, Module, Outcome, Spec};

use super::markup::{self, Piece, Pieces};

/// Lists and quotations that are nested deeper are read as if they were not.
const DEEPEST: usize = 40;

pub(super) struct HtmlToText {
    spec: Spec,
}

impl Default for HtmlToText {
    fn default() -> Self {
        let newlines = vec![("lf", "LF (\\n)"), ("crlf", "CRLF (\\r\\n)"), ("cr", "CR (\\r)")];
        let spec = Spec::new("regexp:HTMLToText", 1, "HTML to text", Kind::Action, Effect::Pure)
            .describe("Writes the text of HTML without its tags: paragraphs, lists and links stay readable.")
            .mapper(vec![
                Field::text("html", "HTML").multiline().help("The HTML, such as the content of an e-mail."),
                Field::new("newline", "Line break", FieldKind::Select(newlines))
                    .default("lf")
                    .advanced()
                    .help("What ends a line of the text."),
                Field::boolean("uppercaseHeadings", "Uppercase headings")
                    .default("true")
                    .help("Yes: headings are written in capital letters."),
            ])
            .output(vec![Field::text("text", "Text")])
            .synonyms(&["strip", "tags", "plain", "convert", "remove html", "text parser"]);
        Self { spec }
    }
}

#[async_trait]
impl Module for HtmlToText {
    fn spec(&self) -> &Spec {
        &self.spec
    }

    async fn run(&self, call: &Call<'_>) -> Result<Outcome, ModuleError> {
        let html = call.input.text("html").unwrap_or_default();
        if html.len() > markup::LARGEST {
            return Err(ModuleError::data("the HTML is larger than 32 MiB"));
        }
        let text = to_text(html, call.input.is_true("uppercaseHeadings"));
        let text = match call.input.text_or("newline", "lf") {
            "crlf" => text.replace('\n', "\r\n"),
            "cr" => text.replace('\n', "\r"),
            _ => text,
        };
        Ok(Outcome::bundle(Collection::from_iter([("text", Value::text(text))])))
    }
}

fn to_text(html: &str, uppercase_headings: bool) -> String {
    let mut writer = Writer { uppercase_headings, ..Writer::default() };
    for (_, piece) in Pieces::of(html) {
        match piece {
            Piece::Text(text) => writer.text(&markup::decode(text)),
            Piece::Open { name, attributes } => writer.open(&name, attributes),
            Piece::Close { name } => writer.close(&name),
        }
    }
    writer.out
}

/// What every line within begins with.
enum Level {
    Quotation,
    /// The next number, or `None` for bullets; and whether an item is open.
    List {
        next: Option<u32>,
        in_item: bool,
    },
}

impl Level {
    fn is_list(&self) -> bool {
        matches!(self, Level::List { .. })
    }

    fn indent(&self) -> &'static str {
        match self {
            Level::Quotation => "> ",
            Level::List { in_item: true, .. } => "   ",
            Level::List { in_item: false, .. } => "",
        }
    }
}

/// Where the text grows.
#[derive(Default)]
struct Writer {
    out: String,
    /// Line breaks that are due before the next text.
    breaks: usize,
    /// A blank that is due before the next text.
    blank: bool,
    /// Open quotations and lists.
    levels: Vec<Level>,
    /// The bullet or number of a list item that has no text yet.
    bullet: Option<String>,
    /// Open links: target and where their text begins.
    links: Vec<(String, usize)>,
    headings: usize,
    preformatted: usize,
    uppercase_headings: bool,
}

impl Writer {
    fn text(&mut self, text: &str) {
        if self.preformatted > 0 {
            for (at, line) in text.split('\n').enumerate() {
                self.breaks += usize::from(at > 0);
                self.word(line);
            }
            return;
        }
        let blank = |letter: char| letter.is_whitespace() && letter != '\u{a0}';
        self.blank |= text.starts_with(blank);
        for word in text.split(blank).filter(|word| !word.is_empty()) {
            self.word(&word.replace('\u{a0}', " "));
            self.blank = true;
        }
        self.blank &= text.ends_with(blank);
    }

    /// Writes what was due, then the word.
    fn word(&mut self, word: &str) {
        if word.is_empty() {
            return;
        }
        if self.out.is_empty() {
            self.breaks = 0;
        } else if self.breaks == 0 && self.blank {
            self.out.push(' ');
        }
        let starts_line = self.breaks > 0 || self.out.is_empty();
        (0..self.breaks).for_each(|_| self.out.push('\n'));
        if starts_line {
            let bullet = self.bullet.take();
            // The bullet stands where its list would be indented.
            let own = self.levels.iter().rposition(|level| bullet.is_some() && level.is_list());
            let outer = self.levels.iter().enumerate().filter(|(at, _)| Some(*at) != own);
            outer.for_each(|(_, level)| self.out.push_str(level.indent()));
            self.out.push_str(bullet.as_deref().unwrap_or_default());
        }
        self.breaks = 0;
        self.blank = false;
        if self.headings > 0 && self.uppercase_headings {
            self.out.push_str(&word.to_uppercase());
        } else {
            self.out.push_str(word);
        }
    }

    fn break_lines(&mut self, count: usize) {
        self.breaks = self.breaks.max(count);
        self.blank = false;
    }

    fn open(&mut self, name: &str, attributes: &str) {
        self.break_lines_of(name);
        match name {
            // Two in a row are an empty line.
            "br" => {
                self.breaks += 1;
                self.blank = false;
            }
            "hr" => {
                self.break_lines(2);
                self.word(&"-".repeat(40));
                self.break_lines(2);
            }
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.headings += 1,
            "pre" => self.preformatted += 1,
            "ul" => self.open_level(Level::List { next: None, in_item: false }),
            "ol" => self.open_level(Level::List { next: Some(1), in_item: false }),
            "li" => self.item(),
            "blockquote" => self.open_level(Level::Quotation),
            "td" | "th" => self.blank = true,
            "a" => self.links.push((attribute(attributes, "href"), self.out.len())),
            "img" => self.image(attributes),
            _ => {}
        }
    }

    fn close(&mut self, name: &str) {
        match name {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.headings = self.headings.saturating_sub(1),
            "pre" => self.preformatted = self.preformatted.saturating_sub(1),
            "ul" | "ol" => self.close_level(true),
            "blockquote" => self.close_level(false),
            "li" => self.set_in_item(false),
            "a" => self.close_link(),
            _ => {}
        }
        self.break_lines_of(name);
    }

    fn break_lines_of(&mut self, name: &str) {
        match name {
            "p" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "pre" | "blockquote" | "table" => self.break_lines(2),
            "ul" | "ol" if !self.levels.iter().any(Level::is_list) => self.break_lines(2),
            "address" | "article" | "aside" | "body" | "dd" | "div" | "dl" | "dt" | "fieldset" | "figure"
            | "footer" | "form" | "head" | "header" | "html" | "li" | "main" | "nav" | "ol" | "section" | "tr"
            | "ul" => {
                self.break_lines(1);
            }
            _ => {}
        }
    }

    fn item(&mut self) {
        self.set_in_item(true);
        self.bullet = Some(match self.levels.iter_mut().rfind(|level| level.is_list()) {
            Some(Level::List { next: Some(number), .. }) => {
                *number += 1;
                format!(" {}. ", *number - 1)
            }
            _ => " * ".to_owned(),
        });
    }

    fn open_level(&mut self, level: Level) {
        if self.levels.len() < DEEPEST {
            self.levels.push(level);
        }
    }

    fn set_in_item(&mut self, open: bool) {
        if let Some(Level::List { in_item, .. }) = self.levels.iter_mut().rfind(|level| level.is_list()) {
            *in_item = open;
        }
    }

    /// Closes the innermost list or quotation and what was left open in it.
    fn close_level(&mut self, list: bool) {
        if let Some(at) = self.levels.iter().rposition(|level| level.is_list() == list) {
            self.levels.truncate(at);
        }
    }

    /// The target behind the text, unless the text is the target.
    fn close_link(&mut self) {
        let Some((target, start)) = self.links.pop() else { return };
        let target = target.strip_prefix("mailto:").unwrap_or(&target).trim();
        let text = self.out[start..].trim();
        if target.is_empty() || target.starts_with('#') || text == target {
            return;
        }
        let headings = std::mem::take(&mut self.headings);
        self.blank |= !text.is_empty();
        self.word(&format!("[{target}]"));
        self.headings = headings;
    }

    fn image(&mut self, attributes: &str) {
        let (alternative, source) = (attribute(attributes, "alt"), attribute(attributes, "src"));
        self.word(alternative.trim());
        if !source.is_empty() && !source.starts_with("data:") {
            self.blank |= !alternative.trim().is_empty();
            self.word(&format!("[{source}]"));
        }
    }
}

fn attribute(attributes: &str, name: &str) -> String {
    markup::attributes(attributes).get(name).and_then(Value::as_text).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use rouage_sdk::testing::{Bench, value};

    use super::*;

    #[test]
    fn documents_read_as_a_person_would() {
        for (html, text) in [
            ("<html><head><title>x</title></head><body> Hello \n <b>World</b>! </body></html>", "Hello World!"),
            ("<h1>Big news</h1><p>One.</p>\n<p>Two.</p>", "BIG NEWS\n\nOne.\n\nTwo."),
            ("a<br>b<br/><br>c", "a\nb\n\nc"),
            ("<div>a</div><div>b<div>c</div></div>", "a\nb\nc"),
            ("see <a href=\"https://x.example/?a&amp;b\">here</a>.", "see here [https://x.example/?a&b]."),
            ("<a href='https://x.example'>https://x.example</a> <a href='#top'>up</a>", "https://x.example up"),
            ("<a href='mailto:ada@x.example'>Ada</a>", "Ada [ada@x.example]"),
            ("x<ul><li>a<li>b<ol><li>c</li><li>d</li></ol></li></ul>y", "x\n\n * a\n * b\n    1. c\n    2. d\n\ny"),
            ("<blockquote>a<br>b</blockquote>c", "> a\n> b\n\nc"),
            ("<pre>a\n  b</pre>", "a\n  b"),
            ("<img src='/i.png' alt='A dog'><img src='data:x'>", "A dog [/i.png]"),
            ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"),
            ("5 &lt; 6 &amp; &copy;&nbsp;2026", "5 < 6 & © 2026"),
            ("<script>x</script><style>y</style>", ""),
            ("", ""),
        ] {
            assert_eq!(to_text(html, true), text, "{html}");
        }
        assert_eq!(to_text("<h2>Stays</h2>", false), "Stays");
    }

    #[tokio::test]
    async fn line_breaks_are_those_of_the_form() {
        for (newline, text) in [("lf", "A\n\nb"), ("crlf", "A\r\n\r\nb"), ("cr", "A\r\rb")] {
            let mapper = Collection::from_iter([("html", "<h1>a</h1>b"), ("newline", newline)]).into();
            let bundles = Bench::default().bundles(&HtmlToText::default(), &value("{}"), &mapper).await.unwrap();
            assert_eq!(bundles[0].field("text").as_text(), Some(text));
        }
    }

    #[test]
    fn deep_documents_stay_small() {
        assert!(to_text(&("<blockquote>x".repeat(20_000)), true).len() < 3_000_000);
    }
}

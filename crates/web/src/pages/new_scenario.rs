//! A new scenario: from an empty canvas, from an example that comes with the
//! program, or from a blueprint.

use askama::Template;
use axum::extract::Path;
use rouage_model::{Blueprint, Collection};
use rouage_runtime::ImportRequest;

use super::scenario;
use crate::look::{self, Look};
use crate::render::{self, Layout, Page, Reply};
use crate::words::{filters, noted, t};
use crate::{PageError, Permission, Route};

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/new", Permission::SignedIn, show),
        Route::post("/scenarios/new/{example}", Permission::SignedIn, take),
    ]
}

/// An example of the folder `examples/`.
struct Example {
    /// The name of its folder.
    folder: &'static str,
    /// What it is good for, in a word or two.
    group: &'static str,
    blueprint: &'static [u8],
    /// Its heading, an empty line, and what it does.
    readme: &'static str,
}

macro_rules! examples {
    ($($group:expr => $($folder:literal)*;)*) => {
        &[$($(Example {
            folder: $folder,
            group: $group,
            blueprint: include_bytes!(concat!("../../../../examples/", $folder, "/blueprint.json")),
            readme: include_str!(concat!("../../../../examples/", $folder, "/README.md")),
        },)*)*]
    };
}

/// In the order in which they are shown.
const EXAMPLES: &[Example] = examples! {
    noted!("Orders and customers") => "order-to-spreadsheet" "route-by-amount" "order-items" "abandoned-cart"
        "updated-subscription" "birthday-mail";
    noted!("Forms and lists") => "contact-form" "no-duplicates" "new-row-to-email" "mail-to-spreadsheet";
    noted!("Reports and news") => "daily-report" "weekly-news" "feed-to-spreadsheet";
    noted!("Other programs") => "answer-a-question" "csv-to-spreadsheet" "website-check";
};

#[derive(Template)]
#[template(path = "scenarios/new.html")]
struct New {
    layout: Layout,
    search: String,
    groups: Vec<Group>,
}

struct Group {
    name: &'static str,
    examples: Vec<Card>,
}

struct Card {
    folder: &'static str,
    name: String,
    text: String,
    apps: Vec<Look>,
}

/// `GET /scenarios/new`.
async fn show(page: Page) -> Reply {
    let search = page.query.text("q").to_lowercase();
    let mut groups: Vec<Group> = Vec::new();
    for example in EXAMPLES {
        let card = card(&page, example)?;
        if !format!("{} {} {}", card.name, card.text, example.group).to_lowercase().contains(&search) {
            continue;
        }
        match groups.last_mut().filter(|group| group.name == example.group) {
            Some(group) => group.examples.push(card),
            None => groups.push(Group { name: example.group, examples: vec![card] }),
        }
    }
    let layout = page.layout(t!("New scenario"), "scenarios").await;
    render::ok(&New { layout, search: page.query.text("q").to_owned(), groups })
}

fn blueprint(example: &Example) -> Result<Blueprint, PageError> {
    Blueprint::parse(example.blueprint)
        .map_err(|error| PageError::Invalid(t!("The example is broken: {error}.", error = error)))
}

fn card(page: &Page, example: &Example) -> Result<Card, PageError> {
    let blueprint = blueprint(example)?;
    let registry = page.app.registry();
    let mut apps: Vec<Look> = Vec::new();
    for visited in blueprint.modules() {
        let look = look::of(registry, visited.module);
        if !apps.iter().any(|known| (&known.app, &known.icon) == (&look.app, &look.icon)) {
            apps.push(look);
        }
    }
    let (_, text) = example.readme.split_once("\n\n").unwrap_or_default();
    Ok(Card { folder: example.folder, name: blueprint.name().to_owned(), text: first_paragraph(text), apps })
}

/// As one line, without the marks of Markdown.
fn first_paragraph(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    paragraph.replace(['`', '*'], "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// `POST /scenarios/new/{example}`: a scenario that is off, with a webhook,
/// spreadsheets and an outbox of our own standing in for accounts.
async fn take(page: Page, Path(folder): Path<String>) -> Reply {
    let example = EXAMPLES.iter().find(|example| example.folder == folder).ok_or(PageError::NotFound)?;
    let request = ImportRequest { blueprint: blueprint(example)?, links: Collection::new() };
    let imported = page.app.control().import(page.app.team(), request).await;
    let imported = imported.map_err(|error| scenario::refuse(error, "made"))?;
    render::see(&format!("/scenarios/{}/edit?notice=example", imported.scenario))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_example_says_what_it_does() {
        assert!(EXAMPLES.len() >= 12);
        for example in EXAMPLES {
            let blueprint = blueprint(example).map_err(|_| example.folder).unwrap();
            let (heading, text) = example.readme.split_once("\n\n").unwrap();
            assert_eq!(heading, format!("# {}", blueprint.name()), "{}", example.folder);
            let text = first_paragraph(text);
            assert!(text.ends_with('.') && text.len() > 40, "{}: {text}", example.folder);
        }
    }

    #[test]
    fn every_folder_of_examples_is_offered() {
        let folders = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples")).unwrap();
        for folder in folders {
            let name = folder.unwrap().file_name().into_string().unwrap();
            assert!(EXAMPLES.iter().any(|example| example.folder == name), "{name}");
        }
    }
}

//! The editor's page: the draft as a drawing and as a list, and all that its
//! scripts need to begin. Without scripts it is a page to read.

use std::collections::BTreeSet;

use askama::Template;
use axum::extract::Path;
use rouage_model::{Blueprint, Collection, ScenarioId, Value, json};
use rouage_runtime::Report;
use rouage_store::drafts::Draft;

use super::catalogue;
use super::draft;
use super::head::{self, Head};
use crate::diagram::{self, Diagram, Pieces};
use crate::look;
use crate::pages::panels::{self, Panel};
use crate::pages::relink;
use crate::render::{self, Layout, Page, Reply};
use crate::routes::Permission;
use crate::words::{self, filters};
use crate::{App, Route, assets};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::get("/scenarios/{id}/edit", Permission::SignedIn, show)]
}

/// Modules whose settings are listed for those who read without scripts.
const MOST_LISTED: usize = 200;

/// From so many modules on a drawing waits for the scripts; `MANY` in
/// `viewport.ts`.
const MANY: usize = 150;

#[derive(Template)]
#[template(path = "editor/show.html")]
struct Show {
    layout: Layout,
    head: Head,
    is_changed: bool,
    /// The drawing is so large that it waits for the scripts, which know what
    /// of it is seen.
    is_many: bool,
    diagram: Diagram,
    /// The same markup, empty, for what the scripts add.
    pieces: Pieces,
    /// The modules with their settings, for those who read without scripts.
    panels: Vec<Panel>,
    /// How many modules are not in the list.
    more: usize,
    boot: String,
    /// The words of the scripts as JSON; empty for English.
    words: String,
    editor_css: String,
    editor_js: String,
    /// What the script imports, fetched beside it.
    editor_needs: Vec<String>,
}

/// `GET /scenarios/{id}/edit`.
async fn show(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, draft) = draft::load(&page, id).await?;
    let registry = page.app.registry();
    let as_published = draft::published(&scenario, &draft);
    let report = page
        .app
        .control()
        .check_draft(page.app.team(), &draft)
        .await
        .map_err(|error| crate::pages::scenario::refuse(error, "shown"))?;
    let head = head::of(&page, &scenario, &draft).await?;
    let links = relink::named_links(&page, &as_published).await?;
    let mut panels = panels::panels(registry, &draft.blueprint, &report, &links);
    let more = panels.len().saturating_sub(MOST_LISTED);
    panels.truncate(MOST_LISTED);
    render::ok(&Show {
        layout: page.layout(head.name.clone(), "scenarios").await,
        diagram: diagram::editor(&draft.blueprint, &|module| look::of(registry, module)),
        pieces: Pieces::new(),
        words: words::current().map(|language| for_script(&language.to_value())).unwrap_or_default(),
        boot: for_script(&boot(&page.app, &head, &draft, &report)),
        is_changed: draft.is_changed,
        is_many: draft.blueprint.modules().len() > MANY,
        panels,
        more,
        head,
        editor_css: assets::url("editor.css"),
        editor_js: assets::url("editor.js"),
        editor_needs: assets::needed("editor.js"),
    })
}

/// JSON as it may stand in a script element: nothing in it can end the element
/// or begin a comment.
fn for_script(value: &Value) -> String {
    json::to_string(value).replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}

/// What the scripts begin with: `Boot` in `editor.ts`.
fn boot(app: &App, head: &Head, draft: &Draft, report: &Report) -> Value {
    let mut boot = Collection::new();
    boot.insert("scenario", head.to_value());
    boot.insert("draft", draft::to_value(draft));
    boot.insert("report", draft::report(report));
    boot.insert("apps", apps(app, &draft.blueprint));
    boot.insert("catalogueUrl", app.catalogue().url());
    boot.insert("iconsUrl", assets::url("icons.svg"));
    boot.into()
}

/// The looks of all apps that can be met: ours, and those of the blueprint.
fn apps(app: &App, blueprint: &Blueprint) -> Value {
    let registry = app.registry();
    let met = blueprint.modules().into_iter().map(|visited| visited.module.app().to_owned());
    let native = look::NATIVE_APPS.iter().map(|(name, _, _)| (*name).to_owned());
    let ours = registry.apps().iter().map(|app| app.name.to_owned());
    let names: BTreeSet<String> = met.chain(native).chain(ours).filter(|name| !name.is_empty()).collect();
    let entry = |name: String| {
        let looks = catalogue::app(registry, &name);
        (name, looks)
    };
    names.into_iter().map(entry).collect::<Collection>().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_the_boot_data_ends_the_script_element() {
        let value = Value::from("</script><!-- <script>\u{2028}");
        let text = for_script(&value);
        assert!(!text.contains('<') && !text.contains('\u{2028}'), "{text}");
        assert_eq!(json::parse(text.as_bytes()).unwrap(), value);
    }
}

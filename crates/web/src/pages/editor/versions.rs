//! The versions of a scenario: the list, one to look at, two side by side, and
//! back to an old one, which becomes the draft.

use askama::Template;
use axum::extract::Path;
use rouage_model::{Blueprint, Collection, ModuleId, ScenarioId, Value, Version};
use rouage_store::versions::{self, VersionRow};
use rouage_store::{drafts, scenarios};

use super::answer::{Answer, Refusal, ok};
use super::changes::{self, Change, Kind, Side};
use super::draft;
use crate::diagram::{self, Diagram, Overlay};
use crate::look;
use crate::pages::panels::{self, Panel};
use crate::pages::relink;
use crate::pages::scenario::{self, Choice, Head, refuse};
use crate::render::{self, Ask, Layout, Page, Pager, Reply, Times};
use crate::routes::Permission::SignedIn;
use crate::words::Moment;
use crate::words::{filters, t};
use crate::{PageError, Route};

/// Its rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![
        Route::get("/scenarios/{id}/versions", SignedIn, list),
        Route::get("/scenarios/{id}/versions/compare", SignedIn, compare),
        Route::get("/scenarios/{id}/versions/{version}", SignedIn, show),
        Route::post("/scenarios/{id}/versions/{version}/restore", SignedIn, restore),
        Route::get("/scenarios/{id}/draft/replaced", SignedIn, replaced),
        Route::post("/scenarios/{id}/draft/take-back", SignedIn, take_back),
    ]
}

#[derive(Template)]
#[template(path = "editor/versions.html")]
struct List {
    layout: Layout,
    head: Head,
    /// When the draft was kept last, and by whom; nothing when there is none.
    draft: Option<DraftLine>,
    /// When a draft was replaced by an old version, and can be taken back.
    replaced: Option<Moment>,
    rows: Vec<Row>,
    pager: Pager,
}

struct DraftLine {
    at: Moment,
    by: String,
}

struct Row {
    number: i32,
    note: String,
    author: String,
    at: Moment,
    is_live: bool,
    running: u64,
    /// The version before it; 0 for the first one.
    before: i32,
}

/// `GET /scenarios/{id}/versions`.
async fn list(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (store, team) = (page.app.store(), page.app.team());
    let (_, head, _) = scenario::head(&page, id, "versions").await?;
    let (live, draft) = draft::load(&page, id).await?;
    let found = versions::list(store, team, id, page.request()).await?;
    let running = versions::running(store, team, id).await?;
    let times = page.times().await;
    let draft = draft
        .is_changed
        .then(|| DraftLine { at: times.moment(draft.updated_at), by: draft.updated_by.clone().unwrap_or_default() });
    let pager = Pager::new(&found, &page.query, "version");
    let row = |version: VersionRow| Row {
        running: running.get(&version.version).copied().unwrap_or(0),
        ..row(version, &times)
    };
    // The empty canvas that it began with is no version that anybody made.
    let is_new = live.version == Version(1) && live.blueprint.modules().is_empty();
    let rows = found.items.into_iter().filter(|_| !is_new).map(row).collect();
    let replaced = drafts::replaced(store, team, id).await?.map(|replaced| times.moment(replaced.at));
    let layout = page.layout(head.name.clone(), "scenarios").await;
    render::ok(&List { layout, head, draft, replaced, rows, pager })
}

fn row(version: VersionRow, times: &Times) -> Row {
    Row {
        number: version.version.0,
        note: version.note.unwrap_or_default(),
        author: version.author.unwrap_or_default(),
        at: times.moment(version.created_at),
        is_live: version.is_live,
        running: 0,
        before: version.version.0.saturating_sub(1),
    }
}

/// A state of the scenario: a version, or the draft.
struct State {
    /// What it is called in an address: a number, or `draft`.
    name: String,
    title: String,
    blueprint: std::sync::Arc<Blueprint>,
    links: Value,
}

impl State {
    fn side(&self) -> Side<'_> {
        Side { blueprint: &self.blueprint, links: &self.links }
    }
}

/// A version by its number, or the draft by its name.
async fn state(page: &Page, id: ScenarioId, name: &str) -> Result<State, PageError> {
    if name == "draft" {
        let (_, draft) = draft::load(page, id).await?;
        let title = t!("Draft").to_owned();
        return Ok(State { name: name.to_owned(), title, blueprint: draft.blueprint, links: draft.links });
    }
    // Copies that were made for one run have numbers below 1.
    let number = name.parse().ok().filter(|number| *number > 0).ok_or(PageError::NotFound)?;
    let found = scenarios::find_version(page.app.store(), id, Version(number)).await?.ok_or(PageError::NotFound)?;
    let title = t!("Version {number}", number = number);
    Ok(State { name: number.to_string(), title, blueprint: found.blueprint, links: found.links })
}

#[derive(Template)]
#[template(path = "editor/version.html")]
struct Show {
    layout: Layout,
    head: Head,
    title: String,
    number: i32,
    is_live: bool,
    diagram: Diagram,
    panels: Vec<Panel>,
}

/// `GET /scenarios/{id}/versions/{version}`.
async fn show(page: Page, Path((id, version)): Path<(ScenarioId, i32)>) -> Reply {
    let (live, head, _) = scenario::head(&page, id, "versions").await?;
    let state = state(&page, id, &version.to_string()).await?;
    let registry = page.app.registry();
    let is_live = live.version.0 == version;
    let then = scenarios::Scenario { blueprint: state.blueprint.clone(), links: state.links.clone(), ..live };
    let links = relink::named_links(&page, &then).await?;
    let report = page
        .app
        .control()
        .check_scenario(&then)
        .await
        .map_err(|error| crate::pages::scenario::refuse(error, "shown"))?;
    let mut panels = panels::panels(registry, &state.blueprint, &report, &links);
    for panel in &mut panels {
        // It is to be read, not to be run.
        panel.can_run = false;
    }
    render::ok(&Show {
        layout: page.layout(format!("{}: {}", head.name, state.title), "scenarios").await,
        title: state.title,
        number: version,
        is_live,
        diagram: diagram::diagram(&state.blueprint, &|module| look::of(registry, module), &Overlay::new()),
        panels,
        head,
    })
}

#[derive(Template)]
#[template(path = "editor/compare.html")]
struct Compare {
    layout: Layout,
    head: Head,
    old: Picture,
    new: Picture,
    changes: Vec<Change>,
}

/// One side.
struct Picture {
    title: String,
    diagram: Diagram,
    choices: Vec<Choice>,
}

/// `GET /scenarios/{id}/versions/compare?a=&b=`: a number, or `draft`.
async fn compare(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (live, head, _) = scenario::head(&page, id, "versions").await?;
    let wanted = |name: &str, otherwise: String| match page.query.text(name) {
        "" => otherwise,
        given => given.to_owned(),
    };
    let (a, b) = (wanted("a", live.version.to_string()), wanted("b", "draft".to_owned()));
    let (old, new) = (state(&page, id, &a).await?, state(&page, id, &b).await?);
    let registry = page.app.registry();
    let changes = changes::changes(registry, old.side(), new.side());
    let numbers = scenarios::versions(page.app.store(), page.app.team(), id).await?;
    let picture = |state: State, prefix: &str, marks: &[Kind]| Picture {
        diagram: marked(
            diagram::picture(&state.blueprint, &|module| look::of(registry, module), prefix),
            &changes,
            marks,
        ),
        choices: choices(&numbers, &state.name),
        title: state.title,
    };
    let old = picture(old, "a", &[Kind::Removed, Kind::Changed]);
    let new = picture(new, "b", &[Kind::Added, Kind::Changed]);
    let layout = page.layout(t!("{name}: compare versions", name = head.name), "scenarios").await;
    render::ok(&Compare { layout, head, old, new, changes })
}

/// Says of each module what happened to it, in its class.
fn marked(mut diagram: Diagram, changes: &[Change], kinds: &[Kind]) -> Diagram {
    let marks: std::collections::HashMap<ModuleId, Kind> = changes
        .iter()
        .filter(|change| kinds.contains(&change.kind))
        .filter_map(|change| Some((change.module?, change.kind)))
        .collect();
    for node in &mut diagram.nodes {
        if let Some(kind) = node.id.and_then(|id| marks.get(&ModuleId(id))) {
            node.class = format!("{} was-{}", node.class, kind.as_str()).trim().to_owned();
        }
    }
    diagram
}

/// The versions to choose from, the draft first.
fn choices(numbers: &[(Version, jiff::Timestamp)], chosen: &str) -> Vec<Choice> {
    let draft = ("draft".to_owned(), t!("Draft").to_owned());
    let versions = numbers.iter().filter(|(version, _)| version.0 > 0);
    let versions = versions.map(|(version, _)| (version.to_string(), t!("Version {version}", version = version)));
    [draft]
        .into_iter()
        .chain(versions)
        .map(|(value, label)| Choice { is_chosen: value == chosen, value, label })
        .collect()
}

/// `POST /scenarios/{id}/versions/{version}/restore`: it becomes the draft. A
/// draft that is there is asked about first.
async fn restore(page: Page, Path((id, version)): Path<(ScenarioId, i32)>) -> Reply {
    let (scenario, draft) = draft::load(&page, id).await?;
    if draft.is_changed && !page.query.is_on("sure") {
        return render::ok(&Ask {
            layout: page.layout(t!("Restore version {version}", version = version), "scenarios").await,
            question: t!("Put version {version} in the place of the draft?", version = version),
            consequences: vec![
                t!("Changes of the draft that are not published are lost.").into(),
                t!("What is live stays as it is until you publish.").into(),
            ],
            action: format!("/scenarios/{id}/versions/{version}/restore?sure=1"),
            yes: t!("Replace the draft"),
            back: format!("/scenarios/{id}/versions"),
        });
    }
    let by = draft::author(&page);
    let control = page.app.control();
    control
        .restore_version(page.app.team(), scenario.id, Version(version), (draft.revision, by))
        .await
        .map_err(|error| refuse(error, "restored"))?;
    render::see(&format!("/scenarios/{id}/edit?restored={version}"))
}

/// `GET /scenarios/{id}/draft/replaced`: what the draft was, for undo.
async fn replaced(page: Page, Path(id): Path<ScenarioId>) -> Answer {
    let found = drafts::replaced(page.app.store(), page.app.team(), id).await?.ok_or_else(Refusal::missing)?;
    let links = if found.links.is_nothing() { Value::empty_collection() } else { found.links };
    ok(Collection::from_iter([("root", found.blueprint.root().clone()), ("links", links)]))
}

/// `POST /scenarios/{id}/draft/take-back`: the draft of before a restore is the
/// draft again, and what is the draft now can be taken back.
async fn take_back(page: Page, Path(id): Path<ScenarioId>) -> Reply {
    let (scenario, draft) = draft::load(&page, id).await?;
    let by = draft::author(&page);
    let control = page.app.control();
    control
        .take_draft_back(page.app.team(), scenario.id, (draft.revision, by))
        .await
        .map_err(|error| refuse(error, "restored"))?;
    render::see(&format!("/scenarios/{id}/edit?restored=0"))
}

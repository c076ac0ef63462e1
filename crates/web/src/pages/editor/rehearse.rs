//! Running a draft with sample data: nothing is stored, sent or asked outside.

use axum::body::Bytes;
use axum::extract::Path;
use axum::extract::rejection::BytesRejection;
use rouage_model::{Collection, ModuleId, ScenarioId, Value, json};
use rouage_runtime::{ExampleOrigin, Rehearsal, Told};

use super::answer::{Answer, Refusal, ok};
use super::run;
use crate::pages::executions::log::{self, Line};
use crate::render::{Page, Times};
use crate::routes::Permission::SignedIn;
use crate::words::t;
use crate::{Route, words};

/// Bytes of the sample data that a person gives.
const LIMIT: usize = 2 * 1024 * 1024;
/// Characters of the sample data that are sent back to be changed.
const MOST_SAMPLE: usize = 200_000;
/// Bytes of what the modules did that are sent; those beyond it have their
/// bubbles and their lines in the log.
const MOST_PIECES: usize = 3 * 1024 * 1024;

/// Rows of the route table.
pub fn routes() -> Vec<Route> {
    vec![Route::post("/scenarios/{id}/rehearse", SignedIn, rehearse).body_limit(LIMIT)]
}

/// `POST /scenarios/{id}/rehearse` with `{sample}`: JSON, or a text that is
/// JSON; without it with what is known.
async fn rehearse(page: Page, Path(id): Path<ScenarioId>, body: Result<Bytes, BytesRejection>) -> Answer {
    let sample = sample(body)?;
    let rehearsal = page.app.control().rehearse(page.app.team(), id, &sample).await?;
    let times = page.times().await;
    let mut answer = run::report(&page, &rehearsal.history, &lines(&page, &rehearsal, &times));
    answer.insert("rehearsal", told(&rehearsal));
    answer.insert("pieces", pieces(&page, &rehearsal, &times)?);
    ok(answer)
}

fn sample(body: Result<Bytes, BytesRejection>) -> Result<Value, Refusal> {
    let large = |_| Refusal::invalid(t!("The sample data is too large: up to 2 MB are taken."));
    let body = body.map_err(large)?;
    if body.is_empty() {
        return Ok(Value::Undefined);
    }
    let asked = json::parse_bounded(&body).map_err(|error| Refusal::invalid(words::sentence(&error.to_string())))?;
    match asked.field("sample") {
        Value::Text(text) if text.trim().is_empty() => Ok(Value::Undefined),
        Value::Text(text) => json::parse_bounded(text.as_bytes())
            .map_err(|error| Refusal::invalid(t!("The sample data cannot be read: {error}.", error = error))),
        other => Ok(other.clone()),
    }
}

/// The log of a run, in the words of what would have happened.
fn lines(page: &Page, rehearsal: &Rehearsal, times: &Times) -> Vec<Line> {
    let mut lines = log::lines(page, &rehearsal.history, times);
    for line in &mut lines {
        let Some((operation, module)) = line.of.filter(|(operation, _)| operation.0 > 0) else { continue };
        let Ok(at) = rehearsal.told.binary_search_by_key(&operation, |told| told.operation) else {
            line.text = line.text.replace(t!("was stored as"), t!("would be stored as"));
            continue;
        };
        let told = &rehearsal.told[at];
        let mark = format!("[{module}]");
        if let Some((name, _)) = line.text.split_once(&mark) {
            line.text = format!("{name}{mark} {}", sentence(told));
        }
        if !told.doubts.is_empty() {
            line.class = "warning";
        }
    }
    if let Some(first) = lines.first_mut() {
        first.text = t!("Rehearsal: nothing is sent or stored. {begun}", begun = begun(rehearsal));
    }
    lines
}

/// With what it began.
fn begun(rehearsal: &Rehearsal) -> String {
    match (rehearsal.given.module, rehearsal.given.origin) {
        (None, ExampleOrigin::Given) => t!("It begins with the inputs that you gave.").to_owned(),
        (None, _) => t!("It begins by itself.").to_owned(),
        (Some(_), origin) => t!("It begins with {words_for}.", words_for = words_for(origin)),
    }
}

/// What one operation would have done, and with what it went on.
fn sentence(told: &Told) -> String {
    match told.origin {
        ExampleOrigin::Computed => format!("computed: {}.", told.sentence),
        origin => {
            t!("{sentence}. It goes on with {words_for}.", sentence = told.sentence, words_for = words_for(origin))
        }
    }
}

/// Where data is from, within a sentence.
fn words_for(origin: ExampleOrigin) -> &'static str {
    match origin {
        ExampleOrigin::Given => t!("the data that you gave"),
        ExampleOrigin::Run => t!("what it gave in the last run"),
        ExampleOrigin::Request => t!("the last request"),
        ExampleOrigin::Kept => t!("the sample in the blueprint"),
        ExampleOrigin::MadeUp => t!("made-up values"),
        ExampleOrigin::Wanted => t!("values made up from what later modules read"),
        ExampleOrigin::Computed => t!("what was computed"),
        ExampleOrigin::Nothing => t!("an empty bundle, as nothing is known of its output"),
    }
}

/// What makes it a rehearsal.
fn told(rehearsal: &Rehearsal) -> Value {
    let given = &rehearsal.given;
    let bundles = match given.bundles.as_slice() {
        [one] => one.clone(),
        many => many.to_vec().into(),
    };
    let text = json::to_string(&bundles);
    let text = if text.len() > MOST_SAMPLE { String::new() } else { text };
    Collection::from_iter([
        ("origin", Value::from(given.origin.as_str())),
        ("from", begun(rehearsal).into()),
        ("module", given.module.map(|module| module.0).into()),
        ("sample", text.into()),
        ("isCut", rehearsal.is_cut.into()),
        ("modules", modules(rehearsal)),
    ])
    .into()
}

/// By module: what its first operation would have done, and every doubt once.
fn modules(rehearsal: &Rehearsal) -> Value {
    let mut order: Vec<ModuleId> = Vec::new();
    for told in &rehearsal.told {
        if !order.contains(&told.module) {
            order.push(told.module);
        }
    }
    let module = |module: &ModuleId| {
        let own = || rehearsal.told.iter().filter(|told| told.module == *module);
        let mut doubts: Vec<&str> = own().flat_map(|told| told.doubts.iter().map(String::as_str)).collect();
        doubts.sort_unstable();
        doubts.dedup();
        let doubts: Vec<Value> = doubts.into_iter().map(Value::from).collect();
        let first = own().next();
        Value::from(Collection::from_iter([
            ("id", Value::from(module.0)),
            ("would", first.map(|told| words::sentence(&sentence(told))).unwrap_or_default().into()),
            ("origin", first.map(|told| told.origin.as_str()).unwrap_or_default().into()),
            ("times", own().count().into()),
            ("doubts", doubts.into()),
        ]))
    };
    order.iter().map(module).collect::<Vec<_>>().into()
}

/// What each module got and gave, as pieces of a page.
fn pieces(page: &Page, rehearsal: &Rehearsal, times: &Times) -> Result<Value, Refusal> {
    let mut pieces = Collection::new();
    let mut left = MOST_PIECES;
    let blueprint = rehearsal.history.blueprint.iter();
    let ids = blueprint.flat_map(|blueprint| blueprint.modules()).filter_map(|visited| visited.module.id());
    for id in ids {
        if left == 0 {
            break;
        }
        if let Some(text) = run::piece(page, &rehearsal.history, times, id)? {
            left = left.saturating_sub(text.len());
            pieces.insert(id.to_string(), text);
        }
    }
    Ok(pieces.into())
}

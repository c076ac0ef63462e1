//! Import: files or pasted JSON become scenarios that are off. One goes to its
//! set-up page; several come with a page that says what came in and what could
//! not be read. Nothing is dropped, nothing is guessed.

use askama::Template;
use axum::extract::{FromRequest, Multipart, Request};
use axum::http::{StatusCode, header};
use rouage_model::{Blueprint, ScenarioId, blueprint};
use rouage_runtime::ReportStatus;
use rouage_store::scenarios::{self, NewScenario};

use crate::render::{self, Layout, Page, Reply};
use crate::words::{filters, noted, t};
use crate::{PageError, words};

/// Files of one import.
const MOST_FILES: usize = 50;

#[derive(Template)]
#[template(path = "import/show.html")]
struct Show {
    layout: Layout,
    problem: String,
    text: String,
}

/// `GET /import`.
pub async fn show(page: Page) -> Reply {
    let layout = page.layout(t!("Import a scenario"), "scenarios").await;
    render::ok(&Show { layout, problem: String::new(), text: String::new() })
}

/// `POST /import`.
pub async fn import(page: Page, request: Request) -> Reply {
    let mut sent = match read(request).await {
        Ok(sent) => sent,
        Err(problem) => return again(&page, problem, Vec::new()).await,
    };
    if sent.len() > 1 {
        return several(&page, sent).await;
    }
    let Some(sent) = sent.pop() else { return again(&page, words::t(NOTHING).to_owned(), Vec::new()).await };
    let blueprint = match Blueprint::parse(&sent.content) {
        Ok(blueprint) => blueprint,
        Err(error) => return again(&page, sentence(&error), sent.content).await,
    };
    let id = create(&page, blueprint, &sent.name).await?;
    render::see(&format!("/scenarios/{id}/setup?notice=imported"))
}

#[derive(Template)]
#[template(path = "import/done.html")]
struct Done {
    layout: Layout,
    made: Vec<MadeRow>,
    failed: Vec<FailedRow>,
}

/// A scenario that came in.
struct MadeRow {
    id: String,
    name: String,
    file: String,
    same: usize,
    check: usize,
    unavailable: usize,
}

/// A file that could not be read.
struct FailedRow {
    file: String,
    problem: String,
}

/// Each file for itself: one that cannot be read keeps no other one out.
async fn several(page: &Page, sent: Vec<Sent>) -> Reply {
    let (mut made, mut failed) = (Vec::new(), Vec::new());
    for Sent { name: file, content } in sent {
        match Blueprint::parse(&content) {
            Ok(blueprint) => {
                let id = create(page, blueprint, &file).await?;
                made.push(row(page, id, file).await?);
            }
            Err(error) => failed.push(FailedRow { file, problem: words::sentence(&format!("{error}.")) }),
        }
    }
    let status = if made.is_empty() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    let layout = page.layout(t!("Imported"), "scenarios").await;
    Ok(render::page(status, &Done { layout, made, failed }))
}

async fn row(page: &Page, id: ScenarioId, file: String) -> Result<MadeRow, PageError> {
    let scenario = scenarios::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let report = page
        .app
        .control()
        .check_scenario(&scenario)
        .await
        .map_err(|error| crate::pages::scenario::refuse(error, "shown"))?;
    let count = |status| report.modules.iter().filter(|module| module.status == status).count();
    Ok(MadeRow {
        id: id.to_string(),
        name: scenario.name,
        file,
        same: count(ReportStatus::Same),
        check: count(ReportStatus::Check),
        unavailable: count(ReportStatus::Unavailable),
    })
}

fn sentence(error: &blueprint::Error) -> String {
    t!(
        "This cannot be imported: {error}. Export the blueprint again in Make (… → Export blueprint) and take that file as it is.",
        error = error
    )
}

/// The form again, with what was pasted unless that is very long.
async fn again(page: &Page, problem: String, content: Vec<u8>) -> Reply {
    let text = if content.len() <= 100_000 { String::from_utf8_lossy(&content).into_owned() } else { String::new() };
    let layout = page.layout(t!("Import a scenario"), "scenarios").await;
    Ok(render::page(StatusCode::UNPROCESSABLE_ENTITY, &Show { layout, problem, text }))
}

struct Sent {
    name: String,
    content: Vec<u8>,
}

const NOTHING: &str = noted!("Choose a file or paste a blueprint.");

/// Chosen files win over pasted text.
async fn read(request: Request) -> Result<Vec<Sent>, String> {
    let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if !content_type.unwrap_or_default().starts_with("multipart/form-data") {
        return Err(words::t(NOTHING).into());
    }
    let too_large = |_| {
        t!(
            "The files are too large or did not arrive; blueprints of up to {size} are read.",
            size = words::bytes(blueprint::MAX_SIZE as u64)
        )
    };
    let mut form = Multipart::from_request(request, &()).await.map_err(|error| error.to_string())?;
    let (mut files, mut pasted) = (Vec::new(), Vec::new());
    while let Some(field) = form.next_field().await.map_err(too_large)? {
        let is_file = field.name() == Some("file");
        let name = field.file_name().unwrap_or_default().to_owned();
        let content = field.bytes().await.map_err(too_large)?;
        if content.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        if files.len() >= MOST_FILES {
            return Err(t!("These are too many files: up to {most_files} are taken at once.", most_files = MOST_FILES));
        }
        let sent = Sent { name, content: content.to_vec() };
        if is_file { files.push(sent) } else { pasted.push(sent) }
    }
    if files.is_empty() {
        pasted.truncate(1);
        return if pasted.is_empty() { Err(words::t(NOTHING).into()) } else { Ok(pasted) };
    }
    Ok(files)
}

async fn create(page: &Page, blueprint: Blueprint, file: &str) -> Result<ScenarioId, PageError> {
    let own = blueprint.name().trim();
    let file = file.trim_end_matches(".json").trim_end_matches(".blueprint");
    let name = [own, file, t!("Imported scenario")].into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let (scheduling, problem) = page.app.control().schedule_of(&blueprint);
    let new = NewScenario {
        name: words::cut(name, 119),
        links: page.app.control().links_by_name(page.app.team(), &blueprint).await?,
        scheduling,
        blueprint: blueprint.into(),
    };
    let mut tx = page.app.store().begin().await?;
    let id = scenarios::create(&mut tx, page.app.team(), new).await?;
    scenarios::note_schedule(&mut tx, id, problem.as_deref()).await?;
    tx.commit().await?;
    Ok(id)
}

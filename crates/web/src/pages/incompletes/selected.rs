//! Several incomplete executions at once, and how many may be stored.

use askama::Template;
use rouage_model::IncompleteId;
use rouage_store::incompletes::{self, Limits};

use super::list::{filter, list};
use crate::PageError;
use crate::pages::scenario::refuse;
use crate::query::Query;
use crate::refusal::{Problems, again};
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words;
use crate::words::{filters, t};

/// Bytes of a megabyte, as the form counts.
pub const MEGABYTE: u64 = 1_000_000;
/// The most that the form takes.
const MOST: u64 = 1_000_000_000;

#[derive(Template)]
#[template(path = "incompletes/ask.html")]
struct AskDelete {
    layout: Layout,
    question: String,
    ids: Vec<String>,
}

/// `POST /incomplete/selected`.
pub async fn act(page: Page, Form(form): Form) -> Reply {
    let action = form.text("action");
    let ids = match action {
        "retry-all" | "delete-all" => incompletes::open_ids(page.app.store(), page.app.team(), &filter(&form)).await?,
        _ => chosen(&form),
    };
    if ids.is_empty() {
        let error = PageError::Invalid(t!("Tick the boxes of those that you mean first.").into());
        let names = ["status", "scenario", "q"].map(|name| (name.to_owned(), form.text(name).to_owned()));
        let here = format!("/incomplete?{}", Query::of(names.into()).with("page", "1"));
        return again(list(page.refused(error, ("selected", form), &here)?).await);
    }
    match action {
        "retry" | "retry-all" => {
            let control = page.app.control();
            control.retry_incompletes(page.app.team(), &ids).await.map_err(|error| refuse(error, "retried"))?;
            render::see("/incomplete?notice=retrying")
        }
        "delete" | "delete-all" => render::ok(&AskDelete {
            layout: page.layout(t!("Delete incomplete executions"), "incomplete").await,
            question: t!("Delete {number}?", number = words::count(ids.len() as u64, "incomplete execution")),
            ids: ids.iter().map(ToString::to_string).collect(),
        }),
        _ => Err(PageError::Invalid(t!("Choose Retry or Delete.").into())),
    }
}

/// `POST /incomplete/delete`.
pub async fn delete(page: Page, Form(form): Form) -> Reply {
    let mut tx = page.app.store().begin().await?;
    for id in chosen(&form) {
        match incompletes::delete(&mut tx, page.app.team(), id).await {
            // Gone already, or a run is at it by now.
            Ok(()) | Err(rouage_store::Error::NotFound | rouage_store::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    tx.commit().await?;
    render::see("/incomplete?notice=deleted")
}

fn chosen(form: &Query) -> Vec<IncompleteId> {
    let ids = form.pairs().iter().filter(|(name, _)| name == "id");
    ids.filter_map(|(_, value)| value.parse().ok()).collect()
}

/// `POST /incomplete/limits`.
pub async fn save_limits(page: Page, Form(form): Form) -> Reply {
    match store_limits(&page, &form).await {
        Ok(()) => render::see("/incomplete?notice=saved"),
        Err(error) => again(list(page.refused(error, ("limits", form), "/incomplete")?).await),
    }
}

async fn store_limits(page: &Page, form: &Query) -> Result<(), PageError> {
    let mut problems = Problems::default();
    let mut number = |name: &str| {
        let number = form.text(name).parse::<u64>().ok().filter(|number| *number <= MOST);
        let refusal =
            || PageError::Invalid(t!("Enter a whole number from 0 to {most}; 0 means without limit.", most = MOST));
        problems.take(name, number.ok_or_else(refusal))
    };
    let (items, megabytes) = (number("items"), number("megabytes"));
    let limits = problems.finish(Limits { items, bytes: megabytes.saturating_mul(MEGABYTE) })?;
    let mut tx = page.app.store().begin().await?;
    incompletes::set_limits(&mut tx, limits).await?;
    tx.commit().await?;
    Ok(())
}

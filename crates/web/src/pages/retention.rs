//! How much of the history is kept: the server's rule and that of a scenario.

use axum::extract::Path;
use rouage_model::ScenarioId;
use rouage_store::retention::{self, Own, Policy};

use super::scenario::{self, refuse};
use super::settings;
use crate::PageError;
use crate::query::Query;
use crate::refusal::{Problem, Problems, again};
use crate::render::{self, Form, Page, Reply};
use crate::words;
use crate::words::t;

/// What the form is called when it is refused.
const FORM: &str = "retention";
/// Bytes of a megabyte, as the forms count.
const MEGABYTE: u64 = 1_000_000;
/// The most days that a form takes: a hundred years.
const MOST_DAYS: u32 = 36_500;

/// The fields of a form. Empty: as the server says.
pub struct RetentionForm {
    /// Where it is sent.
    pub action: String,
    /// Days; empty or a number.
    pub days: String,
    /// Runs of one scenario.
    pub runs: String,
    /// Megabytes of one scenario.
    pub megabytes: String,
    /// What holds otherwise, in words; empty for the server's own form.
    pub otherwise: String,
    /// How much the database takes, in words; empty for a scenario.
    pub disk: String,
}

/// The form of the settings page.
pub async fn of_server(page: &Page) -> Result<RetentionForm, PageError> {
    let policy = policy(page).await?;
    let disk = retention::disk_use(page.app.store()).await?;
    let bytes = |bytes: i64| words::bytes(u64::try_from(bytes).unwrap_or(0));
    let free = if disk.free > 0 { t!(", {bytes} of it free", bytes = bytes(disk.free)) } else { String::new() };
    Ok(RetentionForm {
        action: "/settings/retention".to_owned(),
        days: policy.days.to_string(),
        runs: policy.runs.to_string(),
        megabytes: (policy.bytes / MEGABYTE).to_string(),
        otherwise: String::new(),
        disk: format!("{}{free}", bytes(disk.bytes)),
    })
}

/// The form of a scenario's settings.
pub async fn of_scenario(page: &Page, id: ScenarioId) -> Result<RetentionForm, PageError> {
    let own = retention::own(page.app.store(), id).await?;
    let policy = policy(page).await?;
    let text = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    Ok(RetentionForm {
        action: format!("/scenarios/{id}/retention"),
        days: text(own.days.map(u64::from)),
        runs: text(own.runs),
        megabytes: text(own.bytes.map(|bytes| bytes / MEGABYTE)),
        otherwise: sentence(policy),
        disk: String::new(),
    })
}

async fn policy(page: &Page) -> Result<Policy, PageError> {
    page.app.control().retention().await.map_err(|error| refuse(error, "shown"))
}

fn sentence(policy: Policy) -> String {
    let limit = |is_set: bool, text: String, without: &str| if is_set { text } else { without.to_owned() };
    t!(
        "The server says: {number}, {other}, {size}.",
        number = limit(policy.days > 0, words::count(u64::from(policy.days), "day"), t!("any age")),
        other = limit(policy.runs > 0, words::count(policy.runs, "run"), t!("any number of runs")),
        size = limit(policy.bytes > 0, words::bytes(policy.bytes), t!("any size"))
    )
}

/// `POST /settings/retention`.
pub async fn save_server(page: Page, Form(form): Form) -> Reply {
    match store_server(&page, &form).await {
        Ok(()) => render::see("/settings?notice=saved"),
        Err(error) => again(settings::show(page.refused(error, (FORM, form), "/settings")?).await),
    }
}

async fn store_server(page: &Page, form: &Query) -> Result<(), PageError> {
    let own = read(form)?;
    let (Some(days), Some(runs), Some(bytes)) = (own.days, own.runs, own.bytes) else {
        let empty = ["days", "runs", "megabytes"].into_iter().filter(|name| form.text(name).is_empty());
        let problem =
            |name: &str| Problem { field: name.to_owned(), text: t!("Fill it in; 0 means without limit.").into() };
        return Err(PageError::Fields(empty.map(problem).collect()));
    };
    let mut tx = page.app.store().begin().await?;
    retention::set_server(&mut tx, Policy { days, runs, bytes }).await?;
    tx.commit().await?;
    Ok(())
}

/// `POST /scenarios/{id}/retention`.
pub async fn save_scenario(page: Page, Path(id): Path<ScenarioId>, Form(form): Form) -> Reply {
    let here = format!("/scenarios/{id}/settings");
    match store_own(&page, id, &form).await {
        Ok(()) => render::see(&format!("{here}?notice=saved")),
        Err(error) => again(scenario::show_settings(page.refused(error, (FORM, form), &here)?, Path(id)).await),
    }
}

async fn store_own(page: &Page, id: ScenarioId, form: &Query) -> Result<(), PageError> {
    let own = read(form)?;
    let mut tx = page.app.store().begin().await?;
    retention::set_own(&mut tx, page.app.team(), id, own).await?;
    tx.commit().await?;
    Ok(())
}

fn read(form: &Query) -> Result<Own, PageError> {
    let mut problems = Problems::default();
    let mut take = |name: &str, most: u64| problems.take(name, number(form.text(name), most));
    let (days, runs) = (take("days", u64::from(MOST_DAYS)), take("runs", 1_000_000_000));
    let megabytes = take("megabytes", 1_000_000_000);
    problems.finish(Own {
        days: days.and_then(|days| u32::try_from(days).ok()),
        runs,
        bytes: megabytes.map(|megabytes| megabytes.saturating_mul(MEGABYTE)),
    })
}

fn number(text: &str, most: u64) -> Result<Option<u64>, PageError> {
    if text.is_empty() {
        return Ok(None);
    }
    match text.parse::<u64>() {
        Ok(number) if number <= most => Ok(Some(number)),
        _ => Err(PageError::Invalid(t!("Enter a whole number from 0 to {most}; 0 means without limit.", most = most))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_follows_the_server_and_nonsense_is_refused() {
        let own = read(&Query::parse("days=&runs=0&megabytes=5")).unwrap();
        assert_eq!(own, Own { days: None, runs: Some(0), bytes: Some(5_000_000) });
        assert!(read(&Query::parse("days=-1")).is_err());
        assert!(read(&Query::parse("days=36501")).is_err());
        let policy = Policy { days: 30, runs: 0, bytes: 1_000_000_000 };
        assert_eq!(sentence(policy), "The server says: 30 days, any number of runs, 1.0 GB.");
    }
}

//! API tokens: with one, a program reaches the spreadsheets from outside.

use axum::extract::Path;
use rouage_store::sheets::tokens::{self, ApiToken};

use super::show_list;
use crate::PageError;
use crate::render::{self, Form, Page, Reply, Times};
use crate::words::Moment;
use crate::words::t;

/// The part of the list page about tokens.
pub(super) struct Tokens {
    /// Where the API is.
    pub(super) address: String,
    /// A token that was just made: shown this once. Empty when none was.
    pub(super) new: String,
    /// Of the form that makes a token.
    pub(super) once: String,
    pub(super) rows: Vec<Row>,
}

pub(super) struct Row {
    pub(super) name: String,
    pub(super) created: Moment,
    /// `None`: never.
    pub(super) used: Option<Moment>,
    pub(super) revoke: String,
}

impl Tokens {
    pub(super) async fn load(page: &Page, new: String, times: &Times) -> Result<Self, PageError> {
        let row = |token: ApiToken| Row {
            name: token.name,
            created: times.moment(token.created_at),
            used: token.last_used_at.map(|at| times.moment(at)),
            revoke: format!("/spreadsheets/tokens/{}/revoke", token.id),
        };
        let rows = tokens::list(page.app.store(), page.app.team()).await?.into_iter().map(row).collect();
        Ok(Self { address: page.app.address("/v4/spreadsheets"), new, once: page.app.forms().token(), rows })
    }
}

/// `POST /spreadsheets/tokens`. Answers with the page itself, because the
/// token must not stand in an address.
pub(super) async fn create(page: Page, Form(form): Form) -> Reply {
    let name = form.text("name");
    if name.is_empty() || name.chars().count() > 100 {
        return Err(PageError::Invalid(t!("Give the token a name of at most 100 characters: who will use it?").into()));
    }
    // A reload of the answer sends the form again.
    if !page.app.forms().is_first(form.text("once")) {
        return render::see("/spreadsheets#tokens");
    }
    let mut tx = page.app.store().begin().await?;
    let token = tokens::create(&mut tx, page.app.team(), name).await?;
    tx.commit().await?;
    show_list(&page, token).await
}

/// `POST /spreadsheets/tokens/{token}/revoke`.
pub(super) async fn revoke(page: Page, Path(token): Path<i64>) -> Reply {
    let mut tx = page.app.store().begin().await?;
    if !tokens::revoke(&mut tx, page.app.team(), token).await? {
        return Err(PageError::NotFound);
    }
    tx.commit().await?;
    render::see("/spreadsheets?notice=deleted#tokens")
}

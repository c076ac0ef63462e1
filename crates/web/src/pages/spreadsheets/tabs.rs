//! The sheets of a spreadsheet: one more, another title, one less.

use axum::extract::Path;
use rouage_model::sheets::Call;
use rouage_model::{Collection, Value};

use super::{href, make, title};
use crate::PageError;
use crate::render::{self, Form, Page, Reply};

/// `POST /spreadsheets/{id}/sheets`.
pub(super) async fn add(page: Page, Path(id): Path<String>, form: Form) -> Reply {
    let properties = Collection::from_iter([("title", Value::text(title(&form)?))]);
    let reply = request(&page, &id, "addSheet", [("properties", properties.into())]).await?;
    let sheet = reply.field("addSheet").field("properties").field("sheetId").as_i64().unwrap_or(0);
    render::see(&format!("{}?sheet={sheet}&notice=created", href(&id)))
}

/// `POST /spreadsheets/{id}/sheets/{sheet}/rename`.
pub(super) async fn rename(page: Page, Path((id, sheet)): Path<(String, i64)>, form: Form) -> Reply {
    let properties = Collection::from_iter([("sheetId", Value::from(sheet)), ("title", Value::text(title(&form)?))]);
    let body = [("properties", properties.into()), ("fields", Value::text("title"))];
    request(&page, &id, "updateSheetProperties", body).await?;
    render::see(&format!("{}?sheet={sheet}&notice=renamed", href(&id)))
}

/// `POST /spreadsheets/{id}/sheets/{sheet}/delete`. The button asks first.
pub(super) async fn delete(page: Page, Path((id, sheet)): Path<(String, i64)>) -> Reply {
    request(&page, &id, "deleteSheet", [("sheetId", Value::from(sheet))]).await?;
    render::see(&format!("{}?notice=deleted", href(&id)))
}

/// One request of a `batchUpdate`; gives its reply.
async fn request<const N: usize>(
    page: &Page,
    id: &str,
    name: &str,
    body: [(&str, Value); N],
) -> Result<Value, PageError> {
    let request = Collection::from_iter([(name, Collection::from_iter(body))]);
    let body = Collection::from_iter([("requests", Value::from(vec![request.into()]))]);
    let answer = make(page, &Call::BatchUpdate { id: id.into(), body: body.into() }).await?;
    Ok(answer.field("replies").as_array().and_then(<[Value]>::first).cloned().unwrap_or_default())
}

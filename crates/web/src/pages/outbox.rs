//! The built-in outbox. HTML of a message is shown in a sandboxed frame with a
//! policy of its own; attachments are only ever downloaded.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse};
use rouage_model::MailId;
use rouage_store::mails::{self, Mail};

use crate::PageError;
use crate::mime;
use crate::render::{self, Form, Layout, Page, Pager, Reply};
use crate::words::{self, Moment};
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "outbox/list.html")]
struct List {
    layout: Layout,
    search: String,
    rows: Vec<Row>,
    pager: Pager,
}

struct Row {
    id: String,
    to: String,
    subject: String,
    excerpt: String,
    at: Moment,
    attachments: usize,
    is_read: bool,
}

/// `GET /outbox`.
pub async fn list(page: Page) -> Reply {
    let list = mails::list(page.app.store(), page.app.team(), page.search(), page.request()).await?;
    let times = page.times().await;
    let pager = Pager::new(&list, &page.query, "message");
    let row = |mail: Mail| Row {
        id: mail.id.to_string(),
        to: mail.to.join(", "),
        excerpt: words::cut(mail.text.as_deref().unwrap_or_default().trim(), 120),
        subject: subject(&mail),
        at: times.moment(mail.created_at),
        attachments: mail.attachments.len(),
        is_read: mail.read,
    };
    let rows = list.items.into_iter().map(row).collect();
    let layout = page.layout(t!("Outbox"), "outbox").await;
    render::ok(&List { layout, search: page.query.text("q").to_owned(), rows, pager })
}

fn subject(mail: &Mail) -> String {
    if mail.subject.trim().is_empty() { t!("(no subject)").to_owned() } else { mail.subject.clone() }
}

async fn find(page: &Page, id: MailId) -> Result<Mail, PageError> {
    mails::find(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)
}

#[derive(Template)]
#[template(path = "outbox/show.html")]
struct Show {
    layout: Layout,
    id: String,
    subject: String,
    headers: Vec<(&'static str, String)>,
    text: String,
    has_html: bool,
    attachments: Vec<(usize, String, String)>,
    execution: String,
    at: Moment,
}

/// `GET /outbox/{id}`.
pub async fn show(page: Page, Path(id): Path<MailId>) -> Reply {
    let mail = find(&page, id).await?;
    if !mail.read {
        let mut tx = page.app.store().begin().await?;
        mails::mark_read(&mut tx, page.app.team(), id).await?;
        tx.commit().await?;
    }
    let times = page.times().await;
    let mut headers = vec![(t!("From"), mail.from.clone()), (t!("To"), mail.to.join(", "))];
    for (name, list) in [(t!("Cc"), &mail.cc), (t!("Bcc"), &mail.bcc)] {
        if !list.is_empty() {
            headers.push((name, list.join(", ")));
        }
    }
    headers.push(("Message-ID", mail.message_id.clone()));
    let attachments = mail.attachments.iter().enumerate();
    render::ok(&Show {
        layout: page.layout(subject(&mail), "outbox").await,
        id: id.to_string(),
        subject: subject(&mail),
        headers,
        attachments: attachments.map(|(at, file)| (at, file.name.clone(), words::bytes(file.size))).collect(),
        text: mail.text.clone().unwrap_or_default(),
        has_html: mail.html.is_some(),
        execution: mail.execution.to_string(),
        at: times.moment(mail.created_at),
    })
}

/// No scripts, nothing loaded from elsewhere, framed only by ourselves.
const MAIL_POLICY: &str =
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'self'";

/// `GET /outbox/{id}/html`.
pub async fn html(page: Page, Path(id): Path<MailId>) -> Reply {
    let mail = find(&page, id).await?;
    let html = mail.html.ok_or(PageError::NotFound)?;
    let mut response = Html(html).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(MAIL_POLICY));
    Ok(response)
}

/// `GET /outbox/{id}/raw`.
pub async fn raw(page: Page, Path(id): Path<MailId>) -> Reply {
    let raw = mails::raw(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    Ok(render::download(&format!("message-{id}.eml"), "message/rfc822", raw))
}

/// `GET /outbox/{id}/attachments/{index}`.
pub async fn attachment(page: Page, Path((id, index)): Path<(MailId, usize)>) -> Reply {
    let mail = find(&page, id).await?;
    let file = mail.attachments.get(index).ok_or(PageError::NotFound)?;
    let raw = mails::raw(page.app.store(), page.app.team(), id).await?.ok_or(PageError::NotFound)?;
    let content = mime::attachment(&raw, index).ok_or(PageError::NotFound)?;
    Ok(render::download(&file.name, "application/octet-stream", content))
}

/// `POST /outbox/{id}/delete`.
pub async fn delete(page: Page, Path(id): Path<MailId>, Form(_form): Form) -> Reply {
    let mut tx = page.app.store().begin().await?;
    mails::delete(&mut tx, page.app.team(), id).await?;
    tx.commit().await?;
    render::see("/outbox?notice=deleted")
}

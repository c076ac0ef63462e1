//! From view structs to responses: the frame around every page.

use std::convert::Infallible;
use std::fmt;

use askama::Template;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts as RequestParts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};

use bytes::Bytes;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use rouage_model::ExecutionId;
use rouage_store::{PageRequest, executions, incompletes, scenarios, teams};

use crate::guard::{self, Principal};
use crate::pages::notices::{self, NoticeView};
use crate::query::Query;
use crate::refusal::Refusal;
use crate::words::{self, Moment};
use crate::words::{filters, t};
use crate::{App, PageError, assets};

/// A handler's answer.
pub type Reply = Result<Response, PageError>;

/// Renders a template.
pub fn page(status: StatusCode, template: &impl Template) -> Response {
    match template.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a template failed");
            (StatusCode::INTERNAL_SERVER_ERROR, t!("Something went wrong on our side.")).into_response()
        }
    }
}

/// Renders a template with status 200.
pub fn ok(template: &impl Template) -> Reply {
    Ok(page(StatusCode::OK, template))
}

/// Sends the browser to a path of this server after a form was done.
pub fn see(path: &str) -> Reply {
    Ok(Redirect::to(safe_path(path)).into_response())
}

/// The path if it stays on this server, else `/` (attack case A26).
pub fn safe_path(path: &str) -> &str {
    let stays = path.starts_with('/')
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte != b'\\' && byte > b' ' && byte < 0x7f);
    if stays { path } else { "/" }
}

/// Addresses of the files that every page needs.
#[derive(Debug, Clone)]
pub struct Bare {
    /// Style sheet.
    pub css: String,
    /// Script.
    pub js: String,
}

impl Bare {
    /// The current ones.
    pub fn new() -> Self {
        Self { css: assets::url("app.css"), js: assets::url("app.js") }
    }
}

impl Default for Bare {
    fn default() -> Self {
        Self::new()
    }
}

/// The frame: navigation, theme, notice.
#[derive(Debug, Clone)]
pub struct Layout {
    /// The page's title.
    pub title: String,
    /// The part of the navigation that is marked.
    pub section: &'static str,
    /// The signed-in person's name.
    pub user: String,
    /// `light`, `dark` or empty for the system's.
    pub theme: &'static str,
    /// What just happened, in a sentence; may be empty.
    pub notice: &'static str,
    /// What nobody has read yet.
    pub unread: Vec<NoticeView>,
    /// Incomplete executions and runs in doubt that wait for a decision, and
    /// scenarios with failed runs that nobody has looked at.
    pub unresolved: u64,
    /// The form on this page that was refused.
    pub refusal: Option<Refusal>,
    /// Path and query of this page, for forms that come back to it.
    pub here: String,
    /// Style sheet.
    pub css: String,
    /// Style sheet of the app colours.
    pub apps_css: String,
    /// Script.
    pub js: String,
    /// Script of the worker that has the live stream.
    pub live_worker: String,
    /// The program's version.
    pub version: String,
}

impl Layout {
    /// Whether this part of the navigation is the current one.
    pub fn is(&self, section: &str) -> bool {
        self.section == section
    }
}

/// What a page handler knows of its request.
pub struct Page {
    /// The shared state.
    pub app: App,
    /// Who asks.
    pub principal: Option<Principal>,
    /// The part after `?`, decoded.
    pub query: Query,
    theme: &'static str,
    here: String,
    refusal: Option<Refusal>,
}

impl FromRequestParts<App> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut RequestParts, app: &App) -> Result<Self, Infallible> {
        let theme = match guard::cookie(&parts.headers, "theme") {
            Some("dark") => "dark",
            Some("light") => "light",
            _ => "",
        };
        Ok(Self {
            app: app.clone(),
            principal: parts.extensions.get::<Principal>().cloned(),
            query: Query::parse(parts.uri.query().unwrap_or_default()),
            theme,
            here: parts.uri.path_and_query().map_or_else(|| "/".to_owned(), ToString::to_string),
            refusal: None,
        })
    }
}

impl Page {
    /// The frame of a page.
    pub async fn layout(&self, title: impl Into<String>, section: &'static str) -> Layout {
        let (store, team) = (self.app.store(), self.app.team());
        let stored = incompletes::count_waiting(store, team).await.unwrap_or(0);
        let in_doubt = executions::count_in_doubt(store, team).await.unwrap_or(0);
        let failing = scenarios::count_failing(store, team).await.unwrap_or(0);
        Layout {
            title: title.into(),
            section,
            user: self.principal.as_ref().map(|principal| principal.user.name.clone()).unwrap_or_default(),
            theme: self.theme,
            notice: notice(self.query.get("notice").unwrap_or_default()),
            unread: notices::unread(self).await,
            unresolved: stored + in_doubt + failing,
            refusal: self.refusal.clone(),
            here: self.here.clone(),
            css: assets::url("app.css"),
            apps_css: self.app.styles().url(),
            js: assets::url("app.js"),
            live_worker: assets::url("live-worker.js"),
            version: self.app.parts().version.clone(),
        }
    }
}

impl Page {
    /// This page as if it had been asked for at `path`, with what was refused.
    pub(crate) fn with_refusal(mut self, refusal: Refusal, path: &str) -> Self {
        self.query = Query::parse(path.split_once('?').map_or("", |(_, query)| query));
        path.clone_into(&mut self.here);
        self.refusal = Some(refusal);
        self
    }

    /// Which part of a list is wanted.
    pub fn request(&self) -> PageRequest {
        PageRequest { page: self.query.page(), size: 30 }
    }

    /// What is searched for; `None` for everything.
    pub fn search(&self) -> Option<&str> {
        Some(self.query.text("q")).filter(|text| !text.is_empty())
    }

    /// Times as this team reads them.
    pub async fn times(&self) -> Times {
        let team = teams::find(self.app.store(), self.app.team()).await.ok().flatten();
        let zone = team.and_then(|team| TimeZone::get(&team.timezone).ok()).unwrap_or(TimeZone::UTC);
        Times { now: self.app.clock().now(), zone }
    }
}

/// Now, and the zone of the team.
#[derive(Debug, Clone)]
pub struct Times {
    /// When the page is made.
    pub now: Timestamp,
    /// The team's zone.
    pub zone: TimeZone,
}

impl Times {
    /// A moment for the page.
    pub fn moment(&self, at: Timestamp) -> Moment {
        words::moment(at, self.now, &self.zone)
    }
}

/// An execution's id in a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Execution(pub ExecutionId);

impl<'de> serde::Deserialize<'de> for Execution {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// A form that was sent, as names and values.
pub struct Form(pub Query);

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
        Ok(Self(Query::parse(&String::from_utf8_lossy(&body))))
    }
}

/// The foot of a list: which page, and the way to the others.
#[derive(Debug, Clone, Template)]
#[template(path = "_pager.html")]
pub struct Pager {
    /// Such as `31 scenarios`.
    pub total: String,
    /// Such as `Page 1 of 2`; empty when there is only one.
    pub place: String,
    /// Query of the page before; empty when there is none.
    pub previous: String,
    /// Query of the next page; empty when there is none.
    pub next: String,
}

impl Pager {
    /// For a page of a list.
    pub fn new<T>(list: &rouage_store::Page<T>, query: &Query, noun: &str) -> Self {
        let (page, pages) = (u64::from(list.page), list.pages());
        let link = |wanted: bool, page: u64| if wanted { query.with("page", &page.to_string()) } else { String::new() };
        Self {
            total: words::count(list.total, noun),
            place: if pages > 1 { t!("Page {page} of {pages}", page = page, pages = pages) } else { String::new() },
            previous: link(page > 1, page.saturating_sub(1)),
            next: link(page < pages, page + 1),
        }
    }
}

/// A question before something is lost.
#[derive(Debug, Clone, Template)]
#[template(path = "ask.html")]
pub struct Ask {
    /// The frame.
    pub layout: Layout,
    /// The question.
    pub question: String,
    /// What will happen, in sentences.
    pub consequences: Vec<String>,
    /// Where the yes goes.
    pub action: String,
    /// What the yes is called.
    pub yes: &'static str,
    /// Where the no goes.
    pub back: String,
}

/// Sentences by code, so that a link cannot put words into our mouth.
fn notice(code: &str) -> &'static str {
    match code {
        "saved" => t!("Saved."),
        "created" => t!("Created."),
        "renamed" => t!("Renamed."),
        "deleted" => t!("Deleted."),
        "imported-records" => t!("Imported. All records of the file are here."),
        "imported" => t!("Imported. Nothing runs until you switch it on; look through the list below first."),
        "on" => t!("The scenario is on."),
        "off" => t!("The scenario is off."),
        "duplicated" => t!("This is the copy. It is off."),
        "listening" => t!("Waiting for data: send one request to the webhook now."),
        "started" => t!("Started."),
        "replayed" => t!("This is the new run, with the data of the old one."),
        "stopping" => t!("Stopping. What is being done right now is finished first."),
        "retrying" => t!("It is being retried."),
        "next" => t!("It is retried as soon as there is room."),
        "decided" => t!("Noted; the run goes on from here."),
        "tested" => t!("The connection works."),
        "password" => t!("The password was changed. All other sessions were ended."),
        "sessions" => t!("All other sessions were ended."),
        "welcome" => t!("Welcome. Create your first scenario, or bring one along from Make."),
        _ => "",
    }
}

/// An icon of the sprite; unknown names draw a plain circle.
pub struct Icon(String);

/// For templates: `{{ crate::icon("plus") }}`.
pub fn icon(name: &str) -> Icon {
    Icon(if assets::has_icon(name) { name.to_owned() } else { "circle".to_owned() })
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sprite = assets::url("icons.svg");
        write!(f, r#"<svg class="icon" aria-hidden="true"><use href="{sprite}#{}"/></svg>"#, self.0)
    }
}

impl askama::FastWritable for Icon {
    fn write_into(&self, out: &mut dyn fmt::Write, _values: &dyn askama::Values) -> askama::Result<()> {
        Ok(write!(out, "{self}")?)
    }
}

// The name comes from the sprite's own list, never from outside.
impl askama::filters::HtmlSafe for Icon {}

/// A file to save, never to be shown by the browser itself.
pub fn download(name: &str, media_type: &'static str, content: impl IntoResponse) -> Response {
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_. ".contains(c) { c } else { '_' }).collect();
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    let disposition = format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}");
    let mut response = content.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(disposition) = HeaderValue::from_str(&disposition) {
        headers.insert(header::CONTENT_DISPOSITION, disposition);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redirects_never_leave_the_server() {
        for path in ["//evil", "/\\evil", "javascript:alert(1)", "https://evil", "", "/a b", "/\tx"] {
            assert_eq!(safe_path(path), "/", "{path}");
        }
        assert_eq!(safe_path("/scenarios/3?tab=history"), "/scenarios/3?tab=history");
    }

    #[test]
    fn downloads_cannot_smuggle_headers() {
        let response = download("a\"\r\nSet-Cookie: x=1;ü.json", "application/json", "{}");
        let disposition = response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap();
        assert!(disposition.starts_with("attachment; filename=\"a___Set-Cookie_ x_1__.json\""), "{disposition}");
    }
}

//! Settings of the instance, the account, users and sessions; the theme; the
//! health check.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use rouage_model::UserId;
use rouage_store::users::{self, PasswordHash};
use rouage_store::{sessions, teams};

use super::retention::{self, RetentionForm};
use super::sign_in::{check_account, check_password};
use crate::PageError;
use crate::guard::Principal;
use crate::render::{self, Form, Layout, Page, Reply};
use crate::words::Moment;
use crate::words::{filters, t};

#[derive(Template)]
#[template(path = "settings/show.html")]
struct Show {
    layout: Layout,
    facts: Vec<(&'static str, String, &'static str)>,
    email: String,
    is_owner: bool,
    sessions: Vec<SessionRow>,
    problem: String,
    retention: RetentionForm,
}

struct SessionRow {
    browser: String,
    ip: String,
    created: Moment,
    seen: Moment,
}

fn principal(page: &Page) -> Result<&Principal, PageError> {
    page.principal.as_ref().ok_or(PageError::NotFound)
}

/// `GET /settings`.
pub async fn show(page: Page) -> Reply {
    show_with(&page, String::new()).await
}

async fn show_with(page: &Page, problem: String) -> Reply {
    let principal = principal(page)?;
    let store = page.app.store();
    let times = page.times().await;
    let sessions = sessions::list(store, principal.user.id).await?;
    let row = |session: sessions::Session| SessionRow {
        browser: browser(&session.user_agent),
        ip: session.ip,
        created: times.moment(session.created_at),
        seen: times.moment(session.last_seen_at),
    };
    let team = teams::find(store, page.app.team()).await?;
    let owner = users::list(store).await?.iter().map(|user| user.id).min();
    let parts = page.app.parts();
    let networks =
        if parts.allowed_networks.is_empty() { t!("None").to_owned() } else { parts.allowed_networks.join(", ") };
    let facts = vec![
        (t!("Version"), parts.version.clone(), t!("of this Rouage.")),
        (
            t!("Public address"),
            parts.public_url.to_string(),
            t!("Webhook addresses start with it. Set it with --public-url or ROUAGE_PUBLIC_URL."),
        ),
        (
            t!("Allowed private networks"),
            networks,
            t!("Modules reach public addresses only, and these. Set them in the configuration."),
        ),
        (t!("Team"), team.as_ref().map(|team| team.name.clone()).unwrap_or_default(), t!("Owns everything here.")),
        (
            t!("Time zone"),
            team.map(|team| team.timezone).unwrap_or_default(),
            t!("New scenarios and these pages use it."),
        ),
    ];
    let retention = retention::of_server(page).await?;
    let status = if problem.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY };
    Ok(render::page(
        status,
        &Show {
            layout: page.layout(t!("Settings"), "settings").await,
            facts,
            email: principal.user.email.clone(),
            is_owner: owner == Some(principal.user.id),
            sessions: sessions.into_iter().map(row).collect(),
            problem,
            retention,
        },
    ))
}

/// The part of a user agent that people know.
fn browser(user_agent: &str) -> String {
    let known = ["Firefox", "Edg", "OPR", "Chrome", "Safari", "curl"];
    let name = known.iter().find(|name| user_agent.contains(*name)).copied().unwrap_or(t!("Another program"));
    let system =
        ["Windows", "Android", "iPhone", "iPad", "Mac OS", "Linux"].iter().find(|name| user_agent.contains(*name));
    system.map_or_else(|| name.to_owned(), |system| t!("{name} on {system}", name = name, system = system))
}

/// `POST /settings/password`.
pub async fn change_password(page: Page, Form(form): Form) -> Reply {
    let principal = principal(&page)?.clone();
    let store = page.app.store();
    let keys = [format!("account:{}", principal.user.email)];
    if page.app.slow_down().wait(&keys).is_some() {
        return show_with(&page, t!("Too many attempts. Try again in a few minutes.").into()).await;
    }
    let old = form.get("old").unwrap_or_default();
    if users::verify(store, &principal.user.email, old).await?.is_none() {
        page.app.slow_down().failed(&keys);
        return show_with(&page, t!("The old password is not right.").into()).await;
    }
    let new = form.get("new").unwrap_or_default();
    if let Err(problem) = check_password(new) {
        return show_with(&page, problem).await;
    }
    let hash = PasswordHash::new(store, new).await?;
    let mut tx = store.begin().await?;
    users::set_password(&mut tx, principal.user.id, &hash).await?;
    tx.commit().await?;
    end_others(&page, &principal).await?;
    render::see("/settings?notice=password")
}

/// `POST /settings/sessions/end`.
pub async fn end_sessions(page: Page) -> Reply {
    let principal = principal(&page)?.clone();
    end_others(&page, &principal).await?;
    render::see("/settings?notice=sessions")
}

/// Ends all sessions but the one that asks.
async fn end_others(page: &Page, principal: &Principal) -> Result<(), PageError> {
    let store = page.app.store();
    let own = sessions::find(store, &principal.token).await?.map(|session| session.id);
    let all = sessions::list(store, principal.user.id).await?;
    let mut tx = store.begin().await?;
    for session in all.iter().filter(|session| Some(session.id) != own) {
        sessions::delete_one(&mut tx, principal.user.id, session.id).await?;
    }
    tx.commit().await?;
    Ok(())
}

#[derive(Template)]
#[template(path = "settings/users.html")]
struct Users {
    layout: Layout,
    rows: Vec<UserRow>,
    problem: String,
}

struct UserRow {
    id: String,
    name: String,
    email: String,
    created: Moment,
    is_owner: bool,
}

/// `GET /settings/users`.
pub async fn users(page: Page) -> Reply {
    show_users(&page, String::new()).await
}

async fn show_users(page: &Page, problem: String) -> Reply {
    let times = page.times().await;
    let users = users::list(page.app.store()).await?;
    let owner = users.iter().map(|user| user.id).min();
    let row = |user: users::User| UserRow {
        id: user.id.to_string(),
        is_owner: Some(user.id) == owner,
        name: user.name,
        email: user.email,
        created: times.moment(user.created_at),
    };
    let rows = users.into_iter().map(row).collect();
    render::ok(&Users { layout: page.layout(t!("Users"), "settings").await, rows, problem })
}

/// `POST /settings/users`.
pub async fn create_user(page: Page, Form(form): Form) -> Reply {
    if let Err(problem) = check_account(&form) {
        return show_users(&page, problem).await;
    }
    let store = page.app.store();
    let hash = PasswordHash::new(store, form.get("password").unwrap_or_default()).await?;
    let mut tx = store.begin().await?;
    users::create(&mut tx, &form.text("email").to_lowercase(), form.text("name"), &hash).await?;
    tx.commit().await?;
    render::see("/settings/users?notice=created")
}

/// `POST /settings/users/{id}/delete`.
pub async fn delete_user(page: Page, Path(id): Path<UserId>, Form(form): Form) -> Reply {
    if id == principal(&page)?.user.id {
        return Err(PageError::Invalid(t!("You cannot delete yourself.").into()));
    }
    if !form.is_on("sure") {
        return Err(PageError::Invalid(t!("Tick the box beside the user to delete them.").into()));
    }
    let mut tx = page.app.store().begin().await?;
    sessions::delete_all(&mut tx, id).await?;
    users::delete(&mut tx, id).await?;
    tx.commit().await?;
    render::see("/settings/users?notice=deleted")
}

/// `POST /theme`.
pub async fn set_theme(Form(form): Form) -> Response {
    let theme = match form.text("theme") {
        "dark" => "dark",
        "light" => "light",
        _ => "system",
    };
    let cookie = format!("theme={theme}; Path=/; SameSite=Lax; Max-Age=31536000");
    let cookie = HeaderValue::from_str(&cookie).unwrap_or(HeaderValue::from_static("theme=system"));
    ([(header::SET_COOKIE, cookie)], Redirect::to(render::safe_path(form.text("back")))).into_response()
}

/// `GET /health`.
pub async fn health(page: Page) -> Response {
    match users::count(page.app.store()).await {
        Ok(_) => "ok".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer").into_response(),
    }
}

//! Set-up, sign-in, sign-out, and links that sign in once.

use askama::Template;
use axum::extract::Path;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Redirect, Response};
use rouage_model::UserId;
use rouage_store::users::{self, PasswordHash};
use rouage_store::{sessions, setup};
use subtle::ConstantTimeEq as _;

use crate::guard::{self, SESSION_COOKIE};
use crate::query::Query;
use crate::render::{self, Bare, Form, Page, Reply};
use crate::words::{filters, t};
use crate::{App, PageError, client};

const SHORTEST_PASSWORD: usize = 10;

#[derive(Template)]
#[template(path = "sign_in/login.html")]
struct Login {
    layout: Bare,
    email: String,
    next: String,
    problem: String,
    has_users: bool,
}

/// `GET /login`.
pub async fn show_login(page: Page) -> Reply {
    if page.principal.is_some() {
        return render::see(page.query.text("next"));
    }
    let next = render::safe_path(page.query.text("next")).to_owned();
    let has_users = users::count(page.app.store()).await? > 0;
    render::ok(&Login { layout: Bare::new(), email: String::new(), next, problem: String::new(), has_users })
}

/// `POST /login`.
pub async fn log_in(page: Page, peer: Caller, Form(form): Form) -> Reply {
    let email = form.text("email").to_lowercase();
    let next = render::safe_path(form.text("next")).to_owned();
    let keys = [format!("account:{email}"), format!("address:{}", peer.ip)];
    let refused = |status, problem: String| {
        let view = Login { layout: Bare::new(), email: email.clone(), next: next.clone(), problem, has_users: true };
        Ok(render::page(status, &view))
    };
    if let Some(wait) = page.app.slow_down().wait(&keys) {
        let text = t!("Too many attempts. Try again in {seconds} s.", seconds = wait.as_secs() + 1);
        return refused(StatusCode::TOO_MANY_REQUESTS, text);
    }
    let password = form.get("password").unwrap_or_default();
    let Some(user) = users::verify(page.app.store(), &email, password).await? else {
        page.app.slow_down().failed(&keys);
        return refused(StatusCode::UNAUTHORIZED, t!("The e-mail address or the password is not right.").into());
    };
    page.app.slow_down().succeeded(&keys[..1]);
    signed_in(&page.app, user.id, &peer, &next).await
}

/// `POST /logout`.
pub async fn log_out(page: Page) -> Reply {
    if let Some(principal) = &page.principal {
        let mut tx = page.app.store().begin().await?;
        sessions::delete(&mut tx, &principal.token).await?;
        tx.commit().await?;
    }
    let cookie = cookie(&page.app, "", 0);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/login")).into_response())
}

#[derive(Template)]
#[template(path = "sign_in/setup.html")]
struct SetUp {
    layout: Bare,
    token: String,
    name: String,
    email: String,
    problem: String,
}

/// `GET /setup/{token}`.
pub async fn show_setup(page: Page, Path(token): Path<String>) -> Reply {
    check_setup(&page.app, &token).await?;
    let empty = String::new;
    render::ok(&SetUp { layout: Bare::new(), token, name: empty(), email: empty(), problem: empty() })
}

/// `POST /setup/{token}`.
pub async fn set_up(page: Page, peer: Caller, Path(token): Path<String>, Form(form): Form) -> Reply {
    check_setup(&page.app, &token).await?;
    let (name, email) = (form.text("name").to_owned(), form.text("email").to_lowercase());
    if let Err(problem) = check_account(&form) {
        let view = SetUp { layout: Bare::new(), token, name, email, problem };
        return Ok(render::page(StatusCode::UNPROCESSABLE_ENTITY, &view));
    }
    let store = page.app.store();
    let hash = PasswordHash::new(store, form.get("password").unwrap_or_default()).await?;
    let mut tx = store.begin().await?;
    let user = setup::redeem(&mut tx, &token, &email, &name, &hash).await?;
    tx.commit().await?;
    signed_in(&page.app, user, &peer, "/scenarios?notice=welcome").await
}

/// What is wrong with a new account, if anything.
pub fn check_account(form: &Query) -> Result<(), String> {
    if form.text("name").is_empty() {
        return Err(t!("Enter a name.").into());
    }
    let email = form.text("email");
    if !email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty()) {
        return Err(t!("Enter an e-mail address, such as ada@example.org.").into());
    }
    check_password(form.get("password").unwrap_or_default())
}

/// Long is what counts.
pub fn check_password(password: &str) -> Result<(), String> {
    if password.chars().count() < SHORTEST_PASSWORD {
        return Err(t!(
            "The password needs at least {shortest_password} characters.",
            shortest_password = SHORTEST_PASSWORD
        ));
    }
    Ok(())
}

async fn check_setup(app: &App, token: &str) -> Result<(), PageError> {
    let expected = setup::token(app.store()).await?.ok_or(PageError::NotFound)?;
    if bool::from(expected.as_bytes().ct_eq(token.as_bytes())) { Ok(()) } else { Err(PageError::NotFound) }
}

/// `GET /auto/{token}`.
pub async fn auto(page: Page, peer: Caller, Path(token): Path<String>) -> Reply {
    let path = page.app.parts().links.redeem(&token).ok_or(PageError::NotFound)?;
    let users = users::list(page.app.store()).await?;
    let owner = users.iter().map(|user| user.id).min().ok_or(PageError::NotFound)?;
    signed_in(&page.app, owner, &peer, &path).await
}

/// A new session, never one that was there before (attack case A28).
async fn signed_in(app: &App, user: UserId, peer: &Caller, path: &str) -> Reply {
    let mut tx = app.store().begin().await?;
    if let Some(old) = &peer.old_session {
        sessions::delete(&mut tx, old).await?;
    }
    let token = sessions::create(&mut tx, user, &peer.user_agent, &peer.ip).await?;
    tx.commit().await?;
    let cookie = cookie(app, &token, 30 * 24 * 3600);
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(render::safe_path(path))).into_response())
}

fn cookie(app: &App, token: &str, seconds: u32) -> HeaderValue {
    let secure = if app.parts().secure_cookies { "; Secure" } else { "" };
    let text = format!("{SESSION_COOKIE}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// The browser at the other end.
pub struct Caller {
    ip: String,
    user_agent: String,
    old_session: Option<String>,
}

impl axum::extract::FromRequestParts<App> for Caller {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut axum::http::request::Parts, app: &App) -> Result<Self, Response> {
        let headers: &HeaderMap = &parts.headers;
        let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self {
            ip: client::address(&parts.extensions, headers, &app.parts().trusted_proxies).to_string(),
            user_agent: user_agent.chars().take(200).collect(),
            old_session: guard::cookie(headers, SESSION_COOKIE).map(str::to_owned),
        })
    }
}

//! Every route and who may use it, in one table. What is not here is refused.

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::handler::Handler;
use axum::http::{StatusCode, header};
use axum::middleware::{Next, from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::{self, MethodRouter};
use rouage_model::blueprint;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;

use crate::pages::{
    connections, executions, history, import, outbox, retention, scenario, scenarios, settings, setup, sign_in, single,
    webhooks,
};
use crate::{App, PageError, Parts, assets, guard, ingress, live, words};

/// Who may use a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Anybody.
    Public,
    /// Anybody who knows the webhook's token; the handler checks it.
    Webhook,
    /// Programs with a bearer token; the handler checks it. Cookies are not
    /// looked at.
    Token,
    /// Anybody who is signed in.
    SignedIn,
    /// The owner of this server.
    Owner,
}

/// A row of the table.
pub struct Route {
    /// `GET`, `POST` or `*`.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub path: &'static str,
    /// Who may use it.
    pub permission: Permission,
    handler: MethodRouter<App>,
    body_limit: usize,
}

const FORM_LIMIT: usize = 2 * 1024 * 1024;

impl Route {
    /// A page.
    pub fn get<H: Handler<T, App>, T: 'static>(path: &'static str, permission: Permission, handler: H) -> Self {
        Self { method: "GET", path, permission, handler: routing::get(handler), body_limit: FORM_LIMIT }
    }

    /// A form.
    pub fn post<H: Handler<T, App>, T: 'static>(path: &'static str, permission: Permission, handler: H) -> Self {
        Self { method: "POST", path, permission, handler: routing::post(handler), body_limit: FORM_LIMIT }
    }

    /// Any method.
    pub fn any<H: Handler<T, App>, T: 'static>(path: &'static str, permission: Permission, handler: H) -> Self {
        Self { method: "*", path, permission, handler: routing::any(handler), body_limit: FORM_LIMIT }
    }

    /// Takes bodies of up to so many bytes instead of 2 MiB.
    #[must_use]
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = bytes;
        self
    }
}

/// The table.
pub fn table() -> Vec<Route> {
    use Permission::{Owner, Public, SignedIn, Webhook};
    // Multipart needs room around the file.
    const IMPORT_LIMIT: usize = blueprint::MAX_SIZE + 64 * 1024;
    let mut table = vec![
        Route::get("/assets/{name}", Public, assets::serve),
        Route::get("/health", Public, settings::health),
        Route::get("/setup/{token}", Public, sign_in::show_setup),
        Route::post("/setup/{token}", Public, sign_in::set_up),
        Route::get("/login", Public, sign_in::show_login),
        Route::post("/login", Public, sign_in::log_in),
        Route::post("/logout", Public, sign_in::log_out),
        Route::get("/auto/{token}", Public, sign_in::auto),
        Route::post("/theme", Public, settings::set_theme),
        Route::any("/hook/{token}", Webhook, ingress::receive),
        Route::any("/hook", Webhook, ingress::unknown),
        Route::any("/hook/", Webhook, ingress::unknown),
        Route::any("/hook/{token}/{*rest}", Webhook, ingress::unknown),
        Route::any("/hook/{token}/", Webhook, ingress::unknown),
        Route::get("/", SignedIn, scenarios::home),
        Route::get("/scenarios", SignedIn, scenarios::list),
        Route::get("/import", SignedIn, import::show),
        Route::post("/import", SignedIn, import::import).body_limit(IMPORT_LIMIT),
        Route::get("/scenarios/{id}", SignedIn, scenario::show),
        Route::get("/scenarios/{id}/history", SignedIn, history::of_scenario),
        Route::get("/scenarios/{id}/history.csv", SignedIn, history::file_of_scenario),
        Route::get("/scenarios/{id}/modules/{module}/run", SignedIn, single::show),
        Route::post("/scenarios/{id}/modules/{module}/run", SignedIn, single::run),
        Route::post("/scenarios/{id}/retention", SignedIn, retention::save_scenario),
        Route::get("/scenarios/{id}/setup", SignedIn, setup::show),
        Route::post("/scenarios/{id}/setup", SignedIn, setup::save),
        Route::get("/scenarios/{id}/settings", SignedIn, scenario::show_settings),
        Route::get("/scenarios/{id}/export", SignedIn, scenario::export),
        Route::post("/scenarios/{id}/switch", SignedIn, scenario::switch),
        Route::post("/scenarios/{id}/run", SignedIn, scenario::run_once),
        Route::post("/scenarios/{id}/rename", SignedIn, scenario::rename),
        Route::post("/scenarios/{id}/duplicate", SignedIn, scenario::duplicate),
        Route::get("/scenarios/{id}/delete", SignedIn, scenario::ask_delete),
        Route::post("/scenarios/{id}/delete", SignedIn, scenario::delete),
        Route::get("/live", SignedIn, live::live),
        Route::get("/executions", SignedIn, history::of_all),
        Route::get("/executions.csv", SignedIn, history::file_of_all),
        Route::get("/executions/{id}", SignedIn, executions::show),
        Route::get("/executions/{id}/operations/{operation}/{side}", SignedIn, executions::raw),
        Route::post("/executions/{id}/replay", SignedIn, executions::replay),
        Route::post("/executions/{id}/stop", SignedIn, executions::stop),
        Route::post("/executions/{id}/decide", SignedIn, executions::decide),
        Route::get("/webhooks", SignedIn, webhooks::list),
        Route::post("/webhooks", SignedIn, webhooks::create),
        Route::get("/webhooks/{id}", SignedIn, webhooks::show),
        Route::get("/webhooks/{id}/requests/{delivery}", SignedIn, webhooks::request),
        Route::post("/webhooks/{id}/rename", SignedIn, webhooks::rename),
        Route::post("/webhooks/{id}/settings", SignedIn, webhooks::save_settings),
        Route::post("/webhooks/{id}/keys", SignedIn, webhooks::add_key),
        Route::post("/webhooks/{id}/keys/delete", SignedIn, webhooks::delete_key),
        Route::post("/webhooks/{id}/learn", SignedIn, webhooks::learn),
        Route::post("/webhooks/{id}/queue/delete", SignedIn, webhooks::delete_queue),
        Route::get("/webhooks/{id}/delete", SignedIn, webhooks::ask_delete),
        Route::post("/webhooks/{id}/delete", SignedIn, webhooks::delete),
        Route::get("/outbox", SignedIn, outbox::list),
        Route::get("/outbox/{id}", SignedIn, outbox::show),
        Route::get("/outbox/{id}/html", SignedIn, outbox::html),
        Route::get("/outbox/{id}/raw", SignedIn, outbox::raw),
        Route::get("/outbox/{id}/attachments/{index}", SignedIn, outbox::attachment),
        Route::post("/outbox/{id}/delete", SignedIn, outbox::delete),
        Route::get("/connections", SignedIn, connections::list),
        Route::get("/connections/new", SignedIn, connections::choose),
        Route::get("/connections/new/{kind}", SignedIn, connections::show_form),
        Route::post("/connections/new/{kind}", SignedIn, connections::create),
        Route::get("/connections/{id}", SignedIn, connections::show),
        Route::post("/connections/{id}/rename", SignedIn, connections::rename),
        Route::post("/connections/{id}/test", SignedIn, connections::test),
        Route::get("/connections/{id}/delete", SignedIn, connections::ask_delete),
        Route::post("/connections/{id}/delete", SignedIn, connections::delete),
        Route::get("/settings", SignedIn, settings::show),
        Route::post("/settings/password", SignedIn, settings::change_password),
        Route::post("/settings/retention", Owner, retention::save_server),
        Route::post("/settings/sessions/end", SignedIn, settings::end_sessions),
        Route::get("/settings/users", Owner, settings::users),
        Route::post("/settings/users", Owner, settings::create_user),
        Route::post("/settings/users/{id}/delete", Owner, settings::delete_user),
    ];
    table.extend(crate::pages::more());
    table
}

/// An address whose number or id cannot be read leads nowhere: people see the
/// page that says so, not the router's own words.
async fn kind(response: Response) -> Response {
    let is_page = response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind != "text/plain; charset=utf-8");
    match response.status() {
        StatusCode::BAD_REQUEST if !is_page => PageError::NotFound.into_response(),
        _ => response,
    }
}

/// Answers in the language of whoever asks; later that is a person's choice.
async fn speak(State(app): State<App>, request: Request, next: Next) -> Response {
    match app.parts().language {
        None => next.run(request).await,
        language => words::within(language, next.run(request)).await,
    }
}

/// The whole web.
pub fn router(parts: Parts) -> Router {
    build(App::new(parts))
}

fn build(app: App) -> Router {
    let (mut pages, mut programs) = (Router::new(), Router::new());
    for route in table() {
        let enforce = from_fn_with_state((app.clone(), route.permission), guard::enforce);
        let handler = route.handler.layer(DefaultBodyLimit::max(route.body_limit)).layer(enforce);
        match route.permission {
            Permission::Webhook | Permission::Token => programs = programs.route(route.path, handler),
            _ => pages = pages.route(route.path, handler),
        }
    }
    let speak = from_fn_with_state(app.clone(), speak);
    let unknown = routing::any(guard::unknown)
        .layer(from_fn_with_state((app.clone(), Permission::SignedIn), guard::enforce))
        .layer(speak.clone());
    let pages = pages.layer(map_response(kind)).layer(CompressionLayer::new()).layer(speak);
    pages
        .merge(programs)
        .fallback_service(unknown.with_state(app.clone()))
        .layer(CatchPanicLayer::new())
        .with_state(app)
}

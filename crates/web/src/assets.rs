//! Scripts, styles, fonts and icons: embedded, named by their content, cached
//! for ever. The colours of the apps are a style sheet made from the registry,
//! because the content security policy allows no style attributes.

use std::fmt::Write as _;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use rouage_sdk::Registry;

use crate::{App, look};

/// One embedded file with its compressed twins.
pub struct File {
    source: &'static str,
    name: &'static str,
    plain: &'static [u8],
    gzip: Option<&'static [u8]>,
    brotli: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The address of an asset by the name of its source, such as `app.js`.
pub fn url(source: &str) -> String {
    match FILES.iter().find(|file| file.source == source) {
        Some(file) => format!("/assets/{}", file.name),
        None => format!("/assets/missing/{source}"),
    }
}

/// The addresses of the files that a script cannot begin without, so that a
/// browser fetches them beside it and not after it.
pub fn needed(source: &str) -> Vec<String> {
    let entry = NEEDED.iter().find(|(entry, _)| *entry == source);
    entry.map(|(_, files)| files.iter().map(|file| format!("/assets/{file}")).collect()).unwrap_or_default()
}

/// Whether the sprite has this icon.
pub fn has_icon(name: &str) -> bool {
    ICONS.binary_search(&name).is_ok()
}

/// The style sheet of the app colours.
#[derive(Debug, Clone)]
pub struct AppStyles {
    content: Bytes,
    name: String,
}

impl AppStyles {
    /// Makes it from the apps of this program.
    pub fn new(registry: &Registry) -> Self {
        let mut content = String::new();
        let apps = registry.apps().iter().map(|app| (app.name, app.color));
        let natives = look::NATIVE_APPS.iter().map(|(name, _, color)| (*name, *color));
        for (name, color) in natives.chain(apps) {
            let _ = writeln!(content, "[data-app=\"{name}\"]{{--app:{color}}}");
        }
        let hash = content
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
        Self { content: content.into(), name: format!("apps-{hash:016x}.css") }
    }

    /// Where it is served.
    pub fn url(&self) -> String {
        format!("/assets/{}", self.name)
    }
}

/// `GET /assets/{name}`.
pub async fn serve(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> Response {
    if name == app.styles().name {
        return reply(&name, &headers, app.styles().content.clone(), None);
    }
    let Some(file) = FILES.iter().find(|file| file.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let accepts =
        |coding: &str| accepted.split(',').any(|part| part.split(';').next().unwrap_or_default().trim() == coding);
    let (content, coding) = match (file.brotli, file.gzip) {
        (Some(brotli), _) if accepts("br") => (brotli, Some("br")),
        (_, Some(gzip)) if accepts("gzip") => (gzip, Some("gzip")),
        _ => (file.plain, None),
    };
    reply(&name, &headers, Bytes::from_static(content), coding)
}

fn reply(name: &str, headers: &HeaderMap, content: Bytes, coding: Option<&'static str>) -> Response {
    // Names carry a content hash, so the name is the entity tag.
    let tag = HeaderValue::from_str(&format!("\"{name}\"")).unwrap_or(HeaderValue::from_static("\"\""));
    let fixed = [
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable")),
        (header::VARY, HeaderValue::from_static("Accept-Encoding")),
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type(name))),
    ];
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return (StatusCode::NOT_MODIFIED, fixed, [(header::ETAG, tag)]).into_response();
    }
    let mut response = (fixed, [(header::ETAG, tag)], content).into_response();
    if let Some(coding) = coding {
        response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_page_asset_is_embedded_and_icons_are_sorted() {
        if FILES.is_empty() {
            // Built with WEB_ASSETS=none: there is nothing to look at.
            return;
        }
        for source in ["app.js", "app.css", "icons.svg"] {
            assert!(!url(source).contains("missing"), "{source}");
        }
        assert!(ICONS.is_sorted() && has_icon("webhook") && !has_icon("no such icon"));
    }

    /// The first view of the editor stays under 100 kB of compressed script; what
    /// is used later is a chunk of its own (`web/scripts/editor/later.ts`).
    #[test]
    fn the_first_view_of_the_editor_is_small() {
        let needed = needed("editor.js");
        let first: Vec<_> = FILES
            .iter()
            .filter(|file| file.source == "editor.js" || needed.contains(&format!("/assets/{}", file.name)))
            .collect();
        let size: usize = first.iter().map(|file| file.gzip.unwrap_or(file.plain).len()).sum();
        assert!(size < 90_000, "{size} bytes of gzip in {} files", first.len());
        assert!(FILES.is_empty() || (first.len() == needed.len() + 1 && size > 10_000), "{} files", first.len());
    }
}

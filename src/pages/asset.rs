//! The files that our pages need. They are the same for all users and may be cached.

use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, VARY};

use super::document::{Page, content};

/// The file with this name under our own path, if there is one.
pub fn asset(name: &str) -> Option<Page> {
    let (media, text) = match name {
        "style.css" => ("text/css; charset=utf-8", include_str!("../../templates/style.css")),
        "retry.js" => ("text/javascript; charset=utf-8", include_str!("../../templates/retry.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../../templates/icon.svg")),
        _ => return None,
    };
    let mut page = content(StatusCode::OK, media, text);
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    page.headers_mut().remove(VARY);
    Some(page)
}

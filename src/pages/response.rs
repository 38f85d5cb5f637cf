//! A response of our own, with the headers that all of them have.

use bytes::Bytes;
use http::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use http::{Response, StatusCode};
use http_body_util::Full;

/// A response of ours: its body is short and all here.
pub type Page = Response<Full<Bytes>>;

/// JSON for programs. `media` is `application/json` or a type derived from it.
pub fn json(status: StatusCode, media: &'static str, value: &serde_json::Value) -> Page {
    content(status, media, format!("{value}\n"))
}

/// A text for programs.
pub fn plain(text: String) -> Page {
    content(StatusCode::OK, "text/plain; charset=utf-8", text)
}

/// 303 to a place that the caller has proven to be ours (RFC 9110 section 15.4.4).
pub fn see_other(location: &str) -> Page {
    moved(StatusCode::SEE_OTHER, location)
}

/// 303 to Home Assistant's own page, where the configuration says that it is. Nothing that a client said decides where.
pub fn away(address: &str) -> Page {
    moved(StatusCode::SEE_OTHER, address)
}

/// 308 to a place that the caller has proven to be ours (RFC 9110 section 15.4.9).
pub fn redirect(location: &str) -> Page {
    moved(StatusCode::PERMANENT_REDIRECT, location)
}

fn moved(status: StatusCode, location: &str) -> Page {
    let mut page = content(status, "text/plain; charset=utf-8", Bytes::new());
    // What no header can carry leads to the root, and never anywhere else.
    let location = HeaderValue::from_str(location).unwrap_or(HeaderValue::from_static("/"));
    page.headers_mut().insert(LOCATION, location);
    page
}

pub(super) fn content(status: StatusCode, media: &'static str, bytes: impl Into<Bytes>) -> Page {
    let mut page = Response::new(Full::new(bytes.into()));
    *page.status_mut() = status;
    let headers = page.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Cookie"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("same-origin"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(RESOURCE, HeaderValue::from_static("same-origin"));
    page
}

const RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

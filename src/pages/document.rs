//! A page for people, with the headers that all of them have.

use askama::Template;
use http::StatusCode;
use http::header::{CONTENT_SECURITY_POLICY, HeaderName, HeaderValue, X_FRAME_OPTIONS};

use super::context::PageContext;
use super::response::{Page, content, json};

/// Whose pages may show ours in a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frames {
    /// Nobody's.
    Never,
    /// Those of Home Assistant, where the configuration says so.
    ByHomeAssistant,
}

/// A page for people.
pub(super) fn html(status: StatusCode, context: &PageContext, template: &impl Template) -> Page {
    framed_html(status, context, Frames::Never, template)
}

/// The same, of which is said who may show it in a frame.
pub(super) fn framed_html(status: StatusCode, context: &PageContext, frames: Frames, template: &impl Template) -> Page {
    // A template of ours with strings in it renders; were it not to, an empty page says nothing wrong.
    let text = template.render().unwrap_or_default();
    let mut page = content(status, "text/html; charset=utf-8", text);
    let embedder = context.site().embedder().filter(|_| frames == Frames::ByHomeAssistant);
    let headers = page.headers_mut();
    let policy = policy(context.nonce(), embedder.unwrap_or("'none'"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    if embedder.is_none() {
        headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    }
    // Add-ons under a prefix are of our origin, and never say the same: a window of ours that a page of theirs opens is
    // not theirs to read. In a frame it says nothing.
    headers.insert(OPENER, HeaderValue::from_static("same-origin"));
    headers.insert(PERMISSIONS, HeaderValue::from_static(NO_PERMISSIONS));
    page
}

/// JSON of what only its reader at the browser may see: no page that opens it in a window, as scripts of add-ons under
/// a prefix can, is able to read it there.
pub fn shielded_json(value: &serde_json::Value) -> Page {
    let mut page = json(StatusCode::OK, "application/json", value);
    let headers = page.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(OPENER, HeaderValue::from_static("same-origin"));
    page
}

/// Only the style and the scripts that the page names itself, and nothing from elsewhere. By nonce and not by `'self'`:
/// add-ons under our own origin have files as well.
fn policy(nonce: &str, ancestors: &str) -> HeaderValue {
    let policy = format!(
        "default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src 'self'; connect-src 'self'; \
         manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors {ancestors}"
    );
    HeaderValue::from_str(&policy).unwrap_or(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"))
}

const OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const PERMISSIONS: HeaderName = HeaderName::from_static("permissions-policy");

/// What our pages never ask a browser for.
const NO_PERMISSIONS: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), midi=(), payment=(), usb=()";

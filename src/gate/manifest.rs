//! Web app manifests, which browsers fetch without cookies: `<link rel="manifest">` asks with credentials only where
//! the page says `crossorigin="use-credentials"`, and most pages do not.
//!
//! Such a request names no user, so it never reaches an add-on. It is answered here with an empty manifest, at every
//! address alike, so that a page that is open does not print errors and a stranger learns nothing of what is where.

use http::header::{AUTHORIZATION, HeaderName};
use http::{Method, StatusCode};
use serde_json::json;

use crate::connection::EntryPoint;
use crate::http::one_line;
use crate::http::{Presented, Sanitized};
use crate::pages::{self, Page};
use crate::route::is_own;

/// Whether a browser asks for a manifest and presents nothing. A request with a credential is judged by it, and what a
/// proxy asks about at one of our own addresses never comes to this.
pub(super) fn is_asked_for(request: &Sanitized) -> bool {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && request.handshake().is_none();
    let manifest = one_line(request.headers(), SEC_FETCH_DEST).is_some_and(|value| value == "manifest");
    let nobody = *request.presented() == Presented::Nothing && !request.headers().contains_key(AUTHORIZATION);
    let theirs = request.entry_point() == EntryPoint::Browsers && !is_own(request.path());
    reads && manifest && nobody && theirs
}

/// The empty manifest.
pub(super) fn empty() -> Page {
    pages::json(StatusCode::OK, "application/manifest+json", &json!({}))
}

const SEC_FETCH_DEST: HeaderName = HeaderName::from_static("sec-fetch-dest");

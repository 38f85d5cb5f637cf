//! What answers say about pages of other origins, on routes with `cors` (Fetch standard section 3.2.3; S-36).
//!
//! A preflight asks, without a cookie and so without a user, what a page may do; it is answered here and never reaches
//! the add-on. On such a route the add-on's own word on this is taken out: the operator's stands in its place.

use bytes::Bytes;
use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CACHE_CONTROL, HeaderName, VARY,
};
use http::{HeaderMap, HeaderValue, Method, Response, StatusCode};
use http_body_util::Full;

use crate::authorization::{admitted, cors_of};
use crate::config::Cors;
use crate::pages::Page;
use crate::route::Routed;

/// What the answer to one request says.
#[derive(Debug)]
pub(super) struct Grant {
    origin: Option<HeaderValue>,
    credentials: bool,
    expose: HeaderValue,
}

impl Grant {
    /// Nothing on a route without `cors`: there the add-on's own headers pass as they are.
    pub(super) fn of(routed: &Routed) -> Option<Box<Self>> {
        let request = routed.request();
        let cors = cors_of(routed.route().addon(), request.entry_point())?;
        let origin = admitted(request.source().origin(), cors).cloned();
        Some(Box::new(Self { origin, credentials: cors.credentials, expose: cors.expose.clone() }))
    }

    /// Writes it in the place of what the add-on says.
    pub(super) fn write(self, headers: &mut HeaderMap) {
        // By prefix: a header of the protocol that does not exist yet must not pass beside the operator's.
        let theirs = |name: &&HeaderName| name.as_str().starts_with("access-control-");
        let gone: Vec<_> = headers.keys().filter(theirs).cloned().collect();
        for name in gone {
            headers.remove(name);
        }
        // Also where there is no origin: a cache must not give that answer to a page that is admitted.
        headers.append(VARY, HeaderValue::from_static("Origin"));
        let Some(origin) = self.origin else { return };
        name_origin(headers, origin, self.credentials);
        if !self.expose.is_empty() {
            headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, self.expose);
        }
    }
}

/// The answer to a preflight of a page that the route admits. Every other request goes its way: a preflight of another
/// page has no session and is refused as it always was.
pub(super) fn preflight(routed: &Routed) -> Option<Page> {
    let request = routed.request();
    if *request.method() != Method::OPTIONS || !request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD) {
        return None;
    }
    let cors = cors_of(routed.route().addon(), request.entry_point())?;
    let origin = admitted(request.source().origin(), cors)?;
    Some(permission(cors, origin.clone()))
}

fn permission(cors: &Cors, origin: HeaderValue) -> Page {
    let mut page = Response::new(Full::<Bytes>::default());
    *page.status_mut() = StatusCode::NO_CONTENT;
    let headers = page.headers_mut();
    name_origin(headers, origin, cors.credentials);
    headers.insert(ACCESS_CONTROL_ALLOW_METHODS, cors.methods.clone());
    if !cors.headers.is_empty() {
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, cors.headers.clone());
    }
    headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from(cors.max_age));
    // Browsers keep a preflight for `max_age`; no other cache may, as it would give it to other origins.
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("Origin"));
    page
}

fn name_origin(headers: &mut HeaderMap, origin: HeaderValue, credentials: bool) {
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    if credentials {
        headers.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
    }
}

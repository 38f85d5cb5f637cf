//! An add-on's answer on its way back: what is for one hop or for us goes, what would reach beyond the add-on's prefix
//! is confined (DESIGN section 2, step 8). Length, encoding, ranges, `ETag` and content type stay as they are.

mod challenge;
mod framing;
mod location;
mod rules;
mod set_cookie;
#[cfg(feature = "fuzzing")]
pub(super) mod fuzzing;

use http::header::{CONNECTION, CONTENT_LOCATION, Entry, HeaderName, LOCATION, REFRESH, SET_COOKIE, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue};

use crate::config::Addon;
use crate::http::fields::{self, Fate, FieldLocation};
use crate::http::{Authority, OwnCookies, Reserved, Scheme, judge_path, nominated, sets_cookie};

/// How far an answer may reach.
#[derive(Debug, Clone, Copy)]
pub(super) struct ResponsePolicy<'a> {
    /// The prefix under which the browser sees the add-on; empty at the root, and on a host of its own.
    pub(super) prefix: &'a str,
    /// Whether the origin is the add-on's alone.
    pub(super) place: FieldLocation,
    /// The add-on does not know its prefix, so absolute paths in its answers lack it.
    pub(super) rewrites_paths: bool,
    /// Our own authority, as the browser asked for it.
    pub(super) authority: &'a Authority,
    /// Whether the browser sees the add-on over TLS.
    pub(super) scheme: Scheme,
    /// The add-on's own authority, when it has one.
    pub(super) upstream: Option<&'a Authority>,
    /// The authority that the add-on is told instead of the browser's, when it is.
    pub(super) host_override: Option<&'a Authority>,
    /// Names that only we may say, in answers too.
    pub(super) reserved: &'a Reserved,
    /// Cookies that only we may set.
    pub(super) own_cookies: OwnCookies,
}

impl ResponsePolicy<'_> {
    /// Whether a path is under the prefix.
    fn contains(&self, path: impl AsRef<[u8]>) -> bool {
        let rest = path.as_ref().strip_prefix(self.prefix.as_bytes());
        rest.is_some_and(|rest| matches!(rest, [] | [b'/' | b'?' | b'#', ..]))
    }
}

/// Confines the headers of an answer. What the table drops goes here; what it confines has its function below.
pub(super) fn confine(headers: &mut HeaderMap, addon: &Addon, response_policy: &ResponsePolicy<'_>) {
    let place = response_policy.place;
    // Read before anything goes, because `Connection` goes too.
    let nominated = if headers.contains_key(CONNECTION) { nominated(headers) } else { Vec::new() };
    let mut is_confined = false;
    let mut gone: Vec<HeaderName> = Vec::new();
    for name in headers.keys() {
        let text = name.as_str();
        let fate = fields::fate(text, place);
        is_confined |= fate == Fate::Confined;
        if fate == Fate::Dropped
            || fields::is_for_one_hop(text)
            || response_policy.reserved.contains(text) && !addon.headers.pass.contains(name)
            || nominated.contains(name)
        {
            gone.push(name.clone());
        }
    }
    for name in gone {
        headers.remove(name);
    }
    // Most answers have none of these: each would be looked for in vain.
    if is_confined {
        confine_values(headers, addon, response_policy);
    }
    rules::apply(headers, &addon.answers.rules);
    // Last, so that what the operator says of framing stands whatever the add-on says, or a rule.
    framing::apply(headers, &addon.cross_origin.framing);
}

/// Confines what the table says is to be confined: the names here are those of its rows.
fn confine_values(headers: &mut HeaderMap, addon: &Addon, response_policy: &ResponsePolicy<'_>) {
    if addon.backend.rewrite_addresses {
        addresses(headers, response_policy);
    }
    cookies(headers, response_policy);
    if response_policy.place == FieldLocation::SharedOrigin {
        service_worker_scope(headers, response_policy);
        challenges(headers, response_policy);
    }
}

/// One scope that every browser reads as a path under the prefix. A browser resolves dot segments in it, however they
/// are written, and joins several lines; so what is not plainly inside is replaced by the prefix itself.
fn service_worker_scope(headers: &mut HeaderMap, response_policy: &ResponsePolicy<'_>) {
    let mut lines = headers.get_all(SERVICE_WORKER_ALLOWED).iter();
    let Some(scope) = lines.next() else { return };
    let plain = |path: &str| path.starts_with('/') && !path.contains('\\') && judge_path(path).is_ok();
    let inside = scope.to_str().is_ok_and(|path| plain(path) && response_policy.contains(path));
    if inside && lines.next().is_none() {
        return;
    }
    headers.remove(SERVICE_WORKER_ALLOWED);
    if let Ok(prefix) = HeaderValue::from_str(&format!("{}/", response_policy.prefix)) {
        headers.insert(SERVICE_WORKER_ALLOWED, prefix);
    }
}

const SERVICE_WORKER_ALLOWED: HeaderName = HeaderName::from_static("service-worker-allowed");

fn addresses(headers: &mut HeaderMap, response_policy: &ResponsePolicy<'_>) {
    for (name, confine) in [
        (LOCATION, location::confine as fn(&str, &ResponsePolicy<'_>) -> Option<String>),
        (CONTENT_LOCATION, location::confine),
        (REFRESH, location::confine_refresh),
    ] {
        if !headers.contains_key(&name) {
            continue;
        }
        let Entry::Occupied(mut lines) = headers.entry(name) else { continue };
        for line in lines.iter_mut() {
            let moved = std::str::from_utf8(line.as_bytes()).ok().and_then(|address| confine(address, response_policy));
            if let Some(moved) = moved.and_then(|address| HeaderValue::from_bytes(address.as_bytes()).ok()) {
                *line = moved;
            }
        }
    }
}

fn cookies(headers: &mut HeaderMap, response_policy: &ResponsePolicy<'_>) {
    if !headers.contains_key(SET_COOKIE) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(SET_COOKIE).iter().cloned().collect();
    headers.remove(SET_COOKIE);
    for line in lines {
        // On a shared origin an add-on could otherwise sign its visitors in to an account that it chooses (session
        // fixation).
        if response_policy.own_cookies.names().iter().any(|name| sets_cookie(&line, name)) {
            tracing::warn!("an add-on tried to set a cookie of ours");
        } else if let Some(line) = set_cookie::confine(&line, response_policy) {
            headers.append(SET_COOKIE, line);
        }
    }
}

/// Passwords that an add-on asks for are its own: no other add-on can ask for the same realm. A line that holds nothing
/// that may be asked for goes.
fn challenges(headers: &mut HeaderMap, response_policy: &ResponsePolicy<'_>) {
    if !headers.contains_key(WWW_AUTHENTICATE) {
        return;
    }
    let lines: Vec<HeaderValue> = headers.get_all(WWW_AUTHENTICATE).iter().cloned().collect();
    headers.remove(WWW_AUTHENTICATE);
    for line in lines {
        if let Some(line) = challenge::confine(&line, response_policy.prefix) {
            headers.append(WWW_AUTHENTICATE, line);
        }
    }
}

#[cfg(test)]
mod tests;

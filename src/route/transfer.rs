//! The second address of a request: where MOVE and COPY lead (RFC 4918 section 10.3; spec/addon-uis.md section 3, point
//! 11).
//!
//! It gives the path of a request's `Destination` as the add-on will see it, or refuses: an address of another add-on
//! or site is not for this add-on to judge.

use http::HeaderName;

use super::addon_route::Route;
use super::routed::Routed;
use crate::config::PrefixMode;
use crate::http::{Authority, FieldLines, Scheme, judge_path};
use crate::refusal::Reason;

/// Where MOVE and COPY lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    browser: String,
    addon: String,
}

impl Transfer {
    /// Path and query as the browser says them.
    pub fn browser(&self) -> &str {
        &self.browser
    }

    /// Path and query as the add-on serves them.
    pub fn addon(&self) -> &str {
        &self.addon
    }
}

/// The header that carries it.
pub const DESTINATION: HeaderName = HeaderName::from_static("destination");

impl Routed {
    /// Where this request leads besides its target; nothing when its method is neither MOVE nor COPY, or it says
    /// nothing.
    ///
    /// The path is judged as the target is, so that the path that is judged is the path that is served; and it must be
    /// under the prefix, on the authority that the browser asked for.
    pub fn transfer(&self) -> Result<Option<Transfer>, Reason> {
        let request = self.request();
        if !matches!(request.method().as_str(), "MOVE" | "COPY") {
            return Ok(None);
        }
        if self.route().addon().route.below_front.is_some() {
            // Home Assistant's ingress takes neither method, and the second address would have a token of its own.
            return Err(Reason::ForeignDestination);
        }
        let line = match FieldLines::of(request.headers(), DESTINATION) {
            FieldLines::Absent => return Ok(None),
            FieldLines::One(line) => line,
            FieldLines::Several => return Err(Reason::ForeignDestination),
        };
        let address = line.to_str().map_err(|_| Reason::ForeignDestination)?;
        self.route().transfer(address, request.scheme(), Some(request.authority())).map(Some)
    }
}

impl Route {
    /// Where a `Destination` of this address leads, seen from a request on this route: to the same add-on, or nowhere.
    pub fn transfer(&self, address: &str, scheme: Scheme, ours: Option<&Authority>) -> Result<Transfer, Reason> {
        let browser = own_path(address, scheme, ours).ok_or(Reason::ForeignDestination)?;
        let path = browser.split('?').next().unwrap_or_default();
        judge_path(path).map_err(|_| Reason::AmbiguousPath)?;
        let rest = browser.strip_prefix(self.prefix()).filter(|rest| rest.is_empty() || rest.starts_with(['/', '?']));
        let rest = rest.ok_or(Reason::ForeignDestination)?;
        let stripped = self.addon().route.prefix == PrefixMode::Strip;
        let addon = match rest {
            _ if !stripped => browser.to_owned(),
            rest if rest.starts_with('/') => rest.to_owned(),
            rest => format!("/{rest}"),
        };
        Ok(Transfer { browser: browser.to_owned(), addon })
    }
}

/// RFC 4918 section 10.3: an absolute URI, or an absolute path. Path and query of an address on our own authority;
/// nothing when it is another's, or one that two parsers could read differently.
fn own_path<'a>(address: &'a str, scheme: Scheme, ours: Option<&Authority>) -> Option<&'a str> {
    // What is no character of an address (RFC 3986 section 2), a blank above all, ends it for some servers.
    if address.contains(['#', '\\']) || !address.bytes().all(|b| b.is_ascii_graphic()) {
        return None;
    }
    if address.starts_with('/') {
        // `//host/path` names another site, with the scheme of the page.
        return (!address.starts_with("//")).then_some(address);
    }
    let (said, rest) = address.split_once("://")?;
    if !said.eq_ignore_ascii_case(scheme.as_str()) {
        return None;
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let (theirs, ours) = (Authority::parse(authority.as_bytes())?, ours?);
    let port = |authority: &Authority| authority.port().unwrap_or(scheme.port());
    let same = theirs.host() == ours.host() && port(&theirs) == port(ours);
    (same && path.starts_with('/')).then_some(path)
}

//! Another `Host` than the browser's, where a route has one, and what must be said with it (spec/addon-uis.md section
//! 3, point 6).
//!
//! An add-on that compares `Origin` or `Referer` with its `Host` would refuse its own pages otherwise. Only what names
//! us is moved: the origin of a foreign page stays what it is, and the add-on's own check keeps its meaning.

use http::HeaderMap;
use http::header::{HeaderValue, ORIGIN, REFERER};

use crate::http::{Authority, Origin, Scheme};
use crate::ids::UpstreamHost;
use crate::route::{DESTINATION, Transfer};

/// What the add-on is told.
#[derive(Debug)]
pub(super) struct HostOverride {
    authority: Authority,
    origin: HeaderValue,
}

impl HostOverride {
    pub(super) fn new(host: &UpstreamHost) -> Option<Self> {
        let authority = Authority::parse(host.as_str().as_bytes())?;
        let origin = HeaderValue::from_str(&format!("https://{}", authority.as_str())).ok()?;
        Some(Self { authority, origin })
    }

    pub(super) fn authority(&self) -> &Authority {
        &self.authority
    }

    /// Says in what passes of the client's headers what the add-on is called.
    pub(super) fn apply(&self, headers: &mut HeaderMap, ours: (Scheme, &Authority), origin: Origin) {
        let said = headers.get(ORIGIN).filter(|_| origin == Origin::Ours).cloned();
        if let Some(referer) = headers.get(REFERER).and_then(|referer| self.moved(referer, ours, said.as_ref())) {
            headers.insert(REFERER, referer);
        }
        if said.is_some() {
            let (scheme, _) = ours;
            let plain = || HeaderValue::from_str(&format!("http://{}", self.authority.as_str())).ok();
            let moved = if scheme == Scheme::Https { Some(self.origin.clone()) } else { plain() };
            if let Some(moved) = moved {
                headers.insert(ORIGIN, moved);
            }
        }
    }

    /// The `Referer` with our host in the place of the browser's, when it is a page of ours.
    fn moved(
        &self,
        referer: &HeaderValue,
        (scheme, ours): (Scheme, &Authority),
        origin: Option<&HeaderValue>,
    ) -> Option<HeaderValue> {
        let rest = after(referer.to_str().ok()?, scheme)?;
        let (authority, path) = rest.split_at_checked(rest.find(['/', '?', '#']).unwrap_or(rest.len()))?;
        let theirs = Authority::parse(authority.as_bytes())?;
        let same = theirs.host() == ours.host()
            && theirs.port().unwrap_or(scheme.port()) == ours.port().unwrap_or(scheme.port());
        // Behind a proxy that puts in its own `Host`, pages are at another authority than the request's: at the one
        // that the accepted `Origin` names.
        let known = origin.and_then(|origin| after(origin.to_str().ok()?, scheme)) == Some(authority);
        (same || known)
            .then(|| HeaderValue::from_str(&format!("{}://{}{path}", scheme.as_str(), self.authority.as_str())).ok())?
    }
}

/// What follows the scheme, when it is this one.
fn after(address: &str, scheme: Scheme) -> Option<&str> {
    address.strip_prefix(scheme.as_str())?.strip_prefix("://")
}

/// Says where MOVE or COPY leads as the add-on will read it: without the prefix where that is taken off, unless the
/// add-on is told its prefix in a header from which it makes its own addresses, as Radicale does with `X-Script-Name`.
/// `host` is what the add-on is told, because it refuses to move things to a host that is not its own.
pub(super) fn set_destination(
    headers: &mut HeaderMap,
    transfer: &Transfer,
    (scheme, host): (Scheme, &Authority),
    knows_prefix: bool,
) {
    let path = if knows_prefix { transfer.browser() } else { transfer.addon() };
    let host = host.as_str();
    if let Ok(address) = HeaderValue::from_str(&format!("{}://{host}{path}", scheme.as_str())) {
        headers.insert(DESTINATION, address);
    }
}

//! The names that a certificate vouches for.
//!
//! Says whether the certificate that was shown on a connection covers the host of a request. A request for any other
//! host does not belong on the connection (RFC 9110 section 7.4, S-39).

use std::borrow::Cow;
use std::collections::HashSet;
use std::net::IpAddr;

use foldhash::fast::RandomState;

use super::facts::Facts;

/// The names and addresses in one certificate.
#[derive(Debug, Default)]
pub struct Covered {
    exact: HashSet<Box<str>, RandomState>,
    /// What stands behind `*.`.
    wildcards: HashSet<Box<str>, RandomState>,
    addresses: HashSet<IpAddr>,
}

impl Covered {
    pub(super) fn new(facts: &Facts) -> Self {
        let mut covered = Self { addresses: facts.addresses.iter().copied().collect(), ..Self::default() };
        for name in &facts.dns_names {
            match name.strip_prefix("*.") {
                Some(parent) if !parent.contains('*') => covered.wildcards.insert(parent.into()),
                None if !name.contains('*') => covered.exact.insert(name.as_str().into()),
                // A star elsewhere than in place of the whole first label stands for nothing (RFC 9525 section 6.3).
                Some(_) | None => continue,
            };
        }
        covered
    }

    /// Whether a request for this host may come on the connection. The host comes without its port; an IPv6 address may
    /// stand in brackets. `*.` stands for exactly one label (RFC 9525 section 6.3), and never for part of an address.
    pub fn covers(&self, host: &str) -> bool {
        let name = canonical(host);
        // An address never matches a name: `*.0.0.1` must not cover 127.0.0.1.
        if let Some(address) = address(&name) {
            return self.addresses.contains(&address);
        }
        self.exact.contains(&*name) || parent(&name).is_some_and(|parent| self.wildcards.contains(parent))
    }

    /// Whether nothing at all is covered.
    pub(super) fn is_empty(&self) -> bool {
        self.exact.is_empty() && self.wildcards.is_empty() && self.addresses.is_empty()
    }

    /// Whether each of these names is in the certificate as it is written, wildcards included.
    pub(super) fn names_all(&self, names: &[String]) -> bool {
        names.iter().all(|name| match name.strip_prefix("*.") {
            Some(parent) => self.wildcards.contains(parent),
            None => self.covers(name),
        })
    }

    pub(super) fn exact(&self) -> impl Iterator<Item = &str> {
        self.exact.iter().map(|name| &**name)
    }

    pub(super) fn wildcards(&self) -> impl Iterator<Item = &str> {
        self.wildcards.iter().map(|name| &**name)
    }
}

/// A host name in the form in which names are compared: lower case, without the dot of the root at its end.
pub(super) fn canonical(host: &str) -> Cow<'_, str> {
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// What a wildcard would have to say behind its star to cover this name.
pub(super) fn parent(name: &str) -> Option<&str> {
    name.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, parent)| parent)
}

/// The IP address that a host is, with or without brackets.
pub(super) fn address(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(names: &[&str], addresses: &[&str]) -> Covered {
        Covered::new(&Facts {
            dns_names: names.iter().map(ToString::to_string).collect(),
            addresses: addresses.iter().map(|text| text.parse().unwrap()).collect(),
            ..Facts::default()
        })
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let covered = covered(&["*.home.example"], &[]);
        assert!(covered.covers("z2m.home.example"));
        assert!(covered.covers("Z2M.Home.Example."));
        assert!(!covered.covers("home.example"));
        assert!(!covered.covers(".home.example"));
        assert!(!covered.covers("a.z2m.home.example"));
        assert!(!covered.covers("evil-home.example"));
    }

    #[test]
    fn a_star_elsewhere_stands_for_nothing() {
        let covered = covered(&["z*.home.example", "*", "*.*.example"], &[]);
        assert!(!covered.covers("z2m.home.example"));
        assert!(!covered.covers("example"));
        assert!(!covered.covers("a.b.example"));
        assert!(!covered.covers("*.b.example"));
        assert!(covered.is_empty());
    }

    #[test]
    fn an_address_is_covered_as_an_address_only() {
        let covered = covered(&["*.0.0.1", "127.0.0.2"], &["127.0.0.1", "::1"]);
        assert!(covered.covers("127.0.0.1"));
        assert!(covered.covers("[::1]"));
        assert!(covered.covers("[0:0:0:0:0:0:0:1]"));
        assert!(!covered.covers("10.0.0.1"));
        assert!(!covered.covers("127.0.0.2"));
        assert!(!covered.covers("10.0.0.1."));
        assert!(!covered.covers("[::2]"));
    }

    #[test]
    fn nothing_is_covered_by_nothing() {
        assert!(!Covered::default().covers(""));
        assert!(!covered(&["home.example"], &[]).covers(""));
    }
}

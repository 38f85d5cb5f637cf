//! Host names, in lower case. An IP address, a port or a wildcard is no host name.

use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use crate::diagnostic::findings::Explained;

/// A host name in lower case without port and without a trailing dot.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct HostName(Arc<str>);

impl HostName {
    /// The name in lower case, as it is compared.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Why a text is not a host name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadHostName {
    /// Nothing at all.
    #[error("an empty host name")]
    Empty,
    /// An IPv4 or IPv6 address.
    #[error("an IP address is not a host name")]
    Address,
    /// Something that belongs to a URL.
    #[error("more than a host name")]
    More,
    /// `*.home.example`
    #[error("a host name with a wildcard")]
    Wildcard,
    /// `home.example.`
    #[error("a host name that ends with a dot")]
    TrailingDot,
    /// Letters outside ASCII.
    #[error("a host name with letters outside ASCII")]
    NotAscii,
    /// A label that is empty, too long, or has characters that no label has.
    #[error("not a host name")]
    Malformed,
}

impl FromStr for HostName {
    type Err = BadHostName;

    /// Labels of letters, digits and inner hyphens, at most 63 long, 253 in all (RFC 1123 section 2.1, RFC 1035 section
    /// 2.3.4). A last label of digits only would be read as an IPv4 address by browsers, and is refused.
    fn from_str(text: &str) -> Result<Self, BadHostName> {
        // The more telling mistakes come first below, since only one is reported.
        let last = text.rsplit('.').next().unwrap_or_default();
        if text.is_empty() {
            Err(BadHostName::Empty)
        } else if text.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            Err(BadHostName::Address)
        } else if text.contains(['/', ':', '@', '?', '#']) {
            Err(BadHostName::More)
        } else if text.contains('*') {
            Err(BadHostName::Wildcard)
        } else if !text.is_ascii() {
            Err(BadHostName::NotAscii)
        } else if last.is_empty() && text != "." {
            Err(BadHostName::TrailingDot)
        } else if text.len() > 253 || !text.split('.').all(is_label) || last.bytes().all(|b| b.is_ascii_digit()) {
            Err(BadHostName::Malformed)
        } else {
            Ok(Self(text.to_ascii_lowercase().into()))
        }
    }
}

impl Explained for BadHostName {
    fn expected(&self) -> &'static str {
        "expected a DNS name"
    }

    fn hint(&self) -> String {
        match self {
            Self::Address => "browsers send no SNI for an address: give the add-on a DNS name, or a `path`",
            Self::More => "write the name alone, without scheme, port and path, as in \"z2m.home.example\"",
            Self::Wildcard => "a route has one name: write one add-on for each",
            Self::TrailingDot => "leave the last dot out",
            Self::NotAscii => "write the name as DNS has it, with `xn--` labels",
            Self::Empty | Self::Malformed => {
                "letters, digits, `-` and dots between the labels, as in \"z2m.home.example\""
            }
        }
        .into()
    }
}

fn is_label(label: &str) -> bool {
    let legal = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    legal && (1..=63).contains(&label.len()) && !label.starts_with('-') && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_name_is_kept_in_lower_case() {
        let name: HostName = "Z2M.Home.Example".parse().unwrap();
        assert_eq!(name.as_str(), "z2m.home.example");
        assert!("localhost".parse::<HostName>().is_ok());
    }

    #[test]
    fn what_is_no_host_name_is_refused_with_its_reason() {
        let why = |text: &str| text.parse::<HostName>().unwrap_err();
        assert_eq!(why(""), BadHostName::Empty);
        assert_eq!(why("192.168.1.2"), BadHostName::Address);
        assert_eq!(why("[::1]"), BadHostName::Address);
        assert_eq!(why("z2m.home.example:8443"), BadHostName::More);
        assert_eq!(why("https://z2m.home.example"), BadHostName::More);
        assert_eq!(why("*.home.example"), BadHostName::Wildcard);
        assert_eq!(why("z2m.home.example."), BadHostName::TrailingDot);
        assert_eq!(why("zoë.example"), BadHostName::NotAscii);
        for bad in ["a..b", "-a.b", "a-.b", "a_b", "a b", ".", "1.2.3", "0x7f.1", &"a".repeat(64), &"a.".repeat(130)] {
            let bad = bad.strip_suffix('.').filter(|rest| !rest.is_empty()).unwrap_or(bad);
            assert_eq!(why(bad), BadHostName::Malformed, "{bad}");
        }
    }
}

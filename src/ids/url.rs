//! The URLs of the configuration: upstreams, and origins that browsers know. Only scheme, host and port may stand in
//! them; path, query, fragment and user are refused, because nothing would heed them.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use super::HostName;
use crate::diagnostic::findings::Explained;
use crate::diagnostic::nearest::nearest;

/// An origin that browsers know us by: `https`, a host in lower case and a port (443 when the URL names none).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    /// The host in lower case: a name, an IPv4 address, or an IPv6 address in brackets.
    pub host: String,
    /// The port; the scheme's own when the URL names none.
    pub port: u16,
}

/// Where somebody listens who can be dialled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `http://host:port`, no path.
    Http {
        /// A name or an address, without brackets.
        host: String,
        /// The port; 80 when the URL names none.
        port: u16,
    },
    /// `https://host:port`
    Https {
        /// A name or an address, without brackets: the one that the certificate must be for.
        host: String,
        /// The port; 443 when the URL names none.
        port: u16,
    },
    /// `unix:PATH`
    Unix(PathBuf),
}

/// `upstream`: where an add-on listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// There.
    At(Address),
    /// `builtin:whoami`: shows the request as an add-on sees it.
    Whoami,
    /// Nowhere: an add-on without a web UI.
    Nowhere,
}

impl Address {
    /// Host and port as they stand in `Host`, the port always written out; nothing for a socket.
    pub fn authority(&self) -> Option<String> {
        match self {
            Self::Http { host, port } | Self::Https { host, port } if host.contains(':') => {
                Some(format!("[{host}]:{port}"))
            }
            Self::Http { host, port } | Self::Https { host, port } => Some(format!("{host}:{port}")),
            Self::Unix(_) => None,
        }
    }

    /// With the path of a socket made absolute from `base`.
    #[must_use]
    pub fn below(self, base: &Path) -> Self {
        if let Self::Unix(path) = self { Self::Unix(base.join(path)) } else { self }
    }
}

impl Upstream {
    /// Where it is dialled; nothing for what is no socket.
    pub fn address(&self) -> Option<&Address> {
        if let Self::At(address) = self { Some(address) } else { None }
    }
}

/// A host and perhaps a port, as they stand in `Host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UpstreamHost(String);

impl UpstreamHost {
    /// `host` or `host:port`, in lower case, IPv6 in brackets.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Scheme, host and port of Home Assistant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeUrl {
    /// `https` rather than `http`.
    pub is_tls: bool,
    /// A name in lower case, or an address without brackets.
    pub host: String,
    /// The port; the scheme's own when the URL names none.
    pub port: u16,
}

impl HomeUrl {
    /// Where it is dialled.
    pub fn address(&self) -> Address {
        let (host, port) = (self.host.clone(), self.port);
        if self.is_tls { Address::Https { host, port } } else { Address::Http { host, port } }
    }

    /// Host and port as they stand in `Host` (RFC 9110 section 7.2): without the port when it is the scheme's own.
    pub fn authority(&self) -> String {
        let host = if self.host.contains(':') { format!("[{}]", self.host) } else { self.host.clone() };
        let default = if self.is_tls { 443 } else { 80 };
        if self.port == default { host } else { format!("{host}:{}", self.port) }
    }

    /// Whether it names this very machine.
    pub fn is_loopback(&self) -> bool {
        let address = self.host.parse::<std::net::IpAddr>();
        self.host == "localhost" || address.is_ok_and(|address| address.is_loopback())
    }
}

/// The origin, without a `/`.
impl fmt::Display for HomeUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.is_tls { "https" } else { "http" }, self.authority())
    }
}

/// Why a text is not a URL that may stand in its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Another scheme than the ones that may stand here, or none.
    #[error("a URL with another scheme")]
    Scheme(&'static str),
    /// `user:password@`
    #[error("a URL with a user or a password")]
    User,
    /// Anything behind the port.
    #[error("a URL with a path, a query or a fragment")]
    Path,
    /// The host is no DNS name and no address.
    #[error("a URL whose host is neither a DNS name nor an IP address")]
    Host,
    /// The port is no port.
    #[error("a URL whose port is not a number from 1 to 65535")]
    Port,
    /// `unix:` with nothing behind it.
    #[error("a socket without a path")]
    NoSocket,
    /// `builtin:` with something unknown behind it.
    #[error("there is no such built-in add-on")]
    NoBuiltin(Option<&'static str>),
}

impl FromStr for Upstream {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if let Some(rest) = strip_scheme(text, "http://") {
            let (host, port) = authority(rest)?;
            Ok(Self::At(Address::Http { host: host.without_brackets(), port: port.unwrap_or(80) }))
        } else if let Some(rest) = strip_scheme(text, "https://") {
            let (host, port) = authority(rest)?;
            Ok(Self::At(Address::Https { host: host.without_brackets(), port: port.unwrap_or(443) }))
        } else if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() || path.contains('\0') {
                Err(BadUrl::NoSocket)
            } else {
                Ok(Self::At(Address::Unix(PathBuf::from(path))))
            }
        } else if let Some(name) = text.strip_prefix("builtin:") {
            let meant = nearest(name, ["whoami"]).map(|_| "whoami");
            if name == "whoami" { Ok(Self::Whoami) } else { Err(BadUrl::NoBuiltin(meant)) }
        } else if text.contains('@') {
            // Of what is wrong with it, this is what must not be shown.
            Err(BadUrl::User)
        } else {
            Err(BadUrl::Scheme("write \"http://host:port\", \"https://host\", \"unix:/path\" or \"builtin:whoami\""))
        }
    }
}

impl FromStr for PublicUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let scheme = "write \"https://host\" or \"https://host:port\": browsers reach vestibule over HTTPS only";
        let other = if text.contains('@') { BadUrl::User } else { BadUrl::Scheme(scheme) };
        let (host, port) = authority(strip_scheme(text, "https://").ok_or(other)?)?;
        Ok(Self { host: host.with_brackets(), port: port.unwrap_or(443) })
    }
}

impl FromStr for HomeUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let (is_tls, rest) = match (strip_scheme(text, "https://"), strip_scheme(text, "http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) if text.contains('@') => return Err(BadUrl::User),
            (None, None) => return Err(BadUrl::Scheme("write \"http://host:port\" or \"https://host\"")),
        };
        let (host, port) = authority(rest)?;
        Ok(Self { is_tls, host: host.without_brackets(), port: port.unwrap_or(if is_tls { 443 } else { 80 }) })
    }
}

impl FromStr for UpstreamHost {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        if text.contains("://") {
            return Err(BadUrl::Scheme("write \"name\" or \"name:port\", without a scheme"));
        }
        let (host, port) = authority(text)?;
        let host = host.with_brackets();
        Ok(Self(port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"))))
    }
}

impl PublicUrl {
    /// The origin as browsers write it: without the port when it is 443 (RFC 6454 section 6.2).
    pub fn origin(&self) -> String {
        if self.port == 443 { format!("https://{}", self.host) } else { format!("https://{}:{}", self.host, self.port) }
    }
}

impl Explained for BadUrl {
    fn expected(&self) -> &'static str {
        match self {
            Self::NoSocket => "expected \"unix:/path\"",
            Self::NoBuiltin(_) => "expected \"builtin:whoami\"",
            Self::Scheme(_) | Self::User | Self::Path | Self::Host | Self::Port => {
                "expected scheme, host and port alone"
            }
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Scheme(hint) => hint,
            Self::User => "send a password in a header: `headers = { Authorization = { file = \"secrets/name\" } }`",
            Self::Path => "leave out everything behind the port, the last `/` too",
            Self::Host => "write a name or an address, IPv6 in brackets, as in \"http://[::1]:8080\"",
            Self::Port => "write the port as a number, as in \"http://127.0.0.1:8080\"",
            Self::NoSocket => "write where the socket is, as in \"unix:/run/addon.sock\"",
            Self::NoBuiltin(Some(_)) => "did you mean \"builtin:whoami\"?",
            Self::NoBuiltin(None) => "the only one is \"builtin:whoami\"",
        }
        .into()
    }

    fn is_secret(&self) -> bool {
        matches!(self, Self::User)
    }
}

/// The host of an authority (RFC 3986 section 3.2.2), in lower case.
pub(crate) enum Host {
    Name(HostName),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
}

impl Host {
    fn with_brackets(&self) -> String {
        if let Self::V6(address) = self { format!("[{address}]") } else { self.without_brackets() }
    }

    pub(crate) fn without_brackets(&self) -> String {
        match self {
            Self::Name(name) => name.as_str().to_owned(),
            Self::V4(address) => address.to_string(),
            Self::V6(address) => address.to_string(),
        }
    }
}

/// Schemes are case-insensitive (RFC 3986 section 3.1).
pub(crate) fn strip_scheme<'a>(text: &'a str, scheme: &str) -> Option<&'a str> {
    let (start, rest) = text.split_at_checked(scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then_some(rest)
}

/// Host and port, and nothing else.
pub(crate) fn authority(text: &str) -> Result<(Host, Option<u16>), BadUrl> {
    // A user may hold any character, so that it is looked for before the path.
    if text.contains('@') {
        return Err(BadUrl::User);
    }
    if text.contains(['/', '?', '#', '\\']) {
        return Err(BadUrl::Path);
    }
    let (host, port) = match text.rsplit_once(':') {
        // When a bracket follows, the colon was one of an IPv6 address without a port.
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let bracketed = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = match bracketed {
        Some(address) => Host::V6(address.parse().map_err(|_| BadUrl::Host)?),
        None => match host.parse() {
            Ok(address) => Host::V4(address),
            Err(_) => Host::Name(host.parse().map_err(|_| BadUrl::Host)?),
        },
    };
    Ok((host, port.map(parse_port).transpose()?))
}

/// Host and port of what follows a scheme, where a path may stand behind them.
pub(crate) fn with_path(rest: &str) -> Result<(Host, Option<u16>), BadUrl> {
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(BadUrl::Host);
    }
    authority(rest.split_once('/').map_or(rest, |(authority, _)| authority))
}

/// Where an `http` URL with a path leads.
pub fn http_address(text: &str) -> Result<Address, BadUrl> {
    let other = BadUrl::Scheme("write \"http://host/path\"");
    let (host, port) = with_path(strip_scheme(text, "http://").ok_or(other)?)?;
    Ok(Address::Http { host: host.without_brackets(), port: port.unwrap_or(80) })
}

/// Digits only: `u16`'s own reader would take `+80` as well.
fn parse_port(text: &str) -> Result<u16, BadUrl> {
    let digits = text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|port| digits && *port != 0).ok_or(BadUrl::Port)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_upstream_is_scheme_host_and_port() {
        let http = |host: &str, port| Ok(Upstream::At(Address::Http { host: host.into(), port }));
        assert_eq!("http://127.0.0.1:8080".parse(), http("127.0.0.1", 8080));
        assert_eq!("http://[::1]:8080".parse(), http("::1", 8080));
        assert_eq!("HTTP://Z2M".parse(), http("z2m", 80));
        assert_eq!(
            "https://x.example".parse(),
            Ok(Upstream::At(Address::Https { host: "x.example".into(), port: 443 }))
        );
        assert_eq!("unix:/run/a.sock".parse(), Ok(Upstream::At(Address::Unix("/run/a.sock".into()))));
        assert_eq!("builtin:whoami".parse(), Ok(Upstream::Whoami));
    }

    #[test]
    fn an_upstream_with_more_is_refused() {
        let why = |text: &str| text.parse::<Upstream>().unwrap_err();
        assert_eq!(why("http://a:80/"), BadUrl::Path);
        assert_eq!(why("http://a?x"), BadUrl::Path);
        assert_eq!(why("http://u:p@a"), BadUrl::User);
        assert_eq!(why("http://u/@a"), BadUrl::User);
        assert_eq!(why("ftp://u:p@a"), BadUrl::User);
        assert_eq!(why("http://"), BadUrl::Host);
        assert_eq!(why("http://::1"), BadUrl::Host);
        assert_eq!(why("http://[1.2.3.4]"), BadUrl::Host);
        assert_eq!(why("http://a:"), BadUrl::Port);
        for port in ["0", "65536", "+80", "x", "-1"] {
            assert_eq!(why(&format!("http://a:{port}")), BadUrl::Port, "{port}");
        }
        assert_eq!(why("unix:"), BadUrl::NoSocket);
        assert_eq!(why("builtin:whoam"), BadUrl::NoBuiltin(Some("whoami")));
        assert!(matches!(why("ftp://a"), BadUrl::Scheme(_)));
        assert!(matches!(why("127.0.0.1:8080"), BadUrl::Scheme(_)));
    }

    #[test]
    fn home_assistant_s_url_is_an_origin() {
        let origin = |text: &str| text.parse().map(|url: HomeUrl| url.to_string());
        assert_eq!(origin("http://homeassistant.local:8123"), Ok("http://homeassistant.local:8123".into()));
        assert_eq!(origin("HTTPS://HA.example:443"), Ok("https://ha.example".into()));
        assert_eq!(origin("http://[fd00::1]:80"), Ok("http://[fd00::1]".into()));
        assert_eq!(origin("http://ha.example/lovelace"), Err(BadUrl::Path));
        assert_eq!(origin("http://u:p@ha.example"), Err(BadUrl::User));
        assert!(matches!(origin("ha.example:8123"), Err(BadUrl::Scheme(_))));
    }

    #[test]
    fn a_public_url_is_an_https_origin() {
        let origin = |text: &str| text.parse().map(|url: PublicUrl| url.origin());
        assert_eq!(origin("https://Home.Example:443"), Ok("https://home.example".into()));
        assert_eq!(origin("https://[::1]:8443"), Ok("https://[::1]:8443".into()));
        assert_eq!(origin("https://home.example/"), Err(BadUrl::Path));
        assert!(matches!(origin("http://home.example"), Err(BadUrl::Scheme(_))));
    }
}

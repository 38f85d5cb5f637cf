//! `[supervisor]`, as far as it is about the API: where add-ons and Home Assistant reach it, and whom it asks.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use super::findings::Explained;
use super::secret_text::SecretText;
use super::trusted_proxies::TrustedProxies;
use crate::ids::Address;

/// Where add-ons reach their API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiAddress {
    /// TCP.
    Tcp(SocketAddr),
    /// A Unix socket.
    Unix(PathBuf),
}

/// Not such an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("neither an address with a port nor a socket")]
pub struct BadApiAddress;

impl FromStr for ApiAddress {
    type Err = BadApiAddress;

    fn from_str(text: &str) -> Result<Self, BadApiAddress> {
        match text.strip_prefix("unix:") {
            Some("") => Err(BadApiAddress),
            Some(path) => Ok(Self::Unix(path.into())),
            None => text.parse().map(Self::Tcp).map_err(|_| BadApiAddress),
        }
    }
}

impl Explained for BadApiAddress {
    fn expected(&self) -> &'static str {
        "expected an IP address with a port, or `unix:` and a path"
    }

    fn hint(&self) -> String {
        "write \"127.0.0.1:8124\" or \"unix:run/supervisor.sock\"".to_owned()
    }
}

/// As it stands in the configuration.
impl fmt::Display for ApiAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => address.fmt(f),
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
        }
    }
}

/// Where Home Assistant asks for sessions of its users and for add-ons' pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IngressApi {
    /// The address.
    pub at: ApiAddress,
    /// Its token here. Whoever has it gets a session of any user.
    pub token: SecretText,
    /// Whose word on a browser's address and scheme is believed there.
    pub trusted_proxies: TrustedProxies,
}

/// A real Supervisor behind us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupervisorUpstream {
    /// Where it listens.
    pub at: Address,
    /// Our token there.
    pub token: SecretText,
}

/// Whether messages of this type never pass, whatever the operator adds: those of Home Assistant's Supervisor, and
/// those that make users, tokens and signed addresses.
pub fn is_for_no_addon(kind: &str) -> bool {
    FOR_NO_ADDON.iter().any(|name| kind.starts_with(name))
}

const FOR_NO_ADDON: [&str; 4] = ["supervisor", "hassio", "auth", "config/auth"];

//! `[session] store` in Redis or Valkey: where it is, and what vestibule says to be let in there.
//!
//! In comes the text of its URL, out comes a [`RedisPlace`]. A password never stands in the URL, where it would end in
//! somebody's history or log: it comes from a file.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use super::findings::Explained;
use super::secret_text::SecretText;
use crate::ids::BadUrl;
use crate::ids::url;

/// A session table that several proxies share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedisStore {
    /// Where it is.
    pub place: RedisPlace,
    /// The number of its database.
    pub database: u16,
    /// The name to sign in there with; none is the default user.
    pub user: Option<String>,
    /// The password to sign in there with.
    pub password: Option<SecretText>,
    /// The authority that its certificate must come from; none are the system's.
    pub ca: Option<PathBuf>,
    /// What records are sealed with, the same for all proxies; none leaves them open to whoever may write there.
    pub key: Option<SecretText>,
    /// What the names of all our keys begin with.
    pub prefix: String,
}

/// Where Redis listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RedisPlace {
    /// `redis://host:port`
    Tcp {
        /// A name or an address, without brackets.
        host: String,
        /// The port; 6379 when the URL names none.
        port: u16,
    },
    /// `rediss://host:port`
    Tls {
        /// A name or an address, without brackets.
        host: String,
        /// The port; 6379 when the URL names none.
        port: u16,
    },
    /// `redis+unix:/path`
    Unix(PathBuf),
}

/// Whether this text names a store on the network, however wrongly.
pub(super) fn is_meant(text: &str) -> bool {
    text.contains("://") || text.starts_with("redis:") || text.starts_with("rediss:") || text.starts_with("redis+unix:")
}

/// What a URL says: the place and the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct RedisUrl {
    pub(super) place: RedisPlace,
    pub(super) database: u16,
}

/// Why a text is not the URL of a store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadRedisUrl {
    #[error(transparent)]
    Url(#[from] BadUrl),
    #[error("a database that is not a number")]
    Database,
}

impl FromStr for RedisUrl {
    type Err = BadRedisUrl;

    fn from_str(text: &str) -> Result<Self, BadRedisUrl> {
        if text.contains('@') {
            return Err(BadUrl::User.into());
        }
        if let Some(path) = text.strip_prefix("redis+unix:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            if path.is_empty() || path.contains('\0') {
                return Err(BadUrl::NoSocket.into());
            }
            return Ok(Self { place: RedisPlace::Unix(path.into()), database: 0 });
        }
        let (tls, rest) = match (url::strip_scheme(text, "redis://"), url::strip_scheme(text, "rediss://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(BadUrl::Scheme(SCHEMES).into()),
        };
        let (authority, database) = rest.split_once('/').unwrap_or((rest, "0"));
        let database = if database.is_empty() { "0" } else { database };
        let digits = database.bytes().all(|b| b.is_ascii_digit());
        let database = database.parse().ok().filter(|_| digits).ok_or(BadRedisUrl::Database)?;
        let (host, port) = url::authority(authority)?;
        let (host, port) = (host.without_brackets(), port.unwrap_or(6379));
        Ok(Self { place: if tls { RedisPlace::Tls { host, port } } else { RedisPlace::Tcp { host, port } }, database })
    }
}

impl Explained for BadRedisUrl {
    fn expected(&self) -> &'static str {
        "expected the URL of Redis or Valkey"
    }

    fn hint(&self) -> String {
        match self {
            Self::Url(BadUrl::User) => {
                "write the password into a file: `store = { url = \"redis://host\", user = \"...\", password_file = \"secrets/redis\" }`"
            }
            Self::Url(BadUrl::NoSocket) => "write where the socket is, as in \"redis+unix:/run/redis/redis.sock\"",
            Self::Url(_) => SCHEMES,
            Self::Database => "write the number of the database behind the port, as in \"redis://127.0.0.1:6379/0\"",
        }
        .into()
    }

    fn is_secret(&self) -> bool {
        matches!(self, Self::Url(BadUrl::User))
    }
}

impl RedisPlace {
    /// Whether what is said to it never leaves this machine.
    pub(super) fn is_here(&self) -> bool {
        match self {
            Self::Unix(_) => true,
            Self::Tcp { host, .. } | Self::Tls { host, .. } => {
                host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
            }
        }
    }
}

/// As the configuration names it.
impl fmt::Display for RedisPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, host, port) = match self {
            Self::Unix(path) => return write!(f, "redis+unix:{}", path.display()),
            Self::Tcp { host, port } => ("redis", host, port),
            Self::Tls { host, port } => ("rediss", host, port),
        };
        if host.contains(':') { write!(f, "{scheme}://[{host}]:{port}") } else { write!(f, "{scheme}://{host}:{port}") }
    }
}

const SCHEMES: &str =
    "write \"redis://host:port\", \"rediss://host:port\" for TLS, or \"redis+unix:/path/of/its.sock\"";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_host_port_and_database() {
        let read = |text: &str| text.parse::<RedisUrl>().map(|url| (url.place.to_string(), url.database));
        let is = |place: &str, database| Ok((place.to_owned(), database));
        assert_eq!(read("redis://127.0.0.1"), is("redis://127.0.0.1:6379", 0));
        assert_eq!(read("redis://Redis.Home:7000/"), is("redis://redis.home:7000", 0));
        assert_eq!(read("rediss://[::1]:6380/3"), is("rediss://[::1]:6380", 3));
        assert_eq!(read("redis+unix:///run/redis.sock"), is("redis+unix:/run/redis.sock", 0));
        assert_eq!(read("redis+unix:/run/redis.sock"), is("redis+unix:/run/redis.sock", 0));
    }

    #[test]
    fn a_url_with_more_is_refused() {
        let why = |text: &str| text.parse::<RedisUrl>().unwrap_err();
        assert_eq!(why("redis://u:p@host"), BadUrl::User.into());
        assert_eq!(why("redis://:p@host/0"), BadUrl::User.into());
        assert_eq!(why("redis://host/x"), BadRedisUrl::Database);
        assert_eq!(why("redis://host/+1"), BadRedisUrl::Database);
        assert_eq!(why("redis://host/0?protocol=resp3"), BadRedisUrl::Database);
        assert_eq!(why("redis://host:99999"), BadUrl::Port.into());
        assert_eq!(why("redis+unix:"), BadUrl::NoSocket.into());
        assert!(matches!(why("http://host"), BadRedisUrl::Url(BadUrl::Scheme(_))));
    }

    #[test]
    fn a_store_on_this_machine_is_told_from_others() {
        let here = |text: &str| text.parse::<RedisUrl>().unwrap().place.is_here();
        assert!(
            here("redis://127.0.0.1") && here("redis://[::1]") && here("redis+unix:/s") && here("redis://localhost")
        );
        assert!(!here("redis://192.168.1.2") && !here("rediss://redis.home"));
    }
}

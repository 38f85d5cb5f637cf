//! What a key is held to.

use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use ipnet::IpNet;

use crate::clock::Timestamp;
use crate::config::{Conditions, PathPattern, PublicPath};
use crate::http::ClientAddr;
use crate::ids::{AddonSlug, GroupId, KnownMethod, MethodReach, UserId};
use crate::session::{SessionDigest, SessionId};

/// A key as it is kept.
#[derive(Debug)]
pub struct ApiKey {
    pub(super) digest: SessionDigest,
    pub(super) about: NewKey,
    pub(super) created: Timestamp,
    /// Milliseconds since 1970; zero before the first use.
    pub(super) last_used: AtomicU64,
    pub(super) revoked: Option<Timestamp>,
}

/// What is said of a key when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// What operators call it.
    pub name: String,
    /// In whose name it asks.
    pub user: UserId,
    /// The one add-on that it opens.
    pub addon: AddonSlug,
    /// What it may ask there.
    pub bounds: KeyBounds,
    /// From when on it is none.
    pub expires: Timestamp,
    /// What it is held to besides, as a pass: a key of Home Assistant's front.
    pub pass: Option<Pass>,
}

/// What a pass is held to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The group whose policy it is held to, whatever more its user may do.
    pub group: GroupId,
    /// When it counts: at some times of the week, or always.
    pub conditions: Conditions,
}

/// What a key may ask, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyBounds {
    /// The methods, and the paths as the add-on sees them; each path with all methods.
    pub paths: Vec<PublicPath>,
    /// Whether WebSockets are among it.
    pub websockets: bool,
    /// Where it counts; nowhere in particular when there is none.
    pub networks: Vec<IpNet>,
}

/// Why a text is no bound of a key.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BadBounds(String);

impl KeyBounds {
    /// Reads what an operator wrote, or what stands in a store.
    pub fn parse(
        methods: &[String],
        paths: &[String],
        networks: &[String],
        websockets: bool,
    ) -> Result<Self, BadBounds> {
        let bad = |text: String| Err(BadBounds(text));
        if methods.is_empty() || paths.is_empty() || methods.len() > MOST || paths.len() > MOST || networks.len() > MOST
        {
            return bad(format!("a key has 1 to {MOST} methods, 1 to {MOST} paths and at most {MOST} networks"));
        }
        let mut known = Vec::new();
        for text in methods {
            let method = Method::from_bytes(text.as_bytes()).ok();
            match method.filter(|method| KnownMethod::of(method).is_some_and(is_for_keys)) {
                Some(method) => known.push(method),
                None => return bad(format!("{text:?} is no method for a key: write GET, POST, ... in upper case")),
            }
        }
        let mut bounds = Self { paths: Vec::new(), websockets, networks: Vec::new() };
        for text in paths {
            match text.parse::<PathPattern>() {
                Ok(path) => bounds.paths.push(PublicPath { methods: known.clone(), path }),
                Err(error) => return bad(format!("{text:?}: {error}")),
            }
        }
        for text in networks {
            match text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from)) {
                Ok(network) => bounds.networks.push(network),
                Err(_) => return bad(format!("{text:?} is no network: write it as in 192.168.0.0/16")),
            }
        }
        Ok(bounds)
    }

    /// Those of a pass that counts in these networks: the front's own table says what may be asked there.
    pub fn of_pass(networks: &[String]) -> Result<Self, BadBounds> {
        let methods = ["GET", "HEAD", "POST"].map(str::to_owned);
        Self::parse(&methods, &["/{*rest}".to_owned()], networks, true)
    }

    /// Whether it counts where this client is.
    pub fn admits_from(&self, client: ClientAddr) -> bool {
        self.networks.is_empty() || client.is_within(&self.networks)
    }

    /// The methods, as an operator writes them.
    pub fn methods(&self) -> Vec<String> {
        let first = self.paths.first().map(|path| path.methods.as_slice()).unwrap_or_default();
        first.iter().map(ToString::to_string).collect()
    }

    /// The paths, as an operator writes them.
    pub fn paths(&self) -> Vec<String> {
        self.paths.iter().map(|path| path.path.to_string()).collect()
    }
}

/// What acts on its path; and DELETE, without which no API is whole.
fn is_for_keys(known: &KnownMethod) -> bool {
    known.reach == MethodReach::Path || known.name == "DELETE"
}

/// Methods, paths and networks of one key.
const MOST: usize = 50;

impl ApiKey {
    /// What operators call it in commands.
    pub fn id(&self) -> SessionId {
        self.digest.id()
    }

    /// What it is looked up under.
    pub fn digest(&self) -> SessionDigest {
        self.digest
    }

    /// What was said of it when it was made.
    pub fn about(&self) -> &NewKey {
        &self.about
    }

    /// When it was made.
    pub fn created(&self) -> Timestamp {
        self.created
    }

    /// When it was revoked, if it was.
    pub fn revoked(&self) -> Option<Timestamp> {
        self.revoked
    }

    /// When it was last shown, as far as this proxy knows.
    pub fn last_used(&self) -> Option<Timestamp> {
        let millis = self.last_used.load(Ordering::Relaxed);
        (millis > 0).then(|| Timestamp::from_millis(millis))
    }

    /// Whether it counts at this moment.
    pub fn is_live(&self, now: Timestamp) -> bool {
        // One from the future is none: how old it is cannot be known.
        self.revoked.is_none() && now < self.about.expires && now >= self.created
    }

    pub(super) fn touch(&self, now: Timestamp) {
        self.last_used.fetch_max(now.as_millis(), Ordering::Relaxed);
    }
}

//! What the Supervisor says of the add-ons that are installed: `/supervisor/info` and `/addons/SLUG/info`, which its
//! role `default` may ask for.

use std::net::Ipv4Addr;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::addon_api::{Peer, PeerError};
use crate::config::{SecretText, Trust};
use crate::ids::Address;

/// The Supervisor, asked with the add-on's token.
#[derive(Debug)]
pub struct Supervisor {
    peer: Peer,
}

/// Why nothing is known of the add-ons.
#[derive(Debug, thiserror::Error)]
pub enum SupervisorError {
    /// No answer, or not one that can be read.
    #[error("the Supervisor does not answer")]
    Asked(#[from] PeerError),
    /// The answer is not the Supervisor's.
    #[error("the Supervisor's answer to {path} was not understood")]
    NotUnderstood {
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// The token can be sent in no header.
    #[error("the Supervisor's address or token is none")]
    Unusable,
}

/// An add-on, as the Supervisor knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledAddon {
    /// Its slug, with its repository in front.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// Whether it has a web UI for ingress. One without may still have an address that another one had.
    pub has_ui: bool,
    /// The address of its container; none while it does not run.
    pub address: Option<Ipv4Addr>,
    /// Whether it is in the machine's own network, at the machine's address.
    pub host_network: bool,
    /// The port for ingress.
    pub port: Option<u16>,
    /// Where people begin, behind its address.
    pub entry: String,
}

/// One line of the overview.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Listed {
    pub(super) slug: String,
    #[serde(default)]
    state: Option<String>,
}

impl Listed {
    /// Whether it may have an address.
    pub(super) fn may_run(&self) -> bool {
        self.state.as_deref().is_none_or(|state| state == STARTED)
    }
}

#[derive(Deserialize)]
struct Envelope<T> {
    data: T,
}

#[derive(Deserialize)]
struct SupervisorInfo {
    #[serde(default)]
    addons: Vec<Listed>,
}

#[derive(Deserialize)]
struct AddonInfo {
    slug: String,
    name: String,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    ingress: bool,
    #[serde(default)]
    ingress_port: Option<u16>,
    #[serde(default)]
    ingress_entry: Option<String>,
    #[serde(default)]
    ingress_url: Option<String>,
    #[serde(default)]
    host_network: bool,
    #[serde(default)]
    ip_address: Option<Ipv4Addr>,
}

impl Supervisor {
    /// Asks nothing yet.
    pub fn new(at: Address, authority: &str, token: SecretText) -> Result<Self, SupervisorError> {
        let peer = Peer::new(at, Trust::System, authority, token).map_err(|_| SupervisorError::Unusable)?;
        Ok(Self { peer })
    }

    /// Which add-ons are installed, and whether they run.
    pub(super) async fn overview(&self) -> Result<Vec<Listed>, SupervisorError> {
        Ok(self.ask::<SupervisorInfo>("/supervisor/info").await?.addons)
    }

    /// Our own slug: no route may lead back here.
    pub(super) async fn own_slug(&self) -> Result<String, SupervisorError> {
        Ok(self.ask::<AddonInfo>("/addons/self/info").await?.slug)
    }

    /// What there is to know of one add-on; none where its slug cannot be asked for.
    pub(super) async fn addon(&self, slug: &str) -> Result<Option<InstalledAddon>, SupervisorError> {
        // A slug is put into a path: one that is not plain is not asked for (spec/supervisor.md section 2.2).
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if slug.starts_with('.') || !slug.bytes().all(is_plain) {
            return Ok(None);
        }
        let info: AddonInfo = self.ask(&format!("/addons/{slug}/info")).await?;
        // The token's part of the address is Home Assistant's; what is behind it is the add-on's own.
        let entry = match (&info.ingress_url, &info.ingress_entry) {
            (Some(url), Some(entry)) => url.strip_prefix(entry.as_str()).unwrap_or_default().trim_start_matches('/'),
            _ => "",
        };
        Ok(Some(InstalledAddon {
            slug: slug.to_owned(),
            name: info.name,
            has_ui: info.ingress,
            address: info.ip_address.filter(|_| info.state.as_deref() == Some(STARTED)),
            host_network: info.host_network,
            port: info.ingress_port.filter(|port| *port != 0),
            entry: entry.to_owned(),
        }))
    }

    async fn ask<T: DeserializeOwned>(&self, path: &str) -> Result<T, SupervisorError> {
        let body = self.peer.get(path, LARGEST, ANSWER).await?;
        let understood = serde_json::from_slice::<Envelope<T>>(&body);
        understood
            .map(|envelope| envelope.data)
            .map_err(|source| SupervisorError::NotUnderstood { path: path.to_owned(), source })
    }
}

/// The state of an add-on that runs.
const STARTED: &str = "started";

/// The long description of an add-on is among it.
const LARGEST: usize = 4 * 1024 * 1024;

/// How long an answer may take. Short: the answers of a look are used together, and no address may be old by then.
const ANSWER: Duration = Duration::from_secs(5);

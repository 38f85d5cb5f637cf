//! The real configuration: what the stages work with. Every value is checked, every default is filled in, every path is
//! absolute, and no `Option` means "default".

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::acme::Acme;
use super::addon::{Addon, BelowFront};
use super::addon_api::{ApiAddress, IngressApi, SupervisorUpstream};
use super::certificate_files::CertificateFiles;
use super::client_auth::ClientAuth;
use super::home::HomeAssistant;
use super::limits::Limits;
use super::pages::Pages;
use super::permissions::Permissions;
use super::presence::Presence;
use super::redis_store::RedisStore;
use super::secret_text::SecretText;
use super::trusted_proxies::TrustedProxies;
use crate::ids::{EntityId, PublicUrl};
use crate::manifest::SigningKey;

/// Everything that `config.toml` says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `state_dir`: the folder of everything that is kept.
    pub state_dir: PathBuf,
    /// `sandbox`: whether the process gives up what it does not need before it serves.
    pub sandbox: bool,
    /// `[listen]`
    pub listen: Listen,
    /// `[tls]`
    pub tls: Tls,
    /// `[tls] hsts`: for how long browsers are told to use HTTPS alone, which zero takes back; `None` says nothing.
    pub hsts: Option<Duration>,
    /// `[tls] ocsp_stapling`: whether the responders that certificates name are asked, and what they say is shown.
    pub ocsp_stapling: bool,
    /// `[tls] client_ca` and what belongs to it; nothing where no client certificate is asked for.
    pub client_auth: Option<Arc<ClientAuth>>,
    /// `[home_assistant]`
    pub home_assistant: HomeAssistant,
    /// `[permissions]` and `[[group]]`
    pub permissions: Permissions,
    /// `[session]`
    pub session: Session,
    /// `[sign_in]`
    pub sign_in: SignIn,
    /// `[limits]`
    pub limits: Limits,
    /// `[log]`
    pub log: Log,
    /// `[headers] reserved`: names that are stripped besides those that always are; a trailing `*` makes it a prefix.
    pub reserved_headers: Vec<String>,
    /// `[assertion]`
    pub assertion: Assertion,
    /// `[supervisor]`
    pub supervisor: Supervisor,
    /// `[presence]`
    pub presence: Presence,
    /// `[pages]`
    pub pages: Pages,
    /// `[[addon]]`, in the order of the file.
    pub addons: Vec<Arc<Addon>>,
    /// What `when` asks for, wherever it stands; nothing where no state is asked for.
    pub followed: Option<FollowedStates>,
    /// `[home_assistant.front]`: Home Assistant itself, reached as an add-on with a host of its own is.
    pub front: Option<Arc<Addon>>,
    /// The add-ons of Home Assistant OS as they are reached below `/api/hassio_ingress/` at the front: first those that
    /// no
    /// `[[addon]]` names, then the named ones. Empty without a front.
    pub front_addons: Vec<Arc<Addon>>,
}

impl Settings {
    /// Everything that requests are routed to, each at its place: the add-ons, then Home Assistant's front, then the
    /// add-ons below it.
    pub fn routed(&self) -> impl Iterator<Item = &Arc<Addon>> {
        self.addons.iter().chain(&self.front).chain(&self.front_addons)
    }

    /// What is routed to at this place.
    pub fn at_place(&self, place: usize) -> Option<&Arc<Addon>> {
        self.addons.get(place).or_else(|| {
            let behind = place.checked_sub(self.addons.len())?;
            self.front.iter().chain(&self.front_addons).nth(behind)
        })
    }

    /// The add-on that the Supervisor calls so, as it is reached at the front, or what stands for those that no
    /// `[[addon]]` names; nothing without a front.
    pub fn front_addon(&self, supervisor_slug: &str) -> Option<&Arc<Addon>> {
        let is_it = |addon: &&Arc<Addon>| {
            addon.route.supervisor_slug.as_ref().is_some_and(|slug| slug.as_str() == supervisor_slug)
        };
        let is_unnamed = |addon: &&Arc<Addon>| addon.route.below_front == Some(BelowFront::Unnamed);
        self.front_addons.iter().find(is_it).or_else(|| self.front_addons.iter().find(is_unnamed))
    }
}

/// The entities whose states are asked for, and the token to ask with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowedStates {
    /// The entities.
    pub entities: BTreeSet<EntityId>,
    /// A long-lived token for Home Assistant's API.
    pub token: SecretText,
}

/// `[listen]`: the addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Every address that browsers reach.
    pub https: Vec<BrowserListener>,
    /// Every address that only sends browsers on to HTTPS, in the clear; empty when there is none.
    pub http: Vec<BrowserListener>,
    /// Health, readiness and metrics over plain HTTP; `None` when switched off with `operations = false`.
    pub operations: Option<SocketAddr>,
    /// The control socket.
    pub control: PathBuf,
    /// Whose `X-Forwarded-*` is believed at the listeners of `https` that name no others. Those of `http` believe a
    /// PROXY header from the same, and no other header from anybody.
    pub trusted_proxies: TrustedProxies,
    /// What browsers call us, when it is not the request's own authority.
    pub public_urls: Vec<PublicUrl>,
}

/// One entry of `[listen] https` or `[listen] http`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrowserListener {
    /// The address to bind.
    pub address: SocketAddr,
    /// Whether it leaves IPv4 to another listener: `[::]` takes connections of both, unless `0.0.0.0` with the same
    /// port is there as well.
    pub ipv6_only: bool,
    /// Which of the two lists it stands in.
    pub scheme: ListenerScheme,
    /// Whether the PROXY protocol is required on it, from its trusted proxies only.
    pub proxy_protocol: bool,
    /// Whose `X-Forwarded-*` and PROXY headers are believed on it.
    pub trusted_proxies: TrustedProxies,
}

/// What browsers speak on a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ListenerScheme {
    /// HTTP over TLS: everything is served there.
    Https,
    /// HTTP in the clear: nothing is served there but redirections to HTTPS.
    Http,
}

impl Listen {
    /// Every address that browsers reach, those of HTTPS first.
    pub fn for_browsers(&self) -> Vec<BrowserListener> {
        self.https.iter().chain(&self.http).cloned().collect()
    }
}

impl ListenerScheme {
    /// As it stands in a URL.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Https => "https",
            Self::Http => "http",
        }
    }
}

/// `[tls]`: certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tls {
    /// No certificate is configured: a CA and a certificate of our own, made in this folder on the first start.
    Development {
        /// Where they are made and kept.
        folder: PathBuf,
    },
    /// The operator's certificates; the first is shown to clients whose SNI matches none and to those without SNI.
    Certificates(Vec<CertificateFiles>),
    /// Certificates that are ordered, one for each name, beside the operator's own. Until one is there, who asks for
    /// its name is refused.
    Acme {
        /// The operator's, which come before the others.
        certificates: Vec<CertificateFiles>,
        /// What is ordered, and where.
        acme: Arc<Acme>,
    },
}

impl Tls {
    /// What is ordered, if anything.
    pub fn acme(&self) -> Option<&Arc<Acme>> {
        if let Self::Acme { acme, .. } = self { Some(acme) } else { None }
    }
}

/// `[session]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Where sessions are kept.
    pub store: SessionStore,
    /// How long a session lives without a request.
    pub idle_timeout: Duration,
    /// How long a session lives at most.
    pub absolute_timeout: Duration,
    /// The limits of sessions that browsers keep when they close; none where nobody may ask for one.
    pub remembered: Option<RememberedLimits>,
    /// Whose users sign in again after how long, whatever the other limits say: ids of groups.
    pub max_age: Vec<(String, Duration)>,
    /// How long a session lives at most where nobody can see that its user's password was changed; none where that is
    /// seen.
    pub password_timeout: Option<Duration>,
    /// How many live sessions one user may have; the oldest gives way.
    pub per_user: usize,
    /// Pages of other sites may frame us: `SameSite=None; Partitioned` under a cookie name of its own.
    pub cross_site_framing: bool,
    /// How long a store on the network may take to answer.
    pub store_timeout: Duration,
    /// How long sessions that are known go on while the store on the network is away.
    pub max_outage: Duration,
}

/// How long a session lives that its browser keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RememberedLimits {
    /// Without a request.
    pub idle: Duration,
    /// At most.
    pub absolute: Duration,
}

/// `[session] store`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SessionStore {
    /// `"memory"`: a restart ends all sessions.
    Memory,
    /// A `redb` file.
    File(PathBuf),
    /// Redis or Valkey, one table for several proxies.
    Redis(Box<RedisStore>),
}

/// `[sign_in]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// The ways to sign in, in the order in which the page offers them.
    pub methods: Vec<SignInMethod>,
    /// Attempts that one address may make in `window`, all user names together.
    pub attempts_per_address: u32,
    /// Attempts that one user name may get in `window` from one address (IPv6: one /64); other addresses have their
    /// own.
    pub attempts_per_user: u32,
    /// The time in which the two counts above refill.
    pub window: Duration,
    /// How long whoever goes on trying is banned; each further ban lasts twice as long.
    pub ban: Duration,
    /// How long any ban lasts at most.
    pub longest_ban: Duration,
}

/// One entry of `[sign_in] methods`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignInMethod {
    /// Home Assistant's own page, as an OAuth client of it.
    HomeAssistant,
    /// User name and password on our page.
    Password,
}

/// `[log]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Log {
    /// Text or JSON.
    pub format: LogFormat,
    /// A `tracing` filter, as in `info,vestibule::http=debug`.
    pub filter: String,
    /// One access line a request.
    pub access: bool,
}

/// `[log] format`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// `[assertion]`: who signs identities, and with what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    /// The folder of the keys.
    pub keys: PathBuf,
    /// Who says so: `iss`.
    pub issuer: String,
    /// How long a key signs.
    pub rotate: Duration,
    /// How long a key is published before it signs, and after.
    pub overlap: Duration,
}

/// `[supervisor]`: what add-ons may do besides showing a web UI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supervisor {
    /// Where digests of tokens and switched-off protection are kept.
    pub state: PathBuf,
    /// Who may sign manifests.
    pub signing_keys: Vec<SigningKey>,
    /// Where add-ons reach their API, if they have one.
    pub listen: Option<ApiAddress>,
    /// A real Supervisor, for what is not answered here.
    pub upstream: Option<SupervisorUpstream>,
    /// Our token for Home Assistant's API, with which add-ons are served.
    pub home_assistant_token: Option<SecretText>,
    /// Where Home Assistant reaches us as its Supervisor's ingress, if it does.
    pub ingress_api: Option<IngressApi>,
    /// The token with which passwords are changed, when it is another one: only the owner's may.
    pub password_reset_token: Option<SecretText>,
    /// How long the auth backend remembers a right password for the time in which Home Assistant cannot be asked;
    /// `None` when it does not.
    pub auth_cache: Option<Duration>,
    /// WebSockets to Home Assistant that one add-on may have open.
    pub websockets: usize,
}

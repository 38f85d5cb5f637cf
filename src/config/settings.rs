//! The real configuration: what the stages work with. Every value is checked, every default is filled in, every path is
//! absolute, and no `Option` means "default".

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderName, HeaderValue};

use super::addon_api::{ApiAddress, IngressApi, SupervisorUpstream};
use super::cors::Cors;
use super::home::HomeAssistant;
use super::limits::Limits;
use super::options::Options;
use super::permissions::Permissions;
use super::probe::Probe;
use super::protect::Protect;
use super::redis_store::RedisStore;
use super::secret_text::SecretText;
use super::transport::Transport;
use super::trust::Trust;
use super::trusted_proxies::TrustedProxies;
use crate::ids::{AddonSlug, HostName, PathPrefix, PublicUrl, Upstream, UpstreamHost};
use crate::manifest::{Manifest, Rights, SigningKey};

/// Everything that `config.toml` says.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `[listen]`
    pub listen: Listen,
    /// `[tls]`
    pub tls: Tls,
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
    /// `[[addon]]`, in the order of the file.
    pub addons: Vec<Arc<Addon>>,
}

/// `[listen]`: the addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listen {
    /// Every address that browsers reach.
    pub https: Vec<HttpsListener>,
    /// Health, readiness and metrics over plain HTTP; `None` when switched off with `operations = false`.
    pub operations: Option<SocketAddr>,
    /// The control socket.
    pub control: PathBuf,
    /// Whose `X-Forwarded-*` is believed at the listeners of `https` that name no others.
    pub trusted_proxies: TrustedProxies,
    /// What browsers call us, when it is not the request's own authority.
    pub public_urls: Vec<PublicUrl>,
}

/// One entry of `[listen] https`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpsListener {
    /// The address to bind.
    pub address: SocketAddr,
    /// Whether the PROXY protocol is required on it, from its trusted proxies only.
    pub proxy_protocol: bool,
    /// Whose `X-Forwarded-*` and PROXY headers are believed on it.
    pub trusted_proxies: TrustedProxies,
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
}

/// One entry of `[tls] certificates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the certificate and the intermediates above it.
    pub chain: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
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

/// `[[addon]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addon {
    /// What its author says of it, when the configuration names a manifest.
    pub manifest: Option<Arc<Manifest>>,
    /// What it asks to be allowed: the manifest's rights, with those of the configuration in their place.
    pub rights: Rights,
    /// Its short name, unique.
    pub slug: AddonSlug,
    /// What people read.
    pub title: String,
    /// `mdi:...`; empty when it has none.
    pub icon: String,
    /// Where it listens.
    pub upstream: Upstream,
    /// Whose certificate it must show, when it listens on `https`.
    pub trust: Trust,
    /// What is spoken to it.
    pub protocol: AddonProtocol,
    /// Its path prefix, if it has one.
    pub path: Option<PathPrefix>,
    /// Its host, if it has one. Without path and host it has no web UI, and nothing is ever routed to it.
    pub host: Option<HostName>,
    /// The group whose policy its calls to Home Assistant's API are held to, if any.
    pub entities: Option<Arc<str>>,
    /// Types of WebSocket messages to Home Assistant that pass besides those that pass for all add-ons, and unfiltered.
    pub entity_messages: BTreeSet<String>,
    /// The options that it gets: the manifest's, with those of the configuration in their place.
    pub options: Options,
    /// Where in it people begin: a path without a slash in front, empty for its root.
    pub entry: String,
    /// Whether the prefix is taken off before the add-on sees the path.
    pub prefix: PrefixMode,
    /// Headers that carry the prefix to the add-on.
    pub prefix_headers: Vec<HeaderName>,
    /// Headers that carry the user to the add-on.
    pub identity_headers: IdentityHeaders,
    /// How the display name is written in its header.
    pub display_name: DisplayNameEncoding,
    /// Fixed headers. Their values are marked sensitive, so that `Debug` hides them: from a file or not, one may be a
    /// secret.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// Names that are reserved elsewhere and pass here, since they say nobody's identity to this add-on.
    pub pass_headers: Vec<HeaderName>,
    /// What becomes of the add-on's own word on who may frame it.
    pub framing: Framing,
    /// Who may open it.
    pub access: Access,
    /// What its paths need besides; nothing when none of them is protected.
    pub protect: Option<Protect>,
    /// The add-on gets the user's identity signed as well.
    pub assertion: bool,
    /// Home Assistant's access tokens are taken in the place of a session.
    pub tokens: bool,
    /// A WebSocket upgrade without `Origin` may pass.
    pub allow_missing_origin: bool,
    /// How many connections, how long, how large.
    pub transport: Transport,
    /// The `Host` that it gets instead of the one that the browser asked for.
    pub upstream_host: Option<UpstreamHost>,
    /// Whether addresses in headers are moved between the browser's view and the add-on's.
    pub rewrite_addresses: bool,
    /// How it is asked whether it is well, besides by the requests that it gets.
    pub probe: Option<Probe>,
    /// Which pages of other origins may ask it.
    pub cors: Option<Cors>,
}

impl Addon {
    /// Whether it is told its prefix in a header from which add-ons make the addresses that they say and expect.
    pub fn makes_addresses(&self) -> bool {
        self.prefix_headers.iter().any(|name| matches!(name.as_str(), "x-script-name" | "x-forwarded-prefix"))
    }
}

/// `protocol`: what is spoken to an add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddonProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2, with the trailers in which gRPC says how a call ended.
    Grpc,
}

/// `prefix`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefixMode {
    /// The add-on sees the path without the prefix.
    Strip,
    /// The add-on knows its prefix and sees the whole path.
    Keep,
}

/// `identity_headers`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityHeaders {
    /// Carries the user's id.
    pub id: HeaderName,
    /// Carries the user name; absent when the user has none.
    pub name: HeaderName,
    /// Carries the display name; absent when the user has none.
    pub display_name: HeaderName,
}

/// How the display name is written in its header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DisplayNameEncoding {
    /// UTF-8 bytes, control characters removed.
    Utf8,
    /// Percent-encoded: everything but unreserved characters (RFC 3986 section 2.3).
    Percent,
}

/// `framing`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Framing {
    /// The add-on's headers pass.
    AsIs,
    /// `X-Frame-Options` and `frame-ancestors` are taken out.
    Remove,
    /// `frame-ancestors` is set to ourselves and these origins.
    Origins(Vec<String>),
}

/// `access`: who may open an add-on. The owner always may.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Access {
    /// Groups and users, when either is given: the user must be in one of the groups or be one of the users.
    pub only: Option<AccessList>,
    /// The user must be an administrator as well.
    pub admin_only: bool,
}

/// The people that `access` names.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AccessList {
    /// Ids of Home Assistant's groups.
    pub groups: Vec<String>,
    /// User names or user ids.
    pub users: Vec<String>,
}

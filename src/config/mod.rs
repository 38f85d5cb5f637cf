//! The configuration: one file that the operator edits, read whole or refused.
//!
//! In comes the path of `config.toml`, out come [`Settings`] in which every value is checked and every default filled
//! in, or [`Diagnostics`] that show every mistake with its line, what was expected, and a hint. The way is `document`
//! (text) -> `raw` (the file's keys with their places) -> `resolve` (real values) -> `verify` (what only the world can
//! tell). The manifests of add-ons that it names are read by `manifest`, and what is wrong in one is shown in its own
//! lines. Nothing here may serve at a port or write a file, and the value of a secret may reach neither a message nor a
//! log.

mod acme;
mod addon;
mod addon_api;
mod certificate_files;
mod client_auth;
mod document;
mod effective;
mod emails;
mod entity_template;
mod front;
mod header;
mod home;
mod json_pointer;
mod limits;
mod named;
mod pages;
mod part;
mod hosts;
mod path_pattern;
mod permissions;
mod presence;
mod raw;
mod redis_store;
mod resolve;
mod secret;
mod secret_text;
mod settings;
mod syntax;
mod conditions;
mod config_test;
mod transport;
mod trust;
mod trusted_proxies;
mod units;
mod verify;
mod world;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::diagnostic::{self, Diagnostic, SourceLocation, findings, nearest};
use crate::secret::Secret;
use document::Document;
use findings::Findings;
use resolve::Context;
use verify::Claims;

pub use crate::diagnostic::Diagnostics;

pub use acme::{
    Acme, AcmeChallenge, BadDomain, DirectoryUrl, DnsHook, DnsRecords, DnsUpdate, DnsWriter, Domain, ExternalAccount,
    https_address,
};
pub use addon::{
    Access, AccessKey, AccessList, Accounts, Addon, AddonHeaders, AddonProtocol, Answers, Authorization, Backend,
    BadUserTemplate, BelowFront, Compress, Cors, CrossOrigin, Display, DisplayNameEncoding, EntityFilter, EntitySource,
    Framing, HeaderRule, IdentityHeaders, MaxAge, Options, Package, PrefixMode, Probe, Protect, ProtectAsk,
    ProtectRule, PublicPath, Roles, Route, StepUp, Unlisted, UserPiece, UserTemplate,
};
pub use addon_api::{ApiAddress, BadApiAddress, IngressApi, SupervisorUpstream, is_for_no_addon};
pub use certificate_files::CertificateFiles;
pub use client_auth::{
    AlternativeName, BadAlternativeName, CertificateMatch, CertificateRole, CertificateUser, ClientAuth, ClientTrust,
    Demand, HostClientAuth, Issuers,
};
pub use conditions::{BadHours, Conditions, Hours, StateCondition};
pub use config_test::{ConfigTest, ConfigTestSubject, Outcome};
pub use effective::{EffectiveKey, KeyOrigin};
pub use emails::Emails;
pub use entity_template::{BadTemplate, EntityTemplate, Piece};
pub use front::{FRONT, FRONT_ADDONS, Front};
pub use home::{HomeApi, HomeAssistant, HomeSource};
pub use json_pointer::{BadPointer, JsonPointer};
pub use limits::Limits;
pub use named::named;
pub use pages::{Logo, Pages};
pub use path_pattern::{BadPattern, PathPattern, Segment};
pub use permissions::{ConfiguredGroup, GroupSource, Permissions};
pub use presence::{Presence, PresenceEvent};
pub use redis_store::{RedisPlace, RedisStore};
pub use secret_text::SecretText;
pub use settings::{
    Assertion, BrowserListener, FollowedStates, Listen, ListenerScheme, Log, LogFormat, RememberedLimits, Session,
    SessionStore, Settings, SignIn, SignInMethod, Supervisor, Tls,
};
pub use transport::Transport;
pub use trust::{BadPin, CertificatePin, Trust};
pub use trusted_proxies::TrustedProxies;
pub use units::{parse_time, show_time};
pub use world::{
    AddressTrouble, ApiTrouble, CertificateTrouble, CoveredHosts, FilesAlone, Known, Purpose, World, WorldError,
};

/// A configuration that can be used.
#[derive(Debug)]
pub struct Loaded {
    /// What it says.
    pub settings: Settings,
    /// Every key that counts, and where it comes from; without secrets.
    pub keys: Vec<EffectiveKey>,
    /// What may not be what the operator meant.
    pub warnings: Diagnostics,
    /// The files that were looked at, to be watched: the configuration itself, secrets, certificates.
    pub files: Vec<PathBuf>,
    /// The text that it was read from, which may have secrets in it.
    pub text: Secret<String>,
}

/// What can be told of a configuration file that may have any mistake.
#[derive(Debug)]
pub struct Glance {
    /// Its text, which may have secrets in it.
    pub text: Secret<String>,
    /// Its `state_dir`.
    pub state_dir: PathBuf,
    /// Where the vestibule that serves it has its control socket.
    pub control: PathBuf,
}

/// Reads the file and everything that it names, verifies it against the world, and reports all mistakes of it at once.
pub fn load(file: &Path, world: &dyn World) -> Result<Loaded, Diagnostics> {
    let refused = |files, text: &str, list| Diagnostics::new(file, text, &[], list).looking_at(files);
    let absolute = std::path::absolute(file).map_err(|err| {
        let nowhere = Diagnostic::mistake(SourceLocation::File, format!("this is not a path: {err}"));
        refused(Vec::new(), "", vec![nowhere.hint("name the configuration with `--config FILE`")])
    })?;
    let document =
        document::read(&absolute).map_err(|unreadable| refused(vec![absolute.clone()], "", vec![*unreadable]))?;
    judge((file, absolute), document, world)
}

/// Judges a text that was kept of this file as if it stood there: paths in it are relative to the file's folder, and
/// the file is watched. What is wrong in it is shown in the lines of `kept`.
pub fn load_kept(file: &Path, kept: &Path, text: &Secret<String>, world: &dyn World) -> Result<Loaded, Diagnostics> {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let document = Document { text: text.reveal().clone(), writable_by_others: false };
    judge((kept, absolute), document, world)
}

/// `shown` is what messages call the file that is at `absolute`.
fn judge((shown, absolute): (&Path, PathBuf), document: Document, world: &dyn World) -> Result<Loaded, Diagnostics> {
    let Document { text, writable_by_others } = document;
    let (tree, errors) = DeTable::parse_recoverable(&text);
    if !errors.is_empty() {
        // What stands in a tree with a hole is guesswork: its mistakes would mislead.
        let found = syntax::findings(&text, &errors);
        return Err(Diagnostics::new(shown, &text, &found.masked, found.list).looking_at(vec![absolute]));
    }
    let mut findings = Findings::default();
    if writable_by_others {
        let open = Diagnostic::warning(SourceLocation::File, "everybody on this machine may change the configuration");
        findings.add(open.hint(format!("chmod o-w {}", shown.display())));
    }
    let raw = raw::Root::read_table(tree.get_ref(), &mut findings);
    let base = absolute.parent().unwrap_or(Path::new("/"));
    let mut cx = Context::new(base, findings);
    let (settings, cases) = resolve::resolve(&raw, &mut cx);
    let claims = Claims {
        raw: &raw,
        settings: &settings,
        addresses: &cx.addresses,
        certificates: &cx.certificates,
        client_trusts: &cx.client_trusts,
        authorities: &cx.authorities,
    };
    verify::verify(claims, &cases, world, &mut cx.findings);
    let files: Vec<_> = std::iter::once(absolute.clone()).chain(cx.files).collect();
    let found = Diagnostics::new(shown, &text, &cx.findings.masked, cx.findings.list).looking_at(files.clone());
    let found = found.and(cx.manifests);
    if found.mistakes() > 0 {
        return Err(found);
    }
    let keys = effective::effective(tree.get_ref(), &text, &settings);
    drop(tree);
    Ok(Loaded { settings, keys, warnings: found, files, text: Secret::new(text) })
}

/// Where the vestibule that serves this file has its control socket. The rest of the file may have any mistake: whoever
/// has just broken it must still be able to revoke a session.
pub fn control_socket(file: &Path) -> Result<PathBuf, Diagnostics> {
    let found = match load(file, &FilesAlone) {
        Ok(loaded) => return Ok(loaded.settings.listen.control),
        Err(found) => found,
    };
    glance(file).map(|glance| glance.control).ok_or(found)
}

/// Looks at a file without judging it; nothing when it cannot be read.
pub fn glance(file: &Path) -> Option<Glance> {
    let absolute = std::path::absolute(file).ok()?;
    let text = document::read(&absolute).ok()?.text;
    let (state_dir, control) = {
        let (tree, _) = DeTable::parse_recoverable(&text);
        let (root, base) = (tree.get_ref(), absolute.parent().unwrap_or(Path::new("/")));
        let named = root.get("listen").and_then(|listen| listen.get_ref().get("control")?.get_ref().as_str());
        let folder = root.get("state_dir").and_then(|folder| folder.get_ref().as_str()).unwrap_or(resolve::STATE_DIR);
        let state_dir = base.join(folder);
        let control = named.map_or_else(|| state_dir.join(resolve::CONTROL), |control| base.join(control));
        (state_dir, control)
    };
    Some(Glance { text: Secret::new(text), state_dir, control })
}

//! Which certificate a client is shown.
//!
//! An exact name comes before a wildcard, a wildcard before the first certificate of the configuration. A client with
//! an unknown name gets a certificate that does not cover it, and its request is refused later, with a page that says
//! why. Nobody gets a certificate while there is none, and nobody gets another one for a name whose own is still on
//! order: a browser would take that for an attack.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use rustls::crypto::CryptoProvider;
use rustls::server::{NoServerSessionStorage, ProducesTickets};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{ServerConfig, SignatureScheme};

use super::client_auth::{ClientAuth, HostRule};
use super::covered::{self, Covered};
use super::error::TlsError;
use super::facts::Facts;
use super::pem::Pair;
use super::staple::{Fingerprint, Staple, Stapled};
use crate::clock::Timestamp;
use crate::config::{Acme, Domain};

/// The certificates in use, by name.
#[derive(Debug)]
pub(super) struct Certificates {
    /// In the order of the configuration.
    shown: Vec<Arc<Shown>>,
    exact: Names,
    wildcards: Names,
    ordered: Option<Arc<Acme>>,
    client_auth: Option<Arc<ClientAuth>>,
}

/// A certificate that is to be shown.
pub(super) enum Ready {
    /// It was read just now.
    Read(Box<Pair>, CertificateSource),
    /// It is shown already, and goes on.
    Shown(Arc<Shown>),
}

type Names = HashMap<Box<str>, Vec<Arc<Shown>>>;

/// A certificate that is shown, with the configuration that shows it and no other. So a connection cannot end with
/// another certificate than the one whose names were noted for it, whether it was resumed or a reload came in between.
#[derive(Debug)]
pub(super) struct Shown {
    config: Arc<ServerConfig>,
    /// The same with an OCSP response, while there is one.
    stapled: ArcSwapOption<Stapled>,
    /// Those that ask for a client certificate, each at the place of its rule.
    asking: Vec<Arc<ServerConfig>>,
    pub(super) covered: Arc<Covered>,
    pub(super) facts: Facts,
    pub(super) source: CertificateSource,
    pub(super) certified: Arc<CertifiedKey>,
}

/// Where a certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateSource {
    /// It was made here, for trying things out.
    Development,
    /// The operator's, from this file.
    File(PathBuf),
    /// It was ordered for this name.
    Acme(Domain),
}

impl Certificates {
    /// The table of these certificates, in the order of the configuration. Without any it is an error, unless there are
    /// some on order.
    pub(super) fn new(ready: Vec<Ready>, ordered: Option<Arc<Acme>>, means: &Means<'_>) -> Result<Self, TlsError> {
        if ready.is_empty() && ordered.is_none() {
            return Err(TlsError::Empty);
        }
        let shown = ready.into_iter().map(|ready| match ready {
            Ready::Read(pair, source) => Shown::new(Arc::new(pair.certified), pair.facts, source, means).map(Arc::new),
            Ready::Shown(shown) => shown.again(means).map(Arc::new),
        });
        let shown = shown.collect::<Result<Vec<_>, _>>()?;
        let (mut exact, mut wildcards) = (Names::new(), Names::new());
        for one in &shown {
            for name in one.covered.exact() {
                exact.entry(name.into()).or_default().push(Arc::clone(one));
            }
            for parent in one.covered.wildcards() {
                wildcards.entry(parent.into()).or_default().push(Arc::clone(one));
            }
        }
        Ok(Self { shown, exact, wildcards, ordered, client_auth: means.client_auth.cloned() })
    }

    /// Those that are shown, in the order of the configuration.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Arc<Shown>> {
        self.shown.iter()
    }

    /// Takes over the OCSP responses of those that go on being shown.
    pub(super) fn take_staples(&self, before: &Self) {
        let kept: HashMap<_, _> =
            before.shown().filter_map(|shown| Some((shown.fingerprint(), shown.stapled()?))).collect();
        for shown in self.shown() {
            if let Some(staple) = kept.get(&shown.fingerprint()) {
                shown.staple(Some(staple.clone()));
            }
        }
    }

    /// What is shown for this name, where it was ordered from the same server.
    pub(super) fn ordered(&self, acme: &Acme, domain: &Domain) -> Option<&Arc<Shown>> {
        self.ordered.as_ref().filter(|ordered| ordered.folder() == acme.folder())?;
        self.shown.iter().find(|shown| matches!(&shown.source, CertificateSource::Acme(name) if name == domain))
    }

    /// The rule for client certificates at the name that a client asks for, and its place.
    pub(super) fn rule(&self, sni: Option<&str>) -> Option<(usize, &Arc<HostRule>)> {
        let client_auth = self.client_auth.as_ref()?;
        let place = client_auth.place(sni)?;
        Some((place, client_auth.rules().get(place)?))
    }

    /// Whether one of them covers this host.
    pub(super) fn covers(&self, host: &str) -> bool {
        self.shown.iter().any(|shown| shown.covered.covers(host))
    }

    /// The certificate for a client that asks for this name and can check these signatures. Of several with one name
    /// (RSA besides ECDSA, say) the first that the client can check is shown.
    pub(super) fn choose(&self, sni: Option<&str>, schemes: &[SignatureScheme]) -> Option<&Arc<Shown>> {
        let first = self.shown.first();
        let Some(name) = sni.map(covered::canonical) else { return first };
        let wildcard = || covered::parent(&name).and_then(|parent| self.wildcards.get(parent));
        // Not an alert: for a certificate that does not fit a browser says what is wrong, for an alert only that
        // something is.
        let Some(candidates) = self.exact.get(&*name).or_else(wildcard) else {
            return first.filter(|_| !self.ordered.as_ref().is_some_and(|acme| acme.covers(&name)));
        };
        let suits = |one: &&Arc<Shown>| one.certified.key.choose_scheme(schemes).is_some();
        // A client that can check none of them gets the first all the same, and fails with a message that says what is
        // wrong.
        candidates.iter().find(suits).or(candidates.first()).or(first)
    }
}

impl Shown {
    fn new(
        certified: Arc<CertifiedKey>,
        facts: Facts,
        source: CertificateSource,
        means: &Means<'_>,
    ) -> Result<Self, TlsError> {
        let mut config = means.config(&certified, None)?;
        // All certificates share the tickets' keys: rustls resumes a session only under the name it was made for.
        config.ticketer = Arc::clone(means.tickets);
        let asking = means.asking(&certified)?;
        let (covered, stapled) = (Arc::new(Covered::new(&facts)), ArcSwapOption::empty());
        Ok(Self { config: Arc::new(config), stapled, asking, covered, facts, source, certified })
    }

    /// The same with the rules for client certificates of now.
    fn again(&self, means: &Means<'_>) -> Result<Self, TlsError> {
        Self::new(Arc::clone(&self.certified), self.facts.clone(), self.source.clone(), means)
    }

    /// What a handshake at this moment is made with, by the rule for client certificates at this place. A response that
    /// has ended is not shown, whoever should have brought a new one. Where a client certificate is asked for there is
    /// none: what asks there is a device of the operator's.
    pub(super) fn config(&self, rule: Option<usize>, now: Timestamp) -> Option<Arc<ServerConfig>> {
        if let Some(place) = rule {
            return self.asking.get(place).cloned();
        }
        let stapled = self.stapled.load();
        let stapled = stapled.as_ref().filter(|stapled| now < stapled.staple.until);
        Some(Arc::clone(stapled.map_or(&self.config, |stapled| &stapled.config)))
    }

    /// Which certificate this is.
    pub(super) fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.certified.cert.first().map(|certificate| &**certificate).unwrap_or_default())
    }

    /// Shows this response from now on, or none.
    pub(super) fn staple(&self, staple: Option<Staple>) {
        self.stapled.store(staple.map(|staple| Arc::new(Stapled::new(staple, &self.config, &self.certified))));
    }

    /// The response that is shown.
    pub(super) fn stapled(&self) -> Option<Staple> {
        self.stapled.load().as_ref().map(|stapled| stapled.staple.clone())
    }
}

/// What configurations of TLS are made with.
pub(super) struct Means<'a> {
    pub(super) provider: &'a Arc<CryptoProvider>,
    pub(super) tickets: &'a Arc<dyn ProducesTickets>,
    pub(super) client_auth: Option<&'a Arc<ClientAuth>>,
}

impl Means<'_> {
    /// One that asks for a client certificate, for each rule.
    fn asking(&self, certified: &Arc<CertifiedKey>) -> Result<Vec<Arc<ServerConfig>>, TlsError> {
        let rules = self.client_auth.map(|client_auth| client_auth.rules()).unwrap_or_default();
        rules.iter().map(|rule| self.config(certified, Some(rule)).map(Arc::new)).collect()
    }

    /// Without tickets: a session of TLS that is resumed comes without a look at its certificate, and one that was made
    /// under no rule comes without any (S-41).
    fn config(&self, certified: &Arc<CertifiedKey>, rule: Option<&Arc<HostRule>>) -> Result<ServerConfig, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(self.provider))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
            .map_err(TlsError::Setup)?;
        let builder = match rule {
            Some(rule) => builder.with_client_cert_verifier(Arc::<HostRule>::clone(rule)),
            None => builder.with_no_client_auth(),
        };
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(Arc::clone(certified))));
        // With these a client that offers protocols but neither of ours is turned away (RFC 7301 section 3.2).
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Tickets alone resume: a store of sessions on our side is memory that each handshake could fill.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        // Early data can be replayed by an attacker who recorded it (RFC 8446 section 8, S-45).
        config.max_early_data_size = 0;
        Ok(config)
    }
}

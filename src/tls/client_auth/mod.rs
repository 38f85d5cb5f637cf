//! Client certificates: at which hosts they are asked for, whether one is believed, and for which user it stands.
//!
//! In comes what the configuration says, out comes a rule for each host. The handshake goes by the rule of the name
//! that the client asks for; a request goes by the rule of its host, which must be the same (S-41), and asks again
//! whether the certificate is still believed. Where there is a rule, no session of TLS is resumed: a ticket of before
//! would carry a certificate that is not believed any more, or none (S-41).

mod authorities;
mod certificate;
mod refusal;
mod rule;

use std::collections::HashMap;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;

pub use authorities::{ClientTrustTrouble, check_client_trust};
pub use certificate::ClientCertificate;
pub use refusal::{CertificateRefusal, RefusedCertificate};
pub(super) use rule::HostRule;

use super::covered;
use crate::clock::Clock;
use crate::config::{self, CertificateRole, CertificateUser, Demand, Issuers};

/// All rules for client certificates.
#[derive(Debug)]
pub struct ClientAuth {
    rules: Vec<Arc<HostRule>>,
    everywhere: Option<usize>,
    hosts: HashMap<Box<str>, usize>,
    users: Arc<[CertificateUser]>,
    clock: Clock,
}

/// Why a request may not come over its connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unfit {
    /// Its host has another rule than the name that the handshake asked for.
    OtherRule,
    /// Its host wants a certificate, and the connection has none.
    Missing,
    /// The certificate of the connection is not believed any more.
    Refused(CertificateRefusal),
}

impl ClientAuth {
    /// The rules of this configuration. Those that `before` had as well stay the same: what they have judged counts.
    pub fn new(
        settings: &config::ClientAuth,
        before: Option<&Self>,
        clock: &Clock,
    ) -> Result<Self, ClientTrustTrouble> {
        let provider = super::pem::provider();
        let mut all = Self {
            rules: Vec::new(),
            everywhere: None,
            hosts: HashMap::new(),
            users: Arc::clone(&settings.users),
            clock: clock.clone(),
        };
        if let Some(trust) = &settings.everywhere {
            let rule = HostRule::new(trust, Issuers::Shared, Demand::Optional, &provider)?;
            all.everywhere = Some(all.add(rule, before));
        }
        for host in &settings.hosts {
            let rule = HostRule::new(&host.trust, host.issuers, host.demand, &provider)?;
            let place = all.add(rule, before);
            all.hosts.insert(host.host.as_str().into(), place);
        }
        Ok(all)
    }

    fn add(&mut self, rule: HostRule, before: Option<&Self>) -> usize {
        let same = before.and_then(|before| before.rules.iter().find(|old| old.is_like(&rule)));
        let rule = same.map_or_else(|| Arc::new(rule), Arc::clone);
        self.rules.push(rule);
        self.rules.len() - 1
    }

    /// The rules, each at its place.
    pub(super) fn rules(&self) -> &[Arc<HostRule>] {
        &self.rules
    }

    /// The place of the rule for a host; without a name, or with an unknown one, that of all hosts (S-40).
    pub(super) fn place(&self, host: Option<&str>) -> Option<usize> {
        let own = host.map(covered::canonical).and_then(|host| self.hosts.get(&*host));
        own.copied().or(self.everywhere)
    }

    fn rule(&self, host: &str) -> Option<&Arc<HostRule>> {
        self.place(Some(host)).and_then(|place| self.rules.get(place))
    }

    /// Whether a request for this host may come over a connection whose handshake asked for `sni` (S-41).
    pub fn judge(&self, host: &str, sni: Option<&str>, shown: Option<&ClientCertificate>) -> Result<(), Unfit> {
        if self.place(Some(host)) != self.place(sni) {
            return Err(Unfit::OtherRule);
        }
        self.judge_again(host, shown)
    }

    /// The same for what has begun: whether the certificate would do now.
    pub fn judge_again(&self, host: &str, shown: Option<&ClientCertificate>) -> Result<(), Unfit> {
        match (self.rule(host), shown) {
            (Some(rule), None) if rule.demand() == Demand::Required => Err(Unfit::Missing),
            (None, _) | (Some(_), None) => Ok(()),
            (Some(rule), Some(certificate)) => certificate.judge(rule, self.clock.now()).map_err(Unfit::Refused),
        }
    }

    /// Whether nobody comes to this host without a certificate.
    pub fn demands(&self, host: &str) -> bool {
        self.rule(host).is_some_and(|rule| rule.demand() == Demand::Required)
    }

    /// For whom a certificate stands at this host that was just judged to be believed there. If it fits entries for two
    /// users, it stands for nobody.
    pub fn user(&self, host: &str, certificate: &ClientCertificate) -> Option<(&str, CertificateRole)> {
        let names = self.rule(host)?.issuers() == Issuers::Shared;
        let mut fitting = self.users.iter().filter(|entry| certificate.fits(&entry.matches, names));
        let first = fitting.next()?;
        let mut role = first.role;
        for other in fitting {
            if other.user != first.user {
                tracing::warn!(certificate = certificate.short(), "fits two users, and stands for neither");
                return None;
            }
            if other.role == CertificateRole::SignIn {
                role = other.role;
            }
        }
        Some((&first.user, role))
    }
}

/// What all rules share.
type Provider = Arc<CryptoProvider>;

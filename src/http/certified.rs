//! For whom the client certificate of a connection stands, and whether a request may come over it.

use super::request_source::RequestSource;
use crate::config::{CertificatePin, CertificateRole};
use crate::connection::{ConnectionInfo, EntryPoint};
use crate::refusal::Reason;
use crate::tls::{ClientAuth, ClientCertificate, Unfit};

/// A user of the configuration for whom the certificate of a connection stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// Which certificate.
    pub fingerprint: CertificatePin,
    /// The user, by name or id, as the configuration has them.
    pub user: String,
    /// What it is good for.
    pub role: CertificateRole,
}

/// Whether a request for this host may come over this connection, as far as client certificates go (S-41).
pub(super) fn judge(connection_info: &ConnectionInfo, host: &str, client_auth: &ClientAuth) -> Result<(), Reason> {
    let Some((sni, certificate)) = connection_info.handshake() else { return Ok(()) };
    client_auth.judge(host, sni, certificate.map(|certificate| &**certificate)).map_err(|unfit| {
        let shown = certificate.map(|certificate| certificate.short());
        reason(unfit, host, shown)
    })
}

impl RequestSource {
    /// Whether what has begun may go on, as far as the certificate of its connection goes.
    pub fn judge_certificate(&self, host: &str, client_auth: Option<&ClientAuth>) -> Result<(), Reason> {
        let Some(client_auth) = client_auth.filter(|_| self.entry_point() == EntryPoint::Browsers) else {
            return Ok(());
        };
        let shown = self.certificate().map(|certificate| &**certificate);
        client_auth.judge_again(host, shown).map_err(|unfit| reason(unfit, host, shown.map(ClientCertificate::short)))
    }

    /// For whom the certificate of its connection stands at this host, once it is judged. One that a trusted proxy
    /// shows is the proxy's own, and stands for none of the browsers behind it.
    pub fn certified(&self, host: &str, client_auth: Option<&ClientAuth>) -> Option<Certified> {
        let certificate = self.certificate()?;
        let (user, role) = client_auth?.user(host, certificate)?;
        if self.is_from_proxy() {
            return None;
        }
        Some(Certified { fingerprint: *certificate.fingerprint(), user: user.to_owned(), role })
    }
}

fn reason(unfit: Unfit, host: &str, certificate: Option<&str>) -> Reason {
    match unfit {
        Unfit::OtherRule => Reason::Misdirected,
        Unfit::Missing => Reason::CertificateMissing,
        Unfit::Refused(why) => {
            tracing::info!(host, certificate, why = why.label(), "client certificate not believed any more");
            Reason::CertificateRefused
        }
    }
}

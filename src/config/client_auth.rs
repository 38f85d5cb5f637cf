//! `[tls] client_ca` and what belongs to it: whose client certificates are believed, at which hosts they are asked for,
//! and for which user of Home Assistant one stands.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::findings::Explained;
use super::trust::CertificatePin;
use crate::ids::HostName;

/// At which hosts client certificates are asked for, and for whom they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAuth {
    /// `client_ca`: asked for at every host that has no entry of its own.
    pub everywhere: Option<ClientTrust>,
    /// `[[tls.client_auth]]`
    pub hosts: Vec<HostClientAuth>,
    /// `[[tls.client_certificate]]`
    pub users: Arc<[CertificateUser]>,
}

/// Whose client certificates are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientTrust {
    /// The certificates of the authorities, in PEM.
    pub authorities: Arc<[u8]>,
    /// Their lists of what they have revoked (RFC 5280 section 5), in PEM; nothing where nobody asks for revocation.
    pub revoked: Option<Arc<[u8]>>,
}

/// An entry of `[[tls.client_auth]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostClientAuth {
    /// The host that the browser asks for.
    pub host: HostName,
    /// Whose certificates are believed there.
    pub trust: ClientTrust,
    /// Whether those are the authorities of `client_ca`.
    pub issuers: Issuers,
    /// Whether a handshake without a certificate fails.
    pub demand: Demand,
}

/// Whose authorities a host goes by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Issuers {
    /// Those of `client_ca`.
    Shared,
    /// Those of its own `ca`. The names in their certificates say nothing of users.
    Own,
}

/// How a certificate is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Demand {
    /// A client without one is served too.
    Optional,
    /// A client without one is not.
    Required,
}

/// An entry of `[[tls.client_certificate]]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateUser {
    /// Which certificates it is about.
    pub matches: CertificateMatch,
    /// The user for whom they stand: a user name or an id.
    pub user: String,
    /// What they are good for.
    pub role: CertificateRole,
}

/// What a certificate is good for that stands for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CertificateRole {
    /// A second factor beside the password.
    SecondFactor,
    /// The same, and enough alone to sign in.
    SignIn,
}

/// What a certificate must have. Compared byte for byte: there are no patterns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CertificateMatch {
    /// It is this very one.
    Fingerprint(CertificatePin),
    /// The only common name of its subject.
    CommonName(String),
    /// One of its subject alternative names.
    AlternativeName(AlternativeName),
}

/// A subject alternative name (RFC 5280 section 4.2.1.6) of a kind that can stand for somebody.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum AlternativeName {
    /// `dns:tablet.home.example`, in lower case.
    Dns(String),
    /// `email:frank@home.example`
    Email(String),
    /// `uri:urn:device:tablet`
    Uri(String),
}

/// What is wrong with a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a subject alternative name")]
pub struct BadAlternativeName;

impl FromStr for AlternativeName {
    type Err = BadAlternativeName;

    fn from_str(text: &str) -> Result<Self, BadAlternativeName> {
        let (kind, name) = text.split_once(':').ok_or(BadAlternativeName)?;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(BadAlternativeName);
        }
        match kind.to_ascii_lowercase().as_str() {
            "dns" => Ok(Self::Dns(name.to_ascii_lowercase())),
            "email" => Ok(Self::Email(name.to_owned())),
            "uri" => Ok(Self::Uri(name.to_owned())),
            _ => Err(BadAlternativeName),
        }
    }
}

impl Explained for BadAlternativeName {
    fn expected(&self) -> &'static str {
        "expected \"email:\", \"dns:\" or \"uri:\" and the name, without spaces"
    }

    fn hint(&self) -> String {
        "`openssl x509 -in FILE -noout -ext subjectAltName` prints the names of a certificate".to_owned()
    }
}

impl fmt::Display for CertificateMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fingerprint(pin) => f.write_str(&pin.short()),
            Self::CommonName(name) => write!(f, "common name {name}"),
            Self::AlternativeName(AlternativeName::Dns(name)) => write!(f, "dns:{name}"),
            Self::AlternativeName(AlternativeName::Email(name)) => write!(f, "email:{name}"),
            Self::AlternativeName(AlternativeName::Uri(name)) => write!(f, "uri:{name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_of_three_kinds_and_nothing_that_nobody_sees() {
        assert_eq!("DNS:Tablet.Home".parse(), Ok(AlternativeName::Dns("tablet.home".to_owned())));
        assert_eq!("email:Frank@home".parse(), Ok(AlternativeName::Email("Frank@home".to_owned())));
        assert_eq!("URI:urn:a:b".parse(), Ok(AlternativeName::Uri("urn:a:b".to_owned())));
        for text in ["", "email:", "frank@home", "ip:10.0.0.1", "email:a\0b", "dns:a b", "email:f\u{440}ank@home"] {
            assert_eq!(text.parse::<AlternativeName>(), Err(BadAlternativeName), "{text:?}");
        }
    }
}

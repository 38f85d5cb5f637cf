//! Why no certificate came about.
//!
//! The sentence of an error itself is for everybody who may see how the process is; what caused it, which may repeat
//! what a server or a hook said, is for the operator alone.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use super::dns_hook::HookError;
use super::dns_update::UpdateError;
use crate::tls::TlsError;

/// Why an order came to nothing. The certificate of before, if there is one, stays in use.
#[derive(Debug, thiserror::Error)]
pub enum AcmeError {
    /// The server cannot be asked, or says no.
    #[error("the ACME server did not {what}")]
    Server {
        /// What it should have done.
        what: &'static str,
        /// What it says, or what the connection to it says.
        source: instant_acme::Error,
    },
    /// The server does not offer the challenge that is configured.
    #[error("the ACME server does not offer this challenge")]
    NoSuchChallenge,
    /// The server wants more shown than that one name is ours.
    #[error("the ACME server wants {0} authorizations for one name")]
    Authorizations(usize),
    /// It has taken so long that nothing more is expected of it.
    #[error("the order was given up after {0:?}")]
    TimedOut(Duration),
    /// The server has asked and got another answer than the right one.
    #[error("the ACME server could not validate the name")]
    Invalid(#[source] Refusal),
    /// No TXT record was written.
    #[error("the DNS hook failed")]
    Hook(#[from] HookError),
    /// The name server did not write a TXT record.
    #[error("the name server did not write the record")]
    Update(#[from] UpdateError),
    /// The key of the certificate cannot be made.
    #[error("cannot make a key")]
    Key(#[source] rcgen::Error),
    /// What the server gave is no certificate for the key that was made.
    #[error("the ACME server gave a certificate that cannot be used")]
    Unusable(#[source] TlsError),
    /// What the server gave is for another name.
    #[error("the ACME server gave a certificate for another name")]
    OtherName,
    /// The challenge cannot be answered.
    #[error("the challenge cannot be answered")]
    Answer(#[source] TlsError),
    /// A file cannot be written or read.
    #[error("the state cannot be kept")]
    Store {
        /// Path of what cannot be written or read.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// What the server says of a challenge that failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refusal(pub(super) String);

impl AcmeError {
    pub(super) fn server(what: &'static str) -> impl FnOnce(instant_acme::Error) -> Self {
        move |source| Self::Server { what, source }
    }

    /// Whether the server says that something is wrong of this kind (RFC 8555 section 6.7).
    pub(super) fn is_problem(&self, kind: &str) -> bool {
        let Self::Server { source: instant_acme::Error::Api(problem), .. } = self else { return false };
        problem.r#type.as_deref().and_then(|it| it.strip_prefix("urn:ietf:params:acme:error:")) == Some(kind)
    }
}

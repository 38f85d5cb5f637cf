//! Makes a secured connection of an accepted one, and keeps the certificates that are shown.
//!
//! An [`Incoming`](crate::listener::Incoming) becomes a [`Secured`]: a stream of plain bytes, the protocol that was
//! agreed on, and the names that the certificate covers. It must never let a handshake outlast its deadline, never
//! accept early data (S-45), and never give up a working certificate for one that cannot be used. All names of rustls
//! stay in this folder.

mod handshake;
mod stream;
mod staple;
mod certificates;
mod challenge;
mod client_auth;
mod covered;
mod development;
mod issue;
mod keep;
mod pem;
mod facts;
mod parts;
mod signed;
mod der;
mod der_time;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod revocation;
mod error;
mod remedy;
mod notice;

pub use certificates::CertificateSource;
pub use client_auth::{
    CertificateRefusal, ClientAuth, ClientCertificate, ClientTrustTrouble, RefusedCertificate, Unfit,
    check_client_trust,
};
pub use covered::Covered;
pub use development::own_names;
pub use error::{HandshakeError, TlsError};
pub use facts::Facts;
pub use handshake::{Handshaker, Renewed};
pub use notice::Notice;
pub use pem::{ShownCertificate, check_pair, first_chain, judge_pair, read_pair, shown_certificate};
pub use revocation::{Issued, ListError, ListVerdict, NotIssued, OcspError, OcspResponse, RevocationStatus, Sources};
pub use staple::{Fingerprint, Revocable, Staple};
pub use stream::{Protocol, Secured, Stream, Transport};

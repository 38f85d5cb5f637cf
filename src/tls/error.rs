//! What can be wrong with certificates, and why a handshake came to nothing.
//!
//! The libraries' errors become sentences for the operator that name the file. A client is told nothing of this but the
//! alert that TLS demands.

use std::io;
use std::path::PathBuf;

use super::client_auth::{ClientTrustTrouble, RefusedCertificate};
use crate::listener::ProxyError;

/// Why a certificate cannot be used. The one in use before, if any, stays in use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}", file.display())]
    Read {
        /// Path of the file that cannot be read.
        file: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A file is not PEM.
    #[error("{} is not well-formed PEM", file.display())]
    Pem {
        /// Path of the file that is not PEM.
        file: PathBuf,
        /// What is wrong in it.
        source: rustls_pki_types::pem::Error,
    },
    /// A file has no certificate in it.
    #[error("there is no certificate in {}", file.display())]
    NoCertificate {
        /// Path of the file without a certificate.
        file: PathBuf,
    },
    /// The server's certificate, the first in the file, cannot be read.
    #[error("the first certificate in {} is malformed", file.display())]
    BadCertificate {
        /// Path of the file with a certificate that cannot be parsed.
        file: PathBuf,
    },
    /// A file has no private key in it.
    #[error("there is no private key in {}", file.display())]
    NoKey {
        /// Path of the file without a key.
        file: PathBuf,
    },
    /// A private key needs a passphrase.
    #[error("the private key in {} is encrypted: vestibule has no way to ask for its passphrase", file.display())]
    EncryptedKey {
        /// Path of the file with an encrypted key.
        file: PathBuf,
    },
    /// A private key is of a kind that TLS servers do not use.
    #[error("the private key in {} cannot be used", file.display())]
    UnusableKey {
        /// Path of the key that cannot be used.
        file: PathBuf,
        /// What the TLS library says.
        source: rustls::Error,
    },
    /// The key belongs to another certificate than the first one in the chain.
    #[error("the private key in {} does not belong to the first certificate in {}", key.display(), chain.display())]
    Mismatch {
        /// The file of the certificate.
        chain: PathBuf,
        /// The file of the key.
        key: PathBuf,
    },
    /// Each file holds what belongs in the other.
    #[error("{} is a private key and {} a certificate: they are exchanged", chain.display(), key.display())]
    Exchanged {
        /// The file that is named as the certificate.
        chain: PathBuf,
        /// The file that is named as the key.
        key: PathBuf,
    },
    /// No certificate is configured at all.
    #[error("no certificate is configured")]
    Empty,
    /// The development certificate cannot be kept where it should be.
    #[error("cannot make the development certificate in {}", folder.display())]
    Folder {
        /// Path of the folder for the development certificate.
        folder: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// The development certificate cannot be made.
    #[error("cannot make the development certificate")]
    Issue(#[source] rcgen::Error),
    /// The time is not one that a certificate can hold.
    #[error("the system clock is beyond what a certificate can say")]
    Clock,
    /// There is nothing to judge client certificates by.
    #[error("client certificates cannot be judged")]
    ClientTrust(#[from] ClientTrustTrouble),
    /// The TLS library cannot be set up.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// Why an accepted connection did not become a secured one.
#[derive(Debug, thiserror::Error)]
pub enum HandshakeError {
    /// PROXY header and handshake together took longer than they may.
    #[error("the handshake took too long")]
    Late,
    /// The connection did not begin as one from a trusted proxy must.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// There is no certificate for the name that the client asks for: it is still on order, or there is none at all.
    #[error("there is no certificate yet for {}", name.as_deref().unwrap_or("a client that names no host"))]
    NoCertificate {
        /// The name.
        name: Option<Box<str>>,
    },
    /// The client certificate is not believed, or there is none where one is required.
    #[error("{refused}")]
    ClientCertificate {
        /// Why, and which it is.
        refused: RefusedCertificate,
        /// The name that the client asked for.
        name: Option<Box<str>>,
    },
    /// Nothing failed: it was an ACME server that wanted to know whether a name is ours, and has been shown it.
    #[error("an ACME server was shown that a name is ours")]
    Challenge,
    /// The handshake failed: the client left, or spoke no TLS that we speak.
    #[error("the handshake failed")]
    Tls(#[source] io::Error),
}

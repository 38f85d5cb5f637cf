//! Where a certificate and its key lie.

use std::path::PathBuf;

/// One entry of `[tls] certificates`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFiles {
    /// PEM: the certificate and the intermediates above it.
    pub chain: PathBuf,
    /// PEM: the private key.
    pub key: PathBuf,
}

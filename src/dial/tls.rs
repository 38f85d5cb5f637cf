//! The client's side of TLS: whose certificates are believed, and the handshake.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::client::WantsClientCert;
use rustls::{CertificateError, ClientConfig, ConfigBuilder, OtherError, RootCertStore};
use rustls_pki_types::pem::{self, PemObject as _};
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::DialError;
use super::pinned::Pinned;
use crate::config::Trust;
use crate::workers::spawn_blocking;

/// The client's side of TLS, made when it is first needed.
#[derive(Debug)]
pub(super) struct ClientTls {
    trust: Trust,
    http2: bool,
    config: OnceLock<Arc<ClientConfig>>,
}

/// Whether this PEM text can be used as a list of authorities: the same check as when dialling.
pub fn check_authorities(pem: &[u8]) -> Result<(), TrustError> {
    authorities(pem).map(drop)
}

/// Why there is nothing to judge a certificate by.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The system has no root certificates.
    #[error("the system has no root certificates")]
    NoRoots(#[source] io::Error),
    /// The text is not PEM.
    #[error("not PEM")]
    Pem(#[source] pem::Error),
    /// There is no certificate in it, or one that cannot be read.
    #[error("no certificate of an authority in it")]
    NoAuthority,
    /// The cryptography does not go together with the versions of TLS.
    #[error("no TLS to be had")]
    Unusable(#[source] rustls::Error),
}

impl ClientTls {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, http2: false, config: OnceLock::new() }
    }

    pub(super) fn demand_http2(&mut self) {
        self.http2 = true;
    }

    /// The name that the certificate must be for is the configured one, never one that a client chose (S-46).
    pub(super) async fn handshake(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, DialError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| DialError::BadName(host.to_owned()))?;
        let connector = TlsConnector::from(self.config().await?);
        let connected = connector.connect(name, stream).await;
        let stream = connected.map_err(|error| DialError::Tls { host: host.to_owned(), source: in_words(error) })?;
        // A server may ignore ALPN altogether; then rustls lets the handshake pass, and the server goes on in HTTP/1.1.
        if self.http2 && stream.get_ref().1.alpn_protocol() != Some(HTTP2) {
            return Err(DialError::NoHttp2(host.to_owned()));
        }
        Ok(stream)
    }

    async fn config(&self) -> Result<Arc<ClientConfig>, DialError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let trust = self.trust.clone();
        // Not here: the system's authorities are read from its disk, and other connections would wait for that.
        let making = spawn_blocking(move || believing(&trust));
        let mut config = making.await.map_err(io::Error::other)??.with_no_client_auth();
        if self.http2 {
            config.alpn_protocols.push(HTTP2.to_vec());
        }
        // Two connections at once may both get here; the first configuration stays, and both use it.
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

/// Its name in ALPN (RFC 9113 section 3.2).
const HTTP2: &[u8] = b"h2";

/// rustls shows an error that is not its own as the debugger would: here it is taken out.
fn in_words(error: io::Error) -> io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(CertificateError::Other(OtherError(own)))) => {
            io::Error::new(error.kind(), Arc::clone(own))
        }
        _ => error,
    }
}

fn believing(trust: &Trust) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, TrustError> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(TrustError::Unusable)?;
    Ok(match trust {
        Trust::System => builder.with_root_certificates(system_roots()?),
        Trust::Authorities(pem) => builder.with_root_certificates(authorities(pem)?),
        Trust::Pinned(pin) => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Pinned::new(*pin, &provider)))
        }
    })
}

fn system_roots() -> Result<RootCertStore, TrustError> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    // One root of the system that cannot be read must not cost all the others.
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why = found.errors.into_iter().next().map_or_else(|| io::ErrorKind::NotFound.into(), io::Error::other);
        return Err(TrustError::NoRoots(why));
    }
    Ok(roots)
}

/// The authorities in a PEM text: all of them, or none.
fn authorities(pem: &[u8]) -> Result<RootCertStore, TrustError> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(pem) {
        roots.add(certificate.map_err(TrustError::Pem)?).map_err(|_| TrustError::NoAuthority)?;
    }
    if roots.is_empty() { Err(TrustError::NoAuthority) } else { Ok(roots) }
}

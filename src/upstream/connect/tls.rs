//! TLS to an add-on, judged by the system's root certificates.

use std::io;
use std::sync::{Arc, OnceLock};

use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::ConnectError;

/// The client's side of TLS, made when it is first needed.
#[derive(Debug, Default)]
pub(super) struct UpstreamTls {
    config: OnceLock<Arc<ClientConfig>>,
}

impl UpstreamTls {
    /// The name that the certificate must be for is the configured one, never one that a client chose (S-46).
    pub(super) async fn handshake(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, ConnectError> {
        let name = ServerName::try_from(host.to_owned()).map_err(|_| ConnectError::BadName(host.to_owned()))?;
        let connector = TlsConnector::from(self.config()?);
        Ok(connector.connect(name, stream).await?)
    }

    fn config(&self) -> Result<Arc<ClientConfig>, ConnectError> {
        if let Some(config) = self.config.get() {
            return Ok(Arc::clone(config));
        }
        let found = rustls_native_certs::load_native_certs();
        let mut roots = RootCertStore::empty();
        let (usable, _) = roots.add_parsable_certificates(found.certs);
        if usable == 0 {
            let why = found.errors.into_iter().next().map_or_else(|| io::ErrorKind::NotFound.into(), io::Error::other);
            return Err(ConnectError::NoRoots(why));
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| ConnectError::NoRoots(io::Error::other(error)))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Arc::clone(self.config.get_or_init(|| Arc::new(config))))
    }
}

//! A client that looks at the certificate that it is shown.

use std::io::{self, Read as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, ClientConnection, DigitallySignedStruct, RootCertStore, SignatureScheme, StreamOwned};

use crate::support::source::Source;
use crate::support::{Ask, PATIENCE};

/// A connection.
pub(crate) struct Client {
    source: Source<StreamOwned<ClientConnection, TcpStream>>,
}

impl Client {
    /// A handshake under this name.
    pub(crate) fn connect(to: SocketAddr, name: &str, config: &Arc<ClientConfig>) -> io::Result<Self> {
        let stream = TcpStream::connect(to)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let name = ServerName::try_from(name.to_owned()).unwrap();
        let session = ClientConnection::new(Arc::clone(config), name).unwrap();
        let mut stream = StreamOwned::new(session, stream);
        while stream.conn.is_handshaking() {
            stream.conn.complete_io(&mut stream.sock)?;
        }
        Ok(Self { source: Source::new(stream) })
    }

    /// The certificate that was shown, in DER.
    pub(crate) fn shown(&self) -> Vec<u8> {
        self.source.stream.conn.peer_certificates().unwrap()[0].to_vec()
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.source.write(bytes).unwrap();
    }

    pub(crate) fn up_to(&mut self, length: usize) -> Vec<u8> {
        self.source.up_to(length)
    }

    /// The head of the answer to a request.
    pub(crate) fn head(&mut self, ask: &Ask) -> String {
        self.send(&ask.to_bytes());
        String::from_utf8(self.source.head().unwrap()).unwrap()
    }

    /// The body of the answer to a request that ends the connection.
    pub(crate) fn ask(mut self, ask: &Ask) -> Vec<u8> {
        self.head(ask);
        self.read_to_end()
    }

    /// What is left until the connection ends.
    pub(crate) fn read_to_end(&mut self) -> Vec<u8> {
        let mut bytes = self.source.up_to(1 << 20);
        let _ended = self.source.stream.read_to_end(&mut bytes);
        bytes
    }
}

/// The certificate that is shown to who asks for this name.
pub(crate) fn shown(to: SocketAddr, name: &str) -> io::Result<Vec<u8>> {
    Client::connect(to, name, &anybody()).map(|client| client.shown())
}

/// Believes the certificates of these authorities, as a browser would.
pub(crate) fn believing(roots: &Arc<RootCertStore>) -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(Arc::clone(roots)).with_no_client_auth())
}

/// Believes anybody.
pub(crate) fn anybody() -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().dangerous();
    Arc::new(builder.with_custom_certificate_verifier(Arc::new(Anybody)).with_no_client_auth())
}

#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

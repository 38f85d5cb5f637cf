//! A server that does nothing but accept and echo, certificates to give it, and clients for it.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme, SupportedProtocolVersion};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use vestibule::budget::Budget;
use vestibule::clock::Clock;
use vestibule::config::{self, BrowserListener, CertificateFiles, ListenerScheme};
use vestibule::listener::{ConnectionLimiter, Listener};
use vestibule::tls::{HandshakeError, Handshaker, Transport};

use crate::stopwatch::Stopwatch;

/// Longer than anything here takes; a test that reaches it has failed.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// How a server of these tests is set up.
pub(crate) struct Setup {
    pub(crate) address: &'static str,
    pub(crate) proxy_protocol: bool,
    pub(crate) trusted_proxies: Vec<&'static str>,
    pub(crate) connections: usize,
    pub(crate) connections_per_address: usize,
    pub(crate) deadline: Duration,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            address: "127.0.0.1:0",
            proxy_protocol: false,
            trusted_proxies: Vec::new(),
            connections: 1000,
            connections_per_address: 1000,
            deadline: PATIENCE,
        }
    }
}

/// A running server. What became of each connection comes out of `outcome`.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) handshaker: Arc<Handshaker>,
    pub(crate) admission: Arc<ConnectionLimiter>,
    outcomes: mpsc::UnboundedReceiver<Result<Arc<Transport>, HandshakeError>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Setup {
    pub(crate) fn start(self, tls: &config::Tls) -> Server {
        let trusted_proxies = self.trusted_proxies.iter().map(|text| text.parse().unwrap()).collect();
        let admission = ConnectionLimiter::new(&limits(self.connections, self.connections_per_address), &Budget::new());
        let (address, proxy_protocol) = (self.address.parse().unwrap(), self.proxy_protocol);
        let entry = BrowserListener {
            address,
            scheme: ListenerScheme::Https,
            ipv6_only: false,
            proxy_protocol,
            trusted_proxies,
        };
        let listener = Listener::bind(&entry, &admission).unwrap();
        let (handshaker, _) = Handshaker::new(tls, None, &[], Clock::System).unwrap();
        let handshaker = Arc::new(handshaker);
        let (sender, outcomes) = mpsc::unbounded_channel();
        let address = listener.address();
        let (shaker, deadline) = (Arc::clone(&handshaker), self.deadline);
        let task = tokio::spawn(async move {
            loop {
                let incoming = listener.accept().await;
                let (shaker, sender) = (Arc::clone(&shaker), sender.clone());
                tokio::spawn(async move {
                    match shaker.accept(incoming, deadline).await {
                        Err(error) => drop(sender.send(Err(error))),
                        Ok(secured) => {
                            let (stream, transport) = secured.into_parts();
                            let _ = sender.send(Ok(transport));
                            let (mut reader, mut writer) = tokio::io::split(stream);
                            let _ = tokio::io::copy(&mut reader, &mut writer).await;
                        }
                    }
                });
            }
        });
        Server { address, handshaker, admission, outcomes, task }
    }
}

impl Server {
    pub(crate) async fn outcome(&mut self) -> Result<Arc<Transport>, HandshakeError> {
        tokio::time::timeout(PATIENCE, self.outcomes.recv()).await.expect("an outcome in time").expect("a server")
    }

    pub(crate) async fn secured(&mut self) -> Arc<Transport> {
        self.outcome().await.expect("a secured connection")
    }

    pub(crate) async fn failed(&mut self) -> HandshakeError {
        self.outcome().await.expect_err("a failed handshake")
    }

    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// A handshake under this name that has to succeed.
    pub(crate) async fn handshake(&self, client: &Arc<ClientConfig>, name: &str) -> TlsStream<TcpStream> {
        handshake_over(self.connect().await, client, name).await.expect("a handshake")
    }
}

pub(crate) async fn handshake_over<S>(
    socket: S,
    client: &Arc<ClientConfig>,
    name: &str,
) -> std::io::Result<TlsStream<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let connecting = TlsConnector::from(Arc::clone(client)).connect(name, socket);
    tokio::time::timeout(PATIENCE, connecting).await.expect("a handshake in time")
}

/// Sends a word and hears it again; in TLS 1.3 this also takes in the tickets.
pub(crate) async fn echo<S>(stream: &mut TlsStream<S>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    stream.write_all(b"hello").await.unwrap();
    stream.flush().await.unwrap();
    let mut heard = [0; 5];
    tokio::time::timeout(PATIENCE, stream.read_exact(&mut heard)).await.expect("an echo in time").unwrap();
    assert_eq!(&heard, b"hello");
}

/// Reads until the other end closes, by whatever means.
pub(crate) async fn read_to_close(socket: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let end = tokio::time::timeout(PATIENCE, socket.read_to_end(&mut heard)).await.expect("the connection is closed");
    drop(end);
    heard
}

/// Waits until something is so.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begun = Stopwatch::start();
    while !holds() {
        begun.assert_within(PATIENCE, what);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

pub(crate) fn limits(connections: usize, connections_per_address: usize) -> config::Limits {
    config::Limits { connections, connections_per_address, ..config::Limits::default() }
}

/// A certificate authority of a test, and the folder for what it signs.
pub(crate) struct Authority {
    pub(crate) folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        Self { folder: tempfile::tempdir().unwrap(), issuer }
    }

    /// A certificate for these names in `FILE.crt` and `FILE.key`.
    pub(crate) fn issue(&self, file: &str, names: &[&str]) -> CertificateFiles {
        self.issue_with(file, names, |_| {})
    }

    pub(crate) fn issue_with(
        &self,
        file: &str,
        names: &[&str],
        change: impl FnOnce(&mut CertificateParams),
    ) -> CertificateFiles {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        change(&mut params);
        self.sign(file, &params, &KeyPair::generate().unwrap())
    }

    pub(crate) fn issue_ed25519(&self, file: &str, name: &str) -> CertificateFiles {
        let params = CertificateParams::new([name.to_owned()]).unwrap();
        self.sign(file, &params, &KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap())
    }

    fn sign(&self, file: &str, params: &CertificateParams, key: &KeyPair) -> CertificateFiles {
        let certificate = params.signed_by(key, &self.issuer).unwrap();
        let files = CertificateFiles {
            chain: self.folder.path().join(format!("{file}.crt")),
            key: self.folder.path().join(format!("{file}.key")),
        };
        fs::write(&files.chain, certificate.pem()).unwrap();
        fs::write(&files.key, key.serialize_pem()).unwrap();
        files
    }

    /// A client that trusts this authority and no other.
    pub(crate) fn client(&self) -> ClientConfig {
        client_trusting(self.issuer.der().clone(), rustls::ALL_VERSIONS)
    }

    pub(crate) fn client_with(&self, version: &'static SupportedProtocolVersion) -> ClientConfig {
        client_trusting(self.issuer.der().clone(), &[version])
    }
}

pub(crate) fn client_trusting(
    root: CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
) -> ClientConfig {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(root).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    config.with_protocol_versions(versions).unwrap().with_root_certificates(roots).with_no_client_auth()
}

/// A client that takes whatever certificate it is shown.
pub(crate) fn careless_client() -> ClientConfig {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    config.dangerous().with_custom_certificate_verifier(Arc::new(Anything(None))).with_no_client_auth()
}

/// A careless client that can check one kind of signature.
pub(crate) fn client_checking_only(scheme: SignatureScheme) -> ClientConfig {
    let mut client = careless_client();
    client.dangerous().set_certificate_verifier(Arc::new(Anything(Some(scheme))));
    client
}

/// What a client that was shown a certificate saw first in the chain.
pub(crate) fn shown<S>(stream: &TlsStream<S>) -> CertificateDer<'static> {
    stream.get_ref().1.peer_certificates().unwrap()[0].clone().into_owned()
}

pub(crate) fn certificate_in(file: &Path) -> CertificateDer<'static> {
    use rustls::pki_types::pem::PemObject;
    CertificateDer::from_pem_file(file).unwrap()
}

#[derive(Debug)]
struct Anything(Option<SignatureScheme>);

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _message: &[u8],
        _certificate: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        let all = || default_provider().signature_verification_algorithms.supported_schemes();
        self.0.map_or_else(all, |only| vec![only])
    }
}

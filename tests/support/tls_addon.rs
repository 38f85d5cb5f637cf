//! An add-on behind TLS: what it shows is a certificate made for one test, what it speaks is passed on to a raw add-on.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use super::h2::RUNTIME;

/// Two authorities of one name would be told apart by their signatures alone.
static MADE: AtomicUsize = AtomicUsize::new(0);

/// An authority that a home has for its own machines.
pub(crate) struct HomeCa(CertifiedIssuer<'static, KeyPair>);

/// A certificate and its key.
pub(crate) struct Shown {
    chain: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl HomeCa {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names are legal names");
        let name = format!("Home {}", MADE.fetch_add(1, Ordering::Relaxed));
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self(CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("it signs itself"))
    }

    /// Its certificate, as an operator has it in a file.
    pub(crate) fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for this name.
    pub(crate) fn issue(&self, name: &str) -> Shown {
        self.sign(&CertificateParams::new(vec![name.to_owned()]).expect("a legal name"))
    }

    /// One whose time is over.
    pub(crate) fn issue_expired(&self, name: &str) -> Shown {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a legal name");
        (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Shown {
        let key = KeyPair::generate().expect("a key");
        let leaf = params.signed_by(&key, &self.0).expect("the authority signs");
        Shown { chain: leaf.der().clone(), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
    }
}

impl Shown {
    /// One that nobody vouches for.
    pub(crate) fn self_signed(name: &str) -> Self {
        let made = rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a legal name");
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        Self { chain: made.cert.der().clone(), key }
    }

    /// The value of `pin` for it, as `openssl x509 -fingerprint -sha256` prints it.
    pub(crate) fn pin(&self) -> String {
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &self.chain);
        let pairs: Vec<String> = digest.as_ref().iter().map(|byte| format!("{byte:02X}")).collect();
        format!("sha256:{}", pairs.join(":"))
    }
}

/// TLS in front of another add-on.
pub(crate) struct TlsFront {
    port: u16,
    names: Arc<Mutex<Vec<Option<String>>>>,
}

impl TlsFront {
    /// Shows this certificate, agrees on one of these protocols, and passes plain bytes on to `behind`.
    pub(crate) fn start(shown: &Shown, protocols: &[&[u8]], behind: SocketAddr) -> Self {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let versions = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
        let builder = versions.expect("the provider has the default versions").with_no_client_auth();
        let pair = builder.with_single_cert(vec![shown.chain.clone()], shown.key.clone_key());
        let mut config = pair.expect("the key is the certificate's");
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let names = Arc::new(Mutex::new(Vec::new()));
        let (listener, port) = RUNTIME.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let port = listener.local_addr().expect("a bound listener has an address").port();
            (listener, port)
        });
        let heard = Arc::clone(&names);
        RUNTIME.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (acceptor, heard) = (acceptor.clone(), Arc::clone(&heard));
                tokio::spawn(async move {
                    let Ok(mut stream) = acceptor.accept(stream).await else { return };
                    let name = stream.get_ref().1.server_name().map(str::to_owned);
                    heard.lock().expect("nobody panics here").push(name);
                    let Ok(mut behind) = TcpStream::connect(behind).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
                });
            }
        });
        Self { port, names }
    }

    /// Its `upstream` in the configuration, under this host name.
    pub(crate) fn url(&self, host: &str) -> String {
        format!("https://{host}:{}", self.port)
    }

    /// The names that were asked for in the handshakes that succeeded.
    pub(crate) fn names(&self) -> Vec<Option<String>> {
        self.names.lock().expect("nobody panics here").clone()
    }
}

//! What an ACME server is shown that asks by TLS whether a name is ours (RFC 8737), and what a client is shown for whom
//! there is no certificate.
//!
//! A challenge is answered by a certificate of its own, for that one name, in a handshake after which nothing is said.
//! No browser can get it: it is shown to who offers `acme-tls/1` and nothing else.

use std::collections::HashMap;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rcgen::{CertificateParams, CustomExtension, KeyPair};
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::{ClientHello, NoServerSessionStorage, ResolvesServerCert};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls_pki_types::PrivateKeyDer;

use super::covered;
use super::error::TlsError;

/// The challenges that are open, by name.
#[derive(Debug, Default)]
pub(super) struct Challenges(ArcSwap<HashMap<Box<str>, Arc<ServerConfig>>>);

impl Challenges {
    /// From here on, whoever asks for this name as an ACME server does is shown this digest.
    pub(super) fn open(&self, name: &str, digest: &[u8], provider: &Arc<CryptoProvider>) -> Result<(), TlsError> {
        let config = Arc::new(answer(name, digest, provider)?);
        self.0.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.insert(name.into(), Arc::clone(&config));
            all
        });
        Ok(())
    }

    /// The challenge is over.
    pub(super) fn close(&self, name: &str) {
        self.0.rcu(|all| {
            let mut all = HashMap::clone(all);
            all.remove(name);
            all
        });
    }

    /// What this client is shown, if it asks for an open challenge.
    pub(super) fn answer(&self, hello: &ClientHello<'_>) -> Option<Arc<ServerConfig>> {
        let all = self.0.load();
        // Nearly always, and then nothing of the hello is looked at.
        if all.is_empty() {
            return None;
        }
        let mut offered = hello.alpn()?;
        // RFC 8737 section 3: this one protocol and no other.
        let is_challenge = offered.next() == Some(PROTOCOL) && offered.next().is_none();
        all.get(&*covered::canonical(hello.server_name()?)).filter(|_| is_challenge).cloned()
    }
}

/// A certificate with the digest in it (RFC 8737 section 3), signed by itself.
fn answer(name: &str, digest: &[u8], provider: &Arc<CryptoProvider>) -> Result<ServerConfig, TlsError> {
    let key = KeyPair::generate().map_err(TlsError::Issue)?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(TlsError::Issue)?;
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key).map_err(TlsError::Issue)?;
    let key = PrivateKeyDer::try_from(key.serialize_der()).map_err(|_| TlsError::Empty)?;
    let key = provider.key_provider.load_private_key(key).map_err(TlsError::Setup)?;
    let certified = CertifiedKey::new(vec![certificate.der().clone()], key);
    let mut config = config(provider, Arc::new(SingleCertAndKey::from(certified)))?;
    config.alpn_protocols = vec![PROTOCOL.to_vec()];
    Ok(config)
}

/// For clients to whom no certificate can be shown: their handshake ends with an alert.
pub(super) fn refusal(provider: &Arc<CryptoProvider>) -> Result<Arc<ServerConfig>, TlsError> {
    config(provider, Arc::new(Nobody)).map(Arc::new)
}

fn config(provider: &Arc<CryptoProvider>, resolver: Arc<dyn ResolvesServerCert>) -> Result<ServerConfig, TlsError> {
    let mut config = ServerConfig::builder_with_provider(Arc::clone(provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_cert_resolver(resolver);
    config.session_storage = Arc::new(NoServerSessionStorage {});
    Ok(config)
}

#[derive(Debug)]
struct Nobody;

impl ResolvesServerCert for Nobody {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        None
    }
}

/// Its name in ALPN (RFC 8737 section 6.2).
const PROTOCOL: &[u8] = b"acme-tls/1";

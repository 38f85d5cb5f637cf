//! A certificate authority of the tests' own, the certificate that vestibule shows, and clients that trust it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::client::WantsClientCert;
use rustls::pki_types::CertificateDer;
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};

/// The names that the certificate covers.
const NAMES: [&str; 4] = ["p.test", "*.p.test", "localhost", "127.0.0.1"];

struct Chain {
    authority: CertificateDer<'static>,
    authority_pem: String,
    certificate: String,
    key: String,
}

/// One for the whole process: making keys is the slow part.
static CHAIN: LazyLock<Chain> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let mut authority = CertificateParams::new(Vec::new()).expect("no names are legal names");
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = authority.self_signed(&key).expect("the authority signs itself");
    let issuer = Issuer::new(authority, key);
    let leaf_key = KeyPair::generate().expect("a key");
    let leaf = CertificateParams::new(NAMES.map(str::to_owned)).expect("the names are legal");
    let leaf = leaf.signed_by(&leaf_key, &issuer).expect("the authority signs");
    Chain {
        authority: root.der().clone(),
        authority_pem: root.pem(),
        certificate: leaf.pem(),
        key: leaf_key.serialize_pem(),
    }
});

/// Writes `p.test.crt`, `p.test.key` and the authority's `ca.crt` into a folder.
pub(crate) fn write_to(folder: &Path) {
    fs::write(folder.join("p.test.crt"), &CHAIN.certificate).expect("the folder is ours");
    fs::write(folder.join("ca.crt"), &CHAIN.authority_pem).expect("the folder is ours");
    let key = folder.join("p.test.key");
    fs::write(&key, &CHAIN.key).expect("the folder is ours");
    fs::set_permissions(key, std::os::unix::fs::PermissionsExt::from_mode(0o600)).expect("the key is ours");
}

/// Writes the certificate of the authority into a file.
pub(crate) fn write_authority_to(file: &Path) {
    fs::write(file, &CHAIN.authority_pem).expect("the folder is ours");
}

/// A client's configuration that trusts the tests' authority and offers this protocol alone.
pub(crate) fn client(alpn: &[u8]) -> Arc<ClientConfig> {
    let mut config = trusting().with_no_client_auth();
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config)
}

/// The same before it is said whether it shows a certificate of its own.
pub(crate) fn trusting() -> ConfigBuilder<ClientConfig, WantsClientCert> {
    let mut roots = RootCertStore::empty();
    roots.add(CHAIN.authority.clone()).expect("the authority is a certificate");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    versions.expect("the provider has the default versions").with_root_certificates(roots)
}

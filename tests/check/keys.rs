//! Certificates and keys in another form, judged as the binary does: each with the command that mends it.

use std::fs;

use rcgen::{CertificateParams, KeyPair};
use vestibule::config::{Purpose, load};
use vestibule::server::ThisWorld;

use crate::harness::{Folder, addon};

/// A certificate and its key in PEM and DER, a key behind a password, another key, and what is none of these.
fn folder() -> Folder {
    let (folder, key) = (Folder::new(), KeyPair::generate().unwrap());
    let certificate = CertificateParams::new(vec!["home.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    folder.write("c.pem", certificate.pem());
    folder.write("c.der", certificate.der());
    folder.write("k.pem", key.serialize_pem());
    folder.write("k.der", key.serialize_der());
    folder.write("other.pem", KeyPair::generate().unwrap().serialize_pem());
    folder.write("encrypted.pem", key.serialize_pem().replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY"));
    folder.write("both.p12", [0x30, 0x82, 0x03, 0xE8, 0x02, 0x01, 0x03, 0x30]);
    folder.write("empty", "");
    folder
}

/// What is said of this chain and this key.
fn said(folder: &Folder, chain: &str, key: &str) -> String {
    let tls = format!("\n[tls]\ncertificates = [{{ chain = \"{chain}\", key = \"{key}\" }}]");
    let text =
        addon(&tls).replace("[[addon]]", "listen.operations = false\nlisten.https = [\"127.0.0.1:0\"]\n[[addon]]");
    fs::write(folder.path("config.toml"), text).unwrap();
    let home = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/home/.storage");
    for file in ["auth", "auth_provider.homeassistant"] {
        fs::copy(format!("{home}/{file}"), folder.path("home/.storage").join(file)).unwrap();
    }
    match load(&folder.path("config.toml"), &ThisWorld(Purpose::Check)) {
        Ok(loaded) => loaded.warnings.to_string(),
        Err(found) => found.to_string(),
    }
}

#[test]
fn another_form_of_a_certificate_or_a_key_gets_the_command_that_mends_it() {
    let folder = folder();
    let path = |name: &str| folder.path(name).display().to_string();
    for (chain, key, told) in [
        ("c.der", "k.pem", format!("openssl x509 -inform DER -in {}", path("c.der"))),
        ("c.pem", "k.der", format!("openssl pkey -inform DER -in {}", path("k.der"))),
        ("c.pem", "encrypted.pem", format!("openssl pkey -in {}", path("encrypted.pem"))),
        ("both.p12", "k.pem", format!("openssl pkcs12 -in {} -nokeys", path("both.p12"))),
        ("c.pem", "both.p12", format!("openssl pkcs12 -in {} -nocerts -nodes", path("both.p12"))),
        ("k.pem", "c.pem", "they are exchanged".to_owned()),
        ("k.pem", "c.pem", format!("write chain = \"{}\" and key = \"{}\"", path("c.pem"), path("k.pem"))),
        ("k.pem", "k.pem", "this file is a private key".to_owned()),
        ("c.pem", "c.pem", "this file is a certificate".to_owned()),
        ("c.pem", "other.pem", format!("openssl pkey -pubout -in {}", path("other.pem"))),
        ("empty", "k.pem", "`chain` is PEM".to_owned()),
    ] {
        let said = said(&folder, chain, key);
        assert!(said.contains("this certificate cannot be used") && said.contains(&told), "{chain} {key}: {said}");
    }
    let good = said(&folder, "c.pem", "k.pem");
    assert!(!good.contains("certificate"), "{good}");
}

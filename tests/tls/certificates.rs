//! Which certificate is shown to whom, and what happens to bad ones.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;

use rcgen::date_time_ymd;
use vestibule::clock::Clock;
use vestibule::config::{CertificateFiles, Tls};
use vestibule::tls::{Handshaker, Notice, TlsError, check_pair};

use crate::support::*;

#[tokio::test]
async fn every_client_is_shown_the_certificate_for_the_name_it_asks_for() {
    let authority = Authority::new();
    let home = authority.issue("home", &["home.example"]);
    let wild = authority.issue("wild", &["*.home.example"]);
    let exact = authority.issue("exact", &["z2m.home.example"]);
    let mut server = Setup::default().start(&Tls::Certificates(vec![home.clone(), wild.clone(), exact.clone()]));
    let cases = [
        ("home.example", &home),
        ("HOME.Example", &home),
        ("z2m.home.example", &exact),
        ("Z2M.HOME.EXAMPLE", &exact),
        ("grafana.home.example", &wild),
        ("a.b.home.example", &home),
        ("elsewhere.example", &home),
        ("127.0.0.1", &home),
    ];
    let client = Arc::new(careless_client());
    for (name, files) in cases {
        let stream = server.handshake(&client, name).await;
        assert_eq!(shown(&stream), certificate_in(&files.chain), "{name}");
        let transport = server.secured().await;
        let covers = !matches!(name, "a.b.home.example" | "elsewhere.example" | "127.0.0.1");
        assert_eq!(transport.covered().covers(name), covers, "{name}");
        let sni = (name != "127.0.0.1").then(|| name.to_ascii_lowercase());
        assert_eq!(transport.sni(), sni.as_deref());
    }
}

#[tokio::test]
async fn a_client_that_names_nobody_is_shown_the_first_certificate() {
    let authority = Authority::new();
    let first = authority.issue("first", &["first.example"]);
    let second = authority.issue("second", &["second.example"]);
    let mut server = Setup::default().start(&Tls::Certificates(vec![first.clone(), second]));
    let mut client = careless_client();
    client.enable_sni = false;
    let stream = server.handshake(&Arc::new(client), "second.example").await;
    assert_eq!(shown(&stream), certificate_in(&first.chain));
    let transport = server.secured().await;
    assert_eq!(transport.sni(), None);
    assert!(transport.covered().covers("first.example") && !transport.covered().covers("second.example"));
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_the_next_client_and_disturbs_nobody() {
    let authority = Authority::new();
    let files = authority.issue("home", &["home.example"]);
    let tls = Tls::Certificates(vec![files.clone()]);
    let mut server = Setup::default().start(&tls);
    let client = Arc::new(authority.client());
    let mut before = server.handshake(&client, "home.example").await;
    echo(&mut before).await;
    server.secured().await;

    authority.issue("home", &["home.example", "new.example"]);
    assert_eq!(reload(&server.handshaker, &tls).unwrap(), readable(&files));
    let after = server.handshake(&Arc::new(authority.client()), "new.example").await;
    assert_eq!(shown(&after), certificate_in(&files.chain));
    assert!(server.secured().await.covered().covers("new.example"));
    echo(&mut before).await;

    let _resumed = server.handshake(&client, "home.example").await;
    assert!(server.secured().await.resumed(), "tickets outlive a reload");
}

#[tokio::test]
async fn a_key_that_does_not_fit_changes_nothing() {
    let authority = Authority::new();
    let files = authority.issue("home", &["home.example"]);
    let good = certificate_in(&files.chain);
    let other = authority.issue("other", &["other.example"]);
    let tls = Tls::Certificates(vec![files.clone()]);
    let mut server = Setup::default().start(&tls);

    fs::copy(&other.key, &files.key).unwrap();
    let error = reload(&server.handshaker, &tls).unwrap_err();
    assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
    let half = Tls::Certificates(vec![other, files]);
    reload(&server.handshaker, &half).unwrap_err();
    let stream = server.handshake(&Arc::new(authority.client()), "home.example").await;
    assert_eq!(shown(&stream), good);
    assert!(!server.secured().await.covered().covers("other.example"), "all or nothing");
}

#[test]
fn an_error_names_the_file_and_what_is_wrong_with_it() {
    let authority = Authority::new();
    let good = authority.issue("good", &["home.example"]);
    let other = authority.issue("other", &["home.example"]);
    let write = |name: &str, text: &str| {
        let file = authority.folder.path().join(name);
        fs::write(&file, text).unwrap();
        file
    };
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIGjMF8=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let old_encrypted = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nMIGj\n-----END RSA PRIVATE KEY-----\n";
    let unusable = "-----BEGIN PRIVATE KEY-----\nMIGj\n-----END PRIVATE KEY-----\n";
    let malformed = "-----BEGIN CERTIFICATE-----\nMIGj\n-----END CERTIFICATE-----\n";
    let cut = "-----BEGIN CERTIFICATE-----\nMIGj\n";
    let absent = authority.folder.path().join("absent.pem");
    let (chain, key) = (&good.chain, &good.key);
    let cases = [
        (absent.clone(), key.clone(), "cannot read ", "absent.pem"),
        (chain.clone(), absent, "cannot read ", "absent.pem"),
        (write("empty.pem", ""), key.clone(), "there is no certificate in ", "empty.pem"),
        (key.clone(), key.clone(), "there is no certificate in ", "good.key"),
        (write("cut.pem", cut), key.clone(), "is not well-formed PEM", "cut.pem"),
        (write("bad.pem", malformed), key.clone(), "is malformed", "bad.pem"),
        (chain.clone(), chain.clone(), "there is no private key in ", "good.crt"),
        (chain.clone(), write("locked.pem", encrypted), "is encrypted", "locked.pem"),
        (chain.clone(), write("old.pem", old_encrypted), "is encrypted", "old.pem"),
        (chain.clone(), write("odd.pem", unusable), "cannot be used", "odd.pem"),
        (chain.clone(), other.key, "does not belong to the first certificate", "other.key"),
    ];
    for (chain, key, what, file) in cases {
        let error = check_pair(&chain, &key).unwrap_err().to_string();
        assert!(error.contains(what) && error.contains(file), "{error}");
    }
    check_pair(chain, key).unwrap();
    let none = Handshaker::new(&Tls::Certificates(Vec::new()), None, &[], Clock::System);
    assert!(matches!(none.unwrap_err(), TlsError::Empty));
}

#[test]
fn an_expired_certificate_is_used_and_spoken_of() {
    let authority = Authority::new();
    let old = authority.issue_with("old", &["home.example"], |params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = authority.issue_with("early", &["a.example"], |params| params.not_before = date_time_ymd(3000, 1, 1));
    let nobody = authority.issue("nobody", &[]);
    for files in [&old, &early, &nobody] {
        fs::set_permissions(&files.key, fs::Permissions::from_mode(0o640)).unwrap();
    }
    let tls = Tls::Certificates(vec![old.clone(), early.clone(), nobody.clone()]);
    let (_, notices) = Handshaker::new(&tls, None, &[], Clock::System).unwrap();
    assert_eq!(notices.len(), 3, "{notices:?}");
    assert!(matches!(&notices[0], Notice::Expired { file, .. } if *file == old.chain));
    assert!(notices[0].to_string().contains("expired at 2020-01-01T00:00:00.000Z"), "{}", notices[0]);
    assert!(matches!(&notices[1], Notice::NotYetValid { file, .. } if *file == early.chain));
    assert!(matches!(&notices[2], Notice::NoNames { file } if *file == nobody.chain));
}

#[tokio::test]
async fn of_two_certificates_for_one_name_a_client_is_shown_the_one_it_can_check() {
    let authority = Authority::new();
    let ecdsa = authority.issue("ecdsa", &["home.example"]);
    let ed25519 = authority.issue_ed25519("ed25519", "home.example");
    let server = Setup::default().start(&Tls::Certificates(vec![ed25519.clone(), ecdsa.clone()]));
    for (scheme, files) in
        [(rustls::SignatureScheme::ECDSA_NISTP256_SHA256, &ecdsa), (rustls::SignatureScheme::ED25519, &ed25519)]
    {
        let stream = server.handshake(&Arc::new(client_checking_only(scheme)), "home.example").await;
        assert_eq!(shown(&stream), certificate_in(&files.chain), "{scheme:?}");
    }
}

fn readable(files: &CertificateFiles) -> Vec<Notice> {
    let world = fs::metadata(&files.key).unwrap().permissions().mode() & 0o004 != 0;
    if world { vec![Notice::KeyReadableByAll { file: files.key.clone() }] } else { Vec::new() }
}

/// Reads everything anew and shows it.
fn reload(handshaker: &Handshaker, tls: &Tls) -> Result<Vec<Notice>, TlsError> {
    handshaker.read(tls, None, &[], Clock::System.now()).map(|renewed| handshaker.show(renewed))
}

//! One host's rule never counts at another: by the name of the handshake, by the host of a request, through a proxy.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use super::{House, TABLET, mapped};
use crate::support::client_certificate::{ClientIdentity, Connected, showing};
use crate::support::form::new_session;
use crate::support::h1::RawClient;
use crate::support::{Ask, BOTH, Protocol};

const SESSION: &str = "/.vestibule/session";

#[test]
fn s41_a_request_for_a_host_with_another_rule_is_misdirected_whatever_was_shown() {
    let house = House::new();
    let good = house.authority.issue("Tablet");
    for protocol in BOTH {
        for identity in [None, Some(&good)] {
            for host in [TABLET, "TABLET.p.test", "tablet.p.test.", "tablet.p.test:8443", "Tablet.P.Test.:443"] {
                let mut client = house.connect(protocol, "p.test", identity).unwrap();
                let elsewhere = client.ask(&Ask::get(SESSION).host(host));
                assert_eq!(elsewhere.status, 421, "{host}: {elsewhere:#?}");
            }
        }
        let mut client = house.connect(protocol, TABLET, Some(&good)).unwrap();
        assert_eq!(client.ask(&Ask::get(SESSION).host("p.test")).status, 421);
        let mut client = house.connect(protocol, "p.test", Some(&good)).unwrap();
        assert_eq!(client.ask(&Ask::get(SESSION).host("other.p.test")).status, 401, "both go by `client_ca`");
    }
}

/// A client whose every byte is a TCP segment of its own, as far as that can be had.
struct ByteByByte;

impl ByteByByte {
    /// Stands between a client and vestibule, and hands the client's bytes on one by one.
    fn before(house: &House) -> std::net::SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (address, to) = (listener.local_addr().unwrap(), house.vestibule.https());
        thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            let mut server = TcpStream::connect(to).unwrap();
            server.set_nodelay(true).unwrap();
            let (mut back, mut answers) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            thread::spawn(move || {
                let _ = io::copy(&mut answers, &mut back);
                let _ = back.shutdown(Shutdown::Both);
            });
            let mut byte = [0];
            while client.read_exact(&mut byte).is_ok() && server.write_all(&byte).is_ok() {}
        });
        address
    }
}

#[test]
fn s40_a_hello_in_pieces_goes_by_the_rule_of_its_name() {
    let house = House::new();
    let good = house.authority.issue("Tablet");
    let ask = |identity: Option<&ClientIdentity>| {
        let client = Connected::to(ByteByByte::before(&house), Protocol::H1, TABLET, identity);
        client.map_or(0, |mut client| client.ask(&Ask::get(SESSION).host(TABLET)).status)
    };
    assert_eq!(ask(None), 0);
    assert_eq!(ask(Some(&good)), 401);
}

#[test]
fn s40_a_hello_in_several_records_goes_by_the_rule_of_its_name() {
    let house = House::new();
    let mut config = showing(None, b"http/1.1");
    // The least that the library takes: the hello alone needs a dozen records.
    config.max_fragment_size = Some(32);
    let client = RawClient::over_with(TcpStream::connect(house.vestibule.https()).unwrap(), TABLET, Arc::new(config));
    let status = client.map_or(0, |mut client| client.ask(&Ask::get(SESSION).host(TABLET)).status);
    assert_eq!(status, 0);
}

#[test]
fn s40_without_a_name_or_with_an_odd_one_nobody_comes_to_a_host_with_a_rule() {
    let house = House::new();
    for name in ["tablet.p.test.", "127.0.0.1", "TABLET.p.test", "unknown.example"] {
        for has_sni in [true, false] {
            let mut config = showing(None, b"http/1.1");
            config.enable_sni = has_sni;
            // The names that are no host of the certificate would fail on the client's side otherwise.
            config.dangerous().set_certificate_verifier(Arc::new(AnyServer));
            let stream = TcpStream::connect(house.vestibule.https()).unwrap();
            let client = RawClient::over_with(stream, name, Arc::new(config));
            let status = client.map_or(0, |mut client| client.ask(&Ask::get(SESSION).host(TABLET)).status);
            assert!(matches!(status, 0 | 421), "{name} {has_sni}: {status}");
        }
    }
}

#[test]
fn a_certificate_that_a_trusted_proxy_shows_stands_for_none_of_its_users() {
    let house = House::with(|config, _| {
        config.set("listen", "trusted_proxies", "[\"127.0.0.2/32\"]");
        let entries = [("common_name = \"proxy\"", "bob", ", sign_in = true")];
        config.set("tls", "client_certificate", &mapped(&entries));
    });
    let identity = house.authority.issue("proxy");
    let from = |source: &str, forwarded: bool| {
        let stream = crate::support::h1::dial_from(source.parse().unwrap(), house.vestibule.https());
        let config = Arc::new(showing(Some(&identity), b"http/1.1"));
        let mut client = RawClient::over_with(stream, "p.test", config).unwrap();
        let ask = Ask::navigate("/.vestibule/sign-in");
        client.ask(&if forwarded { ask.field("X-Forwarded-For", "203.0.113.7") } else { ask })
    };
    assert_eq!(from("127.0.0.2", true).status, 200, "the form");
    assert_eq!(from("127.0.0.2", false).status, 200, "the form");
    assert_eq!(new_session(&from("127.0.0.3", false)).len(), new_session(&from("127.0.0.1", true)).len());
}

#[test]
fn another_proxy_is_not_told_yes_for_a_host_where_it_has_seen_no_certificate() {
    let house = House::with(|config, _| {
        config.set("listen", "trusted_proxies", "[\"127.0.0.1/32\"]");
    });
    let cookie = house.vestibule.cookie("bob");
    let ask = |host: &str| {
        let ask = Ask::get("/.vestibule/verify")
            .cookie(&cookie)
            .field("X-Forwarded-For", "203.0.113.7")
            .field("X-Forwarded-Method", "GET")
            .field("X-Forwarded-Proto", "https")
            .field("X-Forwarded-Host", host)
            .field("X-Forwarded-Uri", "/ingress/a/");
        house.vestibule.ask(Protocol::H1, &ask).status
    };
    assert_eq!(ask("p.test"), 200);
    assert_eq!(ask(TABLET), 403);
    let identity = house.authority.issue("proxy");
    let asked = Ask::get("/.vestibule/verify")
        .cookie(&cookie)
        .field("X-Forwarded-For", "203.0.113.7")
        .field("X-Forwarded-Method", "GET")
        .field("X-Forwarded-Proto", "https")
        .field("X-Forwarded-Host", TABLET)
        .field("X-Forwarded-Uri", "/ingress/a/");
    assert_eq!(
        house.ask(Protocol::H1, TABLET, Some(&identity), &asked).status,
        403,
        "the certificate is the proxy's own"
    );
}

/// Takes any certificate of a server: what is tested is what the server asks for.
#[derive(Debug)]
struct AnyServer;

impl rustls::client::danger::ServerCertVerifier for AnyServer {
    fn verify_server_cert(
        &self,
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &[rustls::pki_types::CertificateDer<'_>],
        _: &rustls::pki_types::ServerName<'_>,
        _: &[u8],
        _: rustls::pki_types::UnixTime,
    ) -> Result<rustls::client::danger::ServerCertVerified, rustls::Error> {
        Ok(rustls::client::danger::ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &rustls::pki_types::CertificateDer<'_>,
        _: &rustls::DigitallySignedStruct,
    ) -> Result<rustls::client::danger::HandshakeSignatureValid, rustls::Error> {
        Ok(rustls::client::danger::HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}

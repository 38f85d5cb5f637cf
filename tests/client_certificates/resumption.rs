//! S-41: no session of TLS that is resumed gets anybody past the question for a certificate.

use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use rustls::client::{ClientSessionStore, Resumption, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, HandshakeKind, NamedGroup};

use super::{House, TABLET};
use crate::support::client_certificate::showing;
use crate::support::h1::RawClient;
use crate::support::tools::{Tool, find};
use crate::support::{Answer, Ask};

const SESSION: &str = "/.vestibule/session";

/// Offers what it got at any host to every other.
#[derive(Debug, Default)]
struct Promiscuous {
    tls12: Mutex<Option<Tls12ClientSessionValue>>,
    tls13: Mutex<Vec<Tls13ClientSessionValue>>,
}

impl ClientSessionStore for Promiscuous {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, value: Tls12ClientSessionValue) {
        *self.tls12.lock().unwrap() = Some(value);
    }

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.tls12.lock().unwrap().clone()
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {
        *self.tls12.lock().unwrap() = None;
    }

    fn insert_tls13_ticket(&self, _: ServerName<'static>, value: Tls13ClientSessionValue) {
        self.tls13.lock().unwrap().push(value);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.tls13.lock().unwrap().pop()
    }
}

impl Promiscuous {
    fn has_any(&self) -> bool {
        self.tls12.lock().unwrap().is_some() || !self.tls13.lock().unwrap().is_empty()
    }
}

/// A vestibule that asks for certificates at the tablet's host alone.
fn guarded_host() -> House {
    House::with(|config, _| {
        config.unset("tls", "client_ca");
        config.set("tls", "client_auth", &format!("[{{ host = \"{TABLET}\", ca = \"home/clients.crt\" }}]"));
    })
}

fn offering(mut config: ClientConfig, store: &Arc<Promiscuous>) -> Arc<ClientConfig> {
    config.resumption = Resumption::store(Arc::<Promiscuous>::clone(store));
    Arc::new(config)
}

fn ask(house: &House, host: &'static str, config: Arc<ClientConfig>) -> (Answer, Option<HandshakeKind>) {
    let stream = TcpStream::connect(house.vestibule.https()).unwrap();
    let Ok(mut client) = RawClient::over_with(stream, host, config) else { return (Answer::default(), None) };
    let answer = client.ask(&Ask::get(SESSION).host(host));
    (answer, client.tls().handshake_kind())
}

#[test]
fn s41_a_ticket_of_a_host_without_a_rule_is_worth_nothing_at_one_with_a_rule() {
    let house = guarded_host();
    let store = Arc::new(Promiscuous::default());
    let config = offering(showing(None, b"http/1.1"), &store);
    assert_eq!(ask(&house, "p.test", Arc::clone(&config)).0.status, 401);
    assert!(store.has_any(), "there is a ticket");
    let (answer, kind) = ask(&house, "p.test", Arc::clone(&config));
    assert_eq!((answer.status, kind), (401, Some(HandshakeKind::Resumed)), "it is good where it was made");
    assert!(store.has_any());
    assert_eq!(ask(&house, TABLET, config).0.status, 0, "and nowhere else");
}

#[test]
fn s41_a_host_with_a_rule_gives_no_ticket_and_looks_at_the_certificate_each_time() {
    let house = guarded_host();
    let good = house.authority.issue("Tablet");
    let store = Arc::new(Promiscuous::default());
    let config = offering(showing(Some(&good), b"http/1.1"), &store);
    for _ in 0..2 {
        let (answer, kind) = ask(&house, TABLET, Arc::clone(&config));
        assert_eq!(answer.status, 401);
        assert!(matches!(kind, Some(HandshakeKind::Full | HandshakeKind::FullWithHelloRetryRequest)), "{kind:?}");
    }
    assert!(!store.has_any(), "no ticket");
}

/// `openssl s_client` at this host with these arguments: all that it printed.
fn s_client(openssl: &std::path::Path, house: &House, host: &str, arguments: &[&str]) -> String {
    let mut command = Command::new(openssl);
    command.args(["s_client", "-connect", &house.vestibule.https().to_string(), "-servername", host, "-ign_eof"]);
    let child = command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = child.unwrap();
    let request = format!("GET {SESSION} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), request.as_bytes()).ok();
    let output = child.wait_with_output().unwrap();
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn s41_openssl_gets_no_further_with_a_session_of_another_host() {
    let Some(openssl) = find(Tool::Openssl) else { return };
    let house = guarded_host();
    let good = house.authority.issue("Tablet");
    let (kept, own) = (house.vestibule.path("kept.pem"), house.vestibule.path("tablet.pem"));
    let (kept, own) = (kept.to_str().unwrap(), own.to_str().unwrap());
    good.write_to(std::path::Path::new(own));
    for version in ["-tls1_2", "-tls1_3"] {
        let first = s_client(&openssl, &house, "p.test", &[version, "-sess_out", kept]);
        assert!(first.contains("401 Unauthorized"), "{version}: {first}");
        let again = s_client(&openssl, &house, "p.test", &[version, "-sess_in", kept]);
        assert!(again.contains("Reused, TLSv1"), "{version}: it is good where it was made: {again}");
        let elsewhere = s_client(&openssl, &house, TABLET, &[version, "-sess_in", kept]);
        assert!(!elsewhere.contains("Reused, TLSv1") && !elsewhere.contains("HTTP/1.1"), "{version}: {elsewhere}");
        // With the certificate it gets in, and takes nothing along to where none is asked for.
        let shown = ["-cert", own, "-key", own, version, "-sess_out", kept];
        let inside = s_client(&openssl, &house, TABLET, &shown);
        assert!(inside.contains("401 Unauthorized"), "{version}: {inside}");
        let back = s_client(&openssl, &house, TABLET, &[version, "-sess_in", kept]);
        assert!(!back.contains("Reused, TLSv1") && !back.contains("HTTP/1.1"), "{version}: {back}");
    }
}

#[test]
fn curl_gets_in_with_its_certificate_over_both_protocols_and_not_without() {
    let Some(curl) = find(Tool::Curl) else { return };
    let house = House::new();
    let own = house.vestibule.path("tablet.pem");
    house.authority.issue("Tablet").write_to(&own);
    let run = |protocol: &str, arguments: &[&str]| {
        let port = house.vestibule.https().port();
        let output = Command::new(&curl)
            .args(["--silent", "--show-error", "--output", "/dev/null", "--write-out", "%{http_code}", protocol])
            // The authority of the tests and what it issues have one name, which OpenSSL takes for a certificate that
            // signs itself.
            .arg("--insecure")
            .args(["--resolve", &format!("{TABLET}:{port}:127.0.0.1")])
            .args(arguments)
            .arg(format!("https://{TABLET}:{port}{SESSION}"))
            .output()
            .unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    for protocol in ["--http1.1", "--http2"] {
        assert_eq!(run(protocol, &["--cert", own.to_str().unwrap()]), "401");
        assert_eq!(run(protocol, &[]), "000");
    }
}

//! TLS to an add-on: the configured certificate or no word of the request. Case S-46.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use crate::support::tls_addon::{HomeCa, Shown, TlsFront};
use crate::support::{Ask, BOTH, Extra, RawAddon, Vestibule, eventually};

/// A vestibule with one add-on at this URL and these lines; `ca.pem` is a file beside its configuration, and the system
/// has the roots in `roots.pem`.
fn vestibule(url: &str, lines: &str, ca: &str, roots: &str) -> Vestibule {
    let table = format!("slug = \"a\"\nupstream = \"{url}\"\npath = \"/ingress/a\"\n{lines}\n");
    Vestibule::start_with(
        |config| {
            config.addon_table(&table);
        },
        |_| {},
        |folder| {
            fs::write(folder.join("ca.pem"), ca).unwrap();
            fs::write(folder.join("roots.pem"), roots).unwrap();
            let roots = folder.join("roots.pem").to_str().unwrap().to_owned();
            Extra { environment: vec![("SSL_CERT_FILE".to_owned(), roots)], ..Extra::default() }
        },
    )
}

/// What an add-on that shows this certificate as `localhost` gets when it is judged by these lines.
struct Judged {
    vestibule: Vestibule,
    statuses: Vec<u16>,
    names: Vec<Option<String>>,
    requests: usize,
}

fn judged(shown: &Shown, lines: &str, ca: &HomeCa, roots: &HomeCa) -> Judged {
    let addon = RawAddon::start();
    let front = TlsFront::start(shown, &[b"http/1.1"], addon.address());
    let vestibule = vestibule(&front.url("localhost"), lines, &ca.pem(), &roots.pem());
    let cookie = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    let statuses = BOTH.map(|protocol| vestibule.ask(protocol, &ask).status).to_vec();
    Judged { vestibule, statuses, names: front.names(), requests: addon.requests().len() }
}

#[track_caller]
fn assert_believed(judged: &Judged) {
    assert_eq!(judged.statuses, [200, 200]);
    assert!(judged.names.iter().all(|name| name.as_deref() == Some("localhost")), "SNI is ours: {:?}", judged.names);
    assert_eq!(judged.requests, 2);
}

/// 502, the reason for the operator, and not one request: neither over this connection nor over one without TLS.
#[track_caller]
fn assert_not_believed(judged: &Judged, why: &str) {
    assert_eq!(judged.statuses, [502, 502]);
    assert_eq!(judged.requests, 0);
    judged.vestibule.await_line(&["add-on unreachable", why]);
}

#[test]
fn s46_the_systems_authorities_vouch_for_a_certificate() {
    let (ca, other) = (HomeCa::new(), HomeCa::new());
    assert_believed(&judged(&ca.issue("localhost"), "", &other, &ca));
    assert_not_believed(&judged(&ca.issue("localhost"), "", &other, &other), "UnknownIssuer");
    assert_not_believed(&judged(&Shown::self_signed("localhost"), "", &ca, &ca), "UnknownIssuer");
}

#[test]
fn s46_the_authorities_of_a_file_vouch_and_no_others() {
    let (ca, system) = (HomeCa::new(), HomeCa::new());
    let lines = "ca = \"ca.pem\"";
    assert_believed(&judged(&ca.issue("localhost"), lines, &ca, &system));
    assert_not_believed(&judged(&system.issue("localhost"), lines, &ca, &system), "UnknownIssuer");
    assert_not_believed(&judged(&ca.issue("elsewhere.test"), lines, &ca, &system), "not valid for name");
    assert_not_believed(&judged(&ca.issue("p.test"), lines, &ca, &system), "not valid for name");
    assert_not_believed(&judged(&ca.issue_expired("localhost"), lines, &ca, &system), "expired");
    assert_not_believed(&judged(&Shown::self_signed("localhost"), lines, &ca, &system), "UnknownIssuer");
}

#[test]
fn s46_a_pinned_certificate_is_believed_and_no_other() {
    let (ca, system) = (HomeCa::new(), HomeCa::new());
    for shown in [Shown::self_signed("esphome.local"), system.issue_expired("elsewhere.test")] {
        assert_believed(&judged(&shown, &format!("pin = \"{}\"", shown.pin()), &ca, &system));
    }
    let other = Shown::self_signed("localhost").pin();
    let lines = format!("pin = \"{other}\"");
    // Not even one that the system's authorities vouch for.
    assert_not_believed(&judged(&system.issue("localhost"), &lines, &ca, &system), "not the pinned certificate");
}

#[test]
fn s46_an_add_on_without_tls_is_never_asked_in_plain_text() {
    let (plain, heard) = clear_text();
    let ca = HomeCa::new();
    let vestibule = vestibule(&plain, "ca = \"ca.pem\"", &ca.pem(), &ca.pem());
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::post("/ingress/a/", "secret").cookie(&cookie));
        assert_eq!(answer.status, 502, "{protocol:?}");
    }
    for bytes in heard.try_iter() {
        assert_eq!(
            bytes.first(),
            Some(&22),
            "the first byte of a TLS handshake: {:?}",
            String::from_utf8_lossy(&bytes)
        );
    }
}

/// A server that answers whatever comes as one without TLS does; what comes is told.
fn clear_text() -> (String, Receiver<Vec<u8>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
    let (tell, told) = channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut room = vec![0; 4096];
            let read = stream.read(&mut room).unwrap_or_default();
            room.truncate(read);
            let _ = tell.send(room);
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (url, told)
}

#[test]
fn s46_the_name_is_the_configured_one_and_not_the_browsers() {
    let ca = HomeCa::new();
    let addon = RawAddon::start();
    let front = TlsFront::start(&ca.issue("localhost"), &[b"http/1.1"], addon.address());
    let vestibule = vestibule(&front.url("localhost"), "ca = \"ca.pem\"", &ca.pem(), &ca.pem());
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").host("x.p.test").cookie(&cookie));
        assert_eq!(answer.status, 200, "{protocol:?}: {answer:#?}");
        assert_eq!(addon.one().fields.one("host"), "x.p.test", "the request's own host is passed on");
    }
    assert!(front.names().iter().all(|name| name.as_deref() == Some("localhost")), "{:?}", front.names());
}

#[test]
fn s46_another_ca_file_is_taken_up_and_a_broken_one_is_not() {
    let (ca, next) = (HomeCa::new(), HomeCa::new());
    let addon = RawAddon::start();
    let front = TlsFront::start(&next.issue("localhost"), &[b"http/1.1"], addon.address());
    let vestibule = vestibule(&front.url("localhost"), "ca = \"ca.pem\"", &ca.pem(), &next.pem());
    let cookie = vestibule.cookie("bob");
    let ask = Ask::get("/ingress/a/").cookie(&cookie);
    assert_eq!(vestibule.ask(BOTH[0], &ask).status, 502);
    fs::write(vestibule.path("ca.pem"), "no certificate").unwrap();
    vestibule.await_line(&["these certificates cannot be used"]);
    assert_eq!(vestibule.ask(BOTH[0], &ask).status, 502, "never the system's in its place");
    fs::write(vestibule.path("ca.pem"), next.pem()).unwrap();
    eventually("the new authority", || (vestibule.ask(BOTH[0], &ask).status == 200).then_some(()));
}

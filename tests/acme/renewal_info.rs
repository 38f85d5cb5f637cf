//! A server that says when it would like a certificate to be renewed (RFC 9773). Debian's pebble does not: a proxy before
//! it adds that to its directory and answers for it.

use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;
use time::{Duration, OffsetDateTime};

use crate::client::{self, Client};
use crate::support::tls_addon::{HomeCa, TlsFront};
use crate::support::{Keep, RawAddon, Recorded, Vestibule, eventually};
use crate::{Pebble, certificates, ordering};

/// Passes everything on to pebble, but for questions on renewal, which get this window.
fn proxy(pebble: &Pebble, window: (OffsetDateTime, OffsetDateTime)) -> RawAddon {
    let behind = pebble.address();
    let text = |at: OffsetDateTime| at.format(&Rfc3339).unwrap();
    let window = json!({ "suggestedWindow": { "start": text(window.0), "end": text(window.1) } }).to_string();
    RawAddon::scripted(move |request, wire| {
        let answer = if request.target().starts_with("/renewal-info/") {
            written("200 OK", "Retry-After: 21600\r\n", &window)
        } else {
            let mut server = Client::connect(behind, "127.0.0.1", &client::anybody()).unwrap();
            server.send(&[&*request.head, &*request.body].concat());
            let answer = server.read_to_end();
            if request.target() == "/dir" { with_renewal_info(&answer, request) } else { answer }
        };
        let _ = wire.write(&answer);
        Keep::Closed
    })
}

fn with_renewal_info(answer: &[u8], request: &Recorded) -> Vec<u8> {
    let at = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").unwrap() + 4;
    let mut directory: Value = serde_json::from_slice(&answer[at..]).unwrap();
    let host = request.fields.one("host");
    directory["renewalInfo"] = format!("https://{host}/renewal-info").into();
    written("200 OK", "", &directory.to_string())
}

/// As times are written, to the second.
fn second(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap()[..19].to_owned()
}

fn written(status: &str, lines: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{lines}Content-Length: {length}\r\n\r\n{body}")
        .into()
}

/// What was said in a signed request.
fn payload(request: &Recorded) -> Value {
    let signed: Value = serde_json::from_slice(&request.body).unwrap();
    let payload = signed["payload"].as_str().unwrap();
    serde_json::from_slice(&BASE64URL_NOPAD.decode(payload.as_bytes()).unwrap()).unwrap()
}

#[test]
fn a_certificate_is_renewed_when_the_server_would_like_it() {
    let Some(pebble) = Pebble::start() else { return };
    // Years before two thirds of its life.
    let now = OffsetDateTime::now_utc();
    let window = (now + Duration::days(10), now + Duration::days(11));
    let proxy = proxy(&pebble, window);
    let authority = HomeCa::new();
    let front = TlsFront::start(&authority.issue("127.0.0.1"), &[b"http/1.1"], proxy.address());
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), authority.pem()).unwrap();
    let server = Vestibule::start(|config| {
        ordering(config, &pebble, r#"["home.example"]"#, "tls-alpn-01");
        config.set("tls.acme", "directory", &format!("\"{}/dir\"", front.url("127.0.0.1")));
        config.set("tls.acme", "directory_ca", &format!("\"{}\"", file.path().display()));
    });
    let next = eventually("a time within the window", || {
        let next = certificates(&server)[0]["next_order"].as_str()?.to_owned();
        (next < second(now + Duration::days(100))).then_some(next)
    });
    assert!(second(window.0) <= next && next <= second(window.1 + Duration::SECOND), "{next}");

    // Asked for by key and number of the very certificate.
    let asked = |start: &str| {
        let asked = proxy.requests().into_iter().filter(|request| request.target().starts_with(start));
        asked.collect::<Vec<_>>()
    };
    let id = asked("/renewal-info/").remove(0).target().rsplit('/').next().unwrap().to_owned();
    let shown = client::shown(server.https(), "home.example").unwrap();
    for part in id.split('.') {
        let part = BASE64URL_NOPAD.decode(part.as_bytes()).unwrap();
        assert!(part.len() >= 8 && shown.windows(part.len()).any(|bytes| bytes == part), "{id}");
    }
    // And an order in its place says so (RFC 9773 section 5).
    let orders = || asked("/order-plz").iter().map(payload).collect::<Vec<_>>();
    assert!(orders()[0]["replaces"].is_null());
    server.command_ok(&["certificates", "renew"]);
    let replaced = eventually("another order", || orders().into_iter().find(|order| !order["replaces"].is_null()));
    assert_eq!(replaced["replaces"], id.as_str());
    eventually("another certificate", || {
        (client::shown(server.https(), "home.example").unwrap() != shown).then_some(())
    });
}

//! How large a head may be, to the byte and to the line.

use crate::PATH;
use crate::support::{Answer, Ask, BOTH, Protocol, RawAddon, RawClient, Vestibule};

#[test]
fn s64_a_head_has_as_many_lines_as_the_limit_says() {
    let addon = RawAddon::start();
    for limit in [12, 100, 130] {
        let vestibule = Vestibule::start(|config| {
            config.set("limits", "header_count", &limit.to_string()).addon("a", &addon);
        });
        let cookie = vestibule.cookie("bob");
        for protocol in BOTH {
            // The cookie is a line, and over HTTP/1.1 `Host` as well.
            let ours = if protocol == Protocol::H1 { 2 } else { 1 };
            let with = |lines: usize| {
                let ask = Ask::get(PATH).cookie(&cookie);
                vestibule.ask(protocol, &(ours..lines).fold(ask, |ask, number| ask.field(&format!("x-{number}"), "1")))
            };
            assert_eq!(with(limit).status, 200, "{limit} of {limit} lines over {protocol:?}");
            assert_eq!(addon.one().fields.all("x-9").len(), 1, "they all went on");
            addon.forget();
            let beyond = with(limit + 1);
            assert!(matches!(beyond.status, 400 | 431), "one line more over {protocol:?}: {beyond:#?}");
            addon.assert_no_request("a line more than the limit");
        }
    }
}

#[test]
fn s64_a_head_over_http1_has_as_many_bytes_as_the_limit_says() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "header_size", "\"4KiB\"").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let of_length = |length: usize, body: &str| -> Answer {
        let start = format!("POST {PATH} HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n{body}X-Fill: ");
        let fill = "f".repeat(length - start.len() - 4);
        let mut client = RawClient::connect(vestibule.https());
        client.send(format!("{start}{fill}\r\n\r\n").as_bytes());
        client.answer_to("POST")
    };
    // One that is read by the fast way, and one that is not.
    for body in ["", "Content-Length: 0\r\n", "Connection: close\r\n"] {
        assert_eq!(of_length(4096, body).status, 200, "{body:?}");
        addon.forget();
        assert_eq!(of_length(4097, body).status, 431, "{body:?}");
        addon.assert_no_request("a byte more than the limit");
    }
}

#[test]
fn s64_a_header_list_over_http2_has_as_many_bytes_as_the_limit_says() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("limits", "header_size", "\"4KiB\"").addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let with = |fill: usize| {
        let ask = Ask::get(PATH).cookie(&cookie).field("x-fill", "f".repeat(fill));
        vestibule.ask(Protocol::H2, &ask).status
    };
    // Name, value and 32 bytes for each field (RFC 9113 section 6.5.2).
    let fields = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", crate::support::ask::HOST),
        (":path", PATH),
        ("cookie", &cookie),
        ("x-fill", ""),
    ];
    let rest: usize = fields.iter().map(|(name, value)| name.len() + value.len() + 32).sum();
    // The library counts a list of the very size of the limit as one beyond it.
    let room = 4096 - rest - 1;
    assert_eq!(with(room), 200, "a list of a byte less than the limit");
    addon.forget();
    let beyond = with(room + 1);
    assert!(matches!(beyond, 0 | 431), "the limit: {beyond}");
    addon.assert_no_request("a head beyond the limit");
}

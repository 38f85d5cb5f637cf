//! Field lines that parsers read differently are refused: case S-12.

use crate::one_addon;
use crate::support::h2_frames::{self, Fate, pseudo};
use crate::support::{RawAddon, RawClient, Vestibule, assert_refused};

#[test]
fn s12_a_name_with_whitespace_is_refused() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let odd: [&[u8]; 9] = [
        b"X-Remote-User-Id : root\r\n",
        b"X-Other: 1\r\n X-Remote-User-Id: root\r\n",
        b"X-Other: 1\r\n\tX-Remote-User-Id: root\r\n",
        b"X-Remote-User-Id\x00: root\r\n",
        b": root\r\n",
        b"X-Remote\t-User-Id: root\r\n",
        b"X-Remote-User-Id\t: root\r\n",
        b"X-Remote-User-Id\r\n",
        b"X-Remote-User-Id\x0b: root\r\n",
    ];
    for line in odd {
        let why = String::from_utf8_lossy(line).into_owned();
        let rest = format!("Host: p.test\r\nCookie: {cookie}\r\n");
        let request = [b"GET /ingress/a/ HTTP/1.1\r\n", rest.as_bytes(), line, b"\r\n"].concat();
        refused_and_closed(&vestibule, &addon, &request, &why);
    }
    let first =
        format!("GET /ingress/a/ HTTP/1.1\r\n X-Remote-User-Id: root\r\nHost: p.test\r\nCookie: {cookie}\r\n\r\n");
    refused_and_closed(&vestibule, &addon, first.as_bytes(), "leading space on the first line");
    addon.assert_untouched("odd names");
}

#[track_caller]
fn refused_and_closed(vestibule: &Vestibule, addon: &RawAddon, request: &[u8], why: &str) {
    let mut client = RawClient::connect(vestibule.https());
    client.send(request);
    assert_refused(&client.answer(), addon, why);
    assert!(client.is_closed(), "{why}: the connection is closed");
}

#[test]
fn s12_over_http2_an_odd_name_is_malformed() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let names: [&[u8]; 7] = [
        b"X-Remote-User-Id",
        b"x-remote-user-id ",
        b" x-remote-user-id",
        b"x-remote-user-id\x00",
        b"x-remote\tuser-id",
        b"x-remote-user-id:",
        b"",
    ];
    for name in names {
        let mut block = pseudo("GET", "/ingress/a/");
        block.push((b"cookie", cookie.as_bytes()));
        block.push((name, b"root"));
        let fate = h2_frames::send(vestibule.https(), &block, None, None);
        assert!(matches!(fate, Fate::Refused | Fate::Answered { ok: false }), "{name:?}: {fate:?}");
    }
    for value in [&b"a\r\nx-remote-user-id: root"[..], b"a\nb", b"a\x00b", b"a\rb"] {
        let mut block = pseudo("GET", "/ingress/a/");
        block.extend([(&b"cookie"[..], cookie.as_bytes()), (b"x-other", value)]);
        let fate = h2_frames::send(vestibule.https(), &block, None, None);
        assert!(matches!(fate, Fate::Refused | Fate::Answered { ok: false }), "{value:?}: {fate:?}");
    }
    addon.assert_untouched("odd names");
}

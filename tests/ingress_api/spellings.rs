//! Paths that two programs read differently, requests that are framed twice, and every other way around: S-24 to S-39,
//! S-48, S-97 and S-110 at Home Assistant's door.

use crate::door::{EntryPoint, TOKEN, passed_on};
use crate::support::path_spellings::astray;
use crate::support::{Ask, RawAddon};

/// S-25 and S-110: the published bytes, and their kin, with and without a session, and with the token.
#[test]
fn s110_the_bytes_of_cve_2023_27482_reach_nothing() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let mut paths: Vec<String> = [
        "/api/hassio/app/.%252e/supervisor/info",
        "/api/hassio/app/.%09./supervisor/info",
        "/api/hassio_ingress/.%09./supervisor/info",
        "/api/hassio_ingress/.%252e/supervisor/info",
        "/ingress/../ingress/panels",
        "/ingress/%2e%2e/ingress/session",
        "/ingress/x/..%2f..%2fsession",
        "/ingress/x/..\\..\\session",
        "/ingress/x/.%0a./y",
        "/ingress/x/%00",
        "/ingress/%",
        "/v2/ingress/x/%2525252e%2525252e/y",
    ]
    .map(str::to_owned)
    .to_vec();
    for beginning in ["/ingress/", "/api/hassio_ingress/", "/v2/ingress/"] {
        paths.push(format!("{beginning}{token}/.."));
        paths.extend(astray(&format!("{beginning}{token}/"), "x"));
    }
    for path in paths {
        let plain = Ask::get(&path).field("X-Hass-Is-Admin", "1");
        let with_token = plain.clone().field("X-Supervisor-Token", TOKEN);
        for ask in [plain.clone(), with_token, passed_on(plain, &token, &session)] {
            let answer = door.ask(&ask);
            assert_eq!((answer.status, answer.text().as_str()), (400, "400: Bad Request"), "{path}");
        }
    }
    addon.assert_no_request("none of these is a path");
}

/// S-26 to S-32: what is one path passes byte for byte, and a token has one spelling.
#[test]
fn what_is_one_path_passes_byte_for_byte() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    for rest in ["/%2Fx", "//x", "/a;v=1", "/%23?x", "/a..b", "/...", "/?path=/../x", "/a%252Fb"] {
        let answer = door.ask(&passed_on(Ask::get(&format!("/ingress/{token}{rest}")), &token, &session));
        assert_eq!(answer.status, 200, "{rest}");
        assert_eq!(addon.one().target(), rest);
    }
    let first = format!("%{:02x}{}", token.as_bytes()[0], &token[1..]);
    for (path, status) in [
        (format!("/ingress/{first}/"), 401),
        (format!("/ingress//{token}/"), 401),
        (format!("//ingress/{token}/"), 401),
        (format!("/INGRESS/{token}/"), 401),
        (format!("/ingress/{token};x/"), 401),
        (format!("/ingress/{token}x/"), 503),
        (format!("/api/hassio_ingress_/{token}/"), 401),
        (format!("/api/hassio_ingress/{token}%2F"), 401),
        (format!("/v2/api/hassio_ingress/{token}/"), 401),
    ] {
        assert_eq!(door.ask(&passed_on(Ask::get(&path), &token, &session)).status, status, "{path}");
    }
    addon.assert_no_request("another spelling is another path");
}

/// S-38, S-46 to S-49: the wire is read as at every other door.
#[test]
fn requests_that_two_programs_read_differently_are_refused() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (session, token) = (door.session("bob"), door.token("a"));
    let head = |line: &str, fields: &str| {
        format!("{line}\r\nCookie: ingress_session={session}\r\nX-Forwarded-For: 10.0.0.9\r\n{fields}\r\n")
    };
    let get = format!("GET /ingress/{token}/ HTTP/1.1");
    let post = format!("POST /ingress/{token}/ HTTP/1.1");
    for bytes in [
        head(&get, ""),
        head(&get, "Host: a\r\nHost: a\r\n"),
        head(&get, "Host: a/b\r\n"),
        head(&get, "Host: u@a\r\n"),
        head(&post, "Host: a\r\nTransfer-Encoding: gzip, chunked\r\n"),
        head(&post, "Host: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"),
        head(&format!("GET http://b/ingress/{token}/ HTTP/1.1"), "Host: a\r\n"),
        head(&format!("CONNECT /ingress/{token}/ HTTP/1.1"), "Host: a\r\n"),
        head(&format!("TRACE /ingress/{token}/ HTTP/1.1"), "Host: a\r\n"),
        head(&get, "Host: a\r\n X-Remote-User-Id: root\r\n"),
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(),
    ] {
        let mut client = door.connect();
        client.send(bytes.as_bytes());
        let answer = client.head();
        assert!(answer.status == 0 || (400..500).contains(&answer.status), "{bytes}: {answer:#?}");
    }
    addon.assert_no_request("refused");
}

//! The add-on is told who is asking by vestibule and by nobody else: security cases S-01 to S-07 and S-09 to S-15.
//!
//! Everything is said to the running program in raw bytes and judged by the raw bytes that the add-on got.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod support;

use serde_json::json;
use support::expectation::{BOB, ZOE, assert_identity, is_reserved};
use support::h2_frames::{self, Fate, pseudo};
use support::{
    Ask, BOTH, Protocol, RawAddon, RawClient, User, Vestibule, assert_denied, assert_id, assert_problem,
    assert_refused, wire,
};

/// One add-on, reached at `/ingress/a/`.
fn one_addon() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    (addon, vestibule)
}

/// Asks as bob with one field more, and expects bob and nobody else at the add-on.
#[track_caller]
fn assert_bob_in_spite_of(fields: &[(&str, &str)]) {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = fields.iter().fold(Ask::get("/ingress/a/").cookie(&cookie), |ask, (n, v)| ask.field(n, v));
        let answer = vestibule.ask(protocol, &ask);
        assert_eq!(answer.status, 200, "{protocol:?}: stripped, not refused: {answer:#?}");
        assert_id(&addon.one(), &BOB);
    }
}

#[test]
fn s01_a_user_with_a_session_cannot_be_somebody_else() {
    assert_bob_in_spite_of(&[
        ("X-Remote-User-Id", "root"),
        ("X-Remote-User-Name", "root"),
        ("X-Remote-User-Display-Name", "root"),
    ]);
}

#[test]
fn s01_nobody_without_a_session_gets_through_by_claiming_a_name() {
    let (addon, vestibule) = one_addon();
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("X-Remote-User-Id", "root").field("X-Remote-User-Name", "root");
        let answer = vestibule.ask(protocol, &ask);
        assert_problem(&answer, 401);
        let navigation = Ask::navigate("/ingress/a/?x=1").field("X-Remote-User-Id", "root");
        let answer = vestibule.ask(protocol, &navigation);
        assert_eq!(answer.status, 303, "{protocol:?}: {answer:#?}");
        assert_eq!(answer.location(), "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2F%3Fx%3D1");
        assert!(answer.fields.one("cache-control").contains("no-store"));
    }
    addon.assert_untouched("no session");
}

#[test]
fn s01_the_true_headers_are_there_without_being_asked_for() {
    let (addon, vestibule) = one_addon();
    for (name, user) in [("bob", BOB), ("zoë", ZOE)] {
        let cookie = vestibule.cookie(name);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/deep/path?q=1&q=2").cookie(&cookie));
            assert_eq!(answer.text(), support::addon::HELLO);
            let request = addon.one();
            assert_id(&request, &user);
            assert_eq!(request.target(), "/deep/path?q=1&q=2");
            assert_eq!(request.fields.one("x-ingress-path"), "/ingress/a");
            assert_eq!(request.fields.one("x-forwarded-for"), "127.0.0.1");
            assert_eq!(request.fields.one("x-real-ip"), "127.0.0.1");
            assert_eq!(request.fields.one("x-forwarded-host"), "p.test");
        }
    }
}

#[test]
fn s02_an_underscore_is_no_alias() {
    for name in ["X_Remote_User_Id", "X-Remote_User-Id", "x_REMOTE_user_ID", "X_Forwarded_For", "X_Ingress_Path"] {
        assert!(is_reserved(name));
    }
    assert_bob_in_spite_of(&[
        ("X_Remote_User_Id", "root"),
        ("X-Remote_User-Id", "root"),
        ("x_REMOTE_user_ID", "root"),
        ("X_Remote_User_Name", "root"),
        ("X_Remote_User_Display_Name", "root"),
        ("X_Ingress_Path", "/evil"),
        ("X_Forwarded_For", "6.6.6.6"),
        ("X_Real_IP", "6.6.6.6"),
    ]);
}

#[test]
fn s03_no_byte_that_a_name_may_have_makes_an_alias() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for separator in "!#$%&'*+.^_`|~".chars() {
        for protocol in BOTH {
            let name = ["X", "Remote", "User", "Id"].join(&separator.to_string());
            let mixed = format!("x-remote{separator}user-name");
            let ask = Ask::get("/ingress/a/").field(&name, "root").cookie(&cookie).field(&mixed, "root");
            let answer = vestibule.ask(protocol, &ask);
            assert_eq!(answer.status, 200, "{protocol:?} {name}: {answer:#?}");
            assert_id(&addon.one(), &BOB);
        }
    }
}

#[test]
fn s04_the_spelling_in_the_configuration_does_not_matter() {
    let spellings = ["x-auth-user", "X-AUTH-USER", "X-Auth-User"];
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        for (slug, name) in ["lower", "upper", "mixed"].into_iter().zip(spellings) {
            config.addon_with(slug, &addon, &format!("identity_headers = {{ id = \"{name}\" }}"));
        }
    });
    let cookie = vestibule.cookie("bob");
    for slug in ["lower", "upper", "mixed"] {
        for sent in ["x-auth-user", "X-AUTH-USER", "X-Auth-User", "x_auth_user", "X.Auth.User", "x-Auth_uSER"] {
            for protocol in BOTH {
                let ask = Ask::get(&format!("/ingress/{slug}/")).field(sent, "root").cookie(&cookie);
                assert_eq!(vestibule.ask(protocol, &ask).status, 200);
                let request = addon.one();
                let like_it = |name: &&String| support::squash(name) == "x-auth-user";
                let names: Vec<&String> = request.fields.0.iter().map(|(name, _)| name).filter(like_it).collect();
                assert_eq!(names.len(), 1, "{slug}, {sent}: {request:#?}");
                assert_eq!(request.fields.one("x-auth-user"), BOB.id);
            }
        }
    }
}

#[test]
fn s05_duplicates_before_and_after_the_cookie_are_all_removed() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/")
            .field("X-Remote-User-Id", "root")
            .field("X-Remote-User-Id", format!("root, {}", BOB.id))
            .cookie(&cookie)
            .field("X-Remote-User-Id", "root")
            .field("x-remote-user-id", BOB.id);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        assert_id(&addon.one(), &BOB);
    }
}

#[test]
fn s06_what_a_user_does_not_have_is_absent_and_not_the_clients() {
    let addon = RawAddon::start();
    let configure = |config: &mut support::ConfigFile| {
        config.addon("a", &addon);
    };
    let vestibule = Vestibule::start_at_home(configure, |home| {
        home.edit_user("bob", |user| user["name"] = json!(null));
        home.edit_user("carol", |user| user["name"] = json!(""));
        home.drop_credentials("frank");
    });
    let nameless = User { display_name: None, ..BOB };
    let carol = User { id: "9dbc6d3c96554f8c822a7b3cff7676c0", name: Some("carol"), display_name: None };
    let without_login = User { name: None, ..support::expectation::FRANK };
    for (named, user) in [("bob", nameless), ("carol", carol), (without_login.id, without_login.clone())] {
        let cookie = vestibule.cookie(named);
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/")
                .field("X-Remote-User-Display-Name", "root")
                .field("X-Remote-User-Name", "root")
                .cookie(&cookie);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{named}");
            let request = addon.one();
            let empty = |(name, value): &&(String, Vec<u8>)| is_reserved(name) && value.is_empty();
            assert_eq!(request.fields.0.iter().find(empty), None, "absent, not empty");
            assert_id(&request, &user);
        }
    }
}

/// Values for our cookie that are nearly a session: each must be nobody.
fn broken_cookies(good: &str) -> Vec<Vec<u8>> {
    let token = good.split_once('=').unwrap().1;
    let flipped = |at: usize| {
        let mut bytes = good.as_bytes().to_vec();
        let at = at.min(bytes.len() - 1);
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        bytes
    };
    let name = "__Host-ingress_session";
    let mut broken = vec![
        format!("{good}x").into_bytes(),
        format!("{good}=").into_bytes(),
        format!("{good}%00").into_bytes(),
        format!("{good} x").into_bytes(),
        format!("{good},x").into_bytes(),
        format!("{name}=x{token}").into_bytes(),
        format!("{name}={}", &token[..token.len() / 2]).into_bytes(),
        format!("{name}={}", &token[..token.len() - 1]).into_bytes(),
        format!("{name}={}", token.to_ascii_lowercase()).into_bytes(),
        format!("{name}=").into_bytes(),
        format!("{name}=\"\"").into_bytes(),
        format!("{name}={}", "A".repeat(10 * 1024)).into_bytes(),
        format!("{name}={}", "A".repeat(token.len())).into_bytes(),
        flipped(name.len() + 1),
        flipped(name.len() + 20),
        flipped(usize::MAX),
    ];
    for tail in [&b"\xff\xfe"[..], b"\xc3\x28", b"\xe2\x80\x80"] {
        broken.push([good.as_bytes(), tail].concat());
        broken.push([name.as_bytes(), b"=", tail, token.as_bytes()].concat());
    }
    broken
}

#[test]
fn s07_a_session_that_is_nearly_right_is_nobody() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for broken in broken_cookies(&cookie) {
        let why = String::from_utf8_lossy(&broken).into_owned();
        for protocol in BOTH {
            assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&broken)), &addon, &why);
        }
    }
    addon.assert_untouched("no broken cookie gets anything through");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200, "the right one does");
}

#[test]
fn s07_the_body_of_a_request_without_identity_goes_nowhere() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let smuggled = wire(&format!("GET /ingress/a/smuggled HTTP/1.1|Host: p.test|Cookie: {cookie}||"));
    for broken in broken_cookies(&cookie) {
        let why = String::from_utf8_lossy(&broken).into_owned();
        for protocol in BOTH {
            let ask = Ask::post("/ingress/a/", smuggled.clone()).cookie(&broken);
            assert_denied(&vestibule.ask(protocol, &ask), &addon, &why);
        }
        let mut client = RawClient::connect(vestibule.https());
        let answer = client.ask(&Ask::post("/ingress/a/", smuggled.clone()).cookie(&broken));
        assert_denied(&answer, &addon, &why);
        let next = client.ask(&Ask::get("/.vestibule/session"));
        assert!(matches!(next.status, 0 | 401), "the next answer is its own, or there is none: {next:#?}");
    }
    addon.assert_untouched("a body without identity");
}

#[test]
fn s09_a_connection_line_cannot_take_our_headers_away() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let nominated = "close, X-Remote-User-Id, X-Remote-User-Name, X-Forwarded-For, X-Forwarded-Proto, X-Ingress-Path, \
                     X-Request-Id, Cookie, Host, Content-Length, Authorization, X-Nominated";
    let mut client = RawClient::connect(vestibule.https());
    let ask = Ask::post("/ingress/a/", "12345")
        .field("Connection", nominated)
        .field("X-Nominated", "1")
        .field("Authorization", "Basic Z3Vlc3Q6Z3Vlc3Q=")
        .cookie(format!("{cookie}; other=1"));
    let answer = client.ask(&ask);
    assert_eq!(answer.status, 200, "{answer:#?}");
    let request = addon.one();
    assert_id(&request, &BOB);
    assert_eq!(request.body, b"12345");
    assert_eq!(request.fields.one("cookie"), "other=1");
    assert_eq!(request.fields.one("authorization"), "Basic Z3Vlc3Q6Z3Vlc3Q=");
    assert_eq!(request.fields.texts("host").len(), 1);
    assert!(!request.fields.has("x-nominated"), "{request:#?}");
    assert!(client.is_closed(), "the client asked for the end of the connection");
}

#[test]
fn s09_over_http2_a_connection_field_is_malformed() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for field in ["connection", "keep-alive", "proxy-connection", "transfer-encoding", "upgrade"] {
        let mut block = pseudo("GET", "/ingress/a/");
        block.push((b"cookie", cookie.as_bytes()));
        block.push((field.as_bytes(), b"x-remote-user-id"));
        let fate = h2_frames::send(vestibule.https(), &block, None, None);
        assert!(fate == Fate::Refused || fate == Fate::Answered { ok: false }, "{field}: {fate:?}");
    }
    addon.assert_untouched("connection-specific fields (RFC 9113 section 8.2.2)");
}

#[test]
fn s10_every_connection_line_counts_however_odd() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let heads: [&[u8]; 5] = [
        b"Connection:\r\nConnection: X-Foo\r\nX-Foo: 1\r\n",
        b"Connection: X-Foo, \xff\r\nX-Foo: 1\r\n",
        b"connection: ,, X-Foo ,\r\nX-Foo: 1\r\n",
        b"X-Foo: 1\r\nConnection: keep-alive\r\nCONNECTION:\tx-fOO\t\r\nX-FOO: 2\r\n",
        b"Keep-Alive: 5\r\nProxy-Connection: X-Foo\r\nConnection: X-Foo\r\nX-Foo: 1\r\nTE: trailers\r\n",
    ];
    for head in heads {
        let start = format!("GET /ingress/a/ HTTP/1.1\r\nHost: p.test\r\nCookie: {cookie}\r\n");
        let mut client = RawClient::connect(vestibule.https());
        client.send(&[start.as_bytes(), head, b"\r\n"].concat());
        let answer = client.answer();
        let why = String::from_utf8_lossy(head);
        assert_eq!(answer.status, 200, "{why}: {answer:#?}");
        let request = addon.one();
        assert_id(&request, &BOB);
        for gone in ["x-foo", "keep-alive", "proxy-connection", "te", "trailer"] {
            assert!(!request.fields.has(gone), "{why}: {gone} is gone: {request:#?}");
        }
        let connection = request.fields.texts("connection").join(",").to_ascii_lowercase();
        assert!(matches!(connection.as_str(), "" | "keep-alive"), "{why}: {request:#?}");
    }
}

#[test]
fn s11_trailers_do_not_reach_the_add_on() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::post("/ingress/a/", "a")
            .field("TE", "trailers")
            .field("Trailer", "X-Remote-User-Id")
            .cookie(&cookie)
            .trailer("X-Remote-User-Id", "root")
            .trailer("X_Remote_User_Name", "root")
            .trailer("X-Checksum", "1");
        let answer = vestibule.ask(protocol, &ask);
        assert_eq!(answer.status, 200, "{protocol:?}: {answer:#?}");
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.body, b"a");
        assert!(!request.fields.has("trailer") && !request.fields.has("te"), "{request:#?}");
    }
}

#[test]
fn s11_trailers_that_would_change_the_framing_change_nothing() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!(
        "POST /ingress/a/ HTTP/1.1|Host: p.test|Cookie: {cookie}|TE: trailers|Trailer: X-Remote-User-Id|\
         Transfer-Encoding: chunked||1|a|0|X-Remote-User-Id: root|Host: evil|Content-Length: 5||"
    )));
    let answer = client.answer();
    if answer.status == 200 {
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.body, b"a");
        assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&cookie)).status, 200, "the next request is its own");
        assert_id(&addon.one(), &BOB);
    } else {
        assert_refused(&answer, &addon, "forbidden trailer fields");
    }
}

#[test]
fn s11_a_pseudo_header_in_http2_trailers_is_malformed() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for trailers in [&[(&b":path"[..], &b"/admin"[..])], &[(&b"X-Remote-User-Id"[..], &b"root"[..])]] {
        let mut block = pseudo("POST", "/ingress/a/");
        block.push((b"cookie", cookie.as_bytes()));
        let fate = h2_frames::send(vestibule.https(), &block, Some(b"a"), Some(trailers));
        assert_ne!(fate, Fate::Answered { ok: true }, "RFC 9113 section 8.1");
        for request in addon.requests() {
            assert!(request.trailers.0.is_empty() && !request.complete, "aborted, not completed: {request:#?}");
        }
    }
}

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

#[test]
fn s13_no_name_that_add_ons_believe_gets_through() {
    let names = [
        "X-Remote-User",
        "X-Remote-Group",
        "X-Remote-Anything",
        "Remote-User",
        "Remote-Groups",
        "Remote-Email",
        "Remote-Name",
        "X-Forwarded-User",
        "X-Forwarded-Email",
        "X-Forwarded-Groups",
        "X-Forwarded-Preferred-Username",
        "X-Forwarded-Prefix",
        "X-Forwarded-Server",
        "X-Forwarded-Uri",
        "X-Forwarded-Method",
        "X-Forwarded-Ssl",
        "X-Forwarded-Scheme",
        "Forwarded",
        "X-Real-Ip",
        "X-Auth-Request-User",
        "X-Auth-Request-Email",
        "X-Authentik-Username",
        "X-Authentik-Groups",
        "X-Webauth-User",
        "X-Webauth-Role",
        "Tailscale-User-Login",
        "Tailscale-User-Name",
        "Cf-Access-Authenticated-User-Email",
        "Cf-Access-Jwt-Assertion",
        "X-Goog-Iap-Jwt-Assertion",
        "X-Goog-Authenticated-User-Email",
        "X-Pomerium-Claim-Email",
        "X-Pomerium-Jwt-Assertion",
        "X-Hass-Source",
        "X-Hass-User-ID",
        "X-Hass-Is-Admin",
        "X-Hassio-Key",
        "X-Supervisor-Token",
        "X-Ingress-Path",
        "X-Ingress-Token",
        "Impersonate-User",
        "Impersonate-Group",
        "X-Original-URL",
        "X-Original-Forwarded-For",
        "X-Rewrite-URL",
        "X-HTTP-Method-Override",
        "X-HTTP-Method",
        "X-Method-Override",
        "X-Middleware-Subrequest",
        "Early-Data",
    ];
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for name in names {
            assert!(is_reserved(name), "{name}");
            let ask = Ask::get("/ingress/a/").field(name, "planted").field(&name.replace('-', "_"), "planted");
            let answer = vestibule.ask(protocol, &ask.cookie(&cookie));
            assert_eq!(answer.status, 200, "{protocol:?} {name}: {answer:#?}");
            let request = addon.one();
            assert_id(&request, &BOB);
            assert!(!request.head.windows(7).any(|w| w == b"planted"), "{name}: {request:#?}");
        }
    }
}

#[test]
fn s13_what_is_not_reserved_gets_through_as_it_was_sent() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    let fields = [
        ("Accept", "application/json, text/*;q=0.5"),
        ("Authorization", "Bearer of-the-add-on"),
        ("User-Agent", "Mozilla/5.0 (like a browser)"),
        ("If-None-Match", "\"abc\""),
        ("X-Requested-With", "XMLHttpRequest"),
        ("X-Remoteness", "1"),
        ("X-CSRF-Token", "t"),
    ];
    for protocol in BOTH {
        let ask = fields.iter().fold(Ask::get("/ingress/a/").cookie(&cookie), |ask, (n, v)| ask.field(n, v));
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        for (name, value) in fields {
            assert_eq!(request.fields.one(name), value);
        }
    }
}

#[test]
fn s13_names_that_the_configuration_adds_are_stripped_as_well() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("headers", "reserved", r#"["X-Company-User", "x-corp-*"]"#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/")
            .field("x_company_user", "root")
            .field("X-Corp-Anything", "root")
            .field("X-Company-Username", "stays")
            .cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        assert!(!request.head.windows(4).any(|w| w == b"root"), "{request:#?}");
        assert_eq!(request.fields.one("x-company-username"), "stays");
    }
}

#[test]
fn s14_a_display_name_cannot_break_out_of_its_header() {
    let names = [
        ("José".to_owned(), "José".to_owned()),
        ("x\r\nX-Remote-User-Id: root".to_owned(), "xX-Remote-User-Id: root".to_owned()),
        ("a\u{0}b\u{1b}[31mc\u{7f}d\u{85}e".to_owned(), "ab[31mcde".to_owned()),
        ("🦊 fox".to_owned(), "🦊 fox".to_owned()),
        (" leading and trailing ".to_owned(), "leading and trailing".to_owned()),
        ("n".repeat(8 * 1024), "n".repeat(8 * 1024)),
    ];
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for (stored, expected) in names {
        vestibule.home().edit_user("bob", |user| user["name"] = json!(stored));
        let told = || {
            let ask = Ask::get("/ingress/a/").field("X-Remote-User-Display-Name", "root").cookie(&cookie);
            assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
            let request = addon.one();
            assert_eq!(request.fields.one("x-remote-user-id"), BOB.id);
            (request.fields.one("x-remote-user-display-name") == expected).then_some(request)
        };
        let request = support::eventually(&format!("the display name {expected:?}"), told);
        assert_eq!(request.fields.texts("x-remote-user-id"), [BOB.id]);
    }
}

#[test]
fn s14_a_name_of_nothing_but_control_characters_is_absent() {
    let addon = RawAddon::start();
    let configure = |config: &mut support::ConfigFile| {
        config.addon("a", &addon);
    };
    let vestibule = Vestibule::start_at_home(configure, |home| {
        home.edit_user("bob", |user| user["name"] = json!("\r\n\u{0} \t"));
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("X-Remote-User-Display-Name", "root").cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        assert_id(&addon.one(), &User { display_name: None, ..BOB });
    }
}

#[test]
fn s14_percent_encoding_is_there_for_add_ons_that_read_ascii() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "display_name_encoding = \"percent\"");
    });
    let cookie = vestibule.cookie("zoë");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    let sent = addon.one().fields.one("x-remote-user-display-name");
    assert_eq!(sent, "Zo%C3%AB%20%C3%9Cn%C3%AFcode%20%E6%97%A5%E6%9C%AC");
}

#[test]
fn s15_no_header_that_a_route_sets_is_believed_from_outside() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        let lines = "prefix_headers = [\"X-Ingress-Path\", \"X-Script-Name\", \"X-Forwarded-Prefix\"]\n\
                     headers = { \"X-HA-Ingress\" = \"YES\", \"X-Proxy-Secret\" = \"ours\" }";
        config.addon_with("a", &addon, lines);
    });
    let cookie = vestibule.cookie("bob");
    let set = [
        ("X-Script-Name", "/ingress/a"),
        ("X-Ingress-Path", "/ingress/a"),
        ("X-Forwarded-Prefix", "/ingress/a"),
        ("X-HA-Ingress", "YES"),
        ("X-Proxy-Secret", "ours"),
    ];
    for protocol in BOTH {
        let mut ask = Ask::get("/ingress/a/").cookie(&cookie);
        for (name, _) in set {
            ask = ask
                .field(name, "planted")
                .field(&name.replace('-', "_"), "planted")
                .field(&name.replace('-', "."), "x");
        }
        assert_eq!(vestibule.ask(protocol, &ask).status, 200);
        let request = addon.one();
        assert_identity(&request, &BOB);
        for (name, value) in set {
            assert_eq!(request.fields.one(name), value, "{request:#?}");
            let like_it = |(n, _): &&(String, Vec<u8>)| support::squash(n) == support::squash(name);
            assert_eq!(request.fields.0.iter().filter(like_it).count(), 1, "{name}: {request:#?}");
        }
    }
}

#[test]
fn s15_a_request_id_from_outside_is_not_ours() {
    let (addon, vestibule) = one_addon();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").field("X-Request-Id", "planted").field("X_Request_Id", "planted");
        assert_eq!(vestibule.ask(protocol, &ask.cookie(&cookie)).status, 200);
        assert_ne!(addon.one().fields.one("x-request-id"), "planted");
    }
}

//! What is open to everybody: the paths that the operator named, by the methods that they named, and nothing beside them,
//! however it is spelled. Nobody is told of there, whatever a client shows or says.

use crate::support::addon::until_closed;
use crate::support::path_spellings::astray;
use crate::support::tunnel::{Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, Keep, Protocol, RawAddon, RawClient, Vestibule, eventually};
use crate::{RULES, both, protected};

/// Beside the rules of the other tests: three public paths, of which the last one meets rules that stay closed.
const PUBLIC: &str = r#"
[[addon.public]]
methods = ["POST"]
path = "/hook/{id}"

[[addon.public]]
methods = ["GET", "HEAD"]
path = "/health"

[[addon.public]]
methods = ["GET"]
path = "/open/{*rest}"

[[addon.public]]
methods = ["GET", "POST"]
path = "/settings/{*rest}"

[[addon.public]]
methods = ["GET"]
path = "/app.webmanifest"
"#;

/// What somebody may try who knows that `/hook/{id}` takes a POST.
const NO_HOOK: &[&str] = &[
    "/",
    "/hook",
    "/hook/",
    "/hook/a/",
    "/hook/a/b",
    "/HOOK/a",
    "/h%6Fok/a",
    "/hook/%61",
    "/hook//a",
    "//hook/a",
    "/hook/a;x=1",
    "/hook;x/a",
    "/hook/a%2Fb",
    "/hook/a%3Fb",
    "/hook/a%23b",
    "/hook/a.",
    "/hook/a%00",
    "/hook2/a",
    "/settings",
    "/settings/x",
    "/SETTINGS/x",
    "/free?/hook/a",
    "/free?path=/hook/a&x=/open/x",
    "/hook%2Fa",
    "/hook/%E2%80%8Ba",
];

/// What somebody may try who knows that `/health` and `/open/...` take a GET.
const NOT_OPEN: &[&str] = &[
    "/health/",
    "/health/x",
    "/healthy",
    "/Health",
    "/he%61lth",
    "/health%20",
    "/health;",
    "/openx",
    "/OPEN/x",
    "/%6Fpen/x",
    "/open%2Fx",
    "/open//x",
    "/open/x;y",
    "/open/x\\y",
    "/open/x.",
    "/open/%78",
    "/settings/x",
    "/setting%73/x",
    "/hook/a",
    "/panel",
    "/owner",
];

fn bench(addon: RawAddon) -> (RawAddon, Vestibule) {
    protected(addon, &format!("{RULES}{PUBLIC}"))
}

#[test]
fn a_stranger_gets_through_where_it_is_open_and_the_add_on_is_told_of_nobody() {
    let (addon, vestibule) = bench(RawAddon::start());
    let alice = vestibule.cookie("alice");
    for ask in [
        Ask::post("/ingress/a/hook/a-1?entity_id=x&_method=DELETE", "{}"),
        Ask::get("/ingress/a/health"),
        Ask::get("/ingress/a/open/a/b?x=/settings"),
        Ask::get("/ingress/a/open"),
    ] {
        // With a session, with one that is none, with another site's page behind it, and with none at all.
        for shown in [
            ask.clone(),
            ask.clone().cookie(&alice),
            ask.clone().cookie("__Host-ingress_session=nonsense"),
            ask.clone().cookie(&alice).field("Origin", "https://evil.test").field("Sec-Fetch-Site", "cross-site"),
        ] {
            let mut shown = shown;
            for name in ["X-Remote-User-Id", "X-Remote-User-Name", "X-Remote-User-Role", "X_Remote_User_Public"] {
                shown = shown.field(name, "root");
            }
            for protocol in BOTH {
                let answer = vestibule.ask(protocol, &shown);
                assert_eq!(answer.status, 200, "{protocol:?} {}: {answer:#?}", shown.target);
                let request = addon.one();
                let told = request.fields.0.iter().filter(|(name, _)| name.to_lowercase().contains("remote"));
                let told: Vec<_> = told.map(|(name, _)| name.to_lowercase()).collect();
                assert_eq!(told, ["x-remote-user-public"], "{request:#?}");
                assert_eq!(request.fields.one("x-remote-user-public"), "1");
                assert!(!request.fields.has("cookie"), "our cookie stays ours: {request:#?}");
            }
        }
    }
}

#[test]
fn elsewhere_a_public_path_changes_nothing() {
    let (addon, vestibule) = bench(RawAddon::start());
    let alice = vestibule.cookie("alice");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/free").cookie(&alice)).status, 200);
    let request = addon.one();
    assert_eq!(request.fields.one("x-remote-user-name"), "alice");
    assert!(!request.fields.has("x-remote-user-public"));
}

#[test]
fn no_spelling_and_no_other_method_makes_a_public_path_larger() {
    let (addon, vestibule) = bench(RawAddon::start());
    let posts = NO_HOOK.iter().map(|path| Ask::post(&format!("/ingress/a{path}"), "x"));
    let gets = NOT_OPEN.iter().map(|path| Ask::get(&format!("/ingress/a{path}")));
    let mut asks: Vec<Ask> = posts.chain(gets).collect();
    let methods = ["HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "MKCOL", "COPY", "MOVE", "LOCK", "SEARCH"];
    for method in methods {
        for path in ["/open/x", "/hook/a", "/health"] {
            if method != "HEAD" || path != "/health" {
                asks.push(Ask { method: method.to_owned(), ..Ask::get(&format!("/ingress/a{path}")) });
            }
        }
    }
    for override_name in ["X-HTTP-Method-Override", "X-Method-Override", "X-Original-URL", "X-Rewrite-URL"] {
        asks.push(Ask::get("/ingress/a/panel").field(override_name, "/ingress/a/open/x"));
        asks.push(Ask::get("/ingress/a/hook/a").field(override_name, "POST"));
    }
    for ask in &asks {
        for protocol in BOTH {
            let status = vestibule.ask(protocol, ask).status;
            assert!(matches!(status, 400 | 401 | 405), "{protocol:?} {} {}: {status}", ask.method, ask.target);
        }
    }
    addon.assert_untouched("nobody has signed in");
}

#[test]
fn no_way_leads_from_a_public_path_to_a_closed_one() {
    let (addon, vestibule) = bench(RawAddon::start());
    for path in astray("/open/", "settings").into_iter().chain(astray("/hook/", "x")) {
        for protocol in BOTH {
            for ask in [Ask::get(&format!("/ingress/a{path}")), Ask::post(&format!("/ingress/a{path}"), "x")] {
                let status = vestibule.ask(protocol, &ask).status;
                assert!(matches!(status, 400 | 401), "{protocol:?} {path}: {status}");
            }
        }
    }
    addon.assert_untouched("nobody has signed in");
}

#[test]
fn a_websocket_is_never_public() {
    let (addon, vestibule) = bench(echo());
    for protocol in BOTH {
        let (answer, tunnel) = Tunnel::open(&vestibule, protocol, &handshake(protocol, "/ingress/a/open/ws"));
        assert!(answer.status == 401 && tunnel.is_none(), "{answer:#?}");
    }
    addon.assert_untouched("no session");
    let alice = vestibule.cookie("alice");
    Tunnel::opened(&vestibule, Protocol::H1, "/ingress/a/open/ws", &alice).assert_alive("with a session it is hers");
    assert_eq!(addon.one().fields.one("x-remote-user-name"), "alice");
}

#[test]
fn a_manifest_that_is_open_comes_from_the_add_on_and_any_other_stays_empty() {
    let (addon, vestibule) = bench(RawAddon::start());
    for protocol in BOTH {
        let ask = |path: &str| Ask::get(&format!("/ingress/a{path}")).field("Sec-Fetch-Dest", "manifest");
        assert_eq!(vestibule.ask(protocol, &ask("/app.webmanifest")).text(), crate::support::addon::HELLO);
        addon.one();
        for path in ["/other.webmanifest", "/app.webmanifest/", "/app.webmanifest;x"] {
            let answer = vestibule.ask(protocol, &ask(path));
            assert_eq!((answer.status, answer.text().as_str()), (200, "{}\n"), "{path}");
        }
    }
    assert!(addon.requests().is_empty(), "the open one alone");
}

#[test]
fn a_token_that_is_meant_for_us_does_not_reach_the_add_on() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, &format!("tokens = true\n{PUBLIC}"));
        config.addon_with("b", &addon, PUBLIC);
    });
    let asked = |slug: &str, lines: &[&str]| {
        let ask = lines
            .iter()
            .fold(Ask::get(&format!("/ingress/{slug}/health")), |ask, line| ask.field("Authorization", *line));
        assert_eq!(vestibule.ask(Protocol::H1, &ask).status, 200);
        addon.one().fields.texts("authorization")
    };
    for lines in [&["Bearer a.b.c"][..], &["bearer x"], &["Bearer a", "Basic b"]] {
        assert_eq!(asked("a", lines), [""; 0], "{lines:?}");
    }
    assert_eq!(asked("a", &["Basic eDp5"]), ["Basic eDp5"]);
    assert_eq!(asked("b", &["Bearer webhook"]), ["Bearer webhook"], "this add-on's own");
}

#[test]
fn what_is_open_is_cut_when_its_path_is_public_no_longer() {
    let addon = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello");
        let _ = until_closed(wire);
        Keep::Closed
    });
    let (addon, mut vestibule) = bench(addon);
    let mut client = RawClient::connect(vestibule.https());
    client.send(&Ask::get("/ingress/a/open/stream").to_bytes());
    assert_eq!(client.head().status, 200);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, &PUBLIC.replace("/open/", "/other/"));
    });
    vestibule.await_line(&["open exchange cut", "no_session"]);
    while !client.some().is_empty() {}
}

#[test]
fn at_another_proxy_the_same_is_public_and_nothing_else() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1"]"#).addon_with(
            "a",
            &addon,
            &format!("{RULES}{PUBLIC}"),
        );
    });
    let asked = |method: &str, path: &str, cookie: Option<&str>| {
        let ask = Ask::get("/.vestibule/verify").field("X-Forwarded-For", "127.0.0.1");
        let ask = ask.field("X-Forwarded-Method", method).field("X-Forwarded-Uri", format!("/ingress/a{path}"));
        let ask = ask.field("X-Forwarded-Host", "p.test").field("X-Forwarded-Proto", "https");
        vestibule.ask(Protocol::H2, &cookie.map_or(ask.clone(), |cookie| ask.cookie(cookie)))
    };
    let alice = vestibule.cookie("alice");
    for cookie in [None, Some(alice.as_str())] {
        let answer = asked("POST", "/hook/a", cookie);
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_eq!(answer.fields.one("x-remote-user-public"), "1");
        for name in ["x-remote-user-id", "x-remote-user-name", "x-remote-user-display-name"] {
            assert_eq!(answer.fields.texts(name), [""], "{name} is there and empty");
        }
    }
    for (method, path) in [("GET", "/hook/a"), ("POST", "/hook/%61"), ("POST", "/HOOK/a"), ("POST", "/settings/a")] {
        let answer = asked(method, path, None);
        assert!(matches!(answer.status, 400 | 401 | 403), "{method} {path}: {answer:#?}");
    }
    let answer = asked("GET", "/free", Some(&alice));
    assert_eq!(answer.fields.texts("x-remote-user-public"), [""], "so that the browser's own does not stay");
    eventually("all asked", || addon.requests().is_empty().then_some(()));
}

#[test]
fn a_rule_stays_closed_to_those_who_may_not_and_open_to_those_who_may() {
    let (addon, vestibule) = bench(RawAddon::start());
    let (alice, bob) = (vestibule.cookie("alice"), vestibule.cookie("bob"));
    let ask = Ask::get("/ingress/a/settings/x");
    assert_eq!(both(&vestibule, &addon, &bob, &ask), 403);
    assert_eq!(both(&vestibule, &addon, &alice, &ask), 200);
}

//! The examples for nginx and Caddy do what docs/forward-auth.md says, each with the real program, and what reaches the
//! add-on behind it is looked at.

use vestibule::gate::own_cookies;
use vestibule::session::SessionCookie;

use crate::proxies::{Proxy, start, text_of};
use crate::support::expectation::BOB;
use crate::support::tools::Tool;
use crate::support::{Answer, Ask, RawAddon, RawClient, Vestibule};

const BOTH: [Tool; 2] = [Tool::Nginx, Tool::Caddy];

/// An add-on of everybody's at `/ingress`, and one at `/ingress/a` that is bob's, and where rules tell WebSockets
/// apart.
fn bench(tool: Tool, cross_site_framing: bool) -> Option<(RawAddon, Vestibule, Proxy)> {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        config.set("session", "cross_site_framing", &cross_site_framing.to_string());
        config.addon_table(&format!("slug = \"open\"\nupstream = \"{}\"\npath = \"/ingress\"", addon.url()));
        config.addon_with("a", &addon, &format!("access = {{ users = [\"bob\"] }}\n{RULES}"));
    });
    let proxy = start(tool, &vestibule, &addon)?;
    Some((addon, vestibule, proxy))
}

const RULES: &str = "[[addon.protect]]\npath = \"/page\"\nwebsocket = false\nrequire = \"admin\"\n\
                     [[addon.protect]]\npath = \"/socket\"\nwebsocket = true\nrequire = \"admin\"";

/// A session of a user, under the name that the setting gives it.
fn session(vestibule: &Vestibule, user: &str) -> String {
    vestibule.command_ok(&["sessions", "new", "--user", user]).trim_end().to_owned()
}

fn handshake(target: &str) -> Ask {
    Ask::get(target)
        .field("Upgrade", "websocket")
        .field("Connection", "Upgrade")
        .field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
        .field("Sec-WebSocket-Version", "13")
        .field("Origin", "https://p.test")
}

#[test]
fn people_sign_in_and_the_add_on_learns_who_they_are() {
    for tool in BOTH {
        let Some((addon, vestibule, proxy)) = bench(tool, false) else { continue };
        let first = proxy.ask(&Ask::navigate("/ingress/a/x?y=1"));
        assert_eq!(first.status, 303, "{tool:?}: {first:#?}");
        let path = first.location().replace("https://p.test", "");
        assert_eq!(path, "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2Fx%3Fy%3D1", "{tool:?}");
        let page = proxy.ask(&Ask::navigate(&path));
        assert!(page.status == 200 && page.text().contains("<form"), "{tool:?}: {page:#?}");
        let program = proxy.ask(&Ask::get("/ingress/a/x"));
        assert_eq!((program.status, program.fields.has("location")), (401, false), "{tool:?}: {program:#?}");

        let bob = session(&vestibule, "bob");
        let listed = "close, X-Remote-User-Id, X-Remote-User-Name, X-Remote-User-Display-Name, X-Forwarded-For";
        let mut ask = Ask::get("/ingress/a/x?y=1").cookie(&bob).field("Connection", listed);
        // Whatever a name can be told by, the add-on of this test is told none of the last five.
        let untold = ["Groups", "Role", "Is-Admin", "Email", "Public"].map(|what| format!("X-Remote-User-{what}"));
        for name in ["X-Remote-User-Id", "X-Remote-User-Name", "X-Remote-User-Display-Name", "X-Remote-User-Assertion"]
            .into_iter()
            .chain(untold.iter().map(String::as_str))
        {
            ask = ask.field(name, "root");
        }
        let answer = proxy.ask(&ask);
        assert_eq!(answer.status, 200, "{tool:?}: {answer:#?}");
        let request = addon.one();
        assert_eq!(request.target(), "/x?y=1", "{tool:?}");
        assert_eq!(request.fields.one("x-remote-user-id"), BOB.id, "{tool:?}");
        assert_eq!(request.fields.one("x-remote-user-name"), "bob", "{tool:?}");
        assert_eq!(request.fields.one("x-remote-user-display-name"), "Bob User", "{tool:?}");
        for name in untold.iter().map(String::as_str).chain(["x-remote-user-assertion"]) {
            assert!(!request.fields.texts(name).concat().contains("root"), "{tool:?} {name}");
        }
    }
}

#[test]
fn what_a_browser_says_in_a_proxys_name_opens_nothing() {
    for tool in BOTH {
        let Some((addon, vestibule, proxy)) = bench(tool, false) else { continue };
        let (bob, carol) = (session(&vestibule, "bob"), session(&vestibule, "carol"));
        let spoofs = [
            ("X-Original-URL", "https://p.test/ingress/a/"),
            ("X-Forwarded-Uri", "/public"),
            ("X-Forwarded-For", "::1"),
            ("X-Forwarded-Method", "OPTIONS"),
            ("X-Forwarded-Host", "other.test"),
            ("X-Nothing", "at all"),
        ];
        for (name, value) in spoofs {
            let refused = proxy.ask(&Ask::get("/ingress/a/x").cookie(&carol).field(name, value));
            assert_eq!(refused.status, 403, "{tool:?}: {name}: {refused:#?}");
            let nobody = proxy.ask(&Ask::get("/ingress/a/x").field(name, value));
            assert!(matches!(nobody.status, 401 | 403), "{tool:?}: {name}: {nobody:#?}");
        }
        for target in ["/ingress/a/..%2fx", "/ingress/a/%2e%2e%2fa/x", "/ingress/a/x/..;/y", "/ingress/a/%00"] {
            let odd = proxy.ask(&Ask::get(target).cookie(&bob));
            assert!((400..500).contains(&odd.status), "{tool:?}: {target}: {odd:#?}");
        }
        let outside = Ask::get("/.vestibule/verify?addon=a").cookie(&bob);
        assert_eq!(proxy.ask(&outside).status, 404, "{tool:?}: nobody outside asks");
        addon.assert_no_request("refused");
    }
}

/// S-166: whatever spelling leads the proxy to the inner add-on, it needs the right to that one.
#[test]
fn no_spelling_of_a_path_opens_a_nested_add_on() {
    for tool in BOTH {
        let Some((addon, vestibule, proxy)) = bench(tool, false) else { continue };
        let carol = session(&vestibule, "carol");
        assert_eq!(proxy.ask(&Ask::get("/ingress/x").cookie(&carol)).status, 200, "{tool:?}: the outer one is hers");
        addon.one();
        let absolute = "https://p.test/ingress/a/x";
        for target in [
            "/ingress/a/x",
            "/ingress/%61/x",
            "/ingress//a/x",
            "//ingress/a/x",
            "/ingress/./a/x",
            "/ingress/b/../a/x",
            "/ingress/A/x",
            "/INGRESS/a/x",
            "/ingress/%41/x",
            "/ingress%2Fa/x",
            "/ingress/%2Fa/x",
            "/ingress/a%2Fx",
            "/ingress/a/?x",
            "/ingress//%61//x?/ingress/x",
            absolute,
            "http://p.test/ingress/%61/x",
        ] {
            let answer = proxy.ask(&Ask::get(target).cookie(&carol));
            let told = addon.requests();
            assert!(answer.status >= 300 && told.is_empty(), "{tool:?}: {target}: {} {told:#?}", answer.status);
        }
        // What is only odd goes to the outer one, and never to the inner one.
        for target in ["/ingress/a;v=1/x", "/ingress/a./x", "/ingress/%2561/x", "/ingress/ab/x"] {
            let answer = proxy.ask(&Ask::get(target).cookie(&carol));
            let told = addon.requests();
            let prefixes: Vec<_> = told.iter().flat_map(|request| request.fields.texts("x-ingress-path")).collect();
            assert!(
                prefixes.iter().all(|prefix| prefix == "/ingress"),
                "{tool:?}: {target}: {} {told:#?}",
                answer.status
            );
            addon.forget();
        }
    }
}

/// The host of the question is the proxy's own: a request whose first line has one host and its `Host` another is for
/// one.
#[test]
fn a_browser_does_not_choose_the_host_that_is_asked_about() {
    for tool in BOTH {
        let addon = RawAddon::start();
        let vestibule = Vestibule::start(|config| {
            config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
            config.addon_with("a", &addon, "access = { users = [\"bob\"] }");
            config.addon_table(&format!("slug = \"own\"\nupstream = \"{}\"\nhost = \"own.test\"", addon.url()));
        });
        let Some(proxy) = start(tool, &vestibule, &addon) else { continue };
        let carol = session(&vestibule, "carol");
        for (target, host) in [
            ("/ingress/a/x", "own.test"),
            ("/ingress/a/x", "OWN.test."),
            ("https://p.test/ingress/a/x", "own.test"),
            ("http://p.test/ingress/a/x", "own.test"),
            ("https://own.test/ingress/a/x", "p.test"),
            ("/ingress/a/x", "p.test."),
            ("/ingress/a/x", "P.TEST:1"),
        ] {
            let answer = proxy.ask(&Ask::get(target).host(host).cookie(&carol));
            let told = addon.requests();
            assert!(told.is_empty(), "{tool:?}: {target} at {host}: {} {told:#?}", answer.status);
        }
    }
}

/// S-165: vestibule judges what the add-on gets.
#[test]
fn a_websocket_is_judged_as_one_and_nothing_else_is() {
    for tool in BOTH {
        let Some((addon, vestibule, proxy)) = bench(tool, false) else { continue };
        let bob = session(&vestibule, "bob");
        let upgrades = |request: &crate::support::Recorded| {
            request.fields.texts("upgrade").iter().any(|value| value.eq_ignore_ascii_case("websocket"))
        };
        // Closed to everything but WebSockets, and the other way round.
        let passes = |ask: &Ask| proxy.ask(&ask.clone().cookie(&bob)).status;
        assert_eq!(passes(&handshake("/ingress/a/page")), 200, "{tool:?}");
        assert!(upgrades(&addon.one()), "{tool:?}: the handshake reaches the add-on");
        assert_eq!(passes(&Ask::get("/ingress/a/socket")), 200, "{tool:?}");
        assert!(!upgrades(&addon.one()), "{tool:?}");
        let refused = [handshake("/ingress/a/socket"), Ask::get("/ingress/a/page")];
        let without = |name: &str| {
            let ask = handshake("/ingress/a/page");
            Ask { fields: ask.fields.iter().filter(|(other, _)| other != name).cloned().collect(), ..ask }
        };
        let smuggled = [
            Ask::get("/ingress/a/page").field("X-Vestibule-WebSocket", "true"),
            Ask::get("/ingress/a/page").field("X_Vestibule_WebSocket", "true"),
            Ask::get("/ingress/a/page").field("X-Vestibule-WebSocket", "true").field("X-Vestibule-WebSocket", "true"),
            handshake("/ingress/a/socket").field("X-Vestibule-WebSocket", "false"),
            handshake("/ingress/a/socket").field("Connection", "X-Vestibule-WebSocket"),
            without("Upgrade").field("X-Vestibule-WebSocket", "true"),
        ];
        for ask in refused.iter().chain(&smuggled) {
            let status = passes(ask);
            assert!((400..500).contains(&status) && addon.requests().is_empty(), "{tool:?}: {status} {ask:#?}");
        }
        // What is half a handshake reaches the add-on, if at all, as what it was judged as.
        let halves = [
            without("Connection"),
            without("Upgrade"),
            without("Sec-WebSocket-Key"),
            without("Sec-WebSocket-Version"),
            without("Upgrade").field("Upgrade", "h2c"),
            without("Upgrade").field("Upgrade", "h2c").field("Upgrade", "websocket"),
            without("Upgrade").field("Upgrade", "websocket").field("Upgrade", "h2c"),
            without("Upgrade").field("Upgrade", "websocket, h2c"),
            without("Upgrade").field("Upgrade", "WebSocket"),
            without("Connection").field("Connection", "close"),
            without("Connection").field("Connection", "keep-alive, UPGRADE"),
            Ask { method: "HEAD".to_owned(), ..handshake("/ingress/a/page") },
        ];
        for ask in halves {
            let status = passes(&ask);
            let told = addon.requests();
            assert!(told.iter().all(upgrades), "{tool:?}: {status}: plain at what is closed: {ask:#?} {told:#?}");
            addon.forget();
            let socket = Ask { target: "/ingress/a/socket".to_owned(), ..ask };
            let status = passes(&socket);
            let told = addon.requests();
            assert!(
                !told.iter().any(upgrades),
                "{tool:?}: {status}: a WebSocket at what is closed: {socket:#?} {told:#?}"
            );
            addon.forget();
        }
    }
}

/// S-169, under every setting that changes a name.
#[test]
fn the_add_on_sees_no_cookie_of_ours_by_whatever_setting_it_got_its_name() {
    for (tool, framed) in BOTH.into_iter().flat_map(|tool| [(tool, false), (tool, true)]) {
        let Some((addon, vestibule, proxy)) = bench(tool, framed) else { continue };
        let bob = session(&vestibule, "bob");
        let ours = names();
        assert!(ours.iter().any(|name| bob.starts_with(&format!("{name}="))), "{bob}");
        let others: Vec<_> = ours.iter().filter(|name| !bob.starts_with(&format!("{name}="))).collect();
        let all: Vec<_> = others.iter().map(|name| format!("{name}=x")).collect();
        let spaced: Vec<_> = others.iter().map(|name| format!("\t{name} \t= x")).collect();
        let twice = others.iter().flat_map(|name| [format!("{name}=1"), format!("{name}=2")]).collect::<Vec<_>>();
        let mut lines: Vec<Vec<String>> = vec![
            vec![bob.clone()],
            vec![format!("a=1; {bob}")],
            vec![format!("{bob}; b=2")],
            vec![format!("a=1; {bob}; b=2")],
            vec![format!("a=1;{bob};b=2")],
            vec![format!("a=1; {}; b=2; {bob}", all.join("; "))],
            vec![format!("{bob};{};a=1", spaced.join(";"))],
            vec![format!("{bob}; a=1"), all.join("; "), "b=2".to_owned()],
            vec![format!("a=1; {}; {bob}", twice.join(";"))],
        ];
        lines.extend(others.iter().map(|name| vec![format!("a=1; {name}=x; {bob}; b=2")]));
        for cookies in lines {
            let ask = cookies.iter().fold(Ask::get("/ingress/a/x"), Ask::cookie);
            let answer: Answer = proxy.ask(&ask);
            assert_eq!(answer.status, 200, "{tool:?}: {cookies:?}: {answer:#?}");
            let seen = addon.one().fields.texts("cookie").join("; ");
            for name in &ours {
                assert!(!seen.contains(name), "{tool:?}, framed {framed}: {cookies:?} became {seen}");
            }
            let few = !cookies.concat().contains("=2;") || cookies.len() > 1;
            let kept = |pair: &str| cookies.concat().contains(pair) == seen.contains(pair);
            assert!(!few || (kept("a=1") && kept("b=2")), "{tool:?}: {cookies:?} became {seen}");
        }
    }
}

/// Every name that a cookie of ours can have.
fn names() -> Vec<&'static str> {
    let all = [SessionCookie::SameSite, SessionCookie::CrossSite].map(|cookie| own_cookies(cookie).names());
    let mut names = all.concat();
    names.sort_unstable();
    names.dedup();
    names
}

/// S-169, without the programs: the examples name what the code names.
#[test]
fn the_examples_know_the_names_of_our_cookies() {
    let pattern = r"(?:__Host-ingress_[^=;]*|ingress_session\s*)=";
    for name in names() {
        assert!(
            name.starts_with("__Host-ingress_") || name == "ingress_session",
            "no pattern of the examples fits {name}"
        );
    }
    let nginx = text_of("nginx.conf");
    assert_eq!(nginx.matches(pattern).count(), names().len() + 1, "one map for each name, and one for what is left");
    assert!(text_of("Caddyfile").contains(pattern));
    let traefik = text_of("traefik.yaml");
    assert!(traefik.contains("Cookie: \"\"") && traefik.matches("without-ours").count() == 3, "it gets none at all");
    for text in [nginx, text_of("Caddyfile"), traefik] {
        assert!(text.contains("X-Vestibule-WebSocket"), "all of them say whether it is a WebSocket");
    }
}

/// The handshake reaches the add-on, and its answer the browser.
#[test]
fn a_websocket_opens_through_both() {
    for tool in BOTH {
        let addon = RawAddon::answering(SWITCHING);
        let vestibule = Vestibule::start(|config| {
            config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
            config.addon_table(&format!("slug = \"open\"\nupstream = \"{}\"\npath = \"/ingress\"", addon.url()));
            config.addon("a", &addon);
        });
        let Some(proxy) = start(tool, &vestibule, &addon) else { continue };
        let bob = session(&vestibule, "bob");
        let mut client = RawClient::connect(proxy.address());
        client.send(&handshake("/ingress/a/ws").cookie(&bob).to_bytes());
        assert_eq!(client.head().status, 101, "{tool:?}");
    }
}

const SWITCHING: &str = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

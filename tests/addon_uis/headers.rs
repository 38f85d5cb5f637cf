//! Headers that an add-on gets: fixed ones, the user under the names that it reads, and never more of them than it
//! takes. spec/addon-uis.md section 3, points 3, 4, 5, 6 and 19.

use crate::behind;
use crate::support::expectation::BOB;
use crate::support::tunnel::{ORIGIN, Tunnel, echo, handshake};
use crate::support::{Ask, BOTH, Extra, Protocol, RawAddon, Vestibule, assert_problem};

#[test]
fn point_03_fixed_headers_come_from_the_file_or_from_a_secret_of_its_own() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_with(
        |config| {
            let lines = "headers = { \"X-HA-Ingress\" = \"YES\", \"X-Pga-Secret\" = { file = \"secret\" } }";
            config.addon_with("a", &addon, lines);
        },
        |_| {},
        |folder| {
            let secret = folder.join("secret");
            std::fs::write(&secret, "hunter2\n").unwrap();
            std::fs::set_permissions(secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
            Extra::default()
        },
    );
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let lie = Ask::get("/ingress/a/").cookie(&cookie).field("x_ha_ingress", "NO").field("X-Pga-Secret", "guess");
        vestibule.ask(protocol, &lie);
        let request = addon.one();
        assert_eq!(request.fields.one("x-ha-ingress"), "YES", "{protocol:?}");
        assert_eq!(request.fields.one("x-pga-secret"), "hunter2", "{protocol:?}");
        assert!(!request.fields.has("x_ha_ingress"), "{request:#?}");
    }
    assert!(!vestibule.stderr().contains("hunter2"), "a secret is in no log");
}

#[test]
fn point_04_the_user_has_the_names_that_the_add_on_reads() {
    let addon = RawAddon::start();
    let lines = "identity_headers = { id = \"X-Forwarded-Uid\", name = \"X-Remote-User\", display_name = \"X-Shown\" }";
    let (vestibule, cookie) = behind(&addon, lines);
    for protocol in BOTH {
        vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        let request = addon.one();
        assert_eq!(request.fields.one("x-remote-user"), BOB.name.unwrap(), "Radicale reads the login name there");
        assert_eq!(request.fields.one("x-forwarded-uid"), BOB.id);
        assert_eq!(request.fields.one("x-shown"), BOB.display_name.unwrap());
        assert!(!request.fields.has("x-remote-user-name"), "the default names are not said as well: {request:#?}");
    }
}

#[test]
fn point_05_what_the_route_says_nobody_else_says() {
    let addon = echo();
    let lines = "identity_headers = { name = \"X-WebAuth-Login\" }\nheaders = { \"X-Secret\" = \"s\" }\nprefix_headers = [\"X-Base\"]";
    let (vestibule, cookie) = behind(&addon, lines);
    for protocol in BOTH {
        for name in
            ["x-webauth-login", "x_webauth_login", "x.webauth.login", "x-secret", "x_secret", "x-base", "x_base"]
        {
            let lying = |ask: Ask| {
                ask.field(name, "root").field(name, "root2").cookie(&cookie).field("Connection", "x-webauth-login")
            };
            // Over HTTP/2 nothing may be for one hop (RFC 9113 section 8.2.2).
            let lying = |ask: Ask| match protocol {
                Protocol::H1 => lying(ask),
                Protocol::H2 => ask.field(name, "root").field(name, "root2").cookie(&cookie),
            };
            vestibule.ask(protocol, &lying(Ask::post("/ingress/a/", "x")).trailer(name, "root"));
            let plain = addon.one();
            let (answer, tunnel) = Tunnel::open(
                &vestibule,
                protocol,
                &lying(handshake(protocol, "/ingress/a/ws").field("Origin", ORIGIN)),
            );
            // A second `Connection` line makes the handshake one that some parsers would not take.
            let upgraded = tunnel.map(|_| addon.one());
            assert!(upgraded.is_some() || protocol == Protocol::H1, "{answer:#?}");
            for request in [Some(plain), upgraded].into_iter().flatten() {
                assert_eq!(request.fields.one("x-webauth-login"), "bob", "{protocol:?} {name}: {request:#?}");
                assert_eq!(request.fields.one("x-secret"), "s", "{protocol:?} {name}");
                assert_eq!(request.fields.one("x-base"), "/ingress/a", "{protocol:?} {name}");
                let others = ["x_webauth_login", "x.webauth.login", "x_secret", "x_base"];
                assert!(others.iter().all(|other| !request.fields.has(other)), "{request:#?}");
                assert!(request.trailers.0.is_empty(), "{request:#?}");
            }
        }
    }
}

#[test]
fn point_06_the_add_on_learns_the_host_that_the_browser_asked_for() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        let ask = Ask::get("/ingress/a/").host("p.test:8443").cookie(&cookie).field("X-Forwarded-For", "6.6.6.6");
        vestibule.ask(protocol, &ask.field("X-Forwarded-Proto", "http").field("X-Forwarded-Host", "evil.test"));
        let request = addon.one();
        assert_eq!(request.fields.one("host"), "p.test:8443", "{protocol:?}");
        assert_eq!(request.fields.one("x-forwarded-host"), "p.test:8443");
        assert_eq!(request.fields.one("x-forwarded-proto"), "https", "OctoPrint refuses its own page without it");
        assert_eq!(request.fields.one("x-forwarded-port"), "8443");
        assert_eq!(request.fields.one("x-forwarded-for"), "127.0.0.1", "replaced, not appended");
    }
}

#[test]
fn point_19_a_head_that_the_add_on_would_choke_on_is_refused_first() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "max_head = \"4KiB\"");
    for protocol in BOTH {
        let with = |bytes: usize| Ask::get("/ingress/a/").cookie(&cookie).cookie(format!("fat={}", "x".repeat(bytes)));
        let answer = vestibule.ask(protocol, &with(4096));
        assert_problem(&answer, 431);
        addon.assert_no_request("too much for it");
        assert_eq!(vestibule.ask(protocol, &with(3000)).status, 200, "{protocol:?}");
        let seen = addon.one();
        assert!(seen.head.len() <= 4096, "what passed fits: {}", seen.head.len());
    }
    vestibule.await_line(&["head_too_large"]);
}

#[test]
fn point_19_the_limit_is_on_the_head_that_the_add_on_gets() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "max_head = \"4KiB\"");
    vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie).cookie("fat="));
    let room = 4096 - addon.one().head.len();
    let with = |bytes: usize| Ask::get("/ingress/a/").cookie(&cookie).cookie(format!("fat={}", "x".repeat(bytes)));
    let slack = 32;
    assert_eq!(vestibule.ask(Protocol::H1, &with(room - slack)).status, 200);
    addon.forget();
    assert_eq!(vestibule.ask(Protocol::H1, &with(room + 1)).status, 431, "not a byte more than it takes");
}

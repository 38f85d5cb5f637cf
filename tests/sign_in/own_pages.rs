//! Our own pages beside the add-ons: they tell no secret, nobody may read them from elsewhere or put them in a frame,
//! and only a person's navigation is led to them. Cases S-87, S-91, S-92 and S-93.

use crate::support::process::COOKIE;
use crate::support::tunnel::{ORIGIN, Tunnel, handshake};
use crate::support::{Ask, BOTH, RawAddon, Vestibule};

/// An add-on under a prefix, and one on a host of its own.
fn two() -> (RawAddon, Vestibule) {
    let addon = RawAddon::answering(
        "HTTP/1.1 200 OK\r\nContent-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\n\
         X-Frame-Options: DENY\r\nContent-Length: 2\r\n\r\nok",
    );
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
        config.addon_table(&format!("slug = \"h\"\nupstream = \"{}\"\nhost = \"h.p.test\"", addon.url()));
    });
    (addon, vestibule)
}

#[test]
fn s87_who_i_am_tells_no_token_and_tells_nobody_else() {
    let (_addon, vestibule) = two();
    let cookie = vestibule.cookie("bob");
    let token = cookie.strip_prefix(COOKIE).and_then(|rest| rest.strip_prefix('=')).unwrap();
    for protocol in BOTH {
        for accept in ["application/json", "text/html", "*/*"] {
            let answer =
                vestibule.ask(protocol, &Ask::get("/.vestibule/session").field("Accept", accept).cookie(&cookie));
            assert_eq!(answer.status, 200, "{answer:#?}");
            let whole = format!("{:?} {}", answer.fields, answer.text());
            for part in [token, &token[..8], &token[token.len() - 8..]] {
                assert!(!whole.contains(part), "{protocol:?}: {whole}");
            }
        }
        // A page of an add-on on a host of its own asks with the browser's cookie: it may not read the answer.
        for origin in ["https://h.p.test", "https://evil.test", "null"] {
            let ask = Ask::get("/.vestibule/session").field("Origin", origin).field("Sec-Fetch-Site", "same-site");
            let answer = vestibule.ask(protocol, &ask.cookie(&cookie));
            assert!(
                !answer.fields.0.iter().any(|(name, _)| name.to_lowercase().starts_with("access-control")),
                "{answer:#?}"
            );
            assert!(answer.fields.one("cache-control").contains("no-store"), "{answer:#?}");
        }
    }
}

#[test]
fn s91_only_a_persons_navigation_is_led_to_sign_in_and_each_to_its_own_place() {
    let (addon, vestibule) = two();
    for protocol in BOTH {
        let page = vestibule.ask(protocol, &Ask::navigate("/ingress/a/page?x=1"));
        assert_eq!(page.status, 303, "{page:#?}");
        // What the page loads beside it asks at the same time, and changes nothing about where the person is led.
        for dest in ["empty", "image", "script", "iframe", "worker"] {
            let ask = Ask::get("/ingress/a/part").field("Sec-Fetch-Dest", dest).field("Accept", "text/html, */*");
            let part = vestibule.ask(protocol, &ask);
            assert!(part.status == 401 || dest == "iframe" && part.status == 303, "{protocol:?} {dest}: {part:#?}");
            assert!(part.fields.all("set-cookie").is_empty(), "{protocol:?} {dest}: {part:#?}");
        }
        let post = vestibule.ask(protocol, &Ask::post("/ingress/a/", "x").field("Accept", "text/html"));
        assert_eq!(post.status, 401, "{post:#?}");
        let (answer, tunnel) =
            Tunnel::open(&vestibule, protocol, &handshake(protocol, "/ingress/a/ws").field("Origin", ORIGIN));
        assert_eq!((answer.status, tunnel.is_none()), (401, true), "{answer:#?}");
        assert!(
            page.location().contains("page%3Fx%3D1") || page.location().contains("page?x=1"),
            "{}",
            page.location()
        );
        assert!(!page.location().contains("part"), "{}", page.location());
    }
    addon.assert_untouched("nobody is signed in");
}

#[test]
fn s92_a_page_of_another_site_or_of_another_add_on_changes_nothing() {
    let (addon, vestibule) = two();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for (site, origin) in
            [("cross-site", "https://evil.test"), ("same-site", "https://h.p.test"), ("cross-site", "null")]
        {
            for target in ["/ingress/a/", "/.vestibule/sign-out"] {
                let ask = Ask::post(target, "a=b").field("Content-Type", "application/x-www-form-urlencoded");
                let ask = ask.field("Sec-Fetch-Site", site).field("Origin", origin).cookie(&cookie);
                assert_eq!(vestibule.ask(protocol, &ask).status, 403, "{protocol:?} {origin} {target}");
            }
        }
    }
    addon.assert_untouched("foreign pages");
    assert!(vestibule.is_live(&cookie), "nobody signs bob out but bob");
}

#[test]
fn s93_our_pages_are_never_in_a_frame_and_an_add_ons_own_word_stays() {
    let (_addon, vestibule) = two();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for target in ["/.vestibule/", "/.vestibule/sign-in", "/.vestibule/nothing", "/ingress/none/", "/ingress/a/%00"]
        {
            let answer = vestibule.ask(protocol, &Ask::navigate(target).cookie(&cookie));
            if answer.status == 303 {
                continue;
            }
            let policy = answer.fields.one("content-security-policy");
            assert!(policy.contains("frame-ancestors 'none'"), "{protocol:?} {target}: {policy}");
        }
        let theirs = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(theirs.fields.one("content-security-policy"), "default-src 'self'; frame-ancestors 'none'");
        assert_eq!(theirs.fields.one("x-frame-options"), "DENY");
    }
}

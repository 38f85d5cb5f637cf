//! What an answer does beyond itself, on an origin that all add-ons under prefixes share: nothing that is not confined
//! to the add-on's prefix (S-181 to S-184).

use crate::support::{Ask, BOTH, RawAddon, Vestibule};
use crate::{behind, saying};

/// Browsers, and servers in front of us, obey these for more than the answer that they stand in.
const BEYOND: [(&str, &str); 43] = [
    ("Accept-CH", "Sec-CH-UA-Model"),
    ("Accept-CH-Lifetime", "86400"),
    ("Activate-Storage-Access", "load"),
    ("Ad-Auction-Allowed", "true"),
    ("Alt-Svc", "h3=\":444\""),
    ("Attribution-Reporting-Register-Source", "{}"),
    ("Attribution-Reporting-Register-Trigger", "{}"),
    ("Available-Dictionary", ":pZGm1Av0IEBKARczz7exkNYsZb8LzaMrV7J32a2fFG4=:"),
    ("Cache-Group-Invalidation", "\"all\""),
    ("Cache-Groups", "\"all\""),
    ("Clear-Site-Data", "\"*\""),
    ("Critical-CH", "Sec-CH-UA-Model"),
    ("Critical-Origin-Trial", "x"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Expect-CT", "enforce, max-age=86400"),
    ("IdP-SignIn-Status", "action=signin"),
    ("NEL", "{\"report_to\":\"x\",\"max_age\":1}"),
    ("No-Vary-Search", "params"),
    ("Observe-Browsing-Topics", "?1"),
    ("Origin-Agent-Cluster", "?0"),
    ("Origin-Trial", "AAAA"),
    ("Public-Key-Pins", "pin-sha256=\"x\"; max-age=1"),
    ("Public-Key-Pins-Report-Only", "pin-sha256=\"x\"; max-age=1"),
    ("Report-To", "{}"),
    ("Reporting-Endpoints", "x=\"https://evil.test/\""),
    ("Sec-Anything-New", "1"),
    ("Sec-Session-Challenge", "\"x\""),
    ("Sec-Session-Registration", "(ES256);path=\"/x\""),
    ("Secure-Session-Challenge", "\"x\""),
    ("Secure-Session-Registration", "(ES256);path=\"/x\""),
    ("Set-Cookie2", "a=1; Version=1"),
    ("Set-Login", "logged-in"),
    ("Shared-Storage-Write", "clear"),
    ("Speculation-Rules", "\"/rules.json\""),
    ("Strict-Transport-Security", "max-age=86400; includeSubDomains"),
    ("Use-As-Dictionary", "match=\"/*\""),
    ("X-Accel-Buffering", "no"),
    ("X-Accel-Redirect", "/internal/secret"),
    ("X-LIGHTTPD-send-file", "/etc/passwd"),
    ("X-Reproxy-URL", "http://127.0.0.1/"),
    ("X-Sendfile", "/etc/passwd"),
    ("X-Sendfile-Temporary", "/etc/passwd"),
    ("X_Accel_Redirect", "/internal/secret"),
];

/// What acts on its own answer alone, or is nothing to a browser.
const OWN: [(&str, &str); 15] = [
    ("Access-Control-Allow-Origin", "*"),
    ("Cache-Control", "no-cache"),
    ("Content-Security-Policy", "default-src 'self'"),
    ("Cross-Origin-Embedder-Policy", "require-corp"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Document-Policy", "js-profiling"),
    ("ETag", "\"e\""),
    ("Link", "<a.css>; rel=preload; as=style"),
    ("Permissions-Policy", "camera=()"),
    ("Referrer-Policy", "no-referrer"),
    ("SourceMap", "a.js.map"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("X-Jupyter-Something", "1"),
    ("X-Total-Count", "17"),
];

/// These do nothing that the add-on's own host would not have to bear: only what speaks to servers in front of us, or
/// leads connections and their cookies elsewhere, does not pass there.
const NOWHERE: [&str; 12] = [
    "Alt-Svc",
    "Available-Dictionary",
    "Expect-CT",
    "Public-Key-Pins",
    "Public-Key-Pins-Report-Only",
    "Set-Cookie2",
    "X-Accel-Buffering",
    "X-Accel-Redirect",
    "X-LIGHTTPD-send-file",
    "X-Reproxy-URL",
    "X-Sendfile",
    "X-Sendfile-Temporary",
];

fn saying_all() -> RawAddon {
    let lines: Vec<String> = BEYOND.iter().chain(&OWN).map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    saying(&lines.concat())
}

#[test]
fn s181_under_a_prefix_no_header_acts_beyond_its_answer() {
    let addon = saying_all();
    for lines in ["", "prefix = \"keep\"", "rewrite_addresses = false"] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/page").cookie(&cookie));
            assert_eq!(answer.status, 200, "{protocol:?}: {answer:#?}");
            let through: Vec<_> = BEYOND.iter().filter(|(name, _)| answer.fields.has(name)).collect();
            assert!(through.is_empty(), "{protocol:?} {lines}: {through:?}");
            for (name, value) in OWN {
                assert_eq!(answer.fields.one(name), value, "{protocol:?} {lines}");
            }
        }
    }
}

#[test]
fn s181_the_root_is_a_prefix_as_well() {
    let addon = saying_all();
    let vestibule = Vestibule::start(|config| {
        let table =
            |slug: &str, path: &str| format!("slug = \"{slug}\"\nupstream = \"{}\"\npath = \"{path}\"", addon.url());
        config.addon_table(&table("root", "/")).addon_table(&table("b", "/b"));
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/page").cookie(&cookie));
        assert_eq!(answer.status, 200, "{answer:#?}");
        let through: Vec<_> = BEYOND.iter().filter(|(name, _)| answer.fields.has(name)).collect();
        assert!(through.is_empty(), "{protocol:?}: the origin is /b's as well: {through:?}");
    }
}

#[test]
fn s181_on_a_host_of_its_own_what_acts_on_that_host_passes() {
    let addon = saying_all();
    let (vestibule, cookie) = behind(&addon, "host = \"a.p.test\"");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/").host("a.p.test").cookie(&cookie));
        for (name, value) in BEYOND.iter().chain(&OWN).filter(|(name, _)| !name.contains('_')) {
            let expected = if NOWHERE.contains(name) { vec![] } else { vec![(*value).to_owned()] };
            assert_eq!(answer.fields.texts(name), expected, "{protocol:?} {name}");
        }
        assert!(!answer.fields.has("x_accel_redirect"));
    }
}

#[test]
fn s182_a_cookie_without_a_path_stays_under_the_prefix_also_where_the_slash_is_missing() {
    // Browsers would take the folder of the address: of `/ingress/a` that is `/ingress`, where all add-ons are.
    let long = "x".repeat(1100);
    let addon = saying(&format!(
        "Set-Cookie: bare=1\r\nSet-Cookie: empty=1; Path=\r\nSet-Cookie: none=1; Path\r\nSet-Cookie: odd=1; Path=ingress\r\n\
         Set-Cookie: first=1; Path=/ingress/a/x; HttpOnly; Path\r\nSet-Cookie: long=1; Path=/ingress/a/{long}\r\n\
         Set-Cookie: far=1; Path=/{long}\r\n"
    ));
    for lines in ["", "prefix = \"keep\""] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            for target in ["/ingress/a", "/ingress/a?x=1", "/ingress/a/", "/ingress/a/deep/er/page"] {
                let ask = Ask::post(target, "x").field("Sec-Fetch-Site", "same-origin").cookie(&cookie);
                let answer = vestibule.ask(protocol, &ask);
                assert_eq!(answer.status, 200, "{protocol:?} {target}: {answer:#?}");
                assert_eq!(
                    answer.fields.texts("set-cookie"),
                    [
                        "bare=1; Path=/ingress/a/; Secure",
                        "empty=1; Path=/ingress/a/; Secure",
                        "none=1; Path=/ingress/a/; Secure",
                        "odd=1; Path=/ingress/a/; Secure",
                        // The last one counts.
                        "first=1; Path=/ingress/a/x; HttpOnly; Path=/ingress/a/; Secure",
                        // A browser ignores an attribute of more than 1024 bytes, and would take the folder.
                        "long=1; Path=/ingress/a/; Secure",
                        "far=1; Path=/ingress/a/; Secure",
                    ],
                    "{protocol:?} {target} {lines}"
                );
            }
        }
    }
}

#[test]
fn s183_a_refresh_stays_under_the_prefix_in_every_spelling_that_browsers_read() {
    for (said, seen) in [
        ("5; url=/next", "5; url=/ingress/a/next"),
        ("0;URL='/a'", "0; url=/ingress/a/a"),
        ("0, url = \"/a\"", "0; url=/ingress/a/a"),
        ("0; /a", "0; url=/ingress/a/a"),
        ("1.5 /a", "1; url=/ingress/a/a"),
        (" 7 ;\turl =\t/a", "7; url=/ingress/a/a"),
        ("0; url=next", "0; url=next"),
        ("0; url=https://elsewhere.test/", "0; url=https://elsewhere.test/"),
        ("30", "30"),
    ] {
        let addon = saying(&format!("Refresh: {said}\r\n"));
        let (vestibule, cookie) = behind(&addon, "");
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/page").cookie(&cookie));
            assert_eq!(answer.fields.one("refresh"), seen, "{protocol:?} {said}");
        }
    }
}

#[test]
fn s184_a_password_for_one_add_on_is_not_sent_to_another_that_asks_for_the_same_realm() {
    // A browser keeps passwords by origin and realm, and answers whoever asks on that origin for a realm that it knows.
    let addon = RawAddon::answering(
        "HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nWWW-Authenticate: Basic realm=\"Files\", charset=\"UTF-8\"\r\n\
         WWW-Authenticate: Bearer realm=\"x\", Digest realm=\"Files\", nonce=\"n, Basic realm=no\", BASIC Realm=Files\r\n\
         WWW-Authenticate: Basic\r\nWWW-Authenticate: Digest realm=\"Files\", nonce=\"n\"\r\nWWW-Authenticate: Negotiate\r\n\
         WWW-Authenticate: Basic realm=\"open\r\n\r\nno",
    );
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "host = \"a.p.test\"").addon("b", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for slug in ["a", "b"] {
            let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/{slug}/")).cookie(&cookie));
            assert_eq!(answer.status, 401);
            assert_eq!(
                answer.fields.texts("www-authenticate"),
                [
                    format!("Basic realm=\"/ingress/{slug} Files\", charset=\"UTF-8\""),
                    format!("Bearer realm=\"x\", Basic realm=\"/ingress/{slug} Files\""),
                    format!("Basic realm=\"/ingress/{slug}\""),
                    "Negotiate".to_owned(),
                ],
                "{protocol:?} {slug}"
            );
        }
        let own = vestibule.ask(protocol, &Ask::get("/").host("a.p.test").cookie(&cookie));
        assert_eq!(own.fields.all("www-authenticate").len(), 6, "on its own host they are its own: {own:#?}");
    }
}

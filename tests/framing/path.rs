//! The path that was judged is the path that is served: cases S-24 to S-37. Nested encodings (S-25), path parameters
//! (S-27), what the prefix is taken off (S-33) and backslashes (S-37) are among the bytes of
//! [`s24_no_path_leads_from_an_open_add_on_to_a_closed_one`].

use crate::one_addon;
use crate::support::path_spellings::astray;
use crate::support::{Ask, BOTH, RawAddon, RawClient, Vestibule, assert_refused, wire};

/// An add-on that everybody may open, and one that only administrators may.
fn open_and_closed() -> (RawAddon, RawAddon, Vestibule) {
    let (open, closed) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &open).addon_with("closed", &closed, "access = { admin_only = true }");
    });
    (open, closed, vestibule)
}

#[test]
fn s24_no_path_leads_from_an_open_add_on_to_a_closed_one() {
    let (open, closed, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    let mut paths = astray("/ingress/open/", "closed/");
    let others = [
        "/ingress/open/%c0%ae%c0%ae/closed/..",
        "/ingress/open/..",
        "/ingress/open/.",
        "/ingress/open/%2e",
        "/ingress/open/a/%2e%2e%5c..%5cclosed",
        "/api/hassio/app/.%252e/supervisor/info",
        "/api/hassio/app/.%09./supervisor/info",
        "/api/hassio_ingress/.%09./supervisor/info",
        "/./ingress/closed/",
        "/x/../ingress/closed/",
    ];
    paths.extend(others.map(str::to_owned));
    for path in paths {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get(&path).cookie(&cookie));
            assert_refused(&answer, &closed, &path);
            open.assert_no_request(&path);
        }
    }
    closed.assert_untouched("no way leads there");
}

#[test]
fn s31_a_prefix_ends_at_a_slash() {
    let (open, _, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    for path in [
        "/ingress/open2",
        "/ingress/open_x/",
        "/ingress/open-x/",
        "/ingress/openx/",
        "/Ingress/open/",
        "/ingress/OPEN/",
        "/ingress%2fopen/",
        "/%69ngress/open/",
        "//ingress/open/",
        "/ingress//open/",
        "/ingress/open%2f",
    ] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get(path).cookie(&cookie));
            assert_refused(&answer, &open, path);
        }
    }
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/open?x=1").cookie(&cookie));
        assert!(matches!(answer.status, 301 | 302 | 307 | 308), "the slash is added, the query kept: {answer:#?}");
        assert!(answer.location().ends_with("open/?x=1"), "{answer:#?}");
        assert!(!answer.location().starts_with("//"), "{answer:#?}");
    }
}

#[test]
fn s107_everything_else_arrives_byte_for_byte() {
    let (addon, vestibule, cookie) = one_addon();
    let paths = [
        "/",
        "/index.html",
        "/a/b/c/",
        "/a//b",
        "//",
        "//double",
        "/a%20b",
        "/%C3%A9",
        "/%c3%a9",
        "/a%2Fb",
        "/a%252Fb",
        "/a%23b",
        "/a%3Fb",
        "/a;v=1",
        "/a;v=1/b",
        "/...",
        "/.../a",
        "/..a",
        "/a..",
        "/.well-known/x",
        "/a.b",
        "/~user",
        "/a+b",
        "/a&b=c",
        "/a:b@c!$'()*,",
        "/?",
        "/?q",
        "/?q=../../etc",
        "/?q=%2e%2e%2f",
        "/?q=%00%0d%0a",
        "/?%",
        "/?a=/x.y/",
        "/?q=union%20select",
        "/?a[]=1&b={}|^`",
        "/x?y?z",
        "/a%25b",
        "/%E2%80%AE",
        "/a\"b",
    ];
    for path in paths {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire_target(path, &cookie));
        let answer = client.answer();
        assert_eq!(answer.status, 200, "a benign request that is refused is a bug too: {path}: {answer:#?}");
        assert_eq!(addon.one().target(), path);
    }
}

/// A GET with a target that [`wire`] would change.
fn wire_target(path: &str, cookie: &str) -> Vec<u8> {
    [b"GET /ingress/a", path.as_bytes(), &wire(&format!(" HTTP/1.1|Host: p.test|Cookie: {cookie}||"))].concat()
}

#[test]
fn s29_a_fragment_is_nobodys_path() {
    let (open, closed, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    for path in ["/ingress/closed/#/ingress/open/", "/ingress/closed/x#y"] {
        let mut client = RawClient::connect(vestibule.https());
        client.send(&wire(&format!("GET {path} HTTP/1.1|Host: p.test|Cookie: {cookie}||")));
        let answer = client.answer();
        assert!(matches!(answer.status, 400 | 403), "{path}: {answer:#?}");
    }
    let mut client = RawClient::connect(vestibule.https());
    client.send(&wire(&format!("GET /ingress/open/#/../../closed/ HTTP/1.1|Host: p.test|Cookie: {cookie}||")));
    let answer = client.answer();
    if answer.status == 200 {
        assert_eq!(open.one().target(), "/");
    } else {
        assert_refused(&answer, &open, "a fragment");
    }
    closed.assert_untouched("fragments");
}

#[test]
fn s26_encoded_delimiters_are_data_and_stay_what_they_are() {
    let (open, closed, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for path in ["/a%2Fb", "/a%5Cb", "/a%3Bb", "/a%3Fb", "/a%23b", "/%2fclosed/", "/a%2f%2fb"] {
            let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/open{path}")).cookie(&cookie));
            assert_eq!(answer.status, 200, "{protocol:?} {path}: {answer:#?}");
            assert_eq!(open.one().target(), path);
        }
        for path in [
            "/ingress%2Fclosed/",
            "/ingress/closed%2F",
            "/ingress/closed%3fx",
            "/ingress/%63losed/",
            "/ingress/closed%23",
        ] {
            let answer = vestibule.ask(protocol, &Ask::get(path).cookie(&cookie));
            assert_refused(&answer, &closed, path);
        }
    }
    closed.assert_untouched("another spelling is another path");
}

#[test]
fn s28_a_double_slash_is_no_way_round() {
    let (open, closed, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    let paths = [
        "//ingress/closed/",
        "///ingress/closed/",
        "/ingress//closed/",
        "/ingress/closed//",
        "//",
        "///",
        "/%2fingress/closed/",
        "//evil.test/",
        "//evil.test/ingress/closed/",
        "/\\evil.test/",
    ];
    for protocol in BOTH {
        for path in paths {
            let answer = vestibule.ask(protocol, &Ask::navigate(path).cookie(&cookie));
            assert!(matches!(answer.status, 400 | 403 | 404), "{protocol:?} {path}: {answer:#?}");
            assert!(!answer.fields.has("location"), "{protocol:?} {path}: {answer:#?}");
            // Without a session the way leads to our own page, and back to nobody else's.
            let stranger = vestibule.ask(protocol, &Ask::navigate(path));
            let leads = stranger.fields.text("location").unwrap_or_default();
            assert!(leads.is_empty() || leads.starts_with("/.vestibule/"), "{protocol:?} {path}: {leads}");
        }
    }
    closed.assert_untouched("double slashes");
    open.assert_untouched("double slashes");
}

#[test]
fn s30_the_query_is_no_path() {
    let (open, closed, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        for path in
            ["/ingress/closed/?x=/ingress/open/", "/ingress/closed/?/../open/", "/ingress/closed?/ingress/open/"]
        {
            let answer = vestibule.ask(protocol, &Ask::get(path).cookie(&cookie));
            assert_eq!(answer.status, 403, "{protocol:?} {path}: {answer:#?}");
        }
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/open/?x=/ingress/closed/").cookie(&cookie));
        assert_eq!((answer.status, open.one().target()), (200, "/?x=/ingress/closed/"), "{protocol:?}");
    }
    closed.assert_untouched("queries");
}

#[test]
fn s32_a_path_has_its_case_and_a_host_has_none() {
    let (open, closed, on_host) = (RawAddon::start(), RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &open).addon_with("closed", &closed, "access = { admin_only = true }");
        // A large table: what is found in a small one is found in it.
        for number in 0..500 {
            config.addon_table(&format!(
                "slug = \"n{number}\"\nupstream = \"builtin:whoami\"\nhost = \"n{number}.p.test\""
            ));
        }
        let host = format!("slug = \"h\"\nupstream = \"{}\"\nhost = \"h.p.test\"", on_host.url());
        config.addon_table(&format!("{host}\naccess = {{ admin_only = true }}"));
    });
    let (bob, alice) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    for protocol in BOTH {
        for path in
            ["/INGRESS/closed/", "/ingress/CLOSED/", "/ingress/Closed/", "/ingress/%43losed/", "/ingress/clo\u{17f}ed/"]
        {
            let path = path.replace('\u{17f}', "%C5%BF");
            let answer = vestibule.ask(protocol, &Ask::get(&path).cookie(&bob));
            assert!(matches!(answer.status, 400 | 404), "{protocol:?} {path}: {answer:#?}");
        }
        for host in ["h.p.test", "H.P.TEST", "h.p.test:443", "H.p.Test:8443", "h.p.test."] {
            let hers = vestibule.ask(protocol, &Ask::get("/").host(host).cookie(&alice));
            let his = vestibule.ask(protocol, &Ask::get("/").host(host).cookie(&bob));
            match hers.status {
                200 => assert_eq!((his.status, on_host.take(1).len()), (403, 1), "{protocol:?} {host}"),
                // A host that is not taken for this one is not taken for another either.
                _ => assert!(
                    matches!((hers.status, his.status), (400 | 421, 400 | 421)),
                    "{protocol:?} {host}: {hers:#?}"
                ),
            }
        }
    }
    closed.assert_untouched("other cases");
    open.assert_untouched("other cases");
    on_host.assert_no_request("bob is no administrator");
}

#[test]
fn s34_letters_that_only_look_like_dots_and_slashes_are_letters() {
    let (open, closed, vestibule) = open_and_closed();
    let cookie = vestibule.cookie("bob");
    let odd = [
        "%C4%B0",
        "%c0%ae%c0%ae/closed/",
        "%ef%bc%8e%ef%bc%8e/closed/",
        "%e2%80%a5/closed/",
        "%ef%bc%8fclosed/",
        "%E2%88%95closed/",
        "%ff%fe",
        "%ed%a0%80",
    ];
    for protocol in BOTH {
        for rest in odd {
            let path = format!("/ingress/open/{rest}");
            let answer = vestibule.ask(protocol, &Ask::get(&path).cookie(&cookie));
            assert_eq!(answer.status, 200, "{protocol:?} {path}: {answer:#?}");
            assert_eq!(open.one().target(), format!("/{rest}"), "byte for byte");
        }
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/open/%u002e%u002e/closed/").cookie(&cookie));
        assert_eq!(answer.status, 400, "{protocol:?}: {answer:#?}");
    }
    closed.assert_untouched("letters");
}

#[test]
fn s35_what_cannot_be_read_is_refused_and_never_waved_through() {
    let (addon, vestibule, cookie) = one_addon();
    for target in [
        "/ingress/a/%zz",
        "/ingress/a/%",
        "/ingress/a/%1",
        "/%",
        "http://[::1/ingress/a/",
        ":80/",
        "http://",
        "http:///ingress/a/",
        "https://p.test:port/ingress/a/",
        "https://p.test:99999/ingress/a/",
        "//p.test:443/ingress/a/%",
        "\\ingress\\a\\",
    ] {
        for cookie in [Some(&cookie), None] {
            let line = cookie.map(|cookie| format!("Cookie: {cookie}|")).unwrap_or_default();
            let mut client = RawClient::connect(vestibule.https());
            client.send(&[b"GET ", target.as_bytes(), &wire(&format!(" HTTP/1.1|Host: p.test|{line}|"))].concat());
            let answer = client.answer();
            assert_refused(&answer, &addon, target);
        }
    }
    addon.assert_untouched("unreadable targets");
}

#[test]
fn s101_what_is_not_there_looks_like_what_is_forbidden_to_strangers() {
    let (_open, closed, vestibule) = open_and_closed();
    let bob = vestibule.cookie("bob");
    for protocol in BOTH {
        let nowhere = vestibule.ask(protocol, &Ask::get("/ingress/none/"));
        let forbidden = vestibule.ask(protocol, &Ask::get("/ingress/closed/"));
        assert_eq!((nowhere.status, forbidden.status), (401, 401));
        let without_id = |text: String| text.split("request_id").next().unwrap().to_owned();
        assert_eq!(without_id(nowhere.text()), without_id(forbidden.text()));
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/none/").cookie(&bob)).status, 404);
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/closed/").cookie(&bob)).status, 403);
    }
    closed.assert_untouched("S-112: bob is no administrator");
}

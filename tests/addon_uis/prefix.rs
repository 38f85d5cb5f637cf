//! The prefix: taken off or left on, told in the headers that an add-on reads, ended with a slash, and never a byte of
//! the path touched. spec/addon-uis.md section 3, points 1, 2, 12 and 13.

use crate::behind;
use crate::support::{Ask, BOTH, RawAddon, Vestibule};

#[test]
fn point_01_the_prefix_is_taken_off_or_left_on() {
    let addon = RawAddon::start();
    for (lines, seen) in [
        ("", "/lab/tree?a=/ingress/a"),
        ("prefix = \"strip\"", "/lab/tree?a=/ingress/a"),
        ("prefix = \"keep\"", "/ingress/a/lab/tree?a=/ingress/a"),
    ] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/lab/tree?a=/ingress/a").cookie(&cookie));
            assert_eq!((answer.status, addon.one().target()), (200, seen), "{protocol:?} {lines}");
        }
    }
}

#[test]
fn point_02_the_prefix_is_told_in_every_header_that_the_route_names_and_in_no_other() {
    let addon = RawAddon::start();
    let names = ["X-Ingress-Path", "X-Script-Name", "X-Forwarded-Prefix", "X-My-Base"];
    let lines = format!("prefix_headers = {names:?}\nhost = \"a.p.test\"");
    let (vestibule, cookie) = behind(&addon, &lines);
    for protocol in BOTH {
        let with_lies =
            |ask: Ask| names.iter().fold(ask, |ask, name| ask.field(name, "/x").field(&name.replace('-', "_"), "/y"));
        vestibule.ask(protocol, &with_lies(Ask::get("/ingress/a/x").cookie(&cookie)));
        let request = addon.one();
        for name in names {
            assert_eq!(request.fields.one(name), "/ingress/a", "{protocol:?}");
            assert!(!request.fields.has(&name.replace('-', "_")), "{request:#?}");
        }
        // On its own host the same add-on has no prefix, and the client's word for one does not pass either.
        vestibule.ask(protocol, &with_lies(Ask::get("/x").host("a.p.test").cookie(&cookie)));
        let request = addon.one();
        assert!(names.iter().all(|name| !request.fields.has(name)), "{protocol:?} {request:#?}");
    }
}

#[test]
fn point_12_the_prefix_without_its_slash_leads_to_the_one_with_it() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "");
    for protocol in BOTH {
        for (target, location) in
            [("/ingress/a", "a/"), ("/ingress/a?", "a/?"), ("/ingress/a?next=%2Fx&y=//z", "a/?next=%2Fx&y=//z")]
        {
            for method in ["GET", "HEAD"] {
                let answer = vestibule.ask(protocol, &Ask::new(method, target).cookie(&cookie));
                assert_eq!((answer.status, answer.location().as_str()), (308, location), "{protocol:?} {method}");
            }
            addon.assert_no_request("the browser is sent on first");
        }
        let posted = vestibule.ask(protocol, &Ask::post("/ingress/a", "x").cookie(&cookie));
        assert_eq!((posted.status, addon.one().line.as_str()), (200, "POST / HTTP/1.1"), "nobody repeats a POST");
        let nobody = vestibule.ask(protocol, &Ask::get("/ingress/a"));
        assert_eq!(nobody.status, 401, "without a session nothing says that there is an add-on");
    }
    let (keeping, cookie) = behind(&addon, "prefix = \"keep\"");
    keeping.ask(BOTH[0], &Ask::get("/ingress/a").cookie(&cookie));
    assert_eq!(addon.one().target(), "/ingress/a", "an add-on that knows its prefix redirects by itself");
}

#[test]
fn point_13_not_a_byte_of_the_path_is_touched() {
    let addon = RawAddon::start();
    for (lines, prefix) in [("", ""), ("prefix = \"keep\"", "/ingress/a")] {
        let (vestibule, cookie) = behind(&addon, lines);
        for rest in [
            "/a%2Fb%252Fc",
            "//double//slash/",
            "/semi;v=1/colon:x",
            "/%23%3F%20+?a%2Fb&y=%20+",
            "/?",
            "/~%7e%41A",
            "/%e2%82%ac?x=%E2%82%AC&&=",
        ] {
            for protocol in BOTH {
                let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/a{rest}")).cookie(&cookie));
                assert_eq!(answer.status, 200, "{protocol:?} {rest}");
                assert_eq!(addon.one().target(), format!("{prefix}{rest}"), "{protocol:?}");
            }
        }
        for ambiguous in ["/../b/", "/%2e%2e/b/", "/..%2fb/", "/a/%252e%252e/", "/..;/b"] {
            for protocol in BOTH {
                let answer = vestibule.ask(protocol, &Ask::get(&format!("/ingress/a{ambiguous}")).cookie(&cookie));
                crate::support::assert_refused(&answer, &addon, ambiguous);
            }
        }
    }
}

#[test]
fn point_13_a_prefix_in_another_spelling_is_no_prefix() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for spelling in ["/ingress%2Fa/", "/%69ngress/a/", "/ingress/%61/", "//ingress/a/", "/INGRESS/a/", "/ingress/ab/"] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get(spelling).cookie(&cookie));
            assert_eq!(answer.status, 404, "{protocol:?} {spelling}");
            addon.assert_no_request(spelling);
        }
    }
}

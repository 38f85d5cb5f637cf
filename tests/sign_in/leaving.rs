//! Signing in leads to our own paths and nowhere else: case S-90.

use crate::one_addon;
use crate::support::form::{Form, SIGN_IN, encode};
use crate::support::process::LOOPBACK;
use crate::support::{Ask, BOTH, Protocol};

#[test]
fn s90_signing_in_leads_only_to_our_own_paths() {
    let (_, vestibule) = one_addon();
    let elsewhere = [
        "//example.com",
        "/\\example.com",
        "/ /example.com",
        "/\t/example.com",
        "/%09/example.com",
        "\\example.com",
        "/.\\example.com",
        "/./\\example.com",
        "/./../../\\example.com",
        "/.//example.com",
        "/x/..//example.com",
        "////x@example.com/%2f..",
        "/x:1/:///%01javascript:alert(1)/",
        "///\\;@example.com",
        "@example.com",
        "https:example.com",
        "https:/\\example.com",
        "https://example.com/",
        "HTTPS://example.com",
        "http://p.test/",
        "https://p.test@example.com/",
        "https://p.test.example.com/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/\r\nLocation: https://example.com",
        "/%0d%0aLocation: https://example.com",
        "/x\r\nSet-Cookie: a=b",
        "/\u{0}/example.com",
        "/\u{2028}",
        "",
        " ",
        "example.com",
        ".",
        "..",
        "?x",
        "#x",
        "/\u{b}/example.com",
        "/\\/example.com",
        "/%5cexample.com",
        "/%2f%2fexample.com/..",
        "\t//example.com",
        " //example.com",
    ];
    for target in elsewhere {
        let page = vestibule.ask(Protocol::H1, &Ask::navigate(&format!("{SIGN_IN}?return_to={}", encode(target))));
        assert!(matches!(page.status, 200 | 400), "{target:?}: {page:#?}");
        assert!(!page.fields.has("location"), "{target:?}: {page:#?}");
        if page.status == 200 {
            let form = Form::from_page(&page, LOOPBACK);
            assert_own_path(&form.return_to, target, true);
        }
        let mut form = Form::open(&vestibule, LOOPBACK);
        target.clone_into(&mut form.return_to);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &form.post("bob", "bob-pass-1"));
            assert!(matches!(answer.status, 303 | 400), "{target:?}: {answer:#?}");
            if answer.status == 303 {
                assert_own_path(&answer.location(), target, false);
                assert_eq!(answer.fields.texts("location").len(), 1);
            }
            let names: Vec<String> = answer.fields.texts("set-cookie");
            assert!(names.iter().all(|line| line.starts_with("__Host-ingress")), "{target:?}: {names:?}");
        }
    }
}

/// A path that no browser takes for another site, whatever it does to backslashes, tabs and dot segments.
#[track_caller]
fn assert_own_path(path: &str, asked: &str, may_be_empty: bool) {
    if may_be_empty && path.is_empty() {
        return;
    }
    assert!(path.starts_with('/'), "{asked:?} became {path:?}");
    assert!(!path.bytes().any(|b| b <= b' ' || b == b'\\' || b >= 0x7f), "{asked:?} became {path:?}");
    let path = path.split(['?', '#']).next().unwrap();
    let second = path.as_bytes().get(1);
    assert!(!matches!(second, Some(b'/')), "{asked:?} became {path:?}");
    let mut kept = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment.to_ascii_lowercase().replace("%2e", ".").as_str() {
            ".." => drop(kept.pop()),
            "." => {}
            _ => kept.push(segment),
        }
    }
    assert!(kept.len() < 2 || !kept[0].is_empty(), "{asked:?} became {path:?}, which a browser takes for //host");
}

#[test]
fn s94_return_to_cannot_come_out_of_the_page() {
    let (_, vestibule) = one_addon();
    for text in ["/\"><script>alert(1)</script>", "/'onfocus='alert(1)", "/<!--", "/{{7*7}}"] {
        let page = vestibule.ask(Protocol::H1, &Ask::navigate(&format!("{SIGN_IN}?return_to={}", encode(text))));
        let html = page.text();
        assert!(!html.contains("<script>alert") && !html.contains("'onfocus='"), "{text}: {html}");
        assert!(!html.contains("/\"><") && !html.contains("<!--") && !html.contains("/49"), "{text}: {html}");
        let policy = page.fields.one("content-security-policy");
        assert!(policy.contains("frame-ancestors") && !policy.contains("unsafe-inline"), "{policy}");
        let mut form = Form::open(&vestibule, LOOPBACK);
        form.return_to = "/".to_owned();
        let failed = form.submit(&vestibule, text, "x");
        assert_eq!(failed.status, 401);
        assert!(!failed.text().contains("<script>alert") && !failed.text().contains("'onfocus='"), "{}", failed.text());
    }
}

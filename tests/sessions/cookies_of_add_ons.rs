//! Our cookie stays ours and theirs stay theirs: case S-78.

use crate::support::{Ask, BOTH, Protocol, RawAddon, Vestibule, assert_denied};
use crate::{contains, token, two_addons};

#[test]
fn s78_the_add_on_gets_every_cookie_but_ours() {
    let (addon, _, vestibule) = two_addons();
    let good = vestibule.cookie("bob");
    let lines = [
        (format!("a=1; {good}; b=\"2, 3\""), Some("a=1; b=\"2, 3\"")),
        (format!("{good}; theme=dark; csrf=a%3Db=="), Some("theme=dark; csrf=a%3Db==")),
        (format!("z=1; y=; x; {good}"), Some("z=1; y=; x")),
        (format!("a=1; a=2; {good}; a=1"), Some("a=1; a=2; a=1")),
        (good.clone(), None),
    ];
    for (sent, expected) in &lines {
        for protocol in BOTH {
            assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(sent)).status, 200, "{sent}");
            let request = addon.one();
            assert_eq!(request.fields.text("cookie").as_deref(), *expected, "{protocol:?} {sent}");
            assert!(request.fields.all("cookie").len() <= 1, "{request:#?}");
            assert!(!contains(&request.head, token(&good)), "the add-on never sees the session: {request:#?}");
        }
    }
    for protocol in BOTH {
        let crumbs = Ask::get("/ingress/a/").cookie("a=1").cookie(&good).cookie("b=2; c=3").cookie("d=4");
        assert_eq!(vestibule.ask(protocol, &crumbs).status, 200);
        assert_eq!(addon.one().fields.one("cookie"), "a=1; b=2; c=3; d=4", "{protocol:?}: lines and crumbs are joined");
    }
}

#[test]
fn s78_an_add_on_sets_cookies_for_itself_alone() {
    let addon = RawAddon::answering(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\
         Set-Cookie: __Host-ingress_session=evil; Path=/; Secure\r\n\
         Set-Cookie:   __Host-ingress_session = evil\r\n\
         Set-Cookie: __Host-ingress_form=evil; Path=/; Secure\r\n\
         Set-Cookie: plain=1\r\n\
         Set-Cookie: root=1; Path=/; HttpOnly\r\n\
         Set-Cookie: parent=1; Domain=test; Path=/app\r\n\
         Set-Cookie: other=1; Path=/ingress/b; SameSite=Strict\r\n\
         X-Remote-User-Id: root\r\n\r\nok",
    );
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_eq!(answer.status, 200);
        let set = answer.fields.texts("set-cookie");
        assert!(set.iter().all(|line| !line.contains("__Host-ingress")), "{set:#?}");
        assert!(set.iter().all(|line| !line.to_ascii_lowercase().contains("domain=")), "{set:#?}");
        let names: Vec<&str> = set.iter().map(|line| line.split('=').next().unwrap()).collect();
        assert_eq!(names, ["plain", "root", "parent", "other"], "in the add-on's order");
        for line in &set {
            let path = line.split("; ").find_map(|attribute| attribute.strip_prefix("Path="));
            let inside = path.is_none_or(|path| path == "/ingress/a" || path.starts_with("/ingress/a/"));
            assert!(inside, "confined to the add-on's prefix: {line}");
        }
        assert!(set[1].contains("HttpOnly") && set[3].contains("SameSite=Strict"), "the rest stays: {set:#?}");
        assert!(!answer.fields.has("x-remote-user-id"), "an echoed identity header is dropped: {answer:#?}");
    }
}

#[test]
fn s78_cookies_that_are_ours_under_other_settings_stay_ours() {
    let (addon, _, vestibule) = two_addons();
    let good = vestibule.cookie("bob");
    // Once cross-site framing was on, a browser may still hold a live token under that name; and the form's token is
    // what keeps other pages from signing a person in.
    let others = [format!("__Host-ingress_session_framed={}", token(&good)), "__Host-ingress_form=abc".to_owned()];
    for other in &others {
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/").cookie(format!("a=1; {other}; {good}; b=2"));
            assert_eq!(vestibule.ask(protocol, &ask).status, 200);
            let request = addon.one();
            assert_eq!(request.fields.one("cookie"), "a=1; b=2", "{other}");
        }
    }
    let framed_alone = Ask::get("/ingress/a/").cookie(&others[0]);
    assert_denied(&vestibule.ask(Protocol::H1, &framed_alone), &addon, "the name that is not in use");
}

//! Cookies: ours never reaches an add-on, and theirs never leave their prefix. spec/addon-uis.md section 3, points 9,
//! 10 and 19; S-78.

use crate::support::{Ask, BOTH, RawAddon};
use crate::{behind, saying};

#[test]
fn point_09_the_add_on_gets_its_cookies_byte_for_byte_and_never_ours() {
    let addon = RawAddon::start();
    let (vestibule, cookie) = behind(&addon, "");
    let theirs = "session_P18843_R|ingress|a=.eJw\"x,y\"; _xsrf=2|a|b|1; empty=; bare";
    for protocol in BOTH {
        let crumbs = Ask::get("/ingress/a/").cookie("first=1").cookie(&cookie).cookie(theirs);
        vestibule.ask(protocol, &crumbs);
        assert_eq!(addon.one().fields.one("cookie"), format!("first=1; {theirs}"), "{protocol:?}");
    }
}

#[test]
fn point_10_a_cookie_stays_under_its_prefix_and_so_does_its_deletion() {
    let addon = saying(
        "Set-Cookie: pga4_session=a|b!c; Path=/; HttpOnly\r\n\
         Set-Cookie: _xsrf=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/\r\n\
         Set-Cookie: gone=; Max-Age=0; Domain=p.test; Path=/\r\n\
         Set-Cookie: mine=1; Path=/ingress/a/lab; SameSite=Lax\r\n\
         Set-Cookie: twice=1; Path=/ingress/a; path=/; Secure\r\n\
         Set-Cookie: __Host-ingress_session=evil; Path=/\r\n",
    );
    for lines in ["", "prefix = \"keep\""] {
        let (vestibule, cookie) = behind(&addon, lines);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            assert_eq!(
                answer.fields.texts("set-cookie"),
                [
                    "pga4_session=a|b!c; Path=/ingress/a/; HttpOnly; Secure",
                    "_xsrf=\"\"; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/ingress/a/; Secure",
                    "gone=; Max-Age=0; Path=/ingress/a/; Secure",
                    "mine=1; Path=/ingress/a/lab; SameSite=Lax; Secure",
                    "twice=1; Path=/ingress/a; Path=/ingress/a/; Secure",
                ],
                "{protocol:?} {lines}"
            );
        }
    }
}

#[test]
fn point_10_on_its_own_host_a_cookie_keeps_its_path_and_loses_its_domain() {
    let addon = saying("Set-Cookie: a=1; Path=/; Domain=p.test\r\nSet-Cookie: b=2; Path=/deep\r\n");
    let (vestibule, cookie) = behind(&addon, "host = \"a.p.test\"");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/").host("a.p.test").cookie(&cookie));
        assert_eq!(answer.fields.texts("set-cookie"), ["a=1; Path=/; Secure", "b=2; Path=/deep; Secure"]);
    }
}

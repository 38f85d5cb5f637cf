//! Only one spelling is our cookie, and only one value: cases S-76 and S-77.

use crate::support::expectation::BOB;
use crate::support::process::COOKIE;
use crate::support::{Ask, BOTH, Protocol, assert_denied, assert_id, assert_problem};
use crate::{token, two_addons};

#[test]
fn s76_two_values_for_our_cookie_are_none() {
    let (addon, _, vestibule) = two_addons();
    let (good, other) = (vestibule.cookie("bob"), vestibule.cookie("alice"));
    let made_up = format!("{COOKIE}=tossed");
    for second in [&made_up, &other, &format!("{COOKIE}=")] {
        for (first, last) in [(&good, second), (second, &good)] {
            for protocol in BOTH {
                let why = format!("{protocol:?} {first} and {last}");
                let one_line = Ask::get("/ingress/a/").cookie(format!("{first}; {last}"));
                assert_denied(&vestibule.ask(protocol, &one_line), &addon, &why);
                let two_lines = Ask::get("/ingress/a/").cookie(first).cookie(last);
                assert_denied(&vestibule.ask(protocol, &two_lines), &addon, &why);
                let crumbs = Ask::get("/ingress/a/").cookie("a=1").cookie(first).cookie("b=2").cookie(last);
                assert_denied(&vestibule.ask(protocol, &crumbs), &addon, &why);
            }
        }
    }
    addon.assert_untouched("tossed cookies");
}

#[test]
fn s76_two_values_for_our_cookie_do_not_end_the_session() {
    let (_, _, vestibule) = two_addons();
    let good = vestibule.cookie("bob");
    let tossed = Ask::get("/.vestibule/session").cookie(format!("{good}; {COOKIE}=tossed"));
    assert_problem(&vestibule.ask(Protocol::H1, &tossed), 401);
    assert!(vestibule.is_live(&good), "an attacker who can toss a cookie cannot sign the user out");
}

#[test]
fn s77_a_name_that_only_looks_like_ours_is_not_ours() {
    let (addon, _, vestibule) = two_addons();
    let good = vestibule.cookie("bob");
    let token = token(&good);
    let spellings: Vec<Vec<u8>> = vec![
        format!("\u{2000}{COOKIE}={token}").into_bytes(),
        [COOKIE.as_bytes(), b"\xc2\xa0=", token.as_bytes()].concat(),
        [b"\x85", COOKIE.as_bytes(), b"=", token.as_bytes()].concat(),
        format!("%5F_Host-ingress_session={token}").into_bytes(),
        format!("__Host%2Dingress_session={token}").into_bytes(),
        format!("$Version=1; {COOKIE}=\"{token}; y\"").into_bytes(),
        format!("$Version=1, {COOKIE}={token}").into_bytes(),
        format!("={good}").into_bytes(),
        format!("=;={good}").into_bytes(),
        COOKIE.as_bytes().to_vec(),
        format!("{COOKIE} {token}").into_bytes(),
        format!("__host-ingress_session={token}").into_bytes(),
        format!("__HOST-INGRESS_SESSION={token}").into_bytes(),
        format!("ingress_session={token}").into_bytes(),
        format!("__Secure-ingress_session={token}").into_bytes(),
        format!("x{good}").into_bytes(),
        format!("x={good}").into_bytes(),
        format!("x=\"; {COOKIE}=x{token}\"").into_bytes(),
        format!("{COOKIE}2={token}").into_bytes(),
        format!("__Host_ingress_session={token}").into_bytes(),
    ];
    for spelling in spellings {
        let why = String::from_utf8_lossy(&spelling).into_owned();
        for protocol in BOTH {
            assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&spelling)), &addon, &why);
        }
    }
    addon.assert_untouched("look-alikes");
}

#[test]
fn s77_look_alikes_beside_our_cookie_are_the_add_ons_business() {
    let (addon, _, vestibule) = two_addons();
    let good = vestibule.cookie("bob");
    for other in ["__host-ingress_session=x", "%5F_Host-ingress_session=x", "__Host-ingress_session2=x", "$Version=1"] {
        for protocol in BOTH {
            let ask = Ask::get("/ingress/a/").cookie(format!("{other}; {good}"));
            assert_eq!(vestibule.ask(protocol, &ask).status, 200, "{other}");
            let request = addon.one();
            assert_id(&request, &BOB);
            assert_eq!(request.fields.one("cookie"), other);
        }
    }
}

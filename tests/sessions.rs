//! A session is one cookie, known to one browser and to nobody else: security cases S-74 to S-83.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use serde_json::json;
use support::expectation::{ALICE, BOB};
use support::form::{Form, new_session};
use support::home::password_of;
use support::process::{COOKIE, LOOPBACK};
use support::{
    Answer, Ask, BOTH, Protocol, RawAddon, RawClient, Vestibule, assert_denied, assert_id, assert_problem, eventually,
};

/// Two add-ons, reached at `/ingress/a/` and `/ingress/b/`.
fn two_addons() -> (RawAddon, RawAddon, Vestibule) {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &a).addon("b", &b);
    });
    (a, b, vestibule)
}

fn token(cookie: &str) -> &str {
    cookie.strip_prefix(COOKIE).unwrap().strip_prefix('=').unwrap()
}

#[test]
fn s74_signing_in_never_keeps_a_session_that_was_there_before() {
    let (addon, _, vestibule) = two_addons();
    let planted = format!("{COOKIE}={}", "A".repeat(43));
    let attackers = vestibule.cookie("carol");
    for before in [&planted, &attackers] {
        let mut form = Form::open(&vestibule, LOOPBACK);
        form.others.push(before.clone());
        let answer = form.submit(&vestibule, "bob", &password_of("bob"));
        let fresh = new_session(&answer);
        assert_ne!(token(&fresh), token(before), "a new token at every sign-in");
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&fresh));
        assert_eq!(answer.status, 200);
        assert_id(&addon.one(), &BOB);
    }
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&planted));
    assert_denied(&answer, &addon, "a token that we did not make");
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(&attackers));
    assert!(answer.status == 401 || answer.json()["user"]["name"] != "bob", "never bob's: {answer:#?}");
}

#[test]
fn s74_every_sign_in_makes_a_token_of_its_own() {
    let (_, _, vestibule) = two_addons();
    let first = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let second = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    assert_ne!(first, second);
    let mut form = Form::open(&vestibule, LOOPBACK);
    form.others.push(first.clone());
    let third = new_session(&form.submit(&vestibule, "bob", &password_of("bob")));
    assert_ne!(first, third);
}

#[test]
fn s75_signing_out_ends_the_session_for_whoever_kept_the_cookie() {
    let (addon, _, vestibule) = two_addons();
    for protocol in BOTH {
        let cookie = new_session(&vestibule.sign_in("bob", &password_of("bob")));
        let other = vestibule.cookie("bob");
        let sign_out = Ask::post("/.vestibule/sign-out", "")
            .field("Origin", "https://p.test")
            .field("Sec-Fetch-Site", "same-origin")
            .cookie(&cookie);
        let answer = vestibule.ask(protocol, &sign_out);
        assert_eq!(answer.status, 303, "{protocol:?}: {answer:#?}");
        assert!(answer.location().starts_with("/.vestibule/sign-in"), "{answer:#?}");
        let (pair, attributes) = answer.set_cookie(COOKIE).expect("the cookie is cleared");
        assert_eq!(token(&pair), "", "{answer:#?}");
        assert!(attributes.contains("Max-Age=0"), "{answer:#?}");
        assert!(attributes.contains("Path=/") && attributes.contains("Secure"), "or browsers ignore it: {answer:#?}");
        let replay = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        assert_denied(&replay, &addon, "the old cookie after sign-out");
        assert!(vestibule.is_live(&other), "the user's other sessions stay");
    }
}

#[test]
fn s75_a_get_and_a_foreign_page_cannot_sign_out() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let get = vestibule.ask(protocol, &Ask::navigate("/.vestibule/sign-out").cookie(&cookie));
        assert!(matches!(get.status, 404 | 405), "{get:#?}");
        let foreign = Ask::post("/.vestibule/sign-out", "")
            .field("Origin", "https://evil.test")
            .field("Sec-Fetch-Site", "cross-site")
            .cookie(&cookie);
        assert_eq!(vestibule.ask(protocol, &foreign).status, 403);
        assert!(vestibule.is_live(&cookie));
    }
}

#[test]
fn s75_a_changed_password_ends_the_sessions_made_with_the_old_one() {
    let (addon, _, vestibule) = two_addons();
    let bob = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let carol = new_session(&vestibule.sign_in("carol", &password_of("carol")));
    vestibule.home().set_password("bob", "another-pass-2");
    vestibule.await_ended(&bob);
    for protocol in BOTH {
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bob)), &addon, "the old password");
    }
    assert!(vestibule.is_live(&carol), "other users stay");
    let answer = vestibule.sign_in("bob", &password_of("bob"));
    assert_eq!(answer.status, 401, "the old password is wrong: {answer:#?}");
    let fresh = new_session(&vestibule.sign_in("bob", "another-pass-2"));
    assert!(vestibule.is_live(&fresh));
}

#[test]
fn s75_a_deactivated_or_deleted_user_is_nobody() {
    let (addon, _, vestibule) = two_addons();
    let (bob, carol, alice) = (vestibule.cookie("bob"), vestibule.cookie("carol"), vestibule.cookie("alice"));
    vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    vestibule.await_ended(&bob);
    vestibule.home().delete_user("carol");
    vestibule.await_ended(&carol);
    for protocol in BOTH {
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bob)), &addon, "deactivated");
        assert_denied(&vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&carol)), &addon, "deleted");
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&alice)).status, 200);
        assert_id(&addon.one(), &ALICE);
    }
}

#[test]
fn s75_a_lost_group_is_a_lost_add_on_and_the_session_stays() {
    let (open, closed) = (RawAddon::start(), RawAddon::start());
    let vestibule = Vestibule::start(|config| {
        config.addon("open", &open).addon_with("closed", &closed, "access = { groups = [\"system-users\"] }");
    });
    let bob = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/closed/").cookie(&bob)).status, 200);
    closed.one();
    vestibule.home().edit_user("bob", |user| user["group_ids"] = json!(["system-read-only"]));
    eventually("the lost group", || {
        let status = vestibule.ask(Protocol::H1, &Ask::get("/ingress/closed/").cookie(&bob)).status;
        (status == 403).then_some(())
    });
    let _ = closed.requests().len();
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/closed/").cookie(&bob)).status, 403);
    assert_eq!(vestibule.ask(Protocol::H2, &Ask::get("/ingress/open/").cookie(&bob)).status, 200);
}

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
fn s79_a_session_for_one_add_on_opens_no_other() {
    let (a, b, vestibule) = two_addons();
    let bound = vestibule.bound_cookie("bob", "a");
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&bound)).status, 200);
        assert_id(&a.one(), &BOB);
        let elsewhere = vestibule.ask(protocol, &Ask::get("/ingress/b/").cookie(&bound));
        assert_problem(&elsewhere, 403);
        assert_denied(&elsewhere, &b, "bound to another add-on");
        let body = vestibule.ask(protocol, &Ask::post("/ingress/b/", "x").cookie(&bound));
        assert_denied(&body, &b, "bound to another add-on");
    }
    b.assert_untouched("bound to another add-on");
    let unknown = vestibule.command(&["sessions", "new", "--user", "bob", "--addon", "no-such-add-on"]);
    assert!(!unknown.status.success(), "a session cannot be bound to nothing: {unknown:?}");
}

#[test]
fn s80_a_token_is_256_random_bits_and_is_kept_nowhere() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "store", r#""state/sessions.redb""#).addon("a", &addon);
    });
    let cookies: Vec<String> = (0..8).map(|_| vestibule.cookie("bob")).collect();
    for (i, cookie) in cookies.iter().enumerate() {
        let token = token(cookie);
        assert_eq!(token.len(), 43, "256 bits in base64url: {token}");
        assert!(token.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_'), "{token}");
        assert!(!cookies[..i].contains(cookie), "never the same again");
    }
    let store = vestibule.path("state/sessions.redb");
    let mode = fs::metadata(&store).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600, "nobody else reads the store");
    let socket = fs::metadata(vestibule.path("run/vestibule.sock")).unwrap().permissions().mode() & 0o777;
    assert_eq!(socket, 0o600, "nobody else makes sessions");
    let list = vestibule.command_ok(&["sessions", "list"]);
    let bytes = fs::read(&store).unwrap();
    for cookie in &cookies {
        let token = token(cookie);
        let raw = base64::Engine::decode(&base64::engine::general_purpose::URL_SAFE_NO_PAD, token).unwrap();
        assert!(!contains(&bytes, token) && !bytes.windows(32).any(|w| w == raw), "the store holds digests");
        assert!(!list.contains(token), "the list shows no token: {list}");
    }
}

#[test]
fn s81_the_absolute_limit_holds_however_busy_the_session_is() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "absolute_timeout", r#""2s""#).addon("a", &addon);
    });
    let before = Instant::now();
    let cookie = vestibule.cookie("bob");
    let after = Instant::now();
    let mut client = RawClient::connect(vestibule.https());
    let (mut served, mut denied_at) = (0_u32, None);
    while denied_at.is_none() && before.elapsed() < Duration::from_secs(10) {
        let answer = client.ask(&Ask::get("/ingress/a/").cookie(&cookie));
        match answer.status {
            200 => served += 1,
            401 => denied_at = Some(Instant::now()),
            _ => panic!("{answer:#?}"),
        }
    }
    let denied_at = denied_at.expect("use does not move the absolute limit");
    assert!(served > 10, "it was in use: {served}");
    assert!(denied_at - before >= Duration::from_secs(2), "not before its time");
    assert!(denied_at - after < Duration::from_secs(3), "not long after its time");
    addon.take(1);
    assert_denied(&vestibule.ask(Protocol::H2, &Ask::get("/ingress/a/").cookie(&cookie)), &addon, "expired");
}

#[test]
fn s81_a_session_that_nobody_uses_ends_and_one_in_use_does_not() {
    let a = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "idle_timeout", r#""2s""#).addon("a", &a);
    });
    let (idle, busy) = (vestibule.cookie("bob"), vestibule.cookie("carol"));
    let start = Instant::now();
    // The busy session is asked for all the time, the idle one not once: asking would keep it alive.
    let mut client = RawClient::connect(vestibule.https());
    while start.elapsed() < Duration::from_secs(3) {
        assert_eq!(
            client.ask(&Ask::get("/ingress/a/").cookie(&busy)).status,
            200,
            "in use after {:?}",
            start.elapsed()
        );
    }
    a.take(1);
    assert_denied(&client.ask(&Ask::get("/ingress/a/").cookie(&idle)), &a, "idle for three seconds");
    assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&busy)).status, 200);
}

#[test]
fn s82_the_cookie_is_set_with_exactly_these_attributes() {
    let (_, _, vestibule) = two_addons();
    for protocol in BOTH {
        let form = Form::open(&vestibule, LOOPBACK);
        let answer = vestibule.ask(protocol, &form.post("bob", &password_of("bob")));
        let line = answer.fields.texts("set-cookie").into_iter().find(|line| line.starts_with(COOKIE)).unwrap();
        let (pair, attributes) = line.split_once("; ").unwrap();
        assert_eq!(attributes, "Path=/; Secure; HttpOnly; SameSite=Lax", "and no Domain, Expires or Max-Age: {line}");
        assert_eq!(token(pair).len(), 43);
        assert!(answer.fields.one("cache-control").contains("no-store"));
        let ours = answer.fields.texts("set-cookie").into_iter().filter(|line| line.starts_with(COOKIE)).count();
        assert_eq!(ours, 1, "{answer:#?}");
    }
}

#[test]
fn s82_for_framing_by_another_site_the_cookie_has_another_name() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("session", "cross_site_framing", "true").addon("a", &addon);
    });
    let form = Form::open(&vestibule, LOOPBACK);
    let answer = vestibule.ask(Protocol::H1, &form.post("bob", &password_of("bob")));
    assert_eq!(answer.status, 303, "{answer:#?}");
    let lines = answer.fields.texts("set-cookie");
    let line = lines.iter().find(|line| line.contains("Partitioned")).unwrap_or_else(|| panic!("{lines:#?}"));
    assert!(!line.starts_with(&format!("{COOKIE}=")), "the two never count as two values of one: {line}");
    assert!(line.starts_with("__Host-") && line.contains("; SameSite=None"), "{line}");
    assert!(line.contains("; Path=/;") && line.contains("; Secure") && line.contains("; HttpOnly"), "{line}");
    let pair = line.split(';').next().unwrap();
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(pair)).status, 200);
    assert_id(&addon.one(), &BOB);
}

#[test]
fn s82_what_concerns_sessions_is_stored_nowhere_and_set_by_nothing_else() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let who = vestibule.ask(protocol, &Ask::get("/.vestibule/session").cookie(&cookie));
        assert_eq!(who.status, 200);
        assert!(who.fields.one("cache-control").contains("no-store"), "{who:#?}");
        let add_on = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
        let nobody = vestibule.ask(protocol, &Ask::get("/ingress/a/"));
        let page = vestibule.ask(protocol, &Ask::navigate("/.vestibule/sign-in"));
        assert!(page.fields.one("cache-control").contains("no-store"), "{page:#?}");
        for answer in [&who, &add_on, &nobody, &page] {
            assert!(answer.set_cookie(COOKIE).is_none(), "only sign-in sets the session: {answer:#?}");
        }
    }
    for target in ["/", "/healthz", "/readyz", "/metrics", "/.vestibule/sign-in", "/ingress/a/"] {
        let answer = vestibule.ask_operations(&Ask::get(target).cookie(&cookie));
        assert!(!answer.fields.has("set-cookie"), "no cookie over plain HTTP: {target}: {answer:#?}");
    }
}

#[test]
fn s82_the_session_says_who_one_is_and_no_secret() {
    let (_, _, vestibule) = two_addons();
    let cookie = vestibule.cookie("zoë");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &Ask::get("/.vestibule/session").cookie(&cookie));
        let told = answer.json();
        assert_eq!(told["user"]["id"], "815eb1c2764a4ef699a7664cf787d481");
        assert_eq!(told["user"]["name"], "zoë");
        assert_eq!(told["user"]["display_name"], "Zoë Ünïcode 日本");
        assert_eq!(told["user"]["is_admin"], false);
        assert!(told["session"]["created"].is_string() && told["session"]["expires"].is_string(), "{told:#}");
        assert!(!answer.text().contains(token(&cookie)), "{told:#}");
        assert_problem(&vestibule.ask(protocol, &Ask::get("/.vestibule/session")), 401);
    }
    let admin = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(vestibule.cookie("alice")));
    assert_eq!(admin.json()["user"]["is_admin"], true);
}

#[test]
fn s83_no_secret_stands_in_the_log() {
    for format in ["text", "json"] {
        let addon = RawAddon::start();
        let vestibule = Vestibule::start(|config| {
            config.set("log", "format", &format!("\"{format}\"")).set("log", "filter", "\"info,vestibule=trace\"");
            config.set("session", "store", r#""state/sessions.redb""#).addon("a", &addon);
        });
        let made = vestibule.cookie("carol");
        let form =
            Form::open_at(&vestibule, LOOPBACK, "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2F%3Fcode%3DsEcret1");
        let signed_in = new_session(&form.submit(&vestibule, "bob", "bob-pass-1"));
        assert_eq!(form.submit(&vestibule, "bob", "wR0ng-word").status, 401);
        assert_eq!(form.submit(&vestibule, "wR0ng-user-p4ss", "x").status, 401);
        for protocol in BOTH {
            let target = "/ingress/a/x?code=sEcret2&state=ok&authSig=sEcret3&token=sEcret4&ingress_token=sEcret5\
                          &access_token=sEcret6&CODE=sEcret7&auth%53ig=sEcret8";
            let ask = Ask::get(target)
                .field("Authorization", "Bearer sEcret-authorization")
                .field("Referer", "https://p.test/?code=sEcret-referer")
                .field("X-Hassio-Key", "sEcret-stripped")
                .cookie(&signed_in);
            assert_eq!(vestibule.ask(protocol, &ask).status, 200);
            vestibule.ask(protocol, &Ask::navigate(target));
            vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(format!("{COOKIE}=sEcret-cookie")));
            vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(format!("{made}; {signed_in}")));
        }
        vestibule.command_ok(&["sessions", "list"]);
        vestibule.revoke("bob");
        let log = vestibule.stderr();
        assert!(log.contains("/ingress/a/"), "there is an access line to be redacted");
        let csrf = form.csrf.as_str();
        for secret in ["sEcret", "bob-pass-1", "wR0ng-word", token(&made), token(&signed_in), csrf] {
            let line = log.lines().find(|line| line.contains(secret));
            assert_eq!(line, None, "{format}: {secret:?} is in the log");
        }
        assert!(form.cookie.split_once('=').is_none_or(|(_, value)| !log.contains(value)), "the form's cookie");
        if format == "json" {
            for line in log.lines().filter(|line| line.contains("/ingress/a/")) {
                assert!(serde_json::from_str::<serde_json::Value>(line).is_ok(), "one JSON object a line: {line}");
            }
        }
    }
}

#[test]
fn s83_our_pages_send_no_address_to_other_sites() {
    let (_, _, vestibule) = two_addons();
    for protocol in BOTH {
        let page = vestibule.ask(protocol, &Ask::navigate("/.vestibule/sign-in"));
        let refused = vestibule.ask(protocol, &Ask::navigate("/ingress/a/").cookie(format!("{COOKIE}=x; {COOKIE}=y")));
        let not_found = vestibule.ask(protocol, &Ask::navigate("/ingress/none/").cookie(vestibule.cookie("bob")));
        for answer in [page, refused, not_found] {
            let policy = answer.fields.text("referrer-policy");
            let good = ["no-referrer", "same-origin"];
            assert!(policy.as_deref().is_some_and(|p| good.contains(&p)) || is_redirect(&answer), "{answer:#?}");
        }
    }
}

fn is_redirect(answer: &Answer) -> bool {
    answer.status == 303
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

//! Signing in with a Home Assistant user name and password: where it leads (S-90), whom it refuses, and what it gives
//! away to somebody who guesses (S-96 in part).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on panics")]

#[cfg(test)]
mod support;

use std::net::{IpAddr, Ipv4Addr};
use std::time::{Duration, Instant};

use serde_json::json;
use support::expectation::{BOB, ZOE};
use support::form::{FORM_COOKIE, Form, SIGN_IN, encode, hidden, new_session};
use support::home::password_of;
use support::process::{COOKIE, LOOPBACK};
use support::{Answer, Ask, BOTH, Protocol, RawAddon, RawClient, Vestibule, assert_id, wire};

const ELSEWHERE: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2));

fn one_addon() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000");
        config.addon("a", &addon);
    });
    (addon, vestibule)
}

#[test]
fn a_browser_that_signs_in_arrives_where_it_wanted_to_go() {
    let (addon, vestibule) = one_addon();
    for (name, user) in [("bob", BOB), ("zoë", ZOE)] {
        for protocol in BOTH {
            let wanted = "/ingress/a/deep/page?x=1&y=%C3%A9#top";
            let redirect = vestibule.ask(protocol, &Ask::navigate(wanted.split('#').next().unwrap()));
            assert_eq!(redirect.status, 303, "{redirect:#?}");
            let form = Form::open_at(&vestibule, LOOPBACK, &redirect.location());
            assert_eq!(form.return_to, "/ingress/a/deep/page?x=1&y=%C3%A9", "byte for byte");
            let answer = vestibule.ask(protocol, &form.post(name, &password_of(name)));
            assert_eq!(answer.location(), "/ingress/a/deep/page?x=1&y=%C3%A9");
            let cookie = new_session(&answer);
            let arrived = vestibule.ask(protocol, &Ask::navigate(&answer.location()).cookie(&cookie));
            assert_eq!(arrived.status, 200);
            let request = addon.one();
            assert_id(&request, &user);
            assert_eq!(request.target(), "/deep/page?x=1&y=%C3%A9");
        }
    }
}

#[test]
fn the_real_hashes_of_home_assistant_are_understood() {
    let addon = RawAddon::start();
    let example = format!("{}/examples/home/.storage/auth_provider.homeassistant", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(example).unwrap();
    let vestibule = Vestibule::start_at_home(
        |config| {
            config.addon("a", &addon);
        },
        |home| home.replace("auth_provider.homeassistant", &file),
    );
    new_session(&vestibule.sign_in("zoë", "zoë-päss-1"));
    assert_eq!(vestibule.sign_in("zoë", "zoe-pass-1").status, 401);
}

#[test]
fn user_names_are_compared_as_home_assistant_does() {
    let (_, vestibule) = one_addon();
    for name in ["bob", " Bob\t", "BOB"] {
        let cookie = new_session(&vestibule.sign_in(name, "bob-pass-1"));
        let who = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(cookie)).json();
        assert_eq!(who["user"]["id"], BOB.id);
    }
    new_session(&vestibule.sign_in("ZOË", "zoë-päss-1"));
    for (name, password) in [("bob", "BOB-PASS-1"), ("bob", " bob-pass-1"), ("bob\u{0}", "bob-pass-1"), ("b", "")] {
        assert_eq!(vestibule.sign_in(name, password).status, 401, "{name:?} {password:?}");
    }
}

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
fn s90_return_to_cannot_come_out_of_the_page() {
    let (_, vestibule) = one_addon();
    for text in ["/\"><script>alert(1)</script>", "/'onfocus='alert(1)", "/<!--", "/{{7*7}}"] {
        let page = vestibule.ask(Protocol::H1, &Ask::navigate(&format!("{SIGN_IN}?return_to={}", encode(text))));
        let html = page.text();
        assert!(!html.contains("<script>alert") && !html.contains("'onfocus='"), "{text}: {html}");
        assert!(!html.contains("\"><"), "{text}: {html}");
        let policy = page.fields.one("content-security-policy");
        assert!(policy.contains("frame-ancestors") && !policy.contains("unsafe-inline"), "{policy}");
        let mut form = Form::open(&vestibule, LOOPBACK);
        form.return_to = "/".to_owned();
        let failed = form.submit(&vestibule, text, "x");
        assert_eq!(failed.status, 401);
        assert!(!failed.text().contains("<script>alert") && !failed.text().contains("'onfocus='"), "{}", failed.text());
    }
}

#[test]
fn a_form_without_its_own_cookie_signs_nobody_in() {
    let (_, vestibule) = one_addon();
    let (mine, theirs) = (Form::open(&vestibule, LOOPBACK), Form::open(&vestibule, LOOPBACK));
    assert_ne!(mine.csrf, theirs.csrf, "every form has a token of its own");
    let wrong = [
        Form { csrf: theirs.csrf.clone(), ..mine.clone() },
        Form { csrf: String::new(), ..mine.clone() },
        Form { cookie: "unrelated=1".to_owned(), ..mine.clone() },
        Form { cookie: format!("{FORM_COOKIE}="), csrf: String::new(), ..mine.clone() },
        Form { cookie: format!("{}; {}", mine.cookie, theirs.cookie), ..mine.clone() },
    ];
    for form in wrong {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &form.post("bob", "bob-pass-1"));
            assert!(matches!(answer.status, 400 | 401 | 403), "{form:?}: {answer:#?}");
            assert!(answer.set_cookie(COOKIE).is_none(), "{form:?}: {answer:#?}");
        }
    }
    new_session(&mine.submit(&vestibule, "bob", "bob-pass-1"));
}

#[test]
fn a_form_posted_by_another_site_signs_nobody_in() {
    let (_, vestibule) = one_addon();
    for (name, value) in [("Origin", "https://evil.test"), ("Origin", "null"), ("Sec-Fetch-Site", "cross-site")] {
        let form = Form::open(&vestibule, LOOPBACK);
        let mut ask = form.post("bob", "bob-pass-1");
        ask.fields.retain(|(n, _)| n != name && (name != "Origin" || n != "Sec-Fetch-Site"));
        let answer = vestibule.ask(Protocol::H1, &ask.field(name, value));
        assert_eq!(answer.status, 403, "{name}: {value}: {answer:#?}");
        assert!(answer.set_cookie(COOKIE).is_none());
    }
}

#[test]
fn an_unknown_user_and_a_wrong_password_look_the_same() {
    let (_, vestibule) = one_addon();
    for protocol in BOTH {
        let ask = |user: &str| {
            let form = Form::open(&vestibule, LOOPBACK);
            let answer = vestibule.ask(protocol, &form.post(user, "wrong-pass"));
            assert_eq!(answer.status, 401, "{answer:#?}");
            faceless(&answer, user)
        };
        let wrong = ask("bob");
        assert_eq!(wrong, ask("nobody-of-this-name"));
        assert_eq!(wrong, ask("erin"), "who is inactive");
        assert_eq!(wrong, ask("Home Assistant Content"), "who is not for people");
    }
}

/// An answer without what differs from one to the next: dates, ids, tokens, and the name that was typed.
fn faceless(answer: &Answer, user: &str) -> (u16, Vec<(String, String)>, String) {
    let html = answer.text();
    let mut text = html.replace(&format!("\"{user}\""), "\"NAME\"");
    let id = answer.fields.text("x-request-id");
    for varying in [hidden(&html, "csrf"), id].into_iter().flatten().filter(|v| !v.is_empty()) {
        text = text.replace(&varying, "VARYING");
    }
    let varies = |name: &str| matches!(name, "date" | "set-cookie" | "x-request-id" | "content-length");
    let fields = answer.fields.0.iter().map(|(name, value)| (name.to_ascii_lowercase(), value));
    let fields = fields.filter(|(name, _)| !varies(name));
    let fields = fields.map(|(name, value)| (name, String::from_utf8_lossy(value).into_owned())).collect();
    (answer.status, fields, text)
}

#[test]
fn an_unknown_user_costs_as_much_time_as_a_wrong_password() {
    let addon = RawAddon::start();
    let example = format!("{}/examples/home/.storage/auth_provider.homeassistant", env!("CARGO_MANIFEST_DIR"));
    let file = std::fs::read(example).unwrap();
    let vestibule = Vestibule::start_at_home(
        |config| {
            config.addon("a", &addon);
        },
        |home| home.replace("auth_provider.homeassistant", &file),
    );
    let fastest = |user: &str| {
        let time = || {
            let form = Form::open(&vestibule, LOOPBACK);
            let start = Instant::now();
            assert_eq!(form.submit(&vestibule, user, "wrong-pass").status, 401);
            start.elapsed()
        };
        (0..2).map(|_| time()).min().unwrap()
    };
    let (known, unknown) = (fastest("bob"), fastest("nobody-of-this-name"));
    let (less, more) = (known.min(unknown), known.max(unknown));
    // A check of a hash costs a hundred times what the rest does: a skipped one cannot hide in a factor of three.
    assert!(more < less * 3 + Duration::from_millis(100), "known {known:?}, unknown {unknown:?}");
}

#[test]
fn a_second_factor_is_spoken_of_only_after_the_right_password() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_at_home(
        |config| {
            config.addon("a", &addon);
        },
        |home| home.add_totp("bob"),
    );
    let plain = vestibule.sign_in("carol", "wrong-pass");
    let wrong = vestibule.sign_in("bob", "wrong-pass");
    assert_eq!(faceless(&wrong, "bob"), faceless(&plain, "carol"), "nothing is given away before the password");
    let right = vestibule.sign_in("bob", "bob-pass-1");
    assert!(matches!(right.status, 401 | 403), "{right:#?}");
    assert!(right.set_cookie(COOKIE).is_none());
    assert_ne!(faceless(&right, "bob").2, faceless(&wrong, "bob").2, "told so after the right password");
}

#[test]
fn inactive_and_system_users_cannot_sign_in_with_the_right_password() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_at_home(
        |config| {
            config.addon("a", &addon);
        },
        |home| home.edit_user("carol", |user| user["system_generated"] = json!(true)),
    );
    for name in ["erin", "carol"] {
        let answer = vestibule.sign_in(name, &password_of(name));
        assert!(matches!(answer.status, 401 | 403), "{name}: {answer:#?}");
        assert!(answer.set_cookie(COOKIE).is_none(), "{name}: {answer:#?}");
    }
    for name in ["erin", "carol", "bec8ee10ae0943ae8e505c8abf6ee05a"] {
        let made = vestibule.command(&["sessions", "new", "--user", name]);
        if made.status.success() {
            let cookie = String::from_utf8(made.stdout).unwrap();
            let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(cookie.trim()));
            assert_eq!(answer.status, 403, "{name}: {answer:#?}");
        }
    }
    addon.assert_untouched("inactive and system users");
}

#[test]
fn a_local_user_is_refused_from_outside() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.2/32"]"#).addon("a", &addon);
    });
    let cookie = vestibule.cookie("dave");
    let get = || Ask::get("/ingress/a/").cookie(&cookie);
    assert_eq!(vestibule.ask_from(LOOPBACK, &get()).status, 200, "from this machine");
    addon.one();
    let home = get().field("X-Forwarded-For", "192.168.1.20");
    assert_eq!(vestibule.ask_from(ELSEWHERE, &home).status, 200, "from the home, through the trusted proxy");
    assert_eq!(addon.one().fields.one("x-forwarded-for"), "192.168.1.20");
    for public in ["203.0.113.7", "2001:db8::7", "192.168.1.20, 203.0.113.7"] {
        let answer = vestibule.ask_from(ELSEWHERE, &get().field("X-Forwarded-For", public));
        assert_eq!(answer.status, 403, "{public}: {answer:#?}");
    }
    let claimed = vestibule.ask_from(LOOPBACK, &get().field("X-Forwarded-For", "203.0.113.7"));
    assert_eq!(claimed.status, 403, "a proxy that nobody trusts, on this machine: never counts as local: {claimed:#?}");
    addon.assert_no_request("not local");
    let form = Form { forwarded_for: Some("203.0.113.7".to_owned()), ..Form::open(&vestibule, ELSEWHERE) };
    let outside = form.submit(&vestibule, "dave", "dave-pass-1");
    assert!(matches!(outside.status, 401 | 403), "{outside:#?}");
    assert!(outside.set_cookie(COOKIE).is_none());
    new_session(&vestibule.sign_in("dave", "dave-pass-1"));
}

#[test]
fn guessing_is_limited_and_locks_nobody_out_elsewhere() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("sign_in", "attempts_per_address", "5").set("sign_in", "attempts_per_user", "5");
        config.set("sign_in", "window", r#""1h""#).addon("a", &addon);
    });
    let form = Form::open(&vestibule, LOOPBACK);
    let mut statuses = Vec::new();
    for attempt in 0..8 {
        statuses.push(form.submit(&vestibule, "bob", &format!("guess-{attempt}")).status);
    }
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
    let right = form.submit(&vestibule, "bob", "bob-pass-1");
    assert_eq!(right.status, 429, "not even with the right password: {right:#?}");
    assert!(right.fields.has("retry-after"), "{right:#?}");
    assert!(right.set_cookie(COOKIE).is_none());
    assert_eq!(form.submit(&vestibule, "carol", "carol-pass-1").status, 429, "an address is limited for all names");
    new_session(&Form::open(&vestibule, ELSEWHERE).submit(&vestibule, "bob", "bob-pass-1"));
    let unknown = Form::open(&vestibule, IpAddr::V4(Ipv4Addr::new(127, 0, 0, 3)));
    let statuses: Vec<u16> = (0..6).map(|_| unknown.submit(&vestibule, "nobody-of-this-name", "x").status).collect();
    assert_eq!(statuses, [401, 401, 401, 401, 401, 429], "an unknown name is limited as a known one");
}

#[test]
fn the_form_takes_a_limited_body_of_the_right_kind() {
    let (_, vestibule) = one_addon();
    let form = Form::open(&vestibule, LOOPBACK);
    let huge = form.post(&"x".repeat(1024 * 1024), "x");
    let answer = vestibule.ask(Protocol::H1, &huge);
    assert!(matches!(answer.status, 0 | 413), "{answer:#?}");
    let mut json = form.post("bob", "bob-pass-1");
    json.fields.retain(|(name, _)| name != "Content-Type");
    let answer = vestibule.ask(Protocol::H1, &json.field("Content-Type", "application/json"));
    assert!((400..500).contains(&answer.status), "{answer:#?}");
    assert!(answer.set_cookie(COOKIE).is_none());
    let mut twice = form.post("bob", "bob-pass-1");
    twice.body = Some([twice.body.unwrap(), b"&username=alice".to_vec()].concat());
    let answer = vestibule.ask(Protocol::H1, &twice);
    assert!((400..500).contains(&answer.status), "two user names: {answer:#?}");
}

#[test]
fn only_navigations_are_led_to_the_form() {
    let (addon, vestibule) = one_addon();
    let scripts = [
        Ask::get("/ingress/a/").field("Accept", "*/*").field("Sec-Fetch-Dest", "empty"),
        Ask::get("/ingress/a/").field("Accept", "application/json"),
        Ask::get("/ingress/a/").field("Accept", "text/html").field("Sec-Fetch-Dest", "empty"),
        Ask::post("/ingress/a/", "x").field("Accept", "text/html").field("Sec-Fetch-Dest", "document"),
        Ask::get("/ingress/a/img.png").field("Sec-Fetch-Dest", "image"),
    ];
    for protocol in BOTH {
        for ask in &scripts {
            let answer = vestibule.ask(protocol, ask);
            assert_eq!(answer.status, 401, "{ask:?}: {answer:#?}");
            assert!(!answer.fields.has("location"));
        }
        let old_browser = Ask::get("/ingress/a/").field("Accept", "text/html, */*");
        assert_eq!(vestibule.ask(protocol, &old_browser).status, 303, "no fetch metadata, wants HTML");
        let head = Ask { method: "HEAD".to_owned(), ..Ask::navigate("/ingress/a/") };
        assert_eq!(vestibule.ask(protocol, &head).status, 303);
        let nowhere = vestibule.ask(protocol, &Ask::navigate("/ingress/nothing-here/"));
        assert_eq!(nowhere.status, 303, "an unknown add-on looks like a forbidden one: {nowhere:#?}");
    }
    addon.assert_untouched("nobody is signed in");
}

#[test]
fn a_request_that_follows_a_refused_form_gets_its_own_answer() {
    let (_, vestibule) = one_addon();
    let form = Form::open(&vestibule, LOOPBACK);
    let mut client = RawClient::connect(vestibule.https());
    let mut both = form.post("bob", "wrong-pass").to_bytes();
    both.extend(wire("GET /.vestibule/session HTTP/1.1|Host: p.test||"));
    client.send(&both);
    assert_eq!(client.answer_to("POST").status, 401);
    let next = client.answer();
    assert!(next.status == 0 || next.fields.one("content-type").starts_with("application/problem+json"), "{next:#?}");
}

//! Who does not get in over Home Assistant's page: other browsers, old and used ways back (S-88), users who may not,
//! and a Home Assistant that does not answer as it should. Every one of them ends in a page to begin again from, by
//! hand.

use serde_json::json;

use crate::support::expectation::BOB;
use crate::support::journey::{Browser, START};
use crate::support::process::COOKIE;
use crate::support::there::Mischief;
use crate::support::{Answer, Ask, Protocol, RawAddon, There, Vestibule, eventually};
use crate::{ELSEWHERE, at_there, offering};

/// A page with a button, and neither a session nor a redirection.
#[track_caller]
fn assert_helps(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{answer:#?}");
    let html = answer.text();
    assert!(html.contains(words) && html.contains("id=\"home-assistant\""), "{words}: {html}");
    assert!(!answer.fields.has("location") && !answer.fields.has("refresh"), "never a loop: {answer:#?}");
    assert!(answer.set_cookie(COOKIE).is_none(), "{answer:#?}");
}

const STALE: &str = "was begun in another browser";

#[test]
fn s88_a_way_back_is_of_no_use_in_another_browser_and_none_the_worse_for_it() {
    let (_, there, vestibule) = at_there();
    let mut mine = Browser::new();
    let page = mine.begin(&vestibule, "/ingress/a/");
    let back = there.approve(&page, BOB.id);
    let mut victim = Browser::new();
    assert_helps(&victim.go(&vestibule, &back), 400, STALE);
    victim.begin(&vestibule, "/ingress/a/");
    assert_helps(&victim.go(&vestibule, &back), 400, STALE);
    assert!(there.calls_to("/auth/token").is_empty(), "the code was not touched");
    assert_eq!(mine.go(&vestibule, &back).status, 303);
}

#[test]
fn s88_a_way_back_is_good_once() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    let page = browser.begin(&vestibule, "/ingress/a/");
    let back = there.approve(&page, BOB.id);
    assert_eq!(browser.go(&vestibule, &back).status, 303);
    let session = browser.session().unwrap();
    let again = browser.go(&vestibule, &back);
    assert_helps(&again, 400, STALE);
    assert!(again.text().contains("You are signed in already"), "{}", again.text());
    assert!(vestibule.is_live(&session), "the session that it made lives on");
    assert_eq!(there.calls_to("/auth/token").len(), 1, "the code is not tried again");
    browser.forget(COOKIE);
    let later = browser.go(&vestibule, &back);
    assert_helps(&later, 400, STALE);
    assert!(!later.text().contains("You are signed in already"));
}

#[test]
fn s88_parallel_tabs_all_arrive_each_where_it_wanted_to_go() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    let wanted = ["/ingress/a/one", "/ingress/a/two", "/ingress/a/three"];
    let backs = wanted.map(|path| {
        let page = browser.begin(&vestibule, path);
        there.approve(&page, BOB.id)
    });
    for (path, back) in wanted.iter().zip(&backs).rev() {
        assert_eq!(browser.go(&vestibule, back).location(), *path);
    }
}

#[test]
fn s88_a_way_back_with_fields_made_up_or_twice_is_refused() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    let page = browser.begin(&vestibule, "/ingress/a/");
    let back = there.approve(&page, BOB.id);
    for query in ["", "?code=x", "?state=x", "?code=x&state=x", "?error=access_denied", "?state=%00&code=%2e"] {
        assert_helps(&browser.go(&vestibule, &format!("{START}/callback{query}")), 400, STALE);
    }
    for twice in ["&code=x", "&state=x", "&error=a&error=b"] {
        assert_eq!(browser.go(&vestibule, &format!("{back}{twice}")).status, 400);
    }
    assert!(there.calls_to("/auth/token").is_empty());
    let head = Ask { method: "HEAD".to_owned(), ..browser.with_cookies(Ask::navigate(&back)) };
    assert_eq!(vestibule.ask(Protocol::H1, &head).status, 405, "HEAD uses nothing up");
    let script = browser.with_cookies(Ask::get(&back).field("Sec-Fetch-Dest", "empty").field("Sec-Fetch-Mode", "cors"));
    assert_eq!(
        vestibule.ask(Protocol::H1, &script).status,
        401,
        "only a browser that goes to a page comes back (S-91)"
    );
    assert_eq!(browser.go(&vestibule, &back).status, 303);
}

#[test]
fn a_person_who_says_no_there_can_begin_again() {
    let (_, _, vestibule) = at_there();
    let mut browser = Browser::new();
    let page = browser.begin(&vestibule, "/ingress/a/x");
    let state = page.split_once("&state=").unwrap().1.split('&').next().unwrap().to_owned();
    let answer = browser.go(&vestibule, &format!("{START}/callback?error=access_denied&state={state}"));
    assert_helps(&answer, 403, "Home Assistant did not sign you in");
    assert!(answer.text().contains("return_to=%2Fingress%2Fa%2Fx"), "the way is kept: {}", answer.text());
}

#[test]
fn s90_the_way_back_from_home_assistant_leads_to_our_own_paths_only() {
    let (_, there, vestibule) = at_there();
    for wanted in
        ["//example.com", "/\\example.com", "https://example.com/", "/%09/example.com", "/.vestibule/sign-out"]
    {
        let mut browser = Browser::new();
        let page = browser.begin(&vestibule, wanted);
        let back = there.approve(&page, BOB.id);
        let arrived = browser.go(&vestibule, &format!("{back}&return_to=https://example.com/"));
        assert_eq!(arrived.location(), "/.vestibule/", "{wanted}");
    }
}

#[test]
fn users_who_may_not_come_in_are_refused_and_their_tokens_given_back() {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start_at_home(
        |config| {
            offering(config, &there).set("listen", "trusted_proxies", r#"["127.0.0.2/32"]"#).addon("a", &addon);
        },
        |home| home.edit_user("carol", |user| user["system_generated"] = json!(true)),
    );
    let home = vestibule.home();
    let refused = |id: &str, browser: &mut Browser, words: &str, label: &str| {
        assert_helps(&browser.sign_in(&vestibule, &there, id), 403, words);
        vestibule.await_line(&["event=sign_in", &format!("outcome={label}"), "method=home-assistant"]);
        eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
    };
    refused("00000000000000000000000000000000", &mut Browser::new(), "not known here", "unknown_user");
    refused(&home.user_id("erin"), &mut Browser::new(), "not active", "inactive_user");
    refused(&home.user_id("carol"), &mut Browser::new(), "not active", "system_user");
    refused(
        &home.user_id("dave"),
        &mut Browser::behind(ELSEWHERE, "203.0.113.7"),
        "only sign in from the local network",
        "not_local",
    );
    assert_eq!(Browser::new().sign_in(&vestibule, &there, &home.user_id("dave")).status, 303, "from here");
    addon.assert_no_request("nobody got in");
}

#[test]
fn the_user_is_the_one_whom_home_assistant_names_and_nobody_else() {
    let (_, there, vestibule) = at_there();
    for impostor in ["nobody-here", "", "a b", "\u{0}"] {
        there.state().impostor = Some(impostor.to_owned());
        let answer = Browser::new().sign_in(&vestibule, &there, BOB.id);
        assert!(matches!(answer.status, 403 | 503), "{impostor:?}: {answer:#?}");
        assert!(answer.set_cookie(COOKIE).is_none());
        eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
    }
}

#[test]
fn a_home_assistant_that_misbehaves_gets_nobody_in_and_breaks_nothing() {
    let answer = |head: &str, body: &str| format!("HTTP/1.1 {head}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let huge = format!("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{}", " ".repeat(1_000_000));
    let header = format!("HTTP/1.1 200 OK\r\nX: {}\r\n\r\n", "x".repeat(100_000));
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n".to_owned();
    let answers = [
        answer("500 Internal Server Error", "500 Internal Server Error"),
        answer("200 OK", "<html>not Home Assistant</html>"),
        answer("200 OK", "{}"),
        answer("200 OK", r#"{"access_token": "a.b.c", "token_type": "Bearer", "refresh_token": "r"}"#),
        answer("502 Bad Gateway", ""),
        "SSH-2.0-OpenSSH_9.2\r\n".to_owned(),
        String::new(),
        huge,
        header,
        moved,
    ];
    let (_, there, vestibule) = at_there();
    for (path, status) in
        [("/auth/token", 503), ("/api/websocket", 503), ("/.well-known/oauth-authorization-server", 0)]
    {
        for bytes in &answers {
            // Asked before, so that what is known of PKCE is not asked again.
            let mut browser = Browser::new();
            if status == 0 {
                continue;
            }
            let page = browser.begin(&vestibule, "/ingress/a/");
            let back = there.approve(&page, BOB.id);
            there.state().mischief.insert(path.to_owned(), Mischief::Bytes(bytes.clone().into_bytes()));
            let got = browser.go(&vestibule, &back);
            assert_helps(&got, status, "Home Assistant does not answer as it should");
            there.state().mischief.clear();
            eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
        }
    }
    there.state().no_refresh_token = true;
    assert_helps(&Browser::new().sign_in(&vestibule, &there, BOB.id), 503, "Home Assistant does not answer");
    there.state().no_refresh_token = false;
    assert_eq!(Browser::new().sign_in(&vestibule, &there, BOB.id).status, 303, "and all is well again");
}

#[test]
fn nobody_is_sent_to_a_home_assistant_that_does_not_answer() {
    for bytes in ["HTTP/1.1 500 X\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", ""] {
        let (_, there, vestibule) = at_there();
        let path = "/.well-known/oauth-authorization-server".to_owned();
        there.state().mischief.insert(path, Mischief::Bytes(bytes.into()));
        let answer = Browser::new().go(&vestibule, &format!("{START}?return_to=%2Fingress%2Fa%2F"));
        assert_helps(&answer, 503, "Home Assistant does not answer as it should");
        vestibule.await_line(&["ERROR", "Home Assistant does not answer", &there.address().to_string()]);
    }
}

#[test]
fn a_home_assistant_that_is_slow_is_waited_for_and_not_for_ever() {
    let (addon, there, vestibule) = at_there();
    let mut browser = Browser::new();
    let page = browser.begin(&vestibule, "/ingress/a/");
    let back = there.approve(&page, BOB.id);
    there.state().mischief.insert("/auth/token".to_owned(), Mischief::Silence);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| browser.go(&vestibule, &back));
        let other = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(vestibule.cookie("bob")));
        assert_eq!(other.status, 200, "nobody else waits");
        addon.one();
        assert_helps(&waiting.join().unwrap(), 503, "Home Assistant does not answer as it should");
    });
}

#[test]
fn s96_codes_that_are_made_up_are_counted() {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start(|config| {
        offering(config, &there).set("sign_in", "attempts_per_user", "3").addon("a", &addon);
    });
    let mut browser = Browser::new();
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let page = browser.begin(&vestibule, "/ingress/a/");
        let state = page.split_once("&state=").unwrap().1.split('&').next().unwrap().to_owned();
        statuses.push(browser.go(&vestibule, &format!("{START}/callback?code=made-up&state={state}")).status);
    }
    assert_eq!(statuses, [403, 403, 403, 429, 429]);
    assert_eq!(there.calls_to("/auth/token").len(), 3);
}

//! The way over Home Assistant's page, and back.

use crate::support::expectation::BOB;
use crate::support::form::{Form, new_session};
use crate::support::journey::{Browser, START};
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::there::fields_of;
use crate::support::{Ask, ConfigFile, Protocol, RawAddon, There, Vestibule, assert_id, eventually};
use crate::{ELSEWHERE, at_there, offering};

#[test]
fn a_browser_signs_in_over_home_assistant_s_page_and_arrives_where_it_wanted_to_go() {
    for pkce in [true, false] {
        let (addon, there, vestibule) = at_there();
        there.state().pkce = pkce;
        let mut browser = Browser::new();
        let wanted = "/ingress/a/deep/page?x=1&y=%C3%A9";
        let page = browser.go(&vestibule, &browser_target(&vestibule, wanted));
        let html = page.text();
        let (link, form) = (html.find("id=\"home-assistant\"").unwrap(), html.find("<form").unwrap());
        assert!(link < form, "in the order of the configuration: {html}");
        let address = browser.begin(&vestibule, wanted);
        let back = there.approve(&address, BOB.id);
        let arrived = browser.go(&vestibule, &back);
        assert_eq!((arrived.status, arrived.location().as_str()), (303, wanted), "{arrived:#?}");
        let (_, attributes) = arrived.set_cookie(COOKIE).unwrap();
        assert!(attributes.contains("HttpOnly") && attributes.contains("SameSite=Lax"), "{attributes}");
        assert!(arrived.fields.one("cache-control").contains("no-store"));
        let opened = browser.go(&vestibule, wanted);
        assert_eq!(opened.status, 200, "{opened:#?}");
        let request = addon.one();
        assert_id(&request, &BOB);
        assert_eq!(request.target(), "/deep/page?x=1&y=%C3%A9");
        assert!(!request.fields.has("cookie"), "none of our cookies reaches an add-on (S-78): {request:#?}");
        let bought = fields_of(&there.calls_to("/auth/token")[0].body);
        assert_eq!(bought.contains_key("code_verifier"), pkce);
        assert_eq!(bought["client_id"], "https://p.test/");
    }
}

#[test]
fn who_ticks_the_box_before_they_leave_stays_signed_in_and_another_site_cannot_tick_it() {
    let (_addon, there, vestibule) = at_there();
    let html = Browser::new().go(&vestibule, "/.vestibule/sign-in").text();
    let link = html.split("id=\"home-assistant-remembered\" href=\"").nth(1).and_then(|rest| rest.split('"').next());
    let link = link.unwrap().replace("&amp;", "&").replace("&#38;", "&");
    assert!(link.starts_with(START) && link.ends_with("&remember=on"), "{link}");
    let keeps = |target: &str, site: &str| {
        let mut browser = Browser::new();
        let begin = Ask::get(target).field("Accept", "text/html").field("Sec-Fetch-Dest", "document");
        let begin = begin.field("Sec-Fetch-Mode", "navigate").field("Sec-Fetch-Site", site);
        let left = browser.send(&vestibule, begin);
        assert_eq!(left.status, 303, "{left:#?}");
        let arrived = browser.go(&vestibule, &there.approve(&left.location(), BOB.id));
        arrived.set_cookie(COOKIE).unwrap().1.contains("Max-Age=")
    };
    assert!(keeps(&link, "same-origin"));
    assert!(!keeps(&link, "cross-site"));
    assert!(!keeps(&format!("{START}?return_to=%2F"), "same-origin"));
}

/// The sign-in page that a refused navigation is sent to.
fn browser_target(vestibule: &Vestibule, wanted: &str) -> String {
    vestibule.ask(Protocol::H1, &Ask::navigate(wanted)).location()
}

#[test]
fn home_assistant_is_told_the_browser_s_address_in_every_call() {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start(|config| {
        offering(config, &there).set("listen", "trusted_proxies", r#"["127.0.0.2/32"]"#).addon("a", &addon);
    });
    let mut browser = Browser::behind(ELSEWHERE, "203.0.113.7");
    assert_eq!(browser.sign_in(&vestibule, &there, BOB.id).status, 303);
    for path in ["/.well-known/oauth-authorization-server", "/auth/token", "/api/websocket"] {
        let calls = there.calls_to(path);
        // At the start it is asked once whether it is there, as for a browser on this machine.
        let (ours, browsers): (Vec<_>, Vec<_>) =
            calls.iter().partition(|call| call.fields.one("x-forwarded-for") == "127.0.0.1");
        assert!(ours.len() <= 1 && !browsers.is_empty(), "{path}");
        for call in browsers {
            assert_eq!(call.fields.one("x-forwarded-for"), "203.0.113.7", "{path}");
            assert_eq!(call.fields.one("host"), there.address().to_string(), "{path}");
        }
    }
}

#[test]
fn home_assistant_that_does_not_trust_us_is_noticed_and_told_nothing_when_the_option_says_so() {
    let (addon, there) = (RawAddon::start(), There::start());
    there.state().trusts = false;
    let configure = |config: &mut ConfigFile| {
        offering(config, &there).addon("a", &addon);
    };
    let mut vestibule = Vestibule::start(configure);
    let mut browser = Browser::new();
    let refused = browser.go(&vestibule, START);
    assert_eq!(refused.status, 503, "{refused:#?}");
    assert!(refused.text().contains("Home Assistant does not answer as it should"), "{}", refused.text());
    let told = vestibule.await_line(&["ERROR", "answers 400 to everything"]);
    for words in ["trusted proxies", "use_x_forwarded_for", "forward_address = false"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    eventually("the status", || vestibule.command_ok(&["status"]).contains("add vestibule's address").then_some(()));
    let check = vestibule.command(&["check"]);
    let said = String::from_utf8(check.stderr).unwrap();
    assert!(check.status.success() && said.contains("it answers 400 to X-Forwarded-For"), "{said}");
    vestibule.reconfigure(|config| {
        config.set("home_assistant", "forward_address", "false");
    });
    vestibule.await_line(&["configuration reloaded"]);
    assert_eq!(browser.sign_in(&vestibule, &there, BOB.id).status, 303);
    assert!(there.calls_to("/auth/token").iter().all(|call| !call.fields.has("x-forwarded-for")));
}

#[test]
fn each_way_to_sign_in_is_there_when_the_configuration_names_it_and_only_then() {
    let (addon, there) = (RawAddon::start(), There::start());
    let mut vestibule = Vestibule::start(|config| {
        offering(config, &there).set("sign_in", "methods", r#"["home-assistant"]"#).addon("a", &addon);
    });
    let page = vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/sign-in")).text();
    assert!(page.contains("id=\"home-assistant\"") && !page.contains("type=\"password\""), "{page}");
    let post = Ask::post("/.vestibule/sign-in", "username=bob&password=bob-pass-1")
        .field("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(vestibule.ask(Protocol::H1, &post).status, 405);
    vestibule.reconfigure(|config| {
        config.set("sign_in", "methods", r#"["password"]"#);
    });
    vestibule.await_line(&["configuration reloaded"]);
    let page = vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/sign-in")).text();
    assert!(!page.contains("id=\"home-assistant\"") && page.contains("type=\"password\""), "{page}");
    let (start, back) = (START.to_owned(), format!("{START}/callback?code=a&state=b"));
    for target in [start, back] {
        let answer = vestibule.ask(Protocol::H1, &Ask::navigate(&target));
        assert!(!answer.fields.has("location") || answer.location().starts_with("/.vestibule/sign-in"), "{answer:#?}");
    }
    assert!(there.calls_to("/auth/token").is_empty());
}

#[test]
fn a_user_with_a_second_factor_is_asked_for_the_code_and_may_come_over_home_assistant_s_page() {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start_at_home(
        |config| {
            offering(config, &there).addon("a", &addon);
        },
        |home| home.add_totp("bob"),
    );
    let answer = Form::open(&vestibule, LOOPBACK).submit(&vestibule, "bob", "bob-pass-1");
    assert_eq!(answer.status, 401, "{answer:#?}");
    assert!(answer.text().contains("name=\"code\""), "{}", answer.text());
    assert_eq!(Browser::new().sign_in(&vestibule, &there, BOB.id).status, 303);
}

#[test]
fn s74_the_session_that_was_there_before_ends_with_a_new_sign_in() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, BOB.id);
    let first = browser.session().unwrap();
    browser.sign_in(&vestibule, &there, BOB.id);
    let second = browser.session().unwrap();
    assert_ne!(first, second);
    assert!(!vestibule.is_live(&first) && vestibule.is_live(&second));
    eventually("the first tokens given back", || (there.tokens().len() == 1).then_some(()));
    let form = Form { others: vec![second.clone()], ..Form::open(&vestibule, LOOPBACK) };
    new_session(&form.submit(&vestibule, "bob", "bob-pass-1"));
    assert!(!vestibule.is_live(&second), "nor does it outlive a sign-in with a password");
    eventually("the second tokens given back", || there.tokens().is_empty().then_some(()));
}

#[test]
fn what_belongs_to_no_log_and_to_no_page_is_in_none() {
    let (_, there, vestibule) = at_there();
    let mut browser = Browser::new();
    let address = browser.begin(&vestibule, "/ingress/a/");
    let back = there.approve(&address, BOB.id);
    assert_eq!(browser.go(&vestibule, &back).status, 303);
    let line = vestibule.await_line(&["event=sign_in", "outcome=success", "method=home-assistant"]);
    assert!(line.contains(BOB.id), "{line}");
    let brought = fields_of(back.split_once('?').unwrap().1.as_bytes());
    let paid = fields_of(&there.calls_to("/auth/token")[0].body);
    let (log, list) = (vestibule.stderr(), vestibule.command_ok(&["sessions", "list"]));
    for secret in [&brought["code"], &brought["state"], &paid["code_verifier"]] {
        assert!(!log.contains(secret.as_str()) && !list.contains(secret.as_str()), "{secret}");
    }
    assert!(!log.contains("eyJ") && !log.contains("5ec2e7"), "no token of Home Assistant's");
    assert!(list.contains("home_assistant"), "{list}");
}

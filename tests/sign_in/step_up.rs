//! Signing in again where an add-on or a rule asks for it: who is asked, with what they answer, what they get, and who
//! gets nothing by it.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;

use crate::support::expectation::{ALICE, BOB};
use crate::support::form::{Form, encode, hidden, new_session};
use crate::support::home::password_of;
use crate::support::journey::Browser;
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Answer, Ask, BOTH, ConfigFile, Protocol, RawAddon, There, Vestibule, eventually};

const STEP_UP: &str = "/.vestibule/step-up";
const CALM: &str = "/ingress/a/calm";
const LOCKS: &str = "/ingress/a/locks/door";

/// An add-on whose locks need a sign-in of the last five minutes, and whose safe a second factor.
fn rules(config: &mut ConfigFile, addon: &RawAddon) {
    config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000");
    config.addon_with("a", addon, RULES);
}

const RULES: &str = r#"
[[addon.protect]]
path = "/locks/{*rest}"
fresh = "5m"
[[addon.protect]]
path = "/safe/{*rest}"
second_factor = true
"#;

fn locks() -> (RawAddon, Vestibule) {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| rules(config, &addon));
    (addon, vestibule)
}

/// Posts the form that a step-up page shows.
fn confirm(vestibule: &Vestibule, page: &Answer, session: &str, password: &str, code: &str) -> Answer {
    vestibule.ask(Protocol::H1, &confirmation(page, session, password, code))
}

fn confirmation(page: &Answer, session: &str, password: &str, code: &str) -> Ask {
    let form = Form::from_page(page, LOOPBACK);
    let body = format!(
        "username=somebody&password={}&code={}&return_to={}&csrf={}",
        encode(password),
        encode(code),
        encode(&form.return_to),
        encode(&form.csrf)
    );
    let cookies = if session.is_empty() { form.cookie } else { format!("{}; {session}", form.cookie) };
    Ask::post(STEP_UP, body)
        .field("Content-Type", "application/x-www-form-urlencoded")
        .field("Accept", "text/html")
        .field("Origin", "https://p.test")
        .field("Sec-Fetch-Site", "same-origin")
        .field("Sec-Fetch-Dest", "document")
        .cookie(cookies)
}

fn navigate(vestibule: &Vestibule, target: &str, session: &str) -> Answer {
    vestibule.ask(Protocol::H1, &Ask::navigate(target).cookie(session))
}

/// What the app of a user with the secret of `Home::add_totp` shows, some half-minutes from now.
#[expect(clippy::disallowed_methods, reason = "the program has no other clock")]
fn code(later: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / 30 + later;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, b"Hello!\xde\xad\xbe\xef");
    let tag = hmac::sign(&key, &now.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 0xf);
    let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

#[test]
fn a_browser_is_asked_again_and_comes_back_to_the_very_address_with_a_new_session() {
    let (addon, vestibule) = locks();
    let session = vestibule.cookie("bob");
    assert_eq!(navigate(&vestibule, CALM, &session).status, 200, "the rest of the add-on asks for nothing");
    let wanted = format!("{LOCKS}?x=1&y=%C3%A9");
    addon.forget();
    let asked = navigate(&vestibule, &wanted, &session);
    assert_eq!(asked.status, 303, "{asked:#?}");
    assert!(asked.location().starts_with(STEP_UP) && asked.location().ends_with("&max_age=300"), "{asked:#?}");
    addon.assert_no_request("asked again");
    let page = navigate(&vestibule, &asked.location(), &session);
    assert_eq!(page.status, 200, "{page:#?}");
    assert_eq!(hidden(&page.text(), "username").as_deref(), Some("bob"));
    assert!(hidden(&page.text(), "code").is_none(), "bob has no second factor");
    let answer = confirm(&vestibule, &page, &session, &password_of("bob"), "");
    let fresh = new_session(&answer);
    assert_eq!(answer.location(), wanted);
    assert_ne!(fresh, session);
    assert!(!vestibule.is_live(&session), "the session before ends");
    for protocol in BOTH {
        assert_eq!(vestibule.ask(protocol, &Ask::navigate(&wanted).cookie(&fresh)).status, 200);
    }
}

#[test]
fn a_sign_in_is_fresh_for_its_time_and_what_began_in_it_goes_on() {
    let addon = echo();
    let vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, "fresh = \"3s\"\n");
    });
    let session = new_session(&vestibule.sign_in("bob", &password_of("bob")));
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &session));
    let old = || (navigate(&vestibule, "/ingress/a/", &session).status == 303).then_some(());
    eventually("the end of three seconds", old);
    for tunnel in &mut tunnels {
        tunnel.assert_alive("it began in time");
    }
    let handshake = Ask::get("/ingress/a/ws")
        .cookie(&session)
        .field("Connection", "Upgrade")
        .field("Upgrade", "websocket")
        .field("Origin", "https://p.test")
        .field("Sec-WebSocket-Version", "13")
        .field("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    assert_eq!(vestibule.ask(Protocol::H1, &handshake).status, 401, "another one does not begin");
    // Whoever signs in again is fresh, and their session ends when the one before would have.
    let created = |session: &str| {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(session));
        answer.json()["session"]["created"].as_str().unwrap().to_owned()
    };
    let before = created(&session);
    let page = navigate(&vestibule, STEP_UP, &session);
    let again = new_session(&confirm(&vestibule, &page, &session, &password_of("bob"), ""));
    assert_eq!(created(&again), before, "as old as the one that it replaces");
    assert_eq!(navigate(&vestibule, "/ingress/a/", &again).status, 200);
}

#[test]
fn what_is_sent_is_not_kept_and_programs_are_told_by_rfc_9470() {
    let (addon, vestibule) = locks();
    let session = vestibule.cookie("bob");
    for protocol in BOTH {
        addon.forget();
        let form = Ask::post(LOCKS, "open=yes").field("Accept", "text/html").field("Sec-Fetch-Dest", "document");
        let form = form.field("Sec-Fetch-Site", "same-origin").cookie(&session);
        let page = vestibule.ask(protocol, &form);
        assert_eq!(page.status, 401, "{page:#?}");
        let text = page.text();
        assert!(text.contains("was not kept") && text.contains("id=\"step-up\""), "{text}");
        let script = Ask::post(LOCKS, "{}").field("Content-Type", "application/json").cookie(&session);
        let answer = vestibule.ask(protocol, &script);
        assert_eq!(answer.status, 401, "{answer:#?}");
        let challenge = answer.fields.one("www-authenticate");
        assert_eq!(
            challenge,
            "Bearer realm=\"vestibule\", error=\"insufficient_user_authentication\", max_age=\"300\""
        );
        assert_eq!(answer.json()["step_up"], format!("{STEP_UP}?return_to={}&max_age=300", encode_slashes(LOCKS)));
        let safe = vestibule.ask(protocol, &Ask::get("/ingress/a/safe/1").cookie(&session));
        assert!(safe.fields.one("www-authenticate").ends_with("acr_values=\"mfa\""), "{safe:#?}");
        addon.assert_no_request("refused");
    }
    vestibule.await_line(&["not_fresh"]);
    vestibule.await_line(&["no_second_factor"]);
}

fn encode_slashes(target: &str) -> String {
    target.replace('/', "%2F")
}

#[test]
fn a_wrong_password_a_forged_form_and_a_stranger_get_nothing_and_attempts_are_counted() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        rules(config, &addon);
        config.set("sign_in", "attempts_per_user", "3");
    });
    let session = vestibule.cookie("bob");
    let page = navigate(&vestibule, STEP_UP, &session);
    let stranger = confirm(&vestibule, &page, "", &password_of("bob"), "");
    assert!(stranger.status == 401 && stranger.set_cookie(COOKIE).is_none(), "{stranger:#?}");
    let mut forged = confirmation(&page, &session, &password_of("bob"), "");
    forged.fields.retain(|(name, _)| name != "Cookie");
    let forged = vestibule.ask(Protocol::H1, &forged.cookie(&session));
    assert!(forged.status == 403 && forged.set_cookie(COOKIE).is_none(), "no cookie of the form: {forged:#?}");
    let mut foreign = confirmation(&page, &session, &password_of("bob"), "");
    foreign.fields.retain(|(name, _)| name != "Origin" && name != "Sec-Fetch-Site");
    let foreign = vestibule.ask(Protocol::H1, &foreign.field("Origin", "https://evil.test"));
    assert!(foreign.status == 403 && foreign.set_cookie(COOKIE).is_none(), "{foreign:#?}");
    // The password of somebody else is a wrong one: it is the user's who is signed in that is asked for.
    for password in [password_of("alice"), "x".to_owned(), "y".to_owned()] {
        let wrong = confirm(&vestibule, &page, &session, &password, "");
        assert!(wrong.status == 401 && wrong.set_cookie(COOKIE).is_none(), "{wrong:#?}");
        assert!(wrong.text().contains("Confirm that it is you"), "{wrong:#?}");
    }
    let right = confirm(&vestibule, &page, &session, &password_of("bob"), "");
    assert_eq!(right.status, 429, "the attempts are used up: {right:#?}");
    assert_eq!(navigate(&vestibule, LOCKS, &session).status, 303);
    assert!(vestibule.is_live(&session), "nobody is signed out by a guess");
    assert_eq!(navigate(&vestibule, STEP_UP, "").status, 303, "whoever is not signed in signs in");
}

#[test]
fn a_second_factor_is_a_code_of_the_app_once_and_wrong_ones_are_counted() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_at_home(
        |config| {
            rules(config, &addon);
            config.set("sign_in", "attempts_per_user", "4");
        },
        |home| home.add_totp("bob"),
    );
    let session = vestibule.cookie("bob");
    let asked = navigate(&vestibule, "/ingress/a/safe/1", &session);
    assert!(asked.location().ends_with("&acr_values=mfa"), "{asked:#?}");
    let page = navigate(&vestibule, &asked.location(), &session);
    assert!(hidden(&page.text(), "code").is_some() || page.text().contains("name=\"code\""), "{page:#?}");
    let password = password_of("bob");
    for (wrong, words) in [("", "code of your authenticator app"), ("000000", "code is wrong")] {
        let answer = confirm(&vestibule, &page, &session, &password, wrong);
        assert!(answer.status == 401 && answer.text().contains(words), "{answer:#?}");
        assert!(answer.set_cookie(COOKIE).is_none());
    }
    let shown = code(0);
    let proven = new_session(&confirm(&vestibule, &page, &session, &password, &shown));
    assert_eq!(navigate(&vestibule, "/ingress/a/safe/1", &proven).status, 200);
    let page = navigate(&vestibule, STEP_UP, &proven);
    let again = confirm(&vestibule, &page, &proven, &password, &shown);
    assert!(again.status == 401 && again.text().contains("was used already"), "{again:#?}");
    // Whoever knows the password alone does not get new attempts by it.
    for _ in 0..3 {
        confirm(&vestibule, &page, &proven, &password, "");
    }
    assert_eq!(confirm(&vestibule, &page, &proven, &password, &code(1)).status, 429);
    let without = vestibule.cookie("alice");
    let page = navigate(&vestibule, "/.vestibule/step-up?acr_values=mfa", &without);
    assert!(page.text().contains("your account does not have"), "{page:#?}");
    let fresh = new_session(&confirm(&vestibule, &page, &without, &password_of("alice"), ""));
    assert_eq!(navigate(&vestibule, "/ingress/a/safe/1", &fresh).status, 303, "a password is no second factor");
    assert_eq!(navigate(&vestibule, LOCKS, &fresh).status, 200);
}

#[test]
fn who_has_an_authenticator_app_signs_in_with_password_and_code() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start_at_home(|config| rules(config, &addon), |home| home.add_totp("bob"));
    let first = Form::open(&vestibule, LOOPBACK).submit(&vestibule, "bob", &password_of("bob"));
    assert_eq!(first.status, 401, "{first:#?}");
    assert!(first.text().contains("name=\"code\""), "{first:#?}");
    let wrong = vestibule.sign_in("bob", "wrong");
    assert!(!wrong.text().contains("name=\"code\""), "only a right password says that there is more: {wrong:#?}");
    let form = Form::from_page(&first, LOOPBACK);
    let mut ask = form.post("bob", &password_of("bob"));
    ask.body.as_mut().unwrap().extend(format!("&code={}", code(0)).bytes());
    let session = new_session(&vestibule.ask(Protocol::H1, &ask));
    assert_eq!(navigate(&vestibule, "/ingress/a/safe/1", &session).status, 200, "with a second factor");
    assert_eq!(navigate(&vestibule, LOCKS, &session).status, 200, "and fresh");
}

#[test]
fn over_home_assistant_s_page_the_same_user_comes_back_and_nobody_else() {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start_at_home(
        |config| {
            crate::offering(config, &there).addon_with("a", &addon, RULES);
        },
        |home| home.add_totp("bob"),
    );
    let mut browser = Browser::new();
    browser.sign_in(&vestibule, &there, ALICE.id);
    assert_eq!(browser.go(&vestibule, "/ingress/a/safe/1").status, 303, "alice has no second factor");
    browser.sign_in(&vestibule, &there, BOB.id);
    let before = browser.session().unwrap();
    assert_eq!(browser.go(&vestibule, "/ingress/a/safe/1").status, 200, "Home Assistant has asked bob for his");
    let page = browser.go(&vestibule, &format!("{STEP_UP}?return_to={}", encode(LOCKS)));
    let text = page.text();
    assert!(!text.contains("type=\"password\""), "it is asked for where it was: {text}");
    let link = text.split("id=\"home-assistant\" href=\"").nth(1).unwrap().split('"').next().unwrap();
    let link = link.replace("&amp;", "&").replace("&#38;", "&");
    let away = browser.go(&vestibule, &link).location();
    let back = there.approve(&away, ALICE.id);
    let other = browser.go(&vestibule, &back);
    assert!(other.status == 403 && other.text().contains("another account"), "{other:#?}");
    assert_eq!(browser.session().unwrap(), before, "bob stays who he is");
    let away = browser.go(&vestibule, &link).location();
    let back = there.approve(&away, BOB.id);
    let arrived = browser.go(&vestibule, &back);
    assert_eq!((arrived.status, arrived.location().as_str()), (303, LOCKS), "{arrived:#?}");
    assert_ne!(browser.session().unwrap(), before);
    assert_eq!(browser.go(&vestibule, LOCKS).status, 200);
    eventually("the tokens of the others given back", || (there.tokens().len() == 1).then_some(()));
}

#[test]
fn from_an_add_on_s_own_host_people_are_asked_on_the_main_host_and_the_ticket_carries_it() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "public_urls", r#"["https://p.test"]"#);
        let own = format!("slug = \"own\"\nupstream = \"{}\"\nhost = \"own.p.test\"\n{RULES}", addon.url());
        config.addon_table(&own);
    });
    let main = vestibule.cookie("bob");
    let go = |host: &str, target: &str, cookies: &[&str]| {
        let ask = Ask::navigate(target).host(host);
        vestibule.ask(Protocol::H1, &if cookies.is_empty() { ask } else { ask.cookie(cookies.join("; ")) })
    };
    let to_main = |answer: &Answer| answer.location().strip_prefix("https://p.test").unwrap().to_owned();
    let to_own = |answer: &Answer| answer.location().strip_prefix("https://own.p.test").unwrap().to_owned();
    let left = go("own.p.test", &go("own.p.test", "/calm", &[]).location(), &[]);
    let (nonce, _) = left.set_cookie("__Host-ingress_hand_over").unwrap();
    let arrived = go("own.p.test", &to_own(&go("p.test", &to_main(&left), &[&main])), &[&nonce]);
    let child = new_session(&arrived);
    assert_eq!(go("own.p.test", "/calm", &[&child]).status, 200, "nothing is asked of the entrance");
    // The lock asks; the add-on's host has no form of its own; the main host asks; the ticket brings it over.
    let asked = go("own.p.test", "/locks/door", &[&child]);
    assert!(asked.location().starts_with(STEP_UP), "{asked:#?}");
    let posted = vestibule.ask(Protocol::H1, &Ask::post(STEP_UP, "").host("own.p.test").cookie(&child));
    assert_eq!(posted.status, 405, "no password where the add-on's scripts run: {posted:#?}");
    let left = go("own.p.test", &asked.location(), &[&child]);
    let (nonce, _) = left.set_cookie("__Host-ingress_hand_over").unwrap();
    let wish = to_main(&left);
    assert!(wish.contains("max_age=300"), "{wish}");
    let stepping = go("p.test", &wish, &[&main]);
    assert!(stepping.location().starts_with(STEP_UP), "the sign-in there is as old: {stepping:#?}");
    let page = go("p.test", &stepping.location(), &[&main]);
    let done = confirm(&vestibule, &page, &main, &password_of("bob"), "");
    assert_eq!(done.status, 200, "a form's way ends at a page: {done:#?}");
    let (fresh, _) = done.set_cookie(COOKIE).unwrap();
    let arrived = go("own.p.test", &to_own(&go("p.test", &wish, &[&fresh])), &[&nonce, &child]);
    assert_eq!(arrived.location(), "/locks/door");
    assert_eq!(go("own.p.test", "/locks/door", &[&new_session(&arrived)]).status, 200);
}

#[test]
fn a_second_factor_that_a_reload_asks_for_cuts_what_is_open_and_tokens_and_keys_have_none() {
    let addon = echo();
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let session = vestibule.cookie("bob");
    let key = vestibule.command_ok(&[
        "keys",
        "new",
        "--addon",
        "a",
        "--as",
        "bob",
        "--paths",
        "/{*rest}",
        "--methods",
        "GET",
        "--expires",
        "1h",
    ]);
    let key = key.split_whitespace().find(|word| word.starts_with("vstk_")).unwrap().to_owned();
    let by_key =
        |vestibule: &Vestibule| vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").field("X-Api-Key", &key)).status;
    assert_eq!(by_key(&vestibule), 200);
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &session));
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, "second_factor = true");
    });
    for tunnel in &mut tunnels {
        tunnel.await_end();
    }
    vestibule.await_line(&["open exchange cut", "no_second_factor"]);
    assert_eq!(by_key(&vestibule), 403);
    vestibule.await_line(&["no_step_up"]);
}

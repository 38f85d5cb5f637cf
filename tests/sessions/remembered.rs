//! "Stay signed in on this device": the box, the cookie, the secret that is replaced, and what becomes of a copy. The
//! clock of the program is the system's: where weeks have to pass, the session was made weeks ago in the file.

use std::time::Duration;

use vestibule::config::SessionStore;

use crate::support::expectation::{BOB, assert_id};
use crate::support::form::{Form, new_session};
use crate::support::home::password_of;
use crate::support::past_sessions::{DAY, PastSessions, pair};
use crate::support::process::{COOKIE, LOOPBACK};
use crate::support::{Answer, Ask, BOTH, ConfigFile, Protocol, RawAddon, Vestibule};

const MINUTE: Duration = Duration::from_mins(1);
const FIREFOX: &[u8] = b"Mozilla/5.0 (Android 14; Mobile; rv:125.0) Gecko/125.0 Firefox/125.0";

fn in_a_file(config: &mut ConfigFile) {
    config.set("session", "store", r#""sessions.redb""#);
}

/// Signs bob in with the box ticked.
fn stays(vestibule: &Vestibule) -> Answer {
    let form = Form::open(vestibule, LOOPBACK);
    let mut post = form.post("bob", &password_of("bob"));
    post.body.as_mut().unwrap().extend(b"&remember=on");
    vestibule.ask(Protocol::H1, &post)
}

fn max_age(answer: &Answer) -> Option<u64> {
    let lines = answer.fields.texts("set-cookie");
    let line = lines.iter().find(|line| line.starts_with(COOKIE))?;
    line.split("; ").find_map(|part| part.strip_prefix("Max-Age=")).map(|seconds| seconds.parse().unwrap())
}

/// The file of a vestibule that does not run from here on, so long ago.
fn stop(vestibule: &mut Vestibule, ago: Duration) -> PastSessions {
    // What is known of bob's password, for those that are made without it.
    new_session(&vestibule.sign_in("bob", &password_of("bob")));
    vestibule.signal("TERM");
    vestibule.await_end(Duration::from_secs(30));
    PastSessions::open(SessionStore::File(vestibule.path("sessions.redb")), ago)
}

/// The vestibule goes on with the file.
fn go_on(vestibule: &mut Vestibule, past: PastSessions) {
    drop(past);
    vestibule.start_again();
}

fn page(cookie: &str) -> Ask {
    Ask::navigate("/ingress/a/").cookie(cookie)
}

#[test]
fn who_ticks_the_box_gets_a_cookie_that_outlives_the_browser_and_nobody_else_does() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let once = vestibule.sign_in("bob", &password_of("bob"));
    assert_eq!(max_age(&once), None);
    let lasting = stays(&vestibule);
    let left = max_age(&lasting).unwrap();
    assert!((180 * 86_400 - 60..=180 * 86_400).contains(&left), "{left}");
    for protocol in BOTH {
        let answer = vestibule.ask(protocol, &page(&new_session(&lasting)));
        assert_eq!((answer.status, answer.set_cookie(COOKIE)), (200, None), "no new secret on the first day");
        assert_id(&addon.take(1)[0], &BOB);
    }
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert_eq!(list.lines().filter(|line| line.contains(" remembered")).count(), 1, "{list}");
    let json = vestibule.command_ok(&["sessions", "list", "--json"]);
    assert!(json.contains("\"remembered\":true") && json.contains("\"remembered\":false"), "{json}");
    let box_of = |cookie: Option<&str>| {
        let ask = Ask::navigate("/.vestibule/sign-in");
        let html = vestibule.ask(Protocol::H1, &cookie.map_or(ask.clone(), |cookie| ask.cookie(cookie))).text();
        assert!(html.contains("Stay signed in on this device"), "{html}");
        html.contains("type=\"checkbox\" checked")
    };
    assert!(!box_of(None) && !box_of(Some(&new_session(&once))) && box_of(Some(&new_session(&lasting))));
}

#[test]
fn where_nobody_is_to_stay_signed_in_there_is_no_box_and_a_tick_does_nothing() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        in_a_file(config);
        config.set("session", "remember", "false").addon("a", &addon);
    });
    let html = vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/sign-in")).text();
    assert!(!html.contains("Stay signed in"), "{html}");
    let answer = stays(&vestibule);
    assert_eq!(max_age(&answer), None);
    assert_eq!(vestibule.ask(Protocol::H1, &page(&new_session(&answer))).status, 200);
    let past = stop(&mut vestibule, DAY);
    let before = past.of_bob(true, FIREFOX);
    go_on(&mut vestibule, past);
    assert!(!vestibule.is_live(&pair(&before)), "those that were made before live as all others do");
}

#[test]
fn a_remembered_session_is_there_after_29_days_and_not_after_31() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        in_a_file(config);
        config.addon("a", &addon);
    });
    let past = stop(&mut vestibule, 31 * DAY);
    let over = past.of_bob(true, FIREFOX);
    past.later(2 * DAY);
    let (lasting, once) = (past.of_bob(true, FIREFOX), past.of_bob(false, FIREFOX));
    go_on(&mut vestibule, past);
    let status = |token| vestibule.ask(Protocol::H2, &page(&pair(token))).status;
    assert_eq!((status(&over), status(&lasting), status(&once)), (303, 200, 303));
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(list.contains("device=\"Firefox on Android\""), "{list}");
    vestibule.revoke("bob");
    assert!(!vestibule.is_live(&pair(&lasting)), "revoked as any other");
}

#[test]
fn a_page_brings_a_new_secret_once_a_day_whatever_the_add_on_says_of_caches() {
    let addon = RawAddon::answering(
        "HTTP/1.1 200 OK\r\nCache-Control: public, max-age=31536000\r\nContent-Length: 2\r\n\r\nhi",
    );
    let mut vestibule = Vestibule::start(|config| {
        in_a_file(config);
        config.addon("a", &addon);
    });
    let past = stop(&mut vestibule, 2 * DAY);
    let old = pair(&past.of_bob(true, FIREFOX));
    go_on(&mut vestibule, past);
    let script = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/x.js").cookie(&old));
    assert_eq!((script.status, script.set_cookie(COOKIE)), (200, None), "what a page loads brings none yet");
    assert_eq!(script.fields.one("cache-control"), "public, max-age=31536000");
    let answer = vestibule.ask(Protocol::H1, &page(&old));
    let (new, _) = answer.set_cookie(COOKIE).unwrap();
    assert_eq!(answer.fields.texts("cache-control"), ["no-store"], "no cache in between may keep the secret");
    assert!(max_age(&answer).is_some_and(|left| left <= 178 * 86_400));
    assert_eq!(new.split('.').next(), old.split('.').next());
    assert_ne!(new, old);
    let second = vestibule.ask(Protocol::H2, &page(&old));
    assert_eq!((second.status, second.set_cookie(COOKIE)), (200, None), "one at a time");
    assert!(vestibule.is_live(&new) && vestibule.is_live(&old));
    for request in addon.requests() {
        assert!(!String::from_utf8_lossy(&request.head).contains(COOKIE), "the add-on sees neither");
    }
}

#[test]
fn s80_a_copy_of_the_cookie_ends_the_session_and_the_operator_is_told() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        in_a_file(config);
        config.addon("a", &addon);
    });
    let past = stop(&mut vestibule, 2 * DAY);
    let stolen = past.of_bob(true, FIREFOX);
    past.later(DAY);
    let kept = past.renew(&stolen);
    past.later(2 * MINUTE);
    past.find(&kept);
    go_on(&mut vestibule, past);
    assert!(vestibule.is_live(&pair(&kept)));
    addon.forget();
    let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(pair(&stolen)));
    assert_eq!(answer.status, 401);
    assert!(!answer.text().contains("reused"), "whoever has the copy is told nothing: {answer:#?}");
    assert!(!vestibule.is_live(&pair(&kept)), "nobody can tell who is who");
    addon.assert_no_request("the copy opens nothing");
    let line = vestibule.await_line(&["event=token_reused"]);
    assert!(line.contains(BOB.id) && line.contains("Firefox on Android"), "{line}");
    vestibule.await_line(&["event=refused", "reason=token_reused", "127.0.0.1"]);
    let metrics = vestibule.ask_operations(&Ask::get("/metrics")).text();
    let counted = metrics.lines().find(|line| line.contains("reason=\"token_reused\""));
    assert!(counted.is_some_and(|line| line.ends_with(" 1")), "{metrics}");
    assert!(!vestibule.command_ok(&["sessions", "list"]).contains("remembered"));
}

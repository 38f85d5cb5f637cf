//! What Home Assistant is told of sign-ins and attempts, and the link that ends a session.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::support::form::{Form, hidden, new_session};
use crate::support::process::LOOPBACK;
use crate::support::there::{LONG_LIVED, Mischief};
use crate::support::{Answer, Ask, ConfigFile, Protocol, RawAddon, There, Vestibule, eventually};

const ALL: &str =
    r#"["sign_in", "new_device", "throttled", "banned", "refused", "access_asked", "not_me", "certificate"]"#;
const EVENTS: &str = "/api/events/vestibule_event";

fn telling<'a>(config: &'a mut ConfigFile, there: &There, addon: &RawAddon) -> &'a mut ConfigFile {
    config.set("home_assistant", "url", &there.url());
    config.set("listen", "public_urls", r#"["https://p.test"]"#);
    config.set("sign_in", "methods", r#"["password"]"#);
    config.set("presence", "events", ALL).set("presence", "token", r#"{ file = "long-lived" }"#);
    config.set("presence", "not_me", "\"24h\"").addon("a", addon)
}

fn start(configure: impl FnOnce(&mut ConfigFile)) -> (RawAddon, There, Vestibule) {
    let (addon, there) = (RawAddon::start(), There::start());
    let vestibule = Vestibule::start_with(
        |config| {
            telling(config, &there, &addon);
            configure(config);
        },
        |_| {},
        |folder| {
            let file = folder.join("long-lived");
            fs::write(&file, LONG_LIVED).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
            crate::support::launch::Extra::default()
        },
    );
    (addon, there, vestibule)
}

/// The events of a type so far.
fn told(there: &There, which: &str) -> Vec<Value> {
    let bodies = there.calls_to(EVENTS).into_iter().map(|call| serde_json::from_slice(&call.body).unwrap());
    bodies.filter(|event: &Value| event["type"] == which).collect()
}

fn await_told(there: &There, which: &str, count: usize) -> Value {
    eventually(&format!("{count} events {which}"), || {
        let mut told = told(there, which);
        (told.len() == count).then(|| told.remove(count - 1))
    })
}

fn sign_in(vestibule: &Vestibule, user: &str, agent: &str) -> String {
    let form = Form::open(vestibule, LOOPBACK);
    new_session(&vestibule.ask(Protocol::H1, &form.post(user, &format!("{user}-pass-1")).field("User-Agent", agent)))
}

/// The path of an event's link, and its token.
fn link(event: &Value) -> (String, String) {
    let url = event["not_me_url"].as_str().unwrap();
    let path = url.strip_prefix("https://p.test").unwrap().to_owned();
    let token = path.split_once("token=").unwrap().1.to_owned();
    (path, token)
}

fn answer_no(vestibule: &Vestibule, token: &str) -> Answer {
    let ask = Ask::post("/.vestibule/not-me", format!("token={token}"))
        .field("Content-Type", "application/x-www-form-urlencoded")
        .field("Origin", "https://p.test")
        .field("Sec-Fetch-Site", "same-origin");
    vestibule.ask(Protocol::H1, &ask)
}

#[test]
fn a_sign_in_is_told_with_the_device_and_nothing_secret() {
    let (_addon, there, vestibule) = start(|_| {});
    let hostile = "Moz{{ states('x') }}illa/5.0\u{202e}\"}],";
    let cookie = sign_in(&vestibule, "bob", hostile);
    let event = await_told(&there, "sign_in", 1);
    assert_eq!((&event["user_name"], &event["client"]), (&"bob".into(), &"127.0.0.1".into()));
    assert_eq!(event["user_agent"], "Moz{{ states('x') }}illa/5.0\"}],", "as JSON, without what turns direction");
    assert_eq!((&event["method"], &event["new_device"]), (&"password".into(), &true.into()));
    let list = vestibule.command_ok(&["sessions", "list"]);
    assert!(list.contains(event["session"].as_str().unwrap()), "{list}");
    await_told(&there, "new_device", 1);
    // The same browser in its next version is no new device, after a restart neither.
    sign_in(&vestibule, "bob", &hostile.replace('5', "6"));
    assert_eq!(await_told(&there, "sign_in", 2)["new_device"], false);
    sign_in(&vestibule, "bob", "curl/8");
    await_told(&there, "new_device", 2);
    let mut vestibule = vestibule;
    vestibule.kill_9();
    vestibule.start_again();
    sign_in(&vestibule, "bob", "curl/9");
    assert_eq!(await_told(&there, "sign_in", 4)["new_device"], false);
    for call in there.calls_to(EVENTS) {
        let body = String::from_utf8(call.body.clone()).unwrap();
        assert!(!body.contains("bob-pass-1") && !body.contains(cookie.split_once('=').unwrap().1), "{body}");
        assert!(!body.contains(LONG_LIVED), "{body}");
    }
    assert!(!vestibule.stderr().contains(LONG_LIVED));
    let metrics = vestibule.ask_operations(&Ask::get("/metrics")).text();
    assert!(metrics.contains("vestibule_home_assistant_events_total{result=\"sent\"}"), "{metrics}");
}

#[test]
fn the_link_ends_that_session_once_and_only_when_the_button_is_pressed() {
    let (_addon, there, vestibule) = start(|_| {});
    let stolen = sign_in(&vestibule, "bob", "thief/1");
    let event = await_told(&there, "sign_in", 1);
    let (own, heidis) = (sign_in(&vestibule, "bob", "own/1"), vestibule.cookie("heidi"));
    let (path, token) = link(&event);
    for protocol in [Protocol::H1, Protocol::H2] {
        let page = vestibule.ask(protocol, &Ask::navigate(&path));
        assert_eq!(page.status, 200, "{page:#?}");
        assert_eq!(hidden(&page.text(), "token").as_deref(), Some(token.as_str()));
        assert!(!page.text().contains("bob"), "it says nothing of the session");
        assert_eq!(page.fields.text("x-frame-options").as_deref(), Some("DENY"));
    }
    assert!(vestibule.is_live(&stolen), "who only looks at the link ends nothing");
    // Another site's form, a forged token, one of nobody's, none, and other methods.
    let crossed = Ask::post("/.vestibule/not-me", format!("token={token}"))
        .field("Content-Type", "application/x-www-form-urlencoded")
        .field("Origin", "https://evil.test")
        .field("Sec-Fetch-Site", "cross-site");
    assert_eq!(vestibule.ask(Protocol::H1, &crossed).status, 403);
    let mut parts = token.split('.');
    let (id, until, tag) = (parts.next().unwrap(), parts.next().unwrap(), parts.next().unwrap());
    let list = vestibule.command_ok(&["sessions", "list"]);
    let other = list.lines().find(|line| line.contains("heidi")).unwrap().split(' ').next().unwrap().to_owned();
    let later = until.parse::<u64>().unwrap() + 1;
    for forged in
        [format!("{other}.{until}.{tag}"), format!("{id}.{later}.{tag}"), format!("{id}.{until}."), String::new()]
    {
        assert_eq!(answer_no(&vestibule, &forged).status, 404, "{forged}");
        assert_eq!(
            vestibule.ask(Protocol::H1, &Ask::navigate(&format!("/.vestibule/not-me?token={forged}"))).status,
            404
        );
    }
    let twice = format!("{path}&token={token}");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::navigate(&twice)).status, 404);
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::new("DELETE", &path)).status, 405);
    assert!(vestibule.is_live(&stolen) && vestibule.is_live(&heidis));
    // Without any cookie.
    let page = answer_no(&vestibule, &token);
    assert!(page.status == 200 && page.text().contains("The session has ended"), "{page:#?}");
    vestibule.await_ended(&stolen);
    assert!(vestibule.is_live(&own) && vestibule.is_live(&heidis), "nobody else's");
    vestibule.await_line(&["event=revoked", "by=not_me", "count=1"]);
    assert_eq!(await_told(&there, "not_me", 1)["session"], event["session"]);
    assert_eq!(answer_no(&vestibule, &token).status, 404, "it works once");
    assert!(!vestibule.stderr().contains(&token), "no token is in the log");
}

#[test]
fn a_link_ends_with_its_time_and_the_page_with_the_key_of_the_configuration() {
    let (_addon, there, mut vestibule) = start(|config| {
        config.set("session", "store", "\"sessions.redb\"");
    });
    let cookie = sign_in(&vestibule, "bob", "x");
    let (path, token) = link(&await_told(&there, "sign_in", 1));
    vestibule.signal("TERM");
    vestibule.await_end(crate::support::PATIENCE);
    vestibule.start_again();
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::navigate(&path)).status, 200, "a restart does not end it");
    vestibule.reconfigure(|config| {
        config.unset("presence", "not_me");
    });
    vestibule.command_ok(&["reload"]);
    let unknown = vestibule.ask(Protocol::H1, &Ask::get("/.vestibule/no-such-page"));
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get(&path)).status, unknown.status, "as what is not there");
    assert_eq!(answer_no(&vestibule, &token).status, unknown.status);
    assert!(vestibule.is_live(&cookie));
}

#[test]
fn attempts_are_told_once_for_an_address_and_without_what_was_typed() {
    let (_addon, there, vestibule) = start(|_| {});
    let form = Form::open(&vestibule, LOOPBACK);
    for _ in 0..40 {
        form.submit(&vestibule, "a-password-typed-here", "wrong-pass");
    }
    let throttled = await_told(&there, "throttled", 1);
    assert_eq!(throttled["client"], "127.0.0.1");
    await_told(&there, "banned", 1);
    for call in there.calls_to(EVENTS) {
        assert!(!String::from_utf8_lossy(&call.body).contains("typed"), "{call:?}");
    }
}

#[test]
fn who_is_refused_and_who_asks_for_access_is_told_once_for_an_add_on() {
    let (addon, there, vestibule) = start(|_| {});
    drop(addon);
    let mut vestibule = vestibule;
    vestibule.reconfigure(|config| {
        config.addon_table(
            "slug = \"safe\"\ntitle = \"The safe\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/safe\"\n\
             access = { admin_only = true }",
        );
    });
    vestibule.command_ok(&["reload"]);
    let frank = vestibule.cookie("frank");
    let ask = Ask::get("/ingress/safe/secret-path?token=secret-query").cookie(&frank);
    let ids = [(); 3].map(|()| vestibule.ask(Protocol::H1, &ask).json()["request_id"].as_str().unwrap().to_owned());
    let event = await_told(&there, "refused", 1);
    assert_eq!((&event["user_name"], &event["addon"]), (&"frank".into(), &"safe".into()));
    assert_eq!((&event["addon_title"], &event["reason"]), (&"The safe".into(), &"admin_only".into()));
    assert_eq!((&event["request"], &event["client"]), (&ids[0].as_str().into(), &"127.0.0.1".into()));
    for id in &ids {
        let asked = Ask::post(&format!("/.vestibule/ask-access?request={id}"), "").field("Origin", "https://p.test");
        assert_eq!(vestibule.ask(Protocol::H1, &asked.cookie(&frank)).status, 200);
    }
    let event = await_told(&there, "access_asked", 1);
    assert!(event["request"] == ids[0].as_str() && event.get("reason").is_none(), "{event}");
    // What strangers are refused is nobody's news; and one more sign-in comes after all that was to be told.
    vestibule.ask(Protocol::H1, &Ask::get("/ingress/safe/"));
    sign_in(&vestibule, "bob", "x");
    await_told(&there, "sign_in", 1);
    assert_eq!((told(&there, "refused").len(), told(&there, "access_asked").len()), (1, 1));
    for call in there.calls_to(EVENTS) {
        assert!(!String::from_utf8_lossy(&call.body).contains("secret"), "{call:?}");
    }
}

#[test]
fn a_home_assistant_that_is_away_or_refuses_slows_nobody_and_is_told_later() {
    let (_addon, there, vestibule) = start(|_| {});
    there
        .state()
        .mischief
        .insert(EVENTS.to_owned(), Mischief::Bytes(b"HTTP/1.1 503 X\r\nContent-Length: 0\r\n\r\n".to_vec()));
    let begun = Instant::now();
    sign_in(&vestibule, "bob", "x");
    assert!(begun.elapsed() < Duration::from_secs(5));
    vestibule.await_line(&["ERROR", "Home Assistant cannot be told of events and states"]);
    there.state().mischief.clear();
    let delivered = await_told_well(&there);
    assert!(delivered >= 1);
    // Our token is refused: said once, counted, and never tried again.
    there.state().long_lived = "another".to_owned();
    sign_in(&vestibule, "bob", "y");
    eventually("the refusal is counted", || {
        let metrics = vestibule.ask_operations(&Ask::get("/metrics")).text();
        metrics.contains("vestibule_home_assistant_events_total{result=\"refused\"} 2\n").then_some(())
    });
    there.state().mischief.insert(EVENTS.to_owned(), Mischief::Silence);
    let begun = Instant::now();
    sign_in(&vestibule, "bob", "z");
    assert!(begun.elapsed() < Duration::from_secs(5), "nobody waits for it");
}

/// How many sign-ins were told while it answered again.
fn await_told_well(there: &There) -> usize {
    eventually("it is told after all", || Some(told(there, "new_device").len()).filter(|count| *count > 0))
}

#[test]
fn entities_follow_sessions_and_add_ons_and_are_taken_away_with_them() {
    let (_addon, there, mut vestibule) = start(|config| {
        config.set("presence", "entities", "true").set("presence", "events", "[]").unset("presence", "not_me");
    });
    let last = |entity: &str| {
        let calls = there.calls_to(&format!("/api/states/{entity}"));
        calls.last().map(|call| (call.line.split(' ').next().unwrap_or_default().to_owned(), call.body.clone()))
    };
    let state = |entity: &str| {
        let (method, body) = last(entity)?;
        assert_eq!(method, "POST");
        Some(serde_json::from_slice::<Value>(&body).unwrap()["state"].clone())
    };
    eventually("no sessions", || (state("sensor.vestibule_sessions")? == "0").then_some(()));
    eventually("an add-on", || state("binary_sensor.vestibule_a").map(drop));
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    eventually("a session", || (state("sensor.vestibule_sessions")? == "1").then_some(()));
    eventually("the add-on is up", || (state("binary_sensor.vestibule_a")? == "on").then_some(()));
    vestibule.reconfigure(|config| {
        config.clear_addons();
    });
    vestibule.signal("HUP");
    eventually("it is gone", || (last("binary_sensor.vestibule_a")?.0 == "DELETE").then_some(()));
    assert!(there.calls_to(EVENTS).is_empty(), "no events were asked for");
}

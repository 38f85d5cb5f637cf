//! A session of Home Assistant's door opens that door alone, lives as ours do, and ends as ours do.

use serde_json::json;

use crate::door::{EntryPoint, passed_on};
use crate::support::expectation::BOB;
use crate::support::process::COOKIE;
use crate::support::{Answer, Ask, BOTH, RawAddon, eventually};

fn open(door: &EntryPoint, session: &str) -> Answer {
    let token = door.token("a");
    door.ask(&passed_on(Ask::get(&format!("/ingress/{token}/")), &token, session))
}

/// S-79 and S-80: what opens one door is nothing at the other, under either name.
#[test]
fn a_session_of_one_door_is_none_at_the_other() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let (theirs, ours) = (door.session("bob"), door.vestibule.cookie("bob"));
    let ours = ours.strip_prefix(&format!("{COOKIE}=")).unwrap().to_owned();
    let token = door.token("a");
    for protocol in BOTH {
        for cookie in
            [format!("{COOKIE}={theirs}"), format!("ingress_session={theirs}"), format!("ingress_session={ours}")]
        {
            let answer = door.vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            assert_eq!(answer.status, 401, "{cookie}");
        }
        let both = format!("a=1; ingress_session={theirs}; {COOKIE}={ours}; b=2");
        assert_eq!(door.vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(both)).status, 200);
        assert_eq!(addon.one().fields.texts("cookie"), ["a=1; b=2"], "neither goes further than us");
    }
    for cookie in [
        format!("{COOKIE}={ours}"),
        format!("{COOKIE}={theirs}"),
        format!("ingress_session={ours}"),
        format!("ingress_session={}", theirs.to_uppercase()),
        format!("Ingress_Session={theirs}"),
        format!("ingress_session=\"{theirs}\""),
        format!("ingress_session={theirs}; ingress_session={theirs}"),
        format!("ingress_session=; ingress_session={theirs}"),
        String::new(),
    ] {
        let ask = Ask::get(&format!("/ingress/{token}/")).field("X-Forwarded-For", "10.0.0.9").cookie(&cookie);
        let answer = door.ask(&ask);
        assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{cookie}");
    }
    let lines = Ask::get(&format!("/ingress/{token}/"))
        .cookie(format!("ingress_session={theirs}"))
        .cookie(format!("ingress_session={theirs}"));
    assert_eq!(door.ask(&lines).status, 401, "S-76: two lines");
    addon.assert_no_request("no session was presented");
    let both =
        Ask::get(&format!("/ingress/{token}/")).cookie(format!("x=1; {COOKIE}={ours}; ingress_session={theirs}; y=2"));
    assert_eq!(door.ask(&both).status, 200);
    assert_eq!(addon.one().fields.texts("cookie"), ["x=1; y=2"]);
}

/// S-75: deactivated, deleted, another password, revoked by name, by user, and all: refused from the next request on.
#[test]
fn it_ends_when_its_user_or_the_operator_ends_it() {
    let addon = RawAddon::start();
    let door = EntryPoint::before(&addon);
    let refused = |session: &str, what: &str| {
        eventually(what, || (open(&door, session).status == 401).then_some(()));
        assert_eq!(door.validate(session), 401, "{what}");
    };
    let session = door.session("bob");
    assert_eq!(open(&door, &session).status, 200);
    door.vestibule.revoke("bob");
    refused(&session, "sessions of the user revoked");

    let session = door.session("bob");
    let listed: serde_json::Value =
        serde_json::from_str(&door.vestibule.command_ok(&["sessions", "list", "--json"])).unwrap();
    let id =
        listed["sessions"].as_array().unwrap().iter().find(|one| one["made_by"] == "ingress").unwrap()["id"].clone();
    door.vestibule.command_ok(&["sessions", "revoke", id.as_str().unwrap()]);
    refused(&session, "this session revoked");

    let session = door.session("frank");
    door.vestibule.home().set_password("frank", "another-1");
    refused(&session, "another password");
    let session = door.session("bob");
    door.vestibule.home().edit_user("bob", |user| user["is_active"] = json!(false));
    refused(&session, "deactivated");
    door.vestibule.home().edit_user("bob", |user| user["is_active"] = json!(true));
    eventually("bob again", || (door.wish("bob").status == 200).then_some(()));
    assert_eq!(door.validate(&session), 401, "what has ended does not come back");
    let session = door.session("carol");
    door.vestibule.home().delete_user("carol");
    refused(&session, "deleted");
}

/// Section 1.4 has sessions lost by a crash; ours are on disk before Home Assistant hears of them.
#[test]
fn it_survives_a_restart_and_so_do_tokens_of_add_ons() {
    let addon = RawAddon::start();
    let mut door = EntryPoint::start(|config| {
        config.set("session", "store", r#""state/sessions.redb""#);
        config.addon("a", &addon);
    });
    let (session, token) = (door.session("bob"), door.token("a"));
    assert_eq!(token.len(), 43);
    door.restart();
    assert_eq!(door.token("a"), token);
    assert_eq!((open(&door, &session).status, door.validate(&session)), (200, 200));
    crate::support::expectation::assert_identity_over(&addon.one(), &BOB, "http");
}

/// Home Assistant makes a session for each page of its own: that signs nobody out at the browsers' door.
#[test]
fn many_sessions_of_home_assistants_leave_ours_alone() {
    let door = EntryPoint::start(|config| {
        config.set("session", "per_user", "2");
        config.addon("a", &RawAddon::start());
    });
    let ours = door.vestibule.cookie("bob");
    let sessions: Vec<_> = (0..4).map(|_| door.session("bob")).collect();
    assert!(door.vestibule.is_live(&ours));
    let valid: Vec<_> = sessions.iter().map(|session| door.validate(session)).collect();
    assert_eq!(valid, [401, 401, 200, 200]);
}

/// S-80, S-83: neither session nor token is in a log, on disk or on the screen.
#[test]
fn no_secret_is_shown() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.set("session", "store", r#""state/sessions.redb""#);
        config.addon("a", &addon);
    });
    let session = door.session("bob");
    assert_eq!(open(&door, &session).status, 200);
    assert_eq!(open(&door, &session.replace('0', "1")).status, 401);
    assert_eq!(door.validate(&session), 200);
    assert_eq!(door.validate(&session.replace('0', "1")), 401);
    door.vestibule.await_line(&["vestibule::access", "status=200"]);
    let shown = [
        door.vestibule.stderr(),
        door.vestibule.command_ok(&["sessions", "list", "--json"]),
        door.vestibule.command_ok(&["check"]),
        door.vestibule.command_ok(&["addons", "show", "a"]),
    ];
    let disk = std::fs::read(door.vestibule.path("state/sessions.redb")).unwrap();
    for secret in [&session, crate::door::TOKEN] {
        assert!(shown.iter().all(|text| !text.contains(&secret[..32])), "{secret}");
        assert!(!disk.windows(32).any(|bytes| bytes == &secret.as_bytes()[..32]));
    }
}

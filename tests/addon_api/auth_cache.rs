//! The cache of right passwords, with a Home Assistant that is there and one that is away (cases 49 to 53).
//!
//! Unlike the Supervisor's it is never asked while Home Assistant can be: no old password is accepted once more, no new
//! one refused.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::supervised::Supervised;
use crate::support::there::{LONG_LIVED, Mischief};
use crate::support::{Answer, Ask, ConfigFile, There, eventually};

/// Without `config_dir`: every password is asked of Home Assistant.
fn start(there: &There, more: impl FnOnce(&mut ConfigFile)) -> Supervised {
    let api = Supervised::start_with(None, |config| {
        config.unset("home_assistant", "config_dir");
        config.set("home_assistant", "token", r#"{ file = "secrets/owner" }"#);
        config.set("home_assistant", "url", &there.url());
        config.set("home_assistant", "forward_address", "false");
        config.set("supervisor", "password_reset_token", r#"{ file = "secrets/owner" }"#);
        config.set("sign_in", "attempts_per_user", "100");
        config.set("sign_in", "attempts_per_address", "100");
        more(config);
    });
    eventually("the users are known", || (api.ask_as("admin", Ask::get("/auth/list")).status == 200).then_some(()));
    api
}

fn with_cache(config: &mut ConfigFile) {
    config.set("supervisor", "auth_cache", r#""1h""#);
}

fn check(api: &Supervised, user: &str, password: &str) -> Answer {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let ask = Ask::get("/auth").field("Authorization", format!("Basic {encoded}"));
    api.ask(&ask.field("X-Supervisor-Token", api.token("plain")))
}

/// Home Assistant answers nothing that is about passwords any more, or does again.
fn away(there: &There, is_away: bool) {
    let mut state = there.state();
    state.mischief.clear();
    if is_away {
        state.mischief.insert("/auth/login_flow".to_owned(), Mischief::Bytes(b"HTTP/1.1 503 X\r\n\r\n".to_vec()));
    }
}

fn asked(there: &There) -> usize {
    there.calls_to("/auth/login_flow").len()
}

/// Cases 49, 50 and 51.
#[test]
fn without_a_cache_home_assistant_is_asked_or_nobody_knows() {
    let there = There::with_people();
    let api = start(&there, |_| {});
    for times in 1..=2 {
        assert_eq!(check(&api, "bob", "bob-pass-1").status, 200);
        assert_eq!(asked(&there), times, "case 50: asked each time");
    }
    away(&there, true);
    let unknown = check(&api, "bob", "bob-pass-1");
    assert_eq!((unknown.status, unknown.fields.has("www-authenticate")), (500, false));
    let keys: Vec<_> = unknown.json().as_object().unwrap().keys().cloned().collect();
    assert_eq!(keys, ["error_key", "message", "result"], "case 49: no extra fields");
    assert_eq!(unknown.json()["error_key"], "auth_home_assistant_api_validation_error");
    api.vestibule.await_line(&["event=password_check", "outcome=unavailable", "user_name=bob"]);
    away(&there, false);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 200);
}

/// Case 52, and what comes close to it.
#[test]
fn a_right_password_is_remembered_for_the_time_without_home_assistant() {
    let there = There::with_people();
    let api = start(&there, with_cache);
    away(&there, true);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 500, "nothing is remembered yet");
    away(&there, false);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 200);
    away(&there, true);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 200, "case 52");
    assert_eq!(check(&api, "bob", "wrong").status, 500, "what is not remembered nobody knows");
    assert_eq!(check(&api, "dave", "dave-pass-1").status, 500, "case 51: another user");
    assert_eq!(api.ask_as("manager", Ask::new("DELETE", "/auth/cache")).status, 200);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 500, "forgotten");
    assert!(!api.vestibule.stderr().contains("bob-pass-1") && !api.vestibule.stderr().contains(LONG_LIVED));
}

/// Case 53 deliberately otherwise: a password that was changed holds at once, and the one before ends at once.
#[test]
fn a_new_password_is_never_refused_and_an_old_one_never_accepted_while_home_assistant_is_there() {
    let there = There::with_people();
    let api = start(&there, with_cache);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 200);
    let before = asked(&there);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 200);
    assert_eq!(asked(&there), before + 1, "asked although it is remembered");
    there.state().passwords.insert("bob".to_owned(), "bob-pass-2".to_owned());
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 401, "the old one, although it is remembered");
    away(&there, true);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 500, "and remembered no longer");
    away(&there, false);
    assert_eq!(check(&api, "bob", "bob-pass-2").status, 200, "the new one, at once");
    away(&there, true);
    assert_eq!([check(&api, "bob", "bob-pass-2").status, check(&api, "bob", "bob-pass-1").status], [200, 500]);
}

/// What was right alone may not be so any more.
#[test]
fn what_changes_for_a_user_ends_what_is_remembered_of_them() {
    let there = There::with_people();
    let api = start(&there, with_cache);
    for name in ["bob", "dave", "grace"] {
        assert_eq!(check(&api, name, &format!("{name}-pass-1")).status, 200, "{name}");
    }
    there.state().second_factors.push("bob".to_owned());
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 401);
    api.vestibule.await_line(&["event=password_check", "outcome=second_factor"]);
    let body = r#"{"username": "dave", "password": "dave-pass-2"}"#;
    assert_eq!(api.ask_as("admin", Ask::post("/auth/reset", body)).status, 200);
    there.change_user("grace", |user| user["is_active"] = false.into());
    away(&there, true);
    assert_eq!(check(&api, "bob", "bob-pass-1").status, 500, "a second factor since");
    assert_eq!(check(&api, "dave", "dave-pass-1").status, 500, "a new password since");
    eventually("a deactivated user", || (check(&api, "grace", "grace-pass-1").status == 401).then_some(()));
    api.vestibule.await_line(&["event=password_check", "outcome=inactive_user", "user_name=grace"]);
}

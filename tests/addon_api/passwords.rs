//! New passwords for people, and who has one (docs/design/supervisor.md section 5; cases 33 to 36).

use serde_json::json;

use crate::supervised::Supervised;
use crate::support::there::Mischief;
use crate::support::{Answer, Ask, There, eventually};

/// With a token of Home Assistant's owner for new passwords, and none for anything else.
fn start(there: &There) -> Supervised {
    Supervised::start_with(None, |config| {
        config.set("home_assistant", "url", &there.url());
        config.set("home_assistant", "forward_address", "false");
        config.set("supervisor", "password_reset_token", r#"{ file = "secrets/owner" }"#);
    })
}

fn reset(api: &Supervised, slug: &str, name: &str, password: &str) -> Answer {
    let body = json!({ "username": name, "password": password }).to_string();
    api.ask_as(slug, Ask::post("/auth/reset", body).field("Content-Type", "application/json"))
}

/// Case 33, in both versions of the API.
#[test]
fn an_addon_with_the_role_admin_gives_somebody_a_new_password() {
    let there = There::with_people();
    let api = start(&there);
    let answer = reset(&api, "admin", "bob", "bob-pass-2");
    assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"data":{},"result":"ok"}"#));
    assert_eq!(there.state().passwords["bob"], "bob-pass-2");
    let line = api.vestibule.await_line(&["event=password_reset", "outcome=success"]);
    assert!(line.contains("addon=admin") && line.contains("user_name=bob") && line.contains("user="), "{line}");
    let body = json!({ "username": " CAROL", "password": "carol-pass-2" }).to_string();
    assert_eq!(api.ask_as("admin", Ask::post("/v2/auth/reset", body)).status, 200, "as Home Assistant reads names");
    assert_eq!(there.state().passwords["carol"], "carol-pass-2");
    for slug in ["manager", "default", "plain"] {
        assert_eq!(reset(&api, slug, "bob", "bob-pass-3").status, 403, "{slug}");
    }
    assert_eq!(api.ask_as("admin", Ask::get("/auth/reset")).status, 405);
    assert_eq!(there.state().passwords["bob"], "bob-pass-2");
    let log = api.vestibule.stderr();
    assert!(!log.contains("-pass-2") && !log.contains("-pass-3"), "no password in the log");
}

/// Case 34: whatever is wrong, the answer is the same. Nobody gets a way in as an administrator.
#[test]
fn whoever_may_not_be_given_a_password_is_nobody() {
    let there = There::with_people();
    let api = start(&there);
    let home = api.vestibule.home();
    home.edit_user("frank", |user| {
        user["system_generated"] = true.into();
        user["name"] = "Changed".into();
    });
    let before = there.state().passwords.clone();
    eventually("the change is seen", || {
        api.ask_as("admin", Ask::get("/auth/list")).text().contains("Changed").then_some(())
    });
    for (name, password, outcome) in [
        ("john", "new", "unknown_user"),
        ("owner", "new", "administrator"),
        ("alice", "new", "administrator"),
        ("ALICE ", "new", "administrator"),
        ("frank", "new", "system_user"),
        ("erin", "new", "inactive_user"),
        ("bob", "", "empty_password"),
    ] {
        let answer = reset(&api, "admin", name, password);
        let message = format!("Username '{name}' does not exist. Check list of users using 'ha auth list'.");
        let extra = json!({ "user": name, "auth_list_command": "ha auth list" });
        let expected = json!({ "result": "error", "message": message, "error_key": "auth_password_reset_error",
            "extra_fields": extra });
        assert_eq!((answer.status, answer.json()), (400, expected), "{name}");
        api.vestibule.await_line(&["event=password_reset", &format!("outcome={outcome}")]);
    }
    assert_eq!(there.state().passwords, before);
    assert!(there.calls_to("/api/websocket").is_empty(), "Home Assistant was not asked");
    for body in ["", "{", "[]", r#"{"username": "bob"}"#, r#"{"username": "bob", "password": 5}"#] {
        assert_eq!(api.ask_as("admin", Ask::post("/auth/reset", body)).status, 400, "{body}");
    }
    let more = r#"{"username": "bob", "password": "x", "user_id": "y"}"#;
    assert_eq!(api.ask_as("admin", Ask::post("/auth/reset", more)).status, 400, "what is not known is not passed over");
    assert_eq!(there.state().passwords, before);
}

/// Case 34, further: Home Assistant says no, or nothing.
#[test]
fn a_home_assistant_that_says_no_or_nothing_is_the_same_400() {
    let there = There::with_people();
    there.state().is_owners = false;
    let api = start(&there);
    let refused = reset(&api, "admin", "bob", "bob-pass-2");
    assert_eq!((refused.status, &refused.json()["error_key"]), (400, &"auth_password_reset_error".into()));
    api.vestibule.await_line(&["event=password_reset", "outcome=refused_there"]);
    api.vestibule.await_line(&["must be the owner's"]);
    there.state().is_owners = true;
    there.state().mischief.insert("/api/websocket".to_owned(), Mischief::Bytes(b"HTTP/1.1 503 X\r\n\r\n".to_vec()));
    let away = reset(&api, "admin", "bob", "bob-pass-2");
    assert_eq!((away.status, away.text()), (400, refused.text()));
    api.vestibule.await_line(&["event=password_reset", "outcome=unavailable"]);
    there.state().mischief.clear();
    assert_eq!(reset(&api, "admin", "bob", "bob-pass-2").status, 200);
}

#[test]
fn new_passwords_are_limited_and_need_a_token() {
    let there = There::with_people();
    let api = Supervised::start_with(None, |config| {
        config.set("home_assistant", "url", &there.url());
        config.set("home_assistant", "forward_address", "false");
        config.set("supervisor", "home_assistant_token", r#"{ file = "secrets/owner" }"#);
        config.set("sign_in", "attempts_per_address", "2");
    });
    assert_eq!(reset(&api, "admin", "bob", "1").status, 200, "the other token serves when it is the owner's");
    assert_eq!(reset(&api, "admin", "bob", "2").status, 200);
    let limited = reset(&api, "admin", "bob", "3");
    assert_eq!((limited.status, limited.fields.texts("retry-after").len()), (429, 1));
    assert_eq!(there.state().passwords["bob"], "2");
    api.vestibule.await_line(&["event=password_reset", "outcome=too_many_attempts"]);
    let without = Supervised::start(None);
    assert_eq!(reset(&without, "admin", "bob", "x").status, 501);
}

/// Case 36: that nobody is known is not an empty list.
#[test]
fn users_who_cannot_be_listed_are_an_error_with_its_key() {
    let api = Supervised::start_with(None, |config| {
        config.set("home_assistant", "max_stale", r#""1s""#);
    });
    assert_eq!(api.ask_as("admin", Ask::get("/auth/list")).status, 200);
    api.vestibule.home().replace("auth", b"{");
    let answer = eventually("the end of the last good copy", || {
        let answer = api.ask_as("admin", Ask::get("/auth/list"));
        (answer.status == 500).then_some(answer)
    });
    let expected = json!({ "result": "error", "message": "Can't request listing users on Home Assistant",
        "error_key": "auth_list_users_error" });
    assert_eq!(answer.json(), expected);
}

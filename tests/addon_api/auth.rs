//! The auth backend (docs/design/supervisor.md section 5; cases 33 to 53 as far as they are kept).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::supervised::Supervised;
use crate::support::plain::PlainClient;
use crate::support::{Answer, Ask};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

fn post(api: &Supervised, media: &str, body: &str) -> Answer {
    let ask = Ask::post("/auth", body).field("Content-Type", media).field("X-Supervisor-Token", api.token("plain"));
    api.ask(&ask)
}

fn basic(api: &Supervised, user: &str, password: &str) -> Answer {
    let encoded = STANDARD.encode(format!("{user}:{password}"));
    let ask = Ask::get("/auth").field("Authorization", format!("Basic {encoded}"));
    api.ask(&ask.field("X-Supervisor-Token", api.token("plain")))
}

fn realm(answer: &Answer) -> Option<String> {
    answer.fields.texts("www-authenticate").into_iter().next()
}

/// The password of a user of the example home.
fn password(user: &str) -> String {
    crate::support::home::password_of(user)
}

/// Cases 37, 39, 42, 43 and 45.
#[test]
fn a_right_password_is_told_in_three_forms_and_a_wrong_one_is_refused_in_each() {
    let api = Supervised::start(None);
    let right = password("alice");
    for name in ["username", "user"] {
        let json = |password: &str| format!(r#"{{"{name}": "alice", "password": "{password}"}}"#);
        let answer = post(&api, JSON, &json(&right));
        assert_eq!((answer.status, answer.text().as_str()), (200, r#"{"data":{},"result":"ok"}"#));
        assert_eq!(post(&api, "application/json; charset=utf-8", &json(&right)).status, 200);
        let wrong = post(&api, JSON, &json("wrong"));
        assert_eq!((wrong.status, realm(&wrong)), (401, None));
        assert_eq!(post(&api, FORM, &format!("{name}=alice&password={right}")).status, 200);
        let wrong = post(&api, FORM, &format!("{name}=alice&password=wrong"));
        assert_eq!((wrong.status, realm(&wrong)), (401, None));
    }
    assert_eq!(basic(&api, "alice", &right).status, 200);
    let wrong = basic(&api, "alice", "wrong");
    assert_eq!(wrong.status, 401);
    assert_eq!(realm(&wrong).as_deref(), Some("Basic realm=\"Home Assistant Authentication\""));
    api.vestibule.await_line(&["event=password_check", "outcome=wrong_password", "addon=plain"]);
    assert!(!api.vestibule.stderr().contains(&right), "no password in the log");
}

/// All of section 5 at once, each row with the case it is: form of the credentials, status, realm and key.
#[test]
fn the_auth_cases() {
    let api = Supervised::start(None);
    let (right, key) = (password("alice"), "auth_invalid_non_string_value_error");
    let json = |password: &str| format!(r#"{{"username": "alice", "password": "{password}"}}"#);
    let rows: [(u8, &str, String, u16, bool, &str); 15] = [
        (37, JSON, json(&right), 200, false, ""),
        (37, JSON, format!(r#"{{"user": "alice", "password": "{right}"}}"#), 200, false, ""),
        (38, JSON, r#"{"username": null, "password": "x"}"#.to_owned(), 401, true, key),
        (38, JSON, r#"{"user": "alice", "password": null}"#.to_owned(), 401, true, key),
        (38, JSON, r#"{"user": "alice", "password": 5}"#.to_owned(), 401, true, key),
        (39, JSON, json("wrong"), 401, false, ""),
        (39, JSON, json("").replace("alice", "nobody"), 401, false, ""),
        (40, JSON, String::new(), 401, true, key),
        (40, JSON, "{}".to_owned(), 401, true, key),
        (41, JSON, "{".to_owned(), 400, false, ""),
        (42, FORM, format!("username=alice&password={right}"), 200, false, ""),
        (42, FORM, format!("user=alice&password={right}"), 200, false, ""),
        (43, FORM, "username=alice&password=wrong".to_owned(), 401, false, ""),
        (44, "text/plain", json(&right), 401, true, ""),
        (44, "", json(&right), 401, true, ""),
    ];
    let mut compared = 0;
    for version in ["", "/v2"] {
        for (case, media, body, status, has_realm, key) in &rows {
            let ask = Ask::post(&format!("{version}/auth"), body.as_bytes());
            let ask = if media.is_empty() { ask } else { ask.field("Content-Type", media) };
            let answer = api.ask(&ask.field("X-Supervisor-Token", api.token("plain")));
            assert_eq!((answer.status, realm(&answer).is_some()), (*status, *has_realm), "case {case}: {body}");
            let found = serde_json::from_slice::<serde_json::Value>(&answer.body).unwrap_or_default();
            assert_eq!(found["error_key"].as_str().unwrap_or_default(), *key, "case {case}: {body}");
            compared += 1;
        }
    }
    assert_eq!(api.ask(&Ask::post("/auth", json(&right)).field("Content-Type", JSON)).status, 401, "case 48: nobody");
    println!("auth cases: {} answers compared", compared + 1);
}

/// Cases 38, 40, 41, 44, 46, 47 and 48.
#[test]
fn what_is_no_credential_is_refused_as_the_supervisor_refuses_it() {
    let api = Supervised::start(None);
    for body in [r#"{"username": null, "password": "x"}"#, r#"{"username": "alice", "password": null}"#, "", "{}"] {
        let answer = post(&api, JSON, body);
        assert_eq!(answer.status, 401, "{body}");
        assert!(realm(&answer).is_some(), "{body}");
        assert_eq!(answer.json()["error_key"], "auth_invalid_non_string_value_error", "{body}");
    }
    assert_eq!(post(&api, JSON, "{").status, 400);
    let text = post(&api, "text/plain", "username=alice&password=x");
    assert!(text.status == 401 && realm(&text).is_some());
    // Case 46: the token in `Authorization`, so that there are no credentials.
    let bearer = api.ask_as("plain", Ask::get("/auth"));
    assert!(bearer.status == 401 && realm(&bearer).is_some());
    let other = Ask::post("/auth", "username=alice&password=x").field("Content-Type", FORM);
    let answer = api.ask(&other.field("X-Supervisor-Token", api.token("admin")));
    assert_eq!(answer.status, 403);
    assert_eq!(answer.json()["message"], "Can't use Home Assistant auth!");
}

/// Section 5, and beyond it: the add-on is told no, the audit log why. Who may come from the local network alone, and
/// does not, is in the tests of the auth backend itself: an add-on under test is always local.
#[test]
fn a_right_password_is_not_enough_for_whoever_may_not_sign_in() {
    let api = Supervised::start(None);
    let home = api.vestibule.home();
    home.edit_user("bob", |user| user["is_active"] = false.into());
    home.add_totp("carol");
    home.edit_user("frank", |user| user["system_generated"] = true.into());
    for (user, why) in [("bob", "inactive_user"), ("carol", "second_factor"), ("frank", "system_user")] {
        crate::support::eventually(why, || {
            let answer = basic(&api, user, &password(user));
            (answer.status == 401).then_some(())
        });
        api.vestibule.await_line(&["event=password_check", &format!("outcome={why}"), &format!("user_name={user}")]);
        assert_eq!(basic(&api, user, &password(user)).text(), basic(&api, user, "wrong").text(), "no word more");
    }
    assert_eq!(basic(&api, "dave", &password("dave")).status, 200, "local only, and local");
}

#[test]
fn guesses_are_limited_for_an_addon_and_a_user_name() {
    let api = Supervised::start_with(None, |config| {
        config.set("sign_in", "attempts_per_user", "3");
        config.set("sign_in", "attempts_per_address", "5");
    });
    let guess = |user: &str| basic(&api, user, "wrong").status;
    assert_eq!([guess("alice"), guess("alice"), guess("alice"), guess("alice")], [401, 401, 401, 429]);
    let limited = basic(&api, "alice", &password("alice"));
    assert_eq!(limited.status, 429, "a right guess is one too many as well");
    assert!(limited.fields.texts("retry-after").len() == 1);
    api.vestibule.await_line(&["event=password_check", "outcome=too_many_attempts"]);
    for spelling in ["ALICE", " alice", "alice\u{1f}"] {
        assert_eq!(guess(spelling), 429, "{spelling:?} is no other name");
    }
    assert_eq!([guess("bob"), guess("bob"), guess("bob")], [401, 401, 429], "five of one address, whatever the name");
}

/// A limit on one add-on, whatever the names: another one at the same address has its own.
#[test]
fn guesses_are_limited_for_an_addon() {
    let api = Supervised::start_with(None, |config| {
        config.set("sign_in", "attempts_per_user", "3");
        config.set("sign_in", "attempts_per_address", "4");
        config.addon_table(&crate::supervised::addon("other", "auth_api = true"));
    });
    let guesses: Vec<_> = (0..6).map(|n| basic(&api, &format!("nobody{n}"), "wrong").status).collect();
    assert_eq!(guesses, [401, 401, 401, 401, 429, 429]);
}

/// A broker asks for each of its devices: only what could be a guess counts.
#[test]
fn right_passwords_use_nothing_up() {
    let api = Supervised::start_with(None, |config| {
        config.set("sign_in", "attempts_per_user", "2");
        config.set("sign_in", "attempts_per_address", "3");
    });
    for _ in 0..12 {
        assert_eq!(basic(&api, "bob", &password("bob")).status, 200);
    }
    assert_eq!([basic(&api, "bob", "wrong").status, basic(&api, "bob", "wrong").status], [401, 401]);
    assert_eq!(basic(&api, "bob", &password("bob")).status, 429, "and gives nothing back of what was a guess");
}

/// Case 35, and that `DELETE /auth/cache` is for two roles.
#[test]
fn users_with_a_user_name_are_listed_for_the_admin_role() {
    let api = Supervised::start(None);
    assert_eq!(api.ask_as("manager", Ask::get("/auth/list")).status, 403);
    let users = api.ask_as("admin", Ask::get("/auth/list")).json()["data"]["users"].clone();
    let alice = users.as_array().unwrap().iter().find(|user| user["username"] == "alice").unwrap();
    assert_eq!(alice["is_active"], true);
    assert!(users.as_array().unwrap().iter().all(|user| user["username"].is_string()));
    assert_eq!(users.as_array().unwrap().len(), 10, "the example's eleventh user has no user name");
    assert_eq!(api.ask_as("manager", Ask::new("DELETE", "/auth/cache")).status, 200);
    assert_eq!(api.ask_as("backup", Ask::new("DELETE", "/auth/cache")).status, 403);
}

/// S-142: what is still being read is answered by the rights of the moment in which it ends.
#[test]
fn s142_a_call_on_its_way_ends_with_its_right() {
    let api = Supervised::start(None);
    let body = format!(r#"{{"username": "alice", "password": "{}"}}"#, password("alice"));
    let ask = Ask::post("/auth", body).field("Content-Type", JSON).field("X-Supervisor-Token", api.token("plain"));
    let bytes = ask.to_bytes();
    let (begun, rest) = bytes.split_at(bytes.len() - 1);
    let (mut whole, mut ended) = (PlainClient::connect(api.api()), PlainClient::connect(api.api()));
    whole.send(begun);
    whole.send(rest);
    assert_eq!(whole.head().status, 200);
    ended.send(begun);
    api.vestibule.command_ok(&["addons", "token", "plain", "--rotate"]);
    ended.send(rest);
    assert_eq!(ended.head().status, 403);
}

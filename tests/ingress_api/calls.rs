//! The three calls: who may make them, and that a session is made for a user or not at all.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use serde_json::json;

use crate::door::{EntryPoint, TOKEN};
use crate::support::{Ask, Protocol, RawAddon};

/// Cases 2, 3, 11 and 13, in both versions of the API.
#[test]
fn home_assistant_makes_a_session_for_a_user_and_asks_whether_it_counts() {
    let door = EntryPoint::before(&RawAddon::start());
    let id = door.vestibule.home().user_id("bob");
    for version in ["", "/v2"] {
        let answer = door.call("POST", &format!("{version}/ingress/session"), &json!({ "user_id": id }).to_string());
        assert_eq!(answer.status, 200, "{answer:#?}");
        assert_eq!(answer.fields.one("content-type"), "application/json");
        let answer = answer.json();
        let session = answer["data"]["session"].as_str().unwrap();
        assert_eq!(answer, json!({"result": "ok", "data": {"session": session}}));
        assert!(session.len() == 128 && session.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')), "{session}");
        let valid = door.call(
            "POST",
            &format!("{version}/ingress/validate_session"),
            &json!({ "session": session }).to_string(),
        );
        assert_eq!((valid.status, valid.json()), (200, json!({"result": "ok", "data": {}})));
        for wrong in [&"0".repeat(128), &session.to_uppercase(), &session[1..], "", "x"] {
            if *wrong == *session {
                continue;
            }
            let body = json!({ "session": wrong }).to_string();
            let answer = door.call("POST", &format!("{version}/ingress/validate_session"), &body);
            assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{wrong}");
        }
    }
    let listed = door.vestibule.command_ok(&["sessions", "list"]);
    assert_eq!(listed.matches("ingress").count(), 2, "{listed}");
    door.vestibule.await_line(&["vestibule::audit", "event=sign_in", "outcome=success", "method=ingress"]);
}

/// Section 1.12, and the one thing that the Supervisor does otherwise: there is no session of nobody.
#[test]
fn without_a_user_who_may_sign_in_there_is_no_session() {
    let door = EntryPoint::before(&RawAddon::start());
    let home = door.vestibule.home();
    let system = home.read("auth")["data"]["users"]
        .as_array()
        .unwrap()
        .iter()
        .find(|user| user["system_generated"] == true)
        .expect("Home Assistant makes a user for itself")["id"]
        .as_str()
        .unwrap()
        .to_owned();
    home.edit_user("carol", |user| user["is_active"] = false.into());
    let carol = home.user_id("carol");
    crate::support::eventually("the deactivation", || (door.wish("carol").status == 400).then_some(()));
    let erin = home.user_id("erin");
    for body in [
        String::new(),
        "{}".to_owned(),
        r#"{"user_id": null}"#.to_owned(),
        r#"{"user_id": ""}"#.to_owned(),
        r#"{"user_id": 5}"#.to_owned(),
        r#"{"user_id": "0000000000000000000000000000000f"}"#.to_owned(),
        r#"{"user_id": "bob"}"#.to_owned(),
        json!({ "user_id": system }).to_string(),
        json!({ "user_id": carol }).to_string(),
        json!({ "user_id": erin }).to_string(),
        json!({ "user_id": home.user_id("bob"), "admin": true }).to_string(),
        format!(r#"{{"user_id": "{0}", "user_id": "{0}"}}"#, home.user_id("bob")),
        "{".to_owned(),
        "[]".to_owned(),
    ] {
        let method = "POST";
        let answer = door.call(method, "/ingress/session", &body);
        assert_eq!(answer.status, 400, "{body}: {answer:#?}");
        let answer = answer.json();
        assert_eq!(answer["result"], "error", "{body}");
        assert!(answer["message"].is_string() && answer["data"].is_null(), "{answer:#}");
    }
    assert_eq!(door.call("POST", "/ingress/session", &"x".repeat(100_000)).status, 413);
    assert!(!door.vestibule.command_ok(&["sessions", "list"]).contains("ingress"), "no session was made");
    door.vestibule.await_line(&["event=sign_in", "outcome=unknown_user", "method=ingress"]);
    door.vestibule.await_line(&["event=sign_in", "outcome=system_user", "method=ingress"]);
    door.vestibule.await_line(&["event=sign_in", "outcome=inactive_user", "method=ingress"]);
}

/// Case 1, and section 2.1: the token in three places, and nobody else's token in any of them.
#[test]
fn only_home_assistants_token_calls() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.set("supervisor", "listen", r#""127.0.0.1:0""#);
        config.addon_with("a", &addon, "rights = { hassio_api = true, hassio_role = \"admin\" }");
    });
    door.vestibule.command_ok(&["addons", "protect", "a", "off"]);
    let add_ons = door.vestibule.command_ok(&["addons", "token", "a"]).trim().to_owned();
    let bearer = |token: &str| format!("Bearer {token}");
    for path in ["/ingress/session", "/ingress/validate_session", "/ingress/panels", "/v2/ingress/panels", "/", "/info"]
    {
        for wrong in [
            Ask::get(path),
            Ask::get(path).field("Authorization", bearer(&add_ons)),
            Ask::get(path).field("X-Supervisor-Token", &add_ons).field("Authorization", bearer(TOKEN)),
            Ask::get(path).field("Authorization", bearer(&TOKEN[1..])),
            Ask::get(path).field("Authorization", bearer(&TOKEN.to_uppercase())),
            Ask::get(path).field("Authorization", bearer(TOKEN)).field("Authorization", bearer(TOKEN)),
            Ask::post(path, "{}").field("X-Supervisor-Token", "x"),
        ] {
            let answer = door.ask(&wrong);
            assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{wrong:?}");
            assert!(!answer.fields.has("www-authenticate"), "{answer:#?}");
        }
    }
    for (name, value) in
        [("X-Supervisor-Token", TOKEN.to_owned()), ("X-Hassio-Key", TOKEN.to_owned()), ("Authorization", bearer(TOKEN))]
    {
        assert_eq!(door.ask(&Ask::get("/ingress/panels").field(name, value)).status, 200, "{name}");
    }
    // An add-on of every role is told the same on its own listener, and Home Assistant's token is nobody's there.
    let line = door.vestibule.await_line(&["listening for add-ons on"]);
    let (_, rest) = line.split_once("listening for add-ons on ").unwrap();
    let api = rest.split_whitespace().next().unwrap().parse().unwrap();
    for path in ["/ingress/session", "/ingress/validate_session", "/v2/ingress/session"] {
        let ask = Ask::post(path, "{}").field("Authorization", bearer(&add_ons));
        assert_eq!(crate::support::h1::plain(api, &ask).unwrap().status, 401, "{path}");
    }
    let ask = Ask::get("/ingress/panels").field("Authorization", bearer(TOKEN));
    assert_eq!(crate::support::h1::plain(api, &ask).unwrap().status, 403);
    let info = Ask::get("/addons/a/info").field("Authorization", bearer(&add_ons));
    let info = crate::support::h1::plain(api, &info).unwrap().json();
    let entry = format!("/api/hassio_ingress/{}", door.token("a"));
    assert_eq!(
        (&info["data"]["ingress_entry"], &info["data"]["ingress_url"]),
        (&json!(entry), &json!(format!("{entry}/")))
    );
}

#[test]
fn panels_are_the_add_ons_that_can_be_shown() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "icon = \"mdi:flash\"");
        config.addon_with("b", &addon, "access = { admin_only = true }");
        config.addon_with("keeps", &addon, "prefix = \"keep\"");
        config.addon_table(&format!(
            "slug = \"own\"\ntitle = \"own\"\nupstream = \"{}\"\nhost = \"own.p.test\"",
            addon.url()
        ));
    });
    let expected = json!({"result": "ok", "data": {"panels": {
        "a": {"title": "a", "icon": "mdi:flash", "admin": false, "enable": true},
        "b": {"title": "b", "icon": "", "admin": true, "enable": true},
        "own": {"title": "own", "icon": "", "admin": false, "enable": true},
    }}});
    assert_eq!(door.call("GET", "/ingress/panels", "").json(), expected);
    assert_eq!(door.call("GET", "/v2/ingress/panels", "").json(), expected);
}

/// A panel asks for it before it opens, and shows nothing that has no version, as if it were not installed.
#[test]
fn a_panel_learns_where_its_add_on_is() {
    let addon = RawAddon::start();
    let door = EntryPoint::start(|config| {
        config.addon_with("a", &addon, "entry = \"start\"");
        config.addon_with("keeps", &addon, "prefix = \"keep\"");
    });
    let entry = format!("/api/hassio_ingress/{}", door.token("a"));
    for path in ["/addons/a/info", "/v2/addons/a/info"] {
        let info = door.call("GET", path, "").json();
        let told = |name: &str| info["data"][name].clone();
        assert_eq!((told("slug"), told("state"), told("version")), (json!("a"), json!("started"), json!("unknown")));
        assert_eq!((told("ingress"), told("ingress_entry")), (json!(true), json!(entry)));
        assert_eq!((told("ingress_url"), told("options")), (json!(format!("{entry}/start")), json!({})));
    }
    assert_eq!(door.call("GET", "/addons/keeps/info", "").status, 404, "it cannot be shown there");
}

/// The door has these calls and add-ons' pages, and nothing of ours.
#[test]
fn there_is_nothing_else() {
    let door = EntryPoint::before(&RawAddon::start());
    for (method, path, status) in [
        ("GET", "/ingress/session", 405),
        ("PUT", "/ingress/validate_session", 405),
        ("DELETE", "/ingress/panels", 405),
        ("GET", "/", 404),
        ("GET", "/.vestibule/sign-in", 404),
        ("GET", "/.vestibule/session", 404),
        ("GET", "/.vestibule/verify", 404),
        ("GET", "/.vestibule/jwks.json", 404),
        ("GET", "/.vestibule/style.css", 404),
        ("GET", "/addons", 404),
        ("GET", "/addons/nowhere/info", 404),
        ("GET", "/addons/self/info", 404),
        ("GET", "/addons/A/info", 404),
        ("GET", "/addons/%61/info", 404),
        ("GET", "/addons//a/info", 404),
        ("POST", "/addons/a/info", 405),
        ("GET", "/addons/a/options/config", 404),
        ("GET", "/supervisor/ping", 404),
        ("GET", "/v2/v2/ingress/panels", 404),
        ("GET", "/ingress/panels/", 401),
        ("GET", "/ingress/%70anels", 404),
        ("GET", "/Ingress/panels", 404),
    ] {
        let answer = door.call(method, path, "");
        assert_eq!(answer.status, status, "{method} {path}: {answer:#?}");
        assert!(answer.fields.one("content-type").starts_with("text/plain"), "{answer:#?}");
        for name in ["location", "set-cookie", "www-authenticate", "retry-after"] {
            assert!(!answer.fields.has(name), "{method} {path}: {answer:#?}");
        }
    }
    for path in ["/.vestibule/sign-in", "/.vestibule/verify", "/", "/ingress/a"] {
        let answer = door.ask(&Ask::navigate(path));
        assert_eq!((answer.status, answer.text().as_str()), (401, "401: Unauthorized"), "{path}");
    }
    // And nothing of the door is at the browsers' one.
    for path in ["/ingress/panels", "/ingress/session"] {
        let ask = Ask::get(path).field("X-Supervisor-Token", TOKEN).field("Accept", "application/json");
        assert_eq!(door.vestibule.ask(Protocol::H1, &ask).status, 401, "{path}");
    }
}

/// The token is read again with the configuration.
#[test]
fn another_token_in_the_file_is_the_token_from_then_on() {
    let door = EntryPoint::before(&RawAddon::start());
    assert_eq!(door.call("GET", "/ingress/panels", "").status, 200);
    let other = TOKEN.replace('0', "9");
    crate::support::home::replace(&door.vestibule.path("secrets/door"), other.as_bytes());
    crate::support::eventually("the new token", || {
        let ask = Ask::get("/ingress/panels").field("X-Supervisor-Token", &other);
        (door.ask(&ask).status == 200).then_some(())
    });
    assert_eq!(door.call("GET", "/ingress/panels", "").status, 401);
}

/// Even where an operator has mistaken one for the other.
#[test]
fn an_add_ons_token_in_the_file_is_nobodys() {
    let door = EntryPoint::before(&RawAddon::start());
    let token = door.vestibule.command_ok(&["addons", "token", "a"]).trim().to_owned();
    crate::support::home::replace(&door.vestibule.path("secrets/door"), token.as_bytes());
    door.vestibule.command_ok(&["reload"]);
    assert_eq!(door.call("GET", "/ingress/panels", "").status, 401, "the token before");
    assert_eq!(door.ask(&Ask::get("/ingress/panels").field("X-Supervisor-Token", token)).status, 401);
}

/// On a Unix socket Home Assistant is this machine, and believed as such.
#[test]
fn a_unix_socket_is_a_door_as_well() {
    let addon = RawAddon::start();
    let vestibule = EntryPoint::configured(|config| {
        config.set("supervisor", "home_assistant_listen", r#""unix:run/door.sock""#);
        config.addon("a", &addon);
    });
    vestibule.await_line(&["listening for Home Assistant on unix:", "run/door.sock"]);
    let say = |ask: &Ask| {
        let mut stream = UnixStream::connect(vestibule.path("run/door.sock")).unwrap();
        let bytes = ask.clone().field("Connection", "close").to_bytes();
        stream.write_all(&bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let id = vestibule.home().user_id("dave");
    let wish = Ask::post("/ingress/session", json!({ "user_id": id }).to_string()).field("X-Supervisor-Token", TOKEN);
    let answer = say(&wish);
    let (_, session) = answer.split_once("\"session\":\"").unwrap_or_else(|| panic!("{answer}"));
    let shown = vestibule.command_ok(&["addons", "show", "a", "--json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let target = format!("{}/", shown["ingress_entry"].as_str().unwrap());
    let ask = Ask::get(&target).cookie(format!("ingress_session={}", &session[..128]));
    assert!(say(&ask.clone().field("X-Forwarded-For", "192.168.7.7")).starts_with("HTTP/1.1 200 "));
    assert!(say(&ask.field("X-Forwarded-For", "203.0.113.9")).starts_with("HTTP/1.1 403 "), "dave is local");
    assert_eq!(addon.one().fields.texts("x-real-ip"), ["192.168.7.7"]);
}

/// S-142: a call that is still being read is Home Assistant's no longer when its token is another one.
#[test]
fn s142_a_call_on_its_way_ends_with_home_assistants_token() {
    let door = EntryPoint::before(&RawAddon::start());
    let body = json!({ "user_id": door.vestibule.home().user_id("bob") }).to_string();
    let ask = Ask::post("/ingress/session", body).field("Authorization", format!("Bearer {TOKEN}"));
    let bytes = ask.to_bytes();
    let (begun, rest) = bytes.split_at(bytes.len() - 1);
    let (mut ended, mut whole) = (door.connect(), door.connect());
    ended.send(begun);
    whole.send(begun);
    whole.send(rest);
    assert_eq!(whole.head().status, 200);
    std::fs::write(door.vestibule.path("secrets/door"), format!("{}\n", TOKEN.replace('0', "9"))).unwrap();
    door.vestibule.command_ok(&["reload"]);
    ended.send(rest);
    assert_eq!(ended.head().status, 401);
    assert_eq!(door.vestibule.command_ok(&["sessions", "list"]).matches("ingress").count(), 1);
}

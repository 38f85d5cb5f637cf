//! Passes: tokens of ours that act as a user, held to one group's policy, whatever more the user may do.

use serde_json::{Value, json};

use crate::bed::{Bed, asked, end, next, run, say};
use crate::support::{Answer, Ask, Protocol, RawAddon, eventually};

/// Makes a pass.
fn pass(bed: &Bed, user: &str, group: &str, more: &[&str]) -> String {
    let usual = ["passes", "new", "--user", user, "--group", group];
    bed.vestibule.command_ok(&[&usual[..], more].concat()).trim().to_owned()
}

/// Asks at the front with this pass.
fn ask_with(bed: &Bed, pass: &str, ask: Ask) -> Answer {
    bed.ask(&ask.field("Authorization", format!("Bearer {pass}")))
}

fn ids(states: &Value) -> Vec<&str> {
    let mut ids: Vec<_> = states.as_array().unwrap().iter().map(|state| state["entity_id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

const LIGHTS: [&str; 3] = ["light.bed_light", "light.ceiling_lights", "light.kitchen_lights"];

#[test]
fn an_administrators_pass_sees_and_controls_what_its_group_may() {
    let bed = Bed::new();
    let pass = pass(&bed, "alice", "custom-lights", &[]);
    let states: Value = ask_with(&bed, &pass, Ask::get("/api/states")).text().parse().unwrap();
    assert_eq!(ids(&states), LIGHTS);
    assert_eq!(ask_with(&bed, &pass, Ask::get("/api/states/lock.front_door")).status, 401);
    assert_eq!(ask_with(&bed, &pass, Ask::get("/api/error_log")).status, 401, "for administrators");
    let unlock = Ask::post("/api/services/lock/unlock", r#"{"entity_id":"lock.front_door"}"#);
    assert_eq!(ask_with(&bed, &pass, unlock).status, 401);
    run(async {
        let (mut socket, answer) = bed.shown(&pass).await;
        assert_eq!(answer["type"], "auth_ok", "{answer}");
        assert_eq!(ids(&asked(&mut socket, json!({"id": 1, "type": "get_states"})).await["result"]), LIGHTS);
        let call = |id: u64, domain: &str, entity: &str| {
            json!({"id": id, "type": "call_service", "domain": domain, "service": "turn_on",
                "target": {"entity_id": entity}})
        };
        assert_eq!(asked(&mut socket, call(2, "light", "light.bed_light")).await["success"], true);
        assert_eq!(asked(&mut socket, call(3, "lock", "lock.front_door")).await["error"]["code"], "unauthorized");
    });
    // Home Assistant is shown a token of the user's, and the pass to nobody.
    let heard = bed.home.heard();
    assert!(heard[0]["access_token"].as_str().unwrap().starts_with("ey"), "{heard:?}");
    let all = format!("{heard:?}{:?}", bed.home.heads());
    assert!(!all.contains("vstk_") && all.contains("Bearer ey"), "{all}");
}

#[test]
fn a_pass_gives_nothing_that_its_user_may_not_do() {
    let bed = Bed::new();
    // `grace` may read lights, and Home Assistant's own group of users may do everything.
    let pass = pass(&bed, "grace", "system-users", &[]);
    let states: Value = ask_with(&bed, &pass, Ask::get("/api/states")).text().parse().unwrap();
    assert_eq!(ids(&states), LIGHTS);
    // Whoever is in no group at all gives nothing away.
    let pass = self::pass(&bed, "heidi", "custom-lights", &[]);
    assert_eq!(ask_with(&bed, &pass, Ask::get("/api/states")).text(), "[]");
}

#[test]
fn a_pass_reaches_nothing_of_its_users_account() {
    let bed = Bed::with(|config| {
        config.set("home_assistant.front", "allow", r#"["frigate/events/get"]"#);
    });
    let pass = pass(&bed, "alice", "system-users", &[]);
    let seen = bed.home.heads().len();
    assert_eq!(ask_with(&bed, &pass, Ask::post("/auth/link_user", "{}")).status, 401);
    let signed = Ask::get("/api/camera_proxy/camera.x?authSig=x");
    assert_eq!(ask_with(&bed, &pass, signed).status, 400, "which of the two is meant");
    run(async {
        let (mut socket, _) = bed.shown(&pass).await;
        for (id, kind) in (1..).zip([
            "auth/long_lived_access_token",
            "auth/sign_path",
            "auth/refresh_tokens",
            "auth/delete_all_refresh_tokens",
            "auth/setup_mfa",
            "config/auth_provider/homeassistant/change_password",
            "frontend/set_user_data",
            "config/auth/list",
            // The operator lets it pass for users who are held, unfiltered.
            "frigate/events/get",
        ]) {
            let answer = asked(&mut socket, json!({"id": id, "type": kind})).await;
            assert_eq!(answer["error"]["code"], "unauthorized", "{kind}: {answer}");
        }
    });
    assert_eq!((bed.home.heads().len(), bed.home.heard().len()), (seen, 1), "nothing but the token");
}

#[test]
fn a_pass_ends_when_it_is_revoked_and_sees_no_more_than_its_group_at_any_moment() {
    let bed = Bed::new();
    let first = pass(&bed, "alice", "custom-lights", &["--name", "cleaning robot"]);
    let listed: Value = bed.vestibule.command_ok(&["passes", "list", "--json"]).parse().unwrap();
    let [line] = listed["keys"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(
        (&line["name"], &line["group"], &line["user_name"], &line["last_used"]),
        (&json!("cleaning robot"), &json!("custom-lights"), &json!("alice"), &Value::Null)
    );
    assert_eq!(bed.vestibule.command_ok(&["keys", "list"]), "", "keys of programs are others");
    run(async {
        let (mut socket, _) = bed.shown(&first).await;
        assert!(bed.vestibule.command_ok(&["passes", "list"]).contains("used=20"), "its last use is shown");
        bed.vestibule.command_ok(&["passes", "revoke", line["id"].as_str().unwrap()]);
        assert!(matches!(end(&mut socket).await, 1001 | 1008));
        assert_eq!(bed.shown(&first).await.1["type"], "auth_invalid");
    });
    assert_eq!(ask_with(&bed, &first, Ask::get("/api/states")).status, 401);
    let second = pass(&bed, "alice", "custom-lights", &[]);
    run(async {
        let (mut socket, _) = bed.shown(&second).await;
        say(&mut socket, json!({"id": 1, "type": "subscribe_entities"})).await;
        assert_eq!(next(&mut socket).await["success"], true);
        assert_eq!(next(&mut socket).await["event"]["a"].as_object().unwrap().len(), LIGHTS.len());
        bed.vestibule.home().edit("auth", |file| {
            let groups = file["data"]["groups"].as_array_mut().unwrap();
            groups.iter_mut().find(|group| group["id"] == "custom-lights").unwrap()["policy"] = json!({});
        });
        let message = next(&mut socket).await;
        assert_eq!(message["event"]["r"].as_array().map(Vec::len), Some(LIGHTS.len()), "{message}");
    });
    assert!(!ask_with(&bed, &second, Ask::get("/api/states")).text().contains("light."));
}

#[test]
fn a_pass_counts_at_its_times_alone() {
    let bed = Bed::new();
    let opens = |times: &str| {
        let pass = pass(&bed, "alice", "custom-lights", &["--times", times]);
        let status = ask_with(&bed, &pass, Ask::get("/api/states")).status;
        assert!(matches!(status, 200 | 401), "{times}: {status}");
        status == 200
    };
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    assert_eq!(days.into_iter().filter(|day| opens(day)).count(), 1, "today");
    assert!(opens("mon-sun 0:00-24:00"));
}

#[test]
fn a_pass_is_good_at_the_front_and_nowhere_else_and_keys_of_programs_are_none() {
    let addon = RawAddon::start();
    let bed = Bed::with(|config| {
        config.addon("a", &addon);
    });
    let pass = pass(&bed, "alice", "system-users", &[]);
    let seen = bed.home.heads().len() + bed.home.heard().len();
    let elsewhere = Ask::get("/ingress/a/").field("Authorization", format!("Bearer {pass}"));
    assert_eq!(bed.vestibule.ask(Protocol::H1, &elsewhere).status, 401);
    let usual = ["keys", "new", "--addon", "a", "--as", "alice", "--paths", "/{*rest}", "--methods", "GET"];
    let key = bed.vestibule.command_ok(&usual).trim().to_owned();
    assert_eq!(ask_with(&bed, &key, Ask::get("/api/states")).status, 401);
    run(async {
        assert_eq!(bed.shown(&key).await.1["type"], "auth_invalid");
        let made_up = format!("vstk_{}", "A".repeat(43));
        assert_eq!(bed.shown(&made_up).await.1["type"], "auth_invalid");
    });
    addon.assert_no_request("neither opens what it was not made for");
    assert_eq!(bed.home.heads().len() + bed.home.heard().len(), seen);
}

#[test]
fn what_could_be_no_pass_is_not_made() {
    let bed = Bed::new();
    let said = |arguments: &[&str]| {
        let output = bed.vestibule.command(&[&["passes", "new"][..], arguments].concat());
        assert!(!output.status.success(), "{arguments:?}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said(&["--user", "alice", "--group", "nobody"]).contains("there is no group `nobody`"));
    assert!(said(&["--user", "nobody", "--group", "custom-lights"]).contains("there is no user `nobody`"));
    let times = said(&["--user", "alice", "--group", "custom-lights", "--times", "someday"]);
    assert!(times.contains("is no time of the week"), "{times}");
    bed.vestibule.home().edit("auth", |file| {
        let tokens = file["data"]["refresh_tokens"].as_array_mut().unwrap();
        tokens.retain(|token| token["user_id"] != bed.vestibule.home().user_id("dave").as_str());
    });
    eventually("without a token there is nothing to act with", || {
        let output = bed.vestibule.command(&["passes", "new", "--user", "dave", "--group", "custom-lights"]);
        String::from_utf8_lossy(&output.stderr).contains("is signed in nowhere").then_some(())
    });
}

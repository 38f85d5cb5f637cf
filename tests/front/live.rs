//! What is open ends with what it was opened by.

use serde_json::{Value, json};

use crate::bed::{Bed, Socket, asked, end, next, run};

/// Opens a WebSocket as this user, takes something away, and awaits its end.
fn is_cut(user: &str, change: impl FnOnce(&Bed)) -> u16 {
    let bed = Bed::new();
    run(async {
        let mut socket = bed.socket(user).await;
        change(&bed);
        end(&mut socket).await
    })
}

/// Policy, or going away (RFC 6455 section 7.4.1): said, and not a connection that broke.
fn is_goodbye(code: u16) -> bool {
    matches!(code, 1001 | 1008)
}

#[test]
fn a_websocket_ends_with_its_user_their_token_and_their_groups() {
    let deactivated = |bed: &Bed| bed.vestibule.home().edit_user("grace", |user| user["is_active"] = json!(false));
    assert!(is_goodbye(is_cut("grace", deactivated)), "deactivated");
    let regrouped =
        |bed: &Bed| bed.vestibule.home().edit_user("grace", |user| user["group_ids"] = json!(["system-users"]));
    assert!(is_goodbye(is_cut("grace", regrouped)), "other groups");
    let demoted =
        |bed: &Bed| bed.vestibule.home().edit_user("alice", |user| user["group_ids"] = json!(["system-users"]));
    assert!(is_goodbye(is_cut("alice", demoted)), "an administrator no more");
    let revoked = |bed: &Bed| {
        let id = bed.vestibule.home().user_id("alice");
        bed.vestibule.home().edit("auth", |file| {
            let tokens = file["data"]["refresh_tokens"].as_array_mut().unwrap();
            tokens.retain(|token| token["user_id"] != id.as_str());
        });
    };
    assert!(is_goodbye(is_cut("alice", revoked)), "revoked");
}

#[test]
fn a_websocket_ends_with_the_front() {
    let mut bed = Bed::new();
    let mut socket = run(bed.socket("alice"));
    bed.vestibule.reconfigure(|config| {
        config.remove_table("home_assistant.front");
    });
    assert!(is_goodbye(run(end(&mut socket))));
}

#[test]
fn a_websocket_ends_with_a_type_of_message_that_the_operator_takes_back() {
    let mut bed = Bed::with(|config| {
        config.set("home_assistant.front", "allow", r#"["frigate/events/get", "frigate/x"]"#);
    });
    let (mut held, mut free) = (run(bed.socket("grace")), run(bed.socket("alice")));
    run(asked(&mut held, json!({"id": 1, "type": "frigate/events/get"})));
    bed.vestibule.reconfigure(|config| {
        config.set("home_assistant.front", "allow", r#"["frigate/x"]"#);
    });
    assert!(is_goodbye(run(end(&mut held))));
    run(async {
        assert_eq!(asked(&mut free, json!({"id": 1, "type": "frigate/events/get"})).await["success"], true);
        let mut held = bed.socket("grace").await;
        assert_eq!(asked(&mut held, json!({"id": 1, "type": "frigate/events/get"})).await["success"], false);
        assert_eq!(asked(&mut held, json!({"id": 2, "type": "frigate/x"})).await["success"], true);
    });
    // One more takes nothing back.
    let mut held = run(bed.socket("grace"));
    bed.vestibule.reconfigure(|config| {
        config.set("home_assistant.front", "allow", r#"["frigate/x", "frigate/y"]"#);
    });
    run(async {
        assert_eq!(asked(&mut held, json!({"id": 1, "type": "frigate/x"})).await["success"], true);
    });
}

/// Opens a WebSocket as `grace`, who may see lights, and subscribes to entities.
async fn subscribed(bed: &Bed) -> Socket {
    let mut socket = bed.socket("grace").await;
    assert_eq!(asked(&mut socket, json!({"id": 1, "type": "subscribe_entities"})).await["success"], true);
    let event = next(&mut socket).await;
    assert_eq!(event["event"]["a"].as_object().unwrap().len(), 3, "{event}");
    socket
}

/// Gives all groups of Home Assistant's files that have one this policy.
fn set_policies(bed: &Bed, policy: &Value) {
    bed.vestibule.home().edit("auth", |file| {
        for group in file["data"]["groups"].as_array_mut().unwrap() {
            if group.get("policy").is_some() {
                group["policy"] = policy.clone();
            }
        }
    });
}

#[test]
fn what_a_changed_policy_takes_back_is_taken_out_of_the_browsers_list() {
    let bed = Bed::new();
    run(async {
        let mut socket = subscribed(&bed).await;
        let one = json!({"entities": {"entity_ids": {"light.bed_light": {"read": true, "control": true}}}});
        set_policies(&bed, &one);
        let event = next(&mut socket).await;
        let mut removed: Vec<_> =
            event["event"]["r"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()).collect();
        removed.sort_unstable();
        assert_eq!((&event["id"], removed), (&json!(1), vec!["light.ceiling_lights", "light.kitchen_lights"]));
        assert_eq!(asked(&mut socket, json!({"id": 2, "type": "ping"})).await["type"], "pong", "and it goes on");
        let more = json!({"entities": {"entity_ids": {"light.bed_light": true, "lock.front_door": {"read": true}}}});
        set_policies(&bed, &more);
        assert_eq!(end(&mut socket).await, 1012, "the browser comes back and asks anew");
    });
}

#[test]
fn whoever_loses_a_group_keeps_none_of_its_entities() {
    let bed = Bed::new();
    run(async {
        let mut socket = subscribed(&bed).await;
        bed.vestibule.home().edit_user("grace", |user| user["group_ids"] = json!([]));
        let event = next(&mut socket).await;
        assert_eq!(event["event"]["r"].as_array().map(Vec::len), Some(3), "{event}");
        assert!(is_goodbye(end(&mut socket).await));
    });
}

//! What is open ends with what it was opened by.

use serde_json::json;

use crate::bed::{Bed, end, run};

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

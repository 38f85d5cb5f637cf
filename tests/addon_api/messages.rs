//! Which types of messages and which paths of Home Assistant's an add-on may use, held to entities or not (S-192), and
//! what the log tells of its calls (S-83).

use serde_json::json;

use crate::home::SmallHome;
use crate::home_assistant::{start, token};
use crate::socket::{asked, authenticated, next};
use crate::support::h2::RUNTIME;
use crate::support::{Ask, Protocol, RawAddon, Vestibule};

/// What makes users, tokens and signed addresses, or gives away what they are made of; and what nobody here knows.
const REFUSED: &[&str] = &[
    "of_tomorrow/x",
    "auth",
    "auth/sign_path",
    "auth/refresh_tokens",
    "auth/delete_refresh_token",
    "auth/delete_all_refresh_tokens",
    "auth/long_lived_access_token",
    "Auth/Sign_Path",
    " auth/sign_path",
    "config/auth/list",
    "config/auth/create",
    "config/auth/update",
    "config/auth/delete",
    "config/auth_provider/homeassistant/create",
    "config/auth_provider/homeassistant/admin_change_password",
    "config/auth_provider/homeassistant/admin_change_username",
    "person/create",
    "backup/restore",
    "backup/config/info",
    "config/entity_registry/update",
    "lovelace/resources/create",
    "hassio/x",
    "supervisor/api",
    "",
];

/// What programs that are add-ons elsewhere say: `AppDaemon`, Node-RED, Z-Wave JS, Matter, Music Assistant and others.
const USUAL: &[&str] = &[
    "get_states",
    "get_config",
    "get_services",
    "get_panels",
    "auth/current_user",
    "subscribe_entities",
    "subscribe_trigger",
    "render_template",
    "fire_event",
    "call_service",
    "validate_config",
    "supported_features",
    "config/area_registry/list",
    "config/device_registry/list",
    "config/entity_registry/list",
    "config/floor_registry/list",
    "config/label_registry/list",
    "search/related",
    "history/history_during_period",
    "logbook/get_events",
    "recorder/statistics_during_period",
    "media_player/browse_media",
    "camera/capabilities",
    "conversation/process",
    "assist_pipeline/run",
    "lovelace/config",
    "zwave_js/network_status",
    "zha/devices",
    "matter/node_diagnostics",
    "mqtt/subscribe",
    "nodered/version",
    "input_boolean/list",
    "person/list",
    "zone/list",
    "todo/item/list",
    "calendar/event/create",
    "device_automation/trigger/list",
    "trace/list",
    "repairs/list_issues",
    "frontend/get_themes",
    "blueprint/list",
    "backup/info",
    "unsubscribe_events",
];

#[test]
fn s192_an_addon_says_what_is_listed_and_what_its_operator_added() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "free");
    let before = RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        for (id, kind) in (1_u64..).zip(USUAL.iter().chain(&["frigate/x"])) {
            let mut answer = asked(&mut socket, json!({"id": id, "type": kind})).await;
            while answer["type"] == "event" {
                answer = next(&mut socket).await;
            }
            assert_eq!((&answer["id"], &answer["success"]), (&json!(id), &json!(true)), "{kind}");
        }
        let before = home.heard().len();
        for (id, kind) in (1000_u64..).zip(REFUSED) {
            let refusal = json!({"id": id, "type": "result", "success": false,
                "error": {"code": "unauthorized", "message": "Unauthorized"}});
            assert_eq!(asked(&mut socket, json!({"id": id, "type": kind})).await, refusal, "{kind}");
        }
        for unsaid in
            [json!({"id": 2000}), json!({"id": 2000, "type": 7}), json!({"id": 2000, "type": ["auth/sign_path"]})]
        {
            assert_eq!(asked(&mut socket, unsaid.clone()).await["error"]["code"], "unauthorized", "{unsaid}");
        }
        before
    });
    assert_eq!(home.heard().len(), before, "Home Assistant heard of none of them");
    api.vestibule.await_line(&["a type of message that is not listed", "of_tomorrow/x", "addon=free"]);
}

#[test]
fn s192_no_addon_reaches_paths_that_make_users_or_tokens() {
    let home = SmallHome::start();
    let api = start(&home);
    let bearers = ["free", "held"].map(|slug| format!("Bearer {}", token(&api, slug)));
    let before = home.heads().len();
    for path in [
        "auth/sign_path",
        "authorize",
        "onboarding/users",
        "Onboarding/users",
        "backup/upload",
        "backup/download/1",
        "backup",
        "config/auth/create",
        "config/auth_provider/homeassistant",
        "mobile_app/registrations",
        "hassio/x",
    ] {
        for bearer in &bearers {
            for name in ["core", "homeassistant"] {
                for ask in [Ask::get(&format!("/{name}/api/{path}")), Ask::post(&format!("/{name}/api/{path}"), "{}")] {
                    assert_eq!(api.ask(&ask.field("Authorization", bearer)).status, 403, "/{name}/api/{path}");
                }
            }
        }
    }
    assert_eq!(home.heads().len(), before, "Home Assistant heard of none of them");
    for path in ["", "config", "config/core/check_config", "states", "history/period", "nodered/version", "automation"]
    {
        let ask = Ask::get(&format!("/core/api/{path}")).field("Authorization", &bearers[0]);
        assert_eq!(api.ask(&ask).status, 200, "{path}");
    }
}

/// As many types that the operator lets pass as anybody likes, one after the other: a held add-on goes on.
#[test]
fn messages_that_are_answered_do_not_use_up_a_conversation() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "held");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        for id in 1..=1200_u64 {
            let answer = asked(&mut socket, json!({"id": id, "type": "frigate/x"})).await;
            assert_eq!(answer["success"], true, "{id}: {answer}");
        }
        assert_eq!(asked(&mut socket, json!({"id": 2000, "type": "ping"})).await["type"], "pong");
    });
}

#[test]
fn s83_no_log_shows_a_webhook_or_the_key_of_an_ingress() {
    let home = SmallHome::start();
    let api = start(&home);
    let bearer = format!("Bearer {}", token(&api, "free"));
    for path in [
        "/core/api/webhook/SESAME0",
        "/homeassistant/api/webhook/SESAME0/x",
        "/core/api/hassio_ingress/SESAME0/x",
        "/core/api/hls/SESAME0/master_playlist.m3u8",
        "/ingress/SESAME0/",
        "/v2/ingress/SESAME0/x",
        "/core/api//webhook/SESAME0",
        "/core/api/webhook%2FSESAME0",
    ] {
        api.ask(&Ask::get(path).field("Authorization", &bearer));
    }
    api.ask(&Ask::get(&format!("/core/api/states/{}", "x".repeat(5000))).field("Authorization", &bearer));
    api.vestibule.await_line(&["add-on API", "/core/api/states/xxxx"]);
    let log = api.vestibule.stderr();
    assert!(log.contains("/core/api/webhook/***") && log.contains("/ingress/***"), "{log}");
    assert!(!log.contains("SESAME0"), "{log}");
    let longest = log.lines().filter(|line| line.contains("add-on API")).map(str::len).max().unwrap();
    assert!(longest < 1000, "{longest}");

    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    for path in
        ["/api/webhook/SESAME0", "/ingress/a/api/webhook/SESAME0", "/ingress/a/api/hassio_ingress/SESAME0/x?y=1"]
    {
        for ask in [Ask::get(path), Ask::get(path).cookie(&cookie)] {
            vestibule.ask(Protocol::H1, &ask);
            vestibule.ask(Protocol::H2, &ask);
        }
        vestibule.ask(Protocol::H1, &Ask::navigate(&format!("/ingress/a/?return_to={path}")).cookie(&cookie));
    }
    vestibule.await_line(&["vestibule::access", "return_to=/ingress/a/api/hassio_ingress/***"]);
    assert!(!vestibule.stderr().contains("SESAME0"), "{}", vestibule.stderr());
}

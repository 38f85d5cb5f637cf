//! Home Assistant's own API for add-ons (docs/design/supervisor.md section 6, cases 54 to 71), and add-ons that are
//! held to a group's entities.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use crate::home::{ENTITIES, SmallHome};
use crate::socket::{asked, authenticated, next, open, open_at};
use crate::supervised::{Supervised, addon};
use crate::support::h2::RUNTIME;
use crate::support::json_socket::end;
use crate::support::{Ask, PATIENCE};

/// What the add-on that is held may see.
const SEEN: [&str; 3] = ["light.bed_light", "light.ceiling_lights", "light.kitchen_lights"];

/// What it may control besides, and that leads to more than itself when it is called by another way.
const SCRIPT: &str = "script.harmless";
const GROUP_OF_LOCKS: &str = "group.locks";

const GROUP: &str = "three_lights";

pub(crate) fn start(home: &SmallHome) -> Supervised {
    Supervised::start_with(None, |config| {
        config.set("home_assistant", "url", &format!("\"{}\"", home.url()));
        config.set("supervisor", "home_assistant_token", r#"{ file = "secrets/home-assistant" }"#);
        config.set("permissions", "groups", r#""both""#);
        let free = addon("free", "homeassistant_api = true");
        config.addon_table(&format!("{free}entity_messages = [\"big\", \"close\", \"frigate/x\"]\n"));
        let held = addon("held", "homeassistant_api = true");
        config.addon_table(&format!("{held}entities = \"{GROUP}\"\nentity_messages = [\"frigate/x\"]\n"));
        let ids = SEEN.into_iter().chain([SCRIPT, GROUP_OF_LOCKS]);
        let rules =
            ids.map(|id| format!("\"{id}\" = {{ read = true, control = true }}")).collect::<Vec<_>>().join(", ");
        config.addon_table(&format!(
            "{}\n[[group]]\nid = \"{GROUP}\"\nmembers = []\n[group.policy]\nentity_ids = {{ {rules} }}\n",
            addon("last", "auth_api = true")
        ));
    })
}

pub(crate) fn token(api: &Supervised, slug: &str) -> String {
    api.vestibule.command_ok(&["addons", "token", slug, "--rotate"]).trim().to_owned()
}

/// Cases 64, 66, 67, 68 and 69, and what must not ride along (S-109).
#[test]
fn rest_calls_are_made_with_our_token_and_listed_headers_only() {
    let home = SmallHome::start();
    let api = start(&home);
    let bearer = format!("Bearer {}", token(&api, "free"));
    for (method, path, target) in [
        ("GET", "/core/api/", "/api/"),
        ("GET", "/core/api/states?x=%20y", "/api/states?x=%20y"),
        ("POST", "/core/api/services/light/turn_on", "/api/services/light/turn_on"),
        ("DELETE", "/core/api/states/light.x", "/api/states/light.x"),
        ("GET", "/homeassistant/api/states", "/api/states"),
    ] {
        let ask = Ask { body: (method == "POST").then(|| b"{}".to_vec()), ..Ask::new(method, path) }
            .field("Authorization", &bearer)
            .field("Content-Type", "multipart/form-data; boundary=x")
            .field("Mcp-Session-Id", "m0")
            .field("Cookie", "a=b")
            .field("X-Forwarded-For", "203.0.113.9");
        let answer = api.ask(&ask);
        assert_eq!(answer.status, 200, "{method} {path}");
        assert_eq!(answer.fields.one("mcp-session-id"), "m1");
        assert!(answer.fields.texts("set-cookie").is_empty());
        let head = home.heads().pop().unwrap();
        assert!(head.starts_with(&format!("{method} {target} HTTP/1.1\r\n")), "{head}");
        assert!(head.contains("authorization: Bearer our-home-token\r\n"), "{head}");
        assert!(
            head.contains("multipart/form-data; boundary=x\r\n") && head.contains("mcp-session-id: m0\r\n"),
            "{head}"
        );
        assert!(!head.contains("cookie") && !head.contains("203.0.113.9") && !head.contains(&bearer), "{head}");
    }
    let before = home.heads().len();
    assert_eq!(api.ask(&Ask::new("PUT", "/core/api/states").field("Authorization", &bearer)).status, 405);
    assert_eq!(api.ask(&Ask::new("DELETE", "/homeassistant/api/x").field("Authorization", &bearer)).status, 405);
    assert_eq!(api.ask(&Ask::get("/core/api/states").field("X-Supervisor-Token", token(&api, "free"))).status, 401);
    assert_eq!(api.ask_as("admin", Ask::get("/core/api/states")).status, 401, "no `homeassistant_api`");
    assert_eq!(api.ask(&Ask::get("/core/api/states")).status, 401);
    assert_eq!(home.heads().len(), before);
}

/// Cases 54, 56, 57, 58 and 59; and what behind a Supervisor Home Assistant itself refuses.
#[test]
fn the_websocket_passes_what_is_listed_and_nothing_of_the_supervisors() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "free");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        for kind in [
            "supervisor/api",
            "supervisor/event",
            "supervisor/subscribe",
            "hassio/update/core",
            "auth/long_lived_access_token",
            "config/auth_provider/homeassistant/admin_change_password",
            "config/auth_provider/homeassistant/admin_change_username",
        ] {
            let answer = asked(&mut socket, json!({"id": 5, "type": kind})).await;
            let error = json!({"code": "unauthorized", "message": "Unauthorized"});
            assert_eq!(answer, json!({"id": 5, "type": "result", "success": false, "error": error}), "{kind}");
        }
        socket.send(Message::text("no JSON")).await.unwrap();
        let states = asked(&mut socket, json!({"id": 6, "type": "get_states"})).await;
        assert_eq!(states["result"].as_array().unwrap().len(), ENTITIES.len());
        assert_eq!(
            asked(&mut socket, json!({"id": 7, "type": "big"})).await["result"].as_str().unwrap().len(),
            5 << 20
        );
    });
    let heard = home.heard();
    assert_eq!(heard[0]["access_token"], "our-home-token");
    let kinds: Vec<_> = heard.iter().map(|one| one["type"].as_str().unwrap_or("text").to_owned()).collect();
    assert_eq!(kinds, ["auth", "text", "get_states", "big"]);
}

/// Programs that put `/api/websocket` behind the address of Home Assistant come here with it, and choose by the version
/// what they say next.
#[test]
fn the_websocket_is_where_home_assistant_has_its_own_and_tells_its_version() {
    let home = SmallHome::start();
    let api = start(&home);
    let (free, held) = (token(&api, "free"), token(&api, "held"));
    RUNTIME.block_on(async {
        for path in ["/core/api/websocket", "/homeassistant/api/websocket", "/homeassistant/websocket"] {
            let mut socket = open_at(&api, path).await;
            let welcome = asked(&mut socket, json!({"type": "auth", "access_token": free})).await;
            assert_eq!(welcome, json!({"type": "auth_ok", "ha_version": "2026.11.0"}), "{path}");
        }
        let mut socket = open_at(&api, "/core/api/websocket").await;
        asked(&mut socket, json!({"type": "auth", "access_token": held})).await;
        let answer = asked(&mut socket, json!({"id": 1, "type": "config/entity_registry/list"})).await;
        assert_eq!(answer["error"]["code"], "unauthorized", "held there as well");
    });
    let bearer = format!("Bearer {free}");
    assert_eq!(api.ask(&Ask::get("/core/api/websocket").field("Authorization", &bearer)).status, 400, "no WebSocket");
}

/// Case 61.
#[test]
fn a_token_that_is_not_good_opens_nothing() {
    let home = SmallHome::start();
    let api = start(&home);
    RUNTIME.block_on(async {
        for bad in ["0".repeat(64), String::new(), api.token("admin").to_owned()] {
            let mut socket = open(&api).await;
            let answer = asked(&mut socket, json!({"type": "auth", "access_token": bad})).await;
            assert_eq!(answer, json!({"type": "auth_invalid", "message": "Invalid access"}));
        }
    });
    assert!(home.heard().is_empty(), "Home Assistant was not asked");
}

/// Case 60.
#[test]
fn a_message_of_more_than_4_mib_ends_the_websocket_with_1009() {
    let home = SmallHome::start();
    let api = start(&home);
    let token = token(&api, "free");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &token).await;
        let _ = socket.send(Message::text("x".repeat((4 << 20) + 1))).await;
        let end = tokio::time::timeout(PATIENCE, async {
            loop {
                match socket.next().await {
                    Some(Ok(Message::Close(frame))) => break frame.map(|frame| frame.code),
                    // The rest of the message met a closed socket.
                    Some(Err(_)) | None => break Some(CloseCode::Size),
                    Some(Ok(_)) => {}
                }
            }
        });
        assert_eq!(end.await.unwrap(), Some(CloseCode::Size));
    });
}

#[test]
fn a_rotated_token_ends_the_websocket_within_a_second_or_two() {
    let home = SmallHome::start();
    let api = start(&home);
    let old = token(&api, "free");
    RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &old).await;
        token(&api, "free");
        assert_eq!(end(&mut socket).await, u16::from(CloseCode::Policy));
    });
}

/// Two add-ons side by side, one held to three lights: it sees those and nothing else.
#[test]
fn an_addon_that_is_held_sees_its_entities_and_nothing_else() {
    let home = SmallHome::start();
    let api = start(&home);
    let (free, held) = (token(&api, "free"), token(&api, "held"));
    let everything = RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &free).await;
        asked(&mut socket, json!({"id": 1, "type": "get_states"})).await.to_string()
    });
    assert!(ENTITIES.iter().all(|id| everything.contains(id)), "the other add-on sees all");
    let seen = RUNTIME.block_on(async {
        let mut socket = authenticated(&api, &held).await;
        let mut seen = vec![asked(&mut socket, json!({"id": 1, "type": "get_states"})).await];
        seen.push(asked(&mut socket, json!({"id": 2, "type": "subscribe_events", "event_type": "state_changed"})).await);
        for _ in SEEN {
            seen.push(next(&mut socket).await);
        }
        for (id, message) in (10_u64..).zip([
            json!({"type": "config/entity_registry/list"}),
            json!({"type": "render_template", "template": "{{ states('lock.front_door') }}"}),
            json!({"type": "call_service", "domain": "lock", "service": "unlock", "target": {"entity_id": ENTITIES[3]}}),
            json!({"type": "subscribe_events"}),
            // What a real Home Assistant reads as another entity, or as more than the one that is named.
            json!({"type": "call_service", "domain": "light", "service": "turn_on",
                "target": {"entity_id": SEEN[0], "exclude": {"area_id": "kitchen"}}}),
            json!({"type": "call_service", "domain": "light", "service": "turn_on",
                "target": {"entity_id": SEEN[0]}, "service_data": {"member": "LOCK.FRONT_DOOR"}}),
            json!({"type": "call_service", "domain": "light", "service": "turn_on",
                "target": {"entity_id": SEEN[0]}, "service_data": {"member": "loc\u{212a}.front_door"}}),
            json!({"type": "call_service", "domain": "light", "service": "turn_on",
                "target": {"entity_id": SEEN[0]}, "service_data": {"members": "light.bed_light, lock.front_door"}}),
            json!({"type": "call_service", "domain": "light", "service": "turn_on",
                "target": {"entity_id": SEEN[0]}, "service_data": {"media": "media-source://camera/camera.door"}}),
            // Home Assistant would sign it in the name of our token.
            json!({"type": "call_service", "domain": "light", "service": "turn_on",
                "target": {"entity_id": SEEN[0]}, "service_data": {"media": "/api/states"}}),
            json!({"type": "call_service", "domain": "script", "service": "open_door",
                "service_data": {"entity_id": SCRIPT}}),
            json!({"type": "call_service", "domain": "homeassistant", "service": "turn_on",
                "target": {"entity_id": GROUP_OF_LOCKS}}),
        ]) {
            let mut message = message;
            message["id"] = id.into();
            let answer = asked(&mut socket, message.clone()).await;
            assert_eq!(answer["error"]["code"], "unauthorized", "{message}");
        }
        let call = json!({"id": 100, "type": "call_service", "domain": "light", "service": "turn_on",
            "target": {"entity_id": SEEN[0]}, "return_response": true});
        let answer = asked(&mut socket, call).await;
        assert_eq!(answer["success"], true, "{answer}");
        seen.push(answer);
        seen
    });
    let text = serde_json::to_string(&seen).unwrap();
    for id in ENTITIES {
        assert_eq!(text.contains(id), SEEN.contains(&id), "{id} in {text}");
    }
    let kinds: Vec<_> = home.heard().iter().map(|one| one["type"].to_string()).collect();
    assert!(!kinds.iter().any(|kind| kind.contains("registry") || kind.contains("template")), "{kinds:?}");
}

#[test]
fn rest_calls_of_an_addon_that_is_held_are_filtered_or_refused() {
    let home = SmallHome::start();
    let api = start(&home);
    let bearer = format!("Bearer {}", token(&api, "held"));
    let ask = |ask: Ask| api.ask(&ask.field("Authorization", &bearer));
    let states = ask(Ask::get("/core/api/states"));
    assert_eq!(states.json().as_array().unwrap().len(), SEEN.len());
    assert!(!states.text().contains("lock.front_door"));
    let before = home.heads().len();
    for refused in [
        Ask::get("/core/api/states/lock.front_door"),
        Ask::get("/core/api/history/period"),
        Ask::get("/core/api/error_log"),
        Ask::post("/core/api/template", r#"{"template": "{{ 1 }}"}"#),
        Ask::post("/core/api/services/lock/unlock", r#"{"entity_id": "lock.front_door"}"#),
        Ask::post("/core/api/services/light/turn_on", "{}"),
        Ask::post("/core/api/services/light/turn_on", r#"{"area_id": "kitchen"}"#),
    ] {
        let line = format!("{} {}", refused.method, refused.target);
        assert_eq!(ask(refused).status, 403, "{line}");
    }
    assert_eq!(home.heads().len(), before, "Home Assistant heard of none of them");
    let called = ask(Ask::post("/core/api/services/light/turn_on", r#"{"entity_id": "light.bed_light"}"#));
    assert_eq!(called.status, 200);
    assert!(!called.text().contains("lock.front_door"));
}

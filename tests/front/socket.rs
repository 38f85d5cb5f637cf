//! The WebSocket: who gets in, and what passes for whom.

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::bed::{Bed, HOST, asked, end, next, run, say};
use crate::home::ENTITIES;
use crate::support::minted::{minted, now};
use crate::support::tunnel::{Tunnel, handshake, masked};
use crate::support::{Ask, Protocol, eventually};

#[test]
fn home_assistant_is_dialled_for_nobody_who_has_shown_no_good_token() {
    let bed = Bed::new();
    run(async {
        for token in ["", "x", "a.b.c", &bed.token("erin")] {
            let (mut socket, answer) = bed.shown(token).await;
            assert_eq!(answer["type"], "auth_invalid", "{token}");
            end(&mut socket).await;
        }
        for first in
            [json!({"type": "ping", "id": 1}), json!([{"type": "auth"}]), json!({"type": "auth"}), json!("auth")]
        {
            let mut socket = bed.open().await;
            say(&mut socket, first).await;
            assert_eq!(next(&mut socket).await["type"], "auth_invalid");
        }
    });
    assert!(bed.home.heard().is_empty());
}

#[test]
fn an_administrators_stream_is_home_assistants_both_ways() {
    let bed = Bed::new();
    run(async {
        let mut socket = bed.socket("alice").await;
        let answer = asked(&mut socket, json!({"id": 1, "type": "anything/at_all"})).await;
        assert_eq!(answer["result"], json!(ENTITIES));
        // Not even JSON has to be in it.
        socket.send(Message::text("{ not json")).await.unwrap();
        socket.send(Message::binary(vec![1, 2, 3])).await.unwrap();
        let heard = socket.next().await.unwrap().unwrap();
        assert_eq!(heard, Message::binary(b"heard \x01\x02\x03".to_vec()));
        let answer = asked(&mut socket, json!({"id": 2, "type": "get_states"})).await;
        assert!(answer.to_string().contains("lock.front_door"));
        // Ids are Home Assistant's business.
        assert_eq!(asked(&mut socket, json!({"id": 2, "type": "ping"})).await["type"], "pong");
    });
    eventually("what is no JSON arrives", || {
        let heard = bed.home.heard();
        (heard.contains(&json!("{ not json")) && heard.contains(&json!([1, 2, 3]))).then_some(())
    });
}

#[test]
fn a_user_who_is_held_sees_permitted_entities_alone() {
    let bed = Bed::new();
    run(async {
        let mut socket = bed.socket("grace").await;
        let states = asked(&mut socket, json!({"id": 1, "type": "get_states"})).await;
        assert_eq!(states["result"].as_array().unwrap().len(), 3, "{states}");
        assert!(!states.to_string().contains("lock."), "{states}");
        assert_eq!(
            asked(&mut socket, json!({"id": 2, "type": "subscribe_events", "event_type": "state_changed"})).await["success"],
            true
        );
        for entity in &ENTITIES[..3] {
            assert_eq!(next(&mut socket).await["event"]["data"]["entity_id"], *entity);
        }
        let call = json!({"id": 3, "type": "call_service", "domain": "light", "service": "turn_on",
            "target": {"entity_id": "light.bed_light"}});
        let answer = asked(&mut socket, call).await;
        assert!(answer["success"] == true && !answer.to_string().contains("lock."), "{answer}");
        assert_eq!(asked(&mut socket, json!({"id": 4, "type": "ping"})).await["type"], "pong");
    });
}

/// What the front end asks for when it starts: nothing of it is an error.
#[test]
fn a_front_end_starts_for_a_user_who_is_held() {
    let bed = Bed::new();
    let starts = [
        json!({"type": "supported_features", "features": {"coalesce_messages": 1}}),
        json!({"type": "auth/current_user"}),
        json!({"type": "get_config"}),
        json!({"type": "get_services"}),
        json!({"type": "get_panels"}),
        json!({"type": "subscribe_events", "event_type": "entity_registry_updated"}),
        json!({"type": "subscribe_events", "event_type": "service_registered"}),
        json!({"type": "frontend/get_themes"}),
        json!({"type": "frontend/subscribe_user_data", "key": "core"}),
        json!({"type": "frontend/get_translations", "language": "en", "category": "state"}),
        json!({"type": "config/entity_registry/list_for_display"}),
        json!({"type": "config/device_registry/list"}),
        json!({"type": "config/area_registry/list"}),
        json!({"type": "config/floor_registry/list"}),
        json!({"type": "lovelace/config", "url_path": null, "force": false}),
        json!({"type": "lovelace/resources"}),
        json!({"type": "recorder/info"}),
        json!({"type": "persistent_notification/subscribe"}),
        json!({"type": "repairs/list_issues"}),
        json!({"type": "history/history_during_period", "entity_ids": ["light.bed_light"], "start_time": "2026-11-30T00:00:00Z"}),
    ];
    run(async {
        let mut socket = bed.socket("grace").await;
        for (id, mut message) in (1_u64..).zip(starts) {
            message["id"] = json!(id);
            say(&mut socket, message.clone()).await;
            loop {
                let answer = next(&mut socket).await;
                if answer["type"] == "result" && answer["id"] == id {
                    assert_eq!(answer["success"], true, "{message}");
                    break;
                }
                assert!(!answer.to_string().contains("lock."), "{message}: {answer}");
            }
        }
    });
}

#[test]
fn what_needs_an_administrator_is_refused_in_home_assistants_own_words() {
    let bed = Bed::new();
    run(async {
        let mut socket = bed.socket("bob").await;
        for (id, kind) in
            (1_u64..).zip(["execute_script", "config/auth/list", "backup/info", "what_nobody_knows", "supervisor/api"])
        {
            let refusal = json!({"id": id, "type": "result", "success": false,
                "error": {"code": "unauthorized", "message": "Unauthorized"}});
            assert_eq!(asked(&mut socket, json!({"id": id, "type": kind})).await, refusal, "{kind}");
        }
        // What is not understood ends it: we do not know what it says.
        socket.send(Message::binary(vec![1])).await.unwrap();
        assert_eq!(end(&mut socket).await, 1008);
    });
    assert_eq!(bed.home.heard().len(), 1, "the token: {:?}", bed.home.heard());
}

#[test]
fn the_operator_lets_a_type_of_message_pass() {
    let bed = Bed::with(|config| {
        config.set("home_assistant.front", "allow", r#"["frigate/events/get"]"#);
    });
    run(async {
        let mut socket = bed.socket("grace").await;
        let answer = asked(&mut socket, json!({"id": 1, "type": "frigate/events/get"})).await;
        assert_eq!(answer["result"], json!(ENTITIES));
        assert_eq!(asked(&mut socket, json!({"id": 2, "type": "frigate/events"})).await["success"], false);
    });
}

#[test]
fn a_websocket_over_http2_is_the_same() {
    let bed = Bed::new();
    let ask = handshake(Protocol::H2, "/api/websocket").host(HOST);
    let (answer, tunnel) = Tunnel::open(&bed.vestibule, Protocol::H2, &ask);
    let mut tunnel = tunnel.unwrap_or_else(|| panic!("it opens: {answer:#?}"));
    let asks = tunnel.some();
    assert!(String::from_utf8_lossy(&asks).contains("auth_required"), "{asks:?}");
    tunnel.send(&masked(r#"{"type":"auth","access_token":"x"}"#));
    let refused = tunnel.some();
    assert!(String::from_utf8_lossy(&refused).contains("auth_invalid"), "{refused:?}");
    // Elsewhere there is no WebSocket, whoever asks.
    for target in ["/api/websocket/", "/api/states", "/api/%77ebsocket", "/"] {
        let ask = handshake(Protocol::H1, target).host(HOST);
        assert_eq!(Tunnel::open(&bed.vestibule, Protocol::H1, &ask).0.status, 401, "{target}");
    }
}

#[test]
fn websockets_that_have_shown_no_token_are_few_from_one_address() {
    let bed = Bed::with(|config| {
        config.set("limits", "front_pending_websockets", "1");
    });
    run(async {
        let first = bed.open().await;
        let ask = handshake(Protocol::H1, "/api/websocket").host(HOST);
        assert_eq!(Tunnel::open(&bed.vestibule, Protocol::H1, &ask).0.status, 429);
        drop(first);
    });
    // Whoever has shown one counts no more.
    eventually("its place is free", || {
        let ask = handshake(Protocol::H1, "/api/websocket").host(HOST);
        (Tunnel::open(&bed.vestibule, Protocol::H1, &ask).0.status == 101).then_some(())
    });
}

#[test]
fn what_is_read_whole_for_users_who_are_held_is_bounded() {
    for limit in ["front_bytes", "front_bytes_per_user"] {
        let bed = Bed::with(|config| {
            config.set("limits", limit, "\"1MiB\"");
            config.set("home_assistant.front", "allow", r#"["big"]"#);
        });
        run(async {
            let mut socket = bed.socket("grace").await;
            say(&mut socket, json!({"id": 1, "type": "big"})).await;
            assert_eq!(end(&mut socket).await, 1013, "{limit}");
            // An administrator's stream is read piece by piece.
            let mut socket = bed.socket("alice").await;
            let answer = asked(&mut socket, json!({"id": 1, "type": "big"})).await;
            assert_eq!(answer["result"].as_str().unwrap().len(), 5 * 1024 * 1024);
        });
    }
}

#[test]
fn a_list_of_more_messages_than_a_front_end_sends_is_one_refusal() {
    let bed = Bed::new();
    run(async {
        let mut socket = bed.socket("grace").await;
        let pings: Vec<_> = (1..=100).map(|id| json!({"id": id, "type": "ping"})).collect();
        say(&mut socket, json!(pings)).await;
        for id in 1..=100 {
            assert_eq!(next(&mut socket).await["id"], id);
        }
        for list in [json!(vec![0; 500_000]), json!(vec![json!({"id": 101, "type": "ping"}); 101])] {
            let answer = asked(&mut socket, list).await;
            assert_eq!(answer["error"]["message"], "Too many messages in one list.", "{answer}");
        }
        assert_eq!(asked(&mut socket, json!({"id": 102, "type": "ping"})).await["type"], "pong");
    });
}

/// Home Assistant writes its file a second after somebody has signed in; the browser comes at once.
#[test]
fn a_token_of_somebody_who_has_just_signed_in_waits_for_the_file() {
    let bed = Bed::new();
    let home = bed.vestibule.home();
    let header = r#"{"alg":"HS256","typ":"JWT"}"#;
    let fresh = minted(home, "grace", header, |_| json!({"iss": "fresh", "iat": now(), "exp": now() + 1800}));
    let states = Ask::get("/api/states").host(HOST).field("Authorization", format!("Bearer {fresh}"));
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| bed.vestibule.ask(Protocol::H1, &states).status);
        let opened = scope.spawn(|| run(bed.shown(&fresh)).1["type"].clone());
        // Both are there before the file says anything of them.
        eventually("both wait", || (bed.heads("GET /api/states") == 0 && !asked.is_finished()).then_some(()));
        home.add_refresh_token(&home.user_id("grace"), "fresh");
        assert_eq!(asked.join().unwrap(), 200);
        assert_eq!(opened.join().unwrap(), "auth_ok");
    });
    let never = minted(home, "grace", header, |_| json!({"iss": "never", "iat": now(), "exp": now() + 1800}));
    assert_eq!(run(bed.shown(&never)).1["type"], "auth_invalid", "and no longer than that takes");
}

#[test]
fn a_service_on_an_area_is_one_on_the_entities_in_it_that_may_be_controlled() {
    let bed = Bed::new();
    let call = |id: u64, domain: &str, target: Value| json!({"id": id, "type": "call_service", "domain": domain, "service": "turn_on", "target": target});
    run(async {
        let mut socket = bed.socket("grace").await;
        assert_eq!(asked(&mut socket, call(1, "light", json!({"area_id": "bedroom"}))).await["success"], true);
        for (id, domain, target) in [
            (2, "cover", json!({"area_id": "bedroom"})),
            (3, "light", json!({"area_id": "nowhere"})),
            (4, "light", json!({"area_id": "bedroom", "exclude": {"entity_id": "light.x"}})),
            (5, "light", json!({"area_id": ["bedroom", "nowhere"]})),
            // The only light there is hidden, and so is not meant.
            (6, "light", json!({"area_id": "garden"})),
        ] {
            let answer = asked(&mut socket, call(id, domain, target)).await;
            assert_eq!(answer["error"]["code"], "unauthorized", "{answer}");
        }
    });
    let heard = bed.home.heard();
    let [_, forwarded] = heard.as_slice() else { panic!("{heard:?}") };
    assert_eq!(*forwarded, call(1, "light", json!({"entity_id": ["light.kitchen_lights"]})));
    let metrics = bed.vestibule.ask_operations(&Ask::get("/metrics")).text();
    assert!(metrics.contains("vestibule_front_refused_messages_total{type=\"call_service\"} 5\n"), "{metrics}");
}

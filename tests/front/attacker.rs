//! A user who is held, with their token in hand: every type of message in several spellings, with forbidden entities in
//! every place for them. Whatever comes back names none of them, and nothing that names one goes to Home Assistant.

use serde_json::{Value, json};

use crate::bed::{Bed, next, run, say};

/// Types that Home Assistant 2026.11 has, and ways to write them.
const KINDS: [&str; 39] = [
    "call_service",
    "camera/stream",
    "camera/webrtc/offer",
    "config/area_registry/list",
    "config/device_registry/list",
    "config/entity_registry/get",
    "config/entity_registry/get_entries",
    "config/entity_registry/list",
    "config/entity_registry/list_for_display",
    "config/entity_registry/update",
    "config_entries/get",
    "conversation/process",
    "assist_pipeline/run",
    "device_automation/action/list",
    "diagnostics/list",
    "energy/get_prefs",
    "entity/source",
    "execute_script",
    "extract_from_target",
    "fire_event",
    "get_services",
    "get_states",
    "history/history_during_period",
    "history/stream",
    "logbook/event_stream",
    "logbook/get_events",
    "lovelace/config",
    "media_player/browse_media",
    "media_source/resolve_media",
    "persistent_notification/subscribe",
    "recorder/list_statistic_ids",
    "recorder/statistics_during_period",
    "render_template",
    "search/related",
    "subscribe_entities",
    "subscribe_events",
    "subscribe_trigger",
    "todo/item/list",
    "weather/subscribe_forecast",
];

const FORBIDDEN: &str = "lock.front_door";

/// What a message could name it by.
fn wishes() -> Vec<Value> {
    let mut wishes = vec![
        json!({}),
        json!({"domain": "lock", "service": "unlock", "target": {"entity_id": FORBIDDEN}}),
        json!({"domain": "lock", "service": "unlock", "target": {"area_id": "hall"}}),
        json!({"domain": "light", "service": "turn_on", "service_data": {"entity_id": ["light.bed_light", FORBIDDEN]}}),
        json!({"domain": "light", "service": "turn_on", "target": {"entity_id": "light.bed_light", "label_id": "x"}}),
        json!({"template": "{{ states('lock.front_door') }}"}),
        json!({"event_type": "call_service"}),
        json!({"entity_ids": ["light.bed_light"], "device_ids": ["d"]}),
    ];
    for id in [FORBIDDEN, "LOCK.front_door", "light.bed_light,lock.front_door", " lock.front_door", "all"] {
        for field in ["entity_id", "entity_ids", "statistic_ids", "item_id", "target"] {
            wishes.push(json!({field: id}));
            wishes.push(json!({field: [id]}));
            wishes.push(json!({field: ["light.bed_light", id]}));
        }
    }
    wishes
}

fn names_it(value: &Value) -> bool {
    let text = value.to_string().to_lowercase();
    text.contains("lock.front") || text.contains("alarm_control_panel")
}

#[test]
fn nothing_forbidden_is_read_or_asked_in_any_spelling() {
    let bed = Bed::new();
    let (mut sent, mut refused, mut answered) = (0, 0, 0);
    run(async {
        let mut socket = bed.socket("grace").await;
        let mut id = 0;
        for kind in KINDS {
            for wish in wishes() {
                for kind in [kind.to_owned(), kind.to_uppercase(), format!("{kind} "), format!("/{kind}")] {
                    id += 1;
                    let mut message = wish.clone();
                    (message["id"], message["type"]) = (json!(id), json!(kind));
                    say(&mut socket, message).await;
                    sent += 1;
                    loop {
                        let answer = next(&mut socket).await;
                        assert!(!names_it(&answer), "{kind} {wish}: {answer}");
                        if answer["id"] == id && answer["type"] == "result" {
                            if answer["success"] == true {
                                answered += 1;
                            } else {
                                refused += 1;
                            }
                            break;
                        }
                    }
                }
            }
        }
    });
    for heard in bed.home.heard() {
        assert!(!names_it(&heard) || heard["type"] == "auth", "it went on: {heard}");
    }
    println!("{sent} sent, {answered} answered, {refused} refused");
    assert!(answered > 0 && refused > answered);
}

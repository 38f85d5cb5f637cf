//! Home Assistant's domains of entities, as of 2026.11. What it learns later is not known here, and so not permitted.

/// Whether entities are of this domain.
pub(super) fn has_entities(domain: &str) -> bool {
    DOMAINS.binary_search(&domain).is_ok()
}

/// Whether a service of this domain acts on the entities that it names, and on nothing else that it names.
pub(super) fn acts_on_its_entities(domain: &str, service: &str) -> bool {
    match domain {
        // Every script is a service by its own name, whatever entity such a call names besides.
        "script" => matches!(service, "turn_on" | "turn_off" | "toggle"),
        // They act on what a sentence says; a group acts on its members.
        "ai_task" | "conversation" | "group" => false,
        // What there is to be played names all cameras and folders of the home.
        "media_player" => !matches!(service, "browse_media" | "search_media"),
        _ => has_entities(domain),
    }
}

/// Sorted, since it is searched by halves.
const DOMAINS: [&str; 63] = [
    "ai_task",
    "air_quality",
    "alarm_control_panel",
    "alert",
    "assist_satellite",
    "automation",
    "binary_sensor",
    "button",
    "calendar",
    "camera",
    "climate",
    "conversation",
    "counter",
    "cover",
    "date",
    "datetime",
    "device_tracker",
    "event",
    "fan",
    "geo_location",
    "group",
    "humidifier",
    "image",
    "image_processing",
    "infrared",
    "input_boolean",
    "input_button",
    "input_datetime",
    "input_number",
    "input_select",
    "input_text",
    "lawn_mower",
    "light",
    "lock",
    "media_player",
    "notify",
    "number",
    "person",
    "plant",
    "radio_frequency",
    "remote",
    "scene",
    "schedule",
    "script",
    "select",
    "sensor",
    "siren",
    "stt",
    "sun",
    "switch",
    "tag",
    "text",
    "time",
    "timer",
    "todo",
    "tts",
    "update",
    "vacuum",
    "valve",
    "wake_word",
    "water_heater",
    "weather",
    "zone",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domains_are_in_order_and_none_stands_twice() {
        assert!(DOMAINS.is_sorted_by(|a, b| a < b));
        assert!(has_entities("ai_task") && has_entities("weather") && !has_entities("pyscript") && !has_entities(""));
    }

    #[test]
    fn a_script_is_not_called_by_its_name() {
        assert!(acts_on_its_entities("script", "turn_on") && !acts_on_its_entities("script", "open_the_door"));
        assert!(acts_on_its_entities("light", "anything") && !acts_on_its_entities("shell_command", "open_the_door"));
    }
}

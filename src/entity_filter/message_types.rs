//! The types of messages of Home Assistant's WebSocket API that add-ons may send, and what is known of each.
//!
//! What is not listed does not pass, so that nothing that a version of Home Assistant brings is open to add-ons before
//! it was looked at here. Left out are those that make users, tokens and signed addresses (`auth/...`,
//! `config/auth...`), that hand out what stands in `.storage` (`backup/...`, with the REST paths of backups), that
//! bring code into Home Assistant's pages (`lovelace/resources/...`), and that change the registries, by which
//! permissions are judged. Operators add types with `entity_messages`.

use std::collections::BTreeSet;

use Answers::{Events, Once, Unknown};
use Held::Refused;

use crate::config::is_for_no_addon;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    /// The type; with a `/` at its end, all types that begin so.
    name: &'static str,
    /// How often it is answered.
    pub(crate) answers: Answers,
    /// What becomes of it where the add-on is held to entities.
    pub(crate) held: Held,
}

/// How often a message is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answers {
    /// It is answered with one result.
    Once,
    /// With a result, and with events until it is unsubscribed.
    Events,
    /// One of the two.
    Unknown,
}

/// How a message is judged, and its answers filtered, where the add-on is held to entities.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Held {
    /// It does not pass.
    Refused,
    /// It has no content, and no answer with any.
    Ping,
    /// It says what the add-on understands.
    Features,
    /// Its answer is a list of states.
    States,
    /// It subscribes to changes of state, and to no other events.
    Changes,
    /// It subscribes to entities.
    Entities,
    /// It ends a subscription.
    End,
    /// It calls a service.
    Service,
}

/// Whether messages of a type may pass, with those that the operator added for the add-on.
pub(crate) fn passes(kind: &str, added: &BTreeSet<String>) -> bool {
    known(kind).is_some() || (added.contains(kind) && !is_for_no_addon(kind))
}

/// What is known of a type.
pub(crate) fn known(kind: &str) -> Option<&'static Message> {
    let is_meant = |row: &&Message| if row.name.ends_with('/') { kind.starts_with(row.name) } else { kind == row.name };
    TABLE.iter().find(is_meant)
}

const fn row(name: &'static str, answers: Answers) -> Message {
    Message { name, answers, held: Refused }
}

const fn held(name: &'static str, answers: Answers, held: Held) -> Message {
    Message { name, answers, held }
}

/// The first row that fits counts.
const TABLE: &[Message] = &[
    // Home Assistant's core.
    held("ping", Once, Held::Ping),
    held("supported_features", Once, Held::Features),
    held("get_states", Once, Held::States),
    held("subscribe_events", Events, Held::Changes),
    held("subscribe_entities", Events, Held::Entities),
    held("unsubscribe_events", Once, Held::End),
    held("call_service", Once, Held::Service),
    row("auth/current_user", Once),
    row("get_config", Once),
    row("get_services", Once),
    row("get_panels", Once),
    row("get_triggers_for_target", Once),
    row("get_conditions_for_target", Once),
    row("get_services_for_target", Once),
    row("extract_from_target", Once),
    row("entity/source", Once),
    row("execute_script", Once),
    row("fire_event", Once),
    row("render_template", Events),
    row("subscribe_bootstrap_integrations", Events),
    row("subscribe_condition", Events),
    row("subscribe_condition_platforms", Events),
    row("subscribe_trigger", Events),
    row("subscribe_trigger_platforms", Events),
    row("test_condition", Once),
    row("validate_config", Once),
    row("integration/descriptions", Once),
    row("integration/setup_info", Once),
    row("manifest/get", Once),
    row("manifest/list", Once),
    row("logger/log_info", Once),
    row("network", Once),
    row("network/url", Once),
    row("search/related", Once),
    row("slugify", Once),
    row("system_health/info", Events),
    // Registries and configuration: what only reads.
    row("config/area_registry/list", Once),
    row("config/category_registry/list", Once),
    row("config/device_registry/list", Once),
    row("config/entity_registry/get", Once),
    row("config/entity_registry/get_entries", Once),
    row("config/entity_registry/list", Once),
    row("config/entity_registry/list_for_display", Once),
    row("config/floor_registry/list", Once),
    row("config/label_registry/list", Once),
    row("config_entries/flow/progress", Once),
    row("config_entries/get", Once),
    row("config_entries/get_single", Once),
    row("config_entries/subentries/list", Once),
    row("config_entries/subscribe", Events),
    row("automation/config", Once),
    row("script/config", Once),
    row("person/list", Once),
    row("zone/list", Once),
    row("homeassistant/expose_entity/list", Once),
    row("homeassistant/expose_new_entities/get", Once),
    row("diagnostics/get", Once),
    row("diagnostics/list", Once),
    row("backup/agents/info", Once),
    row("backup/details", Once),
    row("backup/generate", Once),
    row("backup/generate_with_automatic_settings", Once),
    row("backup/info", Once),
    row("backup/subscribe_events", Events),
    // Dashboards and Home Assistant's pages: what only reads.
    row("blueprint/list", Once),
    row("blueprint/substitute", Once),
    row("frontend/get_icons", Once),
    row("frontend/get_system_data", Once),
    row("frontend/get_themes", Once),
    row("frontend/get_translations", Once),
    row("frontend/get_user_data", Once),
    row("lovelace/config", Once),
    row("lovelace/dashboards/list", Once),
    row("lovelace/info", Once),
    row("lovelace/resources", Once),
    row("repairs/get_issue_data", Once),
    row("repairs/list_issues", Once),
    // History, energy, media, voice.
    row("history/stream", Events),
    row("history/", Once),
    row("logbook/event_stream", Events),
    row("logbook/", Once),
    row("recorder/", Once),
    row("energy/", Once),
    row("camera/webrtc/offer", Events),
    row("camera/", Once),
    row("image/list", Once),
    row("media_player/", Once),
    row("media_source/browse_media", Once),
    row("media_source/resolve_media", Once),
    row("assist_pipeline/", Unknown),
    row("assist_satellite/", Unknown),
    row("conversation/", Unknown),
    row("intent/", Unknown),
    row("stt/", Once),
    row("tts/", Once),
    row("wake_word/", Once),
    // What belongs to one domain.
    row("calendar/event/subscribe", Events),
    row("calendar/", Once),
    row("counter/", Unknown),
    row("device_automation/", Once),
    row("input_boolean/", Unknown),
    row("input_button/", Unknown),
    row("input_datetime/", Unknown),
    row("input_number/", Unknown),
    row("input_select/", Unknown),
    row("input_text/", Unknown),
    row("number/", Once),
    row("persistent_notification/subscribe", Events),
    row("persistent_notification/", Once),
    row("schedule/", Unknown),
    row("sensor/", Once),
    row("shopping_list/", Once),
    row("tag/", Unknown),
    row("timer/", Unknown),
    row("todo/item/subscribe", Events),
    row("todo/", Once),
    row("trace/", Once),
    row("update/release_notes", Once),
    row("weather/subscribe_forecast", Events),
    row("weather/", Once),
    // Integrations that add-ons are the other half of.
    row("bluetooth/", Unknown),
    row("esphome/", Unknown),
    row("knx/", Unknown),
    row("mass/", Unknown),
    row("matter/", Unknown),
    row("mqtt/", Unknown),
    row("music_assistant/", Unknown),
    row("nodered/", Unknown),
    row("otbr/", Once),
    row("thread/", Unknown),
    row("usb/scan", Once),
    row("zha/", Unknown),
    row("zwave_js/", Unknown),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_listed_is_not_known() {
        for kind in [
            "",
            "auth",
            "auth/sign_path",
            "auth/refresh_tokens",
            "auth/long_lived_access_token",
            "config/auth/create",
            "config/auth_provider/homeassistant/create",
            "config/entity_registry/update",
            "backup/restore",
            "backup/config/info",
            "lovelace/resources/create",
            "hacs/repository/download",
            "Ping",
            "ping ",
            "history",
            "supervisor/api",
        ] {
            assert_eq!(known(kind), None, "{kind}");
        }
        for kind in ["ping", "get_states", "history/history_during_period", "config/entity_registry/list", "zwave_js/x"]
        {
            assert!(known(kind).is_some(), "{kind}");
        }
    }

    #[test]
    fn a_row_for_one_type_stands_before_that_of_its_family() {
        for (place, row) in TABLE.iter().enumerate() {
            assert_eq!(known(row.name).map(|found| found.name), Some(row.name), "row {place} is never reached");
            assert!(!row.name.starts_with("auth/") || row.name == "auth/current_user", "{}", row.name);
        }
    }
}

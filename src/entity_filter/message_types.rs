//! The types of messages of Home Assistant's WebSocket API that add-ons may send, and what is known of each.
//!
//! What is not listed does not pass, so that nothing that a version of Home Assistant brings is open to add-ons before
//! it was looked at here. Left out are those that make users, tokens and signed addresses (`auth/...`,
//! `config/auth...`), that hand out what stands in `.storage` (`backup/...`, with the REST paths of backups), that
//! bring code into Home Assistant's pages (`lovelace/resources/...`), and that change the registries, by which
//! permissions are judged. Operators add types with `entity_messages`.

use std::collections::BTreeSet;

use Answers::{Events, Once, Unknown};
use Browser::{Here, Names, Passes};
use Held::Refused;

use super::Access::{Control, Read};
use super::browser::{Browser, Told};
use crate::config::is_for_no_addon;
use crate::permission::TargetKind;

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Message {
    /// The type; with a `/` at its end, all types that begin so.
    name: &'static str,
    /// How often it is answered.
    pub(crate) answers: Answers,
    /// Whether add-ons may send it, and what becomes of it where one is held to entities.
    pub(crate) held: Held,
    /// What becomes of it at Home Assistant's front, of a user who is held.
    pub(crate) browser: Browser,
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
    /// It passes for no add-on.
    Never,
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
    known(kind).is_some_and(|message| message.held != Held::Never) || (added.contains(kind) && !is_for_no_addon(kind))
}

/// What is known of a type.
pub(crate) fn known(kind: &str) -> Option<&'static Message> {
    let is_meant = |row: &&Message| if row.name.ends_with('/') { kind.starts_with(row.name) } else { kind == row.name };
    TABLE.iter().find(is_meant)
}

/// The types that pass at Home Assistant's front for a user who is held, and how.
pub(crate) fn of_the_front() -> impl Iterator<Item = (&'static str, Browser)> {
    TABLE.iter().map(|row| (row.name, row.browser)).filter(|(_, browser)| *browser != Browser::Refused)
}

/// A type as numbers name it: the row that it is of, since clients may send any text.
pub(crate) fn label(kind: &str) -> &'static str {
    known(kind).map_or("other", |message| message.name)
}

const fn row(name: &'static str, answers: Answers) -> Message {
    Message { name, answers, held: Refused, browser: Browser::Refused }
}

/// What browsers send and no add-on may.
const fn of_browsers(name: &'static str, answers: Answers, browser: Browser) -> Message {
    Message { name, answers, held: Held::Never, browser }
}

impl Message {
    /// Whether it is about the account of whoever sends it: their tokens, password, settings and ingress sessions.
    pub(crate) fn is_of_account(&self) -> bool {
        let begins = |start: &str| self.name.starts_with(start);
        (begins("auth/") && self.name != "auth/current_user")
            || begins("config/auth")
            || begins("supervisor/")
            || self.name == "frontend/set_user_data"
    }

    const fn browser(self, browser: Browser) -> Self {
        Self { browser, ..self }
    }
}

const fn held(name: &'static str, answers: Answers, held: Held) -> Message {
    Message { name, answers, held, browser: Browser::AsHeld }
}

/// The first row that fits counts.
const TABLE: &[Message] = &[
    // Home Assistant's core.
    held("ping", Once, Held::Ping),
    held("supported_features", Once, Held::Features),
    held("get_states", Once, Held::States),
    held("subscribe_events", Events, Held::Changes).browser(Browser::Events),
    held("subscribe_entities", Events, Held::Entities),
    held("unsubscribe_events", Once, Held::End),
    held("call_service", Once, Held::Service),
    row("auth/current_user", Once).browser(Passes),
    row("get_config", Once).browser(Passes),
    row("get_services", Once).browser(Browser::Told(Told::Services)),
    row("get_panels", Once).browser(Browser::Ingress),
    row("get_triggers_for_target", Once),
    row("get_conditions_for_target", Once),
    row("get_services_for_target", Once),
    row("extract_from_target", Once),
    row("entity/source", Once).browser(Browser::Told(Told::Keyed)),
    row("execute_script", Once),
    row("fire_event", Once),
    row("render_template", Events).browser(Browser::OwnText),
    row("subscribe_bootstrap_integrations", Events),
    row("subscribe_condition", Events).browser(Browser::Condition),
    row("subscribe_condition_platforms", Events),
    row("subscribe_trigger", Events),
    row("subscribe_trigger_platforms", Events),
    row("test_condition", Once),
    row("validate_config", Once),
    row("integration/descriptions", Once),
    row("integration/setup_info", Once),
    row("manifest/get", Once).browser(Passes),
    row("manifest/list", Once).browser(Passes),
    row("logger/log_info", Once),
    row("network", Once),
    row("network/url", Once),
    row("search/related", Once).browser(Names("item_id", Read, Told::Related)),
    row("slugify", Once).browser(Passes),
    row("system_health/info", Events),
    // Registries and configuration: what only reads.
    row("config/area_registry/list", Once).browser(Browser::Told(Told::Places("area_id", TargetKind::Area))),
    row("config/category_registry/list", Once).browser(Here("[]")),
    row("config/device_registry/list", Once).browser(Browser::Told(Told::Places("id", TargetKind::Device))),
    row("config/entity_registry/get", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("config/entity_registry/get_entries", Once).browser(Names("entity_ids", Read, Told::Keyed)),
    row("config/entity_registry/list", Once).browser(Browser::Told(Told::Listed("entity_id"))),
    row("config/entity_registry/list_for_display", Once).browser(Browser::Told(Told::Display)),
    row("config/floor_registry/list", Once).browser(Browser::Told(Told::Places("floor_id", TargetKind::Floor))),
    row("config/label_registry/list", Once).browser(Browser::Told(Told::Places("label_id", TargetKind::Label))),
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
    row("frontend/get_icons", Once).browser(Passes),
    row("frontend/get_system_data", Once).browser(Browser::Told(Told::Cleaned)),
    row("frontend/get_themes", Once).browser(Passes),
    row("frontend/get_translations", Once).browser(Passes),
    row("frontend/get_user_data", Once).browser(Browser::Told(Told::Cleaned)),
    row("lovelace/config", Once).browser(Browser::Told(Told::Cleaned)),
    row("lovelace/dashboards/list", Once).browser(Passes),
    row("lovelace/info", Once).browser(Passes),
    row("lovelace/resources", Once).browser(Passes),
    row("repairs/get_issue_data", Once),
    row("repairs/list_issues", Once).browser(Here(r#"{"issues":[]}"#)),
    // History, energy, media, voice.
    row("history/stream", Events).browser(Names("entity_ids", Read, Told::Cleaned)),
    row("history/history_during_period", Once).browser(Names("entity_ids", Read, Told::Keyed)),
    row("history/", Once),
    row("logbook/event_stream", Events).browser(Names("entity_ids", Read, Told::Logbook)),
    row("logbook/get_events", Once).browser(Names("entity_ids", Read, Told::Logbook)),
    row("logbook/", Once),
    row("recorder/info", Once).browser(Passes),
    row("recorder/list_statistic_ids", Once).browser(Browser::Told(Told::Listed("statistic_id"))),
    row("recorder/get_statistics_metadata", Once).browser(Names("statistic_ids", Read, Told::Listed("statistic_id"))),
    row("recorder/statistics_during_period", Once).browser(Names("statistic_ids", Read, Told::Keyed)),
    row("recorder/statistic_during_period", Once).browser(Names("statistic_id", Read, Told::Cleaned)),
    row("recorder/", Once),
    row("energy/get_prefs", Once).browser(Browser::Told(Told::Energy)),
    row("energy/info", Once).browser(Browser::Told(Told::Energy)),
    row("energy/fossil_energy_consumption", Once).browser(Names("energy_statistic_ids", Read, Told::Cleaned)),
    row("energy/solar_forecast", Once).browser(Here("{}")),
    row("energy/", Once),
    row("camera/webrtc/offer", Events).browser(Names("entity_id", Read, Told::Cleaned)),
    row("camera/capabilities", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("camera/get_prefs", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("camera/stream", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("camera/webrtc/candidate", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("camera/webrtc/get_client_config", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("camera/", Once),
    row("image/list", Once),
    row("media_player/browse_media", Once),
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
    row("calendar/event/subscribe", Events).browser(Names("entity_id", Read, Told::Cleaned)),
    row("calendar/event/create", Once).browser(Names("entity_id", Control, Told::Cleaned)),
    row("calendar/event/delete", Once).browser(Names("entity_id", Control, Told::Cleaned)),
    row("calendar/event/update", Once).browser(Names("entity_id", Control, Told::Cleaned)),
    row("calendar/", Once),
    row("counter/", Unknown),
    row("device_automation/", Once),
    row("input_boolean/", Unknown),
    row("input_button/", Unknown),
    row("input_datetime/", Unknown),
    row("input_number/", Unknown),
    row("input_select/", Unknown),
    row("input_text/", Unknown),
    row("number/device_class_convertible_units", Once).browser(Passes),
    row("number/", Once),
    row("persistent_notification/subscribe", Events).browser(Here("null")),
    row("persistent_notification/get", Once).browser(Here("[]")),
    row("persistent_notification/", Once),
    row("schedule/", Unknown),
    row("sensor/device_class_convertible_units", Once).browser(Passes),
    row("sensor/numeric_device_classes", Once).browser(Passes),
    row("sensor/", Once),
    row("shopping_list/", Once),
    row("tag/", Unknown),
    row("timer/", Unknown),
    row("todo/item/subscribe", Events).browser(Names("entity_id", Read, Told::Cleaned)),
    row("todo/item/list", Once).browser(Names("entity_id", Read, Told::Cleaned)),
    row("todo/item/move", Once).browser(Names("entity_id", Control, Told::Cleaned)),
    row("todo/", Once),
    row("trace/", Once),
    row("update/release_notes", Once),
    row("weather/subscribe_forecast", Events).browser(Names("entity_id", Read, Told::Cleaned)),
    row("weather/convertible_units", Once).browser(Passes),
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
    // What a user does to their own account, and what the front end keeps for them.
    of_browsers("auth/delete_all_refresh_tokens", Once, Passes),
    of_browsers("auth/delete_refresh_token", Once, Passes),
    of_browsers("auth/depose_mfa", Once, Passes),
    of_browsers("auth/long_lived_access_token", Once, Passes),
    of_browsers("auth/refresh_token_set_expiry", Once, Passes),
    of_browsers("auth/refresh_tokens", Once, Passes),
    of_browsers("auth/setup_mfa", Once, Passes),
    // The path is judged when it is asked for, as that of whom it is signed for.
    of_browsers("auth/sign_path", Once, Passes),
    of_browsers("config/auth_provider/homeassistant/change_password", Once, Passes),
    of_browsers("labs/subscribe", Events, Passes),
    // Tokens for pictures that are the same in every home.
    of_browsers("brands/access_token", Once, Passes),
    of_browsers("map_tiles/access_token", Once, Passes),
    of_browsers("frontend/get_version", Once, Passes),
    of_browsers("frontend/set_user_data", Once, Passes),
    of_browsers("supervisor/api", Once, Browser::Ingress),
    of_browsers("supervisor/ingress/info", Once, Browser::Ingress),
    of_browsers("supervisor/ingress/session", Once, Browser::Ingress),
    of_browsers("supervisor/ingress/validate_session", Once, Browser::Ingress),
    of_browsers("frontend/subscribe_extra_js", Events, Passes),
    of_browsers("frontend/subscribe_system_data", Events, Browser::Told(Told::Cleaned)),
    of_browsers("frontend/subscribe_user_data", Events, Browser::Told(Told::Cleaned)),
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
            assert!(!passes(kind, &BTreeSet::new()), "{kind}");
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
            let is_of_tokens = row.name.starts_with("auth/") && row.name != "auth/current_user";
            assert!(!is_of_tokens || row.held == Held::Never, "{}", row.name);
        }
    }
}

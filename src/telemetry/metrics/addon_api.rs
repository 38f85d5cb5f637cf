//! The numbers of the add-on API: by add-on, whose slugs the configuration has, and by outcomes of ours.

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

use super::labels::{AddonLabel, AddonOutcomeLabel, ApiOutcome};
use super::{Metrics, OpenGauge};
use crate::ids::AddonSlug;
use crate::telemetry::SignInOutcome;

/// The numbers, by label.
#[derive(Debug, Default)]
pub(super) struct AddonApiFamilies {
    requests: Family<AddonOutcomeLabel, Counter>,
    password_checks: Family<AddonOutcomeLabel, Counter>,
    websockets: Family<AddonLabel, Gauge>,
    connections: Gauge,
}

impl AddonApiFamilies {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register("addon_api_requests", "Calls of the add-on API", self.requests.clone());
        let help = "Passwords that add-ons asked about";
        to.register("addon_api_password_checks", help, self.password_checks.clone());
        let help = "Open WebSockets of add-ons to Home Assistant";
        to.register("addon_api_websockets", help, self.websockets.clone());
        to.register("addon_api_connections_open", "Connections of add-ons that are open", self.connections.clone());
    }
}

impl Metrics {
    /// A call of the add-on API was answered. Without an add-on the token was none, or nobody's.
    pub fn api_answered(&self, addon: Option<&AddonSlug>, status: u16) {
        let addon = addon.map_or(NOBODY, AddonSlug::as_str).to_owned();
        let label = AddonOutcomeLabel { addon, outcome: ApiOutcome::of(status).label() };
        self.addon_api.requests.get_or_create(&label).inc();
    }

    /// An add-on asked about a password.
    pub fn password_checked(&self, addon: &AddonSlug, outcome: SignInOutcome) {
        let label = AddonOutcomeLabel { addon: addon.to_string(), outcome: outcome.label() };
        self.addon_api.password_checks.get_or_create(&label).inc();
    }

    /// A WebSocket of an add-on is open for as long as the guard lives.
    pub fn open_api_websocket(&self, addon: &AddonSlug) -> OpenGauge {
        OpenGauge::new(&self.addon_api.websockets.get_or_create(&AddonLabel { addon: addon.to_string() }))
    }

    /// A connection of an add-on is open for as long as the guard lives.
    pub fn open_api_connection(&self) -> OpenGauge {
        OpenGauge::new(&self.addon_api.connections)
    }
}

/// The label of calls without a good token. The dot keeps it apart from every slug.
const NOBODY: &str = ".nobody";

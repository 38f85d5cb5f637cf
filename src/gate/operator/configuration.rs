//! What the configuration says: the values that count, where each comes from, and the last mistake.

use super::Form;
use crate::config::{EffectiveKey, KeyOrigin};
use crate::gate::configuration_record::Recorded;
use crate::gate::stages::Services;
use crate::http::Sanitized;
use crate::pages::operator::{self, ConfigurationKey, ConfigurationMistake, ConfigurationView, Listing, Origin};
use crate::pages::{Page, PageContext};

/// The page.
pub(super) fn answer(request: &Sanitized, form: Form, context: &PageContext, services: &Services) -> Page {
    let Recorded { file, loaded, keys, mistake } = services.configuration.load();
    let mut listing = Listing::of_query(request.query().unwrap_or_default());
    let is_meant = |key: &&EffectiveKey| listing.finds([key.key.as_str(), key.value.as_str()]);
    let found = keys.iter().filter(is_meant).collect();
    let keys = listing.part(found).into_iter().map(|key| ConfigurationKey {
        key: key.key.clone(),
        value: key.value.clone(),
        origin: match key.origin {
            KeyOrigin::Line(line) => Origin::Line(line),
            KeyOrigin::Manifest => Origin::Manifest,
            KeyOrigin::Default => Origin::Default,
        },
    });
    let now = services.clock.now();
    let view = ConfigurationView {
        listing,
        file: file.display().to_string(),
        loaded: loaded.to_string(),
        age: now.saturating_since(loaded),
        state: services.telemetry.metrics.configuration_state.get().into(),
        mistake: mistake.map(|mistake| ConfigurationMistake {
            at: mistake.at.to_string(),
            age: now.saturating_since(mistake.at),
            why: mistake.why.to_string(),
        }),
        keys: keys.collect(),
    };
    match form {
        Form::Json => super::json(&view),
        Form::Html => operator::configuration(context, &view),
    }
}

//! Entities for sessions and for the health of add-ons. Home Assistant forgets them when it restarts, so that all are
//! told again now and then.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ids::AddonSlug;

/// Whether an add-on answered the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddonHealth {
    /// Nobody has asked it anything yet.
    Unknown,
    /// It answered.
    Up,
    /// It did not.
    Down,
}

/// An entity's id, and what Home Assistant is to be told of it.
pub type EntityState = (String, Value);

/// The entities of this moment.
pub fn states<'a>(
    sessions: usize,
    addons: impl IntoIterator<Item = (&'a AddonSlug, &'a str, AddonHealth)>,
) -> BTreeMap<String, Value> {
    let attributes = json!({
        "friendly_name": "vestibule sessions",
        "unit_of_measurement": "sessions",
        "state_class": "measurement",
        "icon": "mdi:account-multiple",
    });
    let sessions = json!({ "state": sessions.to_string(), "attributes": attributes });
    let mut states = BTreeMap::from([("sensor.vestibule_sessions".to_owned(), sessions)]);
    for (slug, title, health) in addons {
        let state = match health {
            AddonHealth::Unknown => "unknown",
            AddonHealth::Up => "on",
            AddonHealth::Down => "off",
        };
        let attributes = json!({ "friendly_name": title, "device_class": "connectivity" });
        states.insert(entity_id(slug), json!({ "state": state, "attributes": attributes }));
    }
    states
}

/// An entity's id has lower-case letters, digits and `_` alone.
fn entity_id(slug: &AddonSlug) -> String {
    let legal = |c: char| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '_' };
    format!("binary_sensor.vestibule_{}", slug.as_str().to_ascii_lowercase().chars().map(legal).collect::<String>())
}

/// What Home Assistant was told last.
#[derive(Debug, Default)]
pub struct PostedStates(BTreeMap<String, Value>);

impl PostedStates {
    /// What it is to be told: what has changed, or everything; and the ids of what is gone.
    pub fn due(&self, states: &BTreeMap<String, Value>, everything: bool) -> (Vec<EntityState>, Vec<String>) {
        let changed = |(id, state): &(&String, &Value)| everything || self.0.get(*id) != Some(*state);
        let due = states.iter().filter(changed).map(|(id, state)| (id.clone(), state.clone())).collect();
        (due, self.0.keys().filter(|id| !states.contains_key(*id)).cloned().collect())
    }

    /// It was told this.
    pub fn told(&mut self, id: String, state: Value) {
        self.0.insert(id, state);
    }

    /// It was told that this is gone.
    pub fn removed(&mut self, id: &str) {
        self.0.remove(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changed_is_told_and_what_is_gone_is_removed() {
        let (a, b): (AddonSlug, AddonSlug) = ("a-1".parse().unwrap(), "b".parse().unwrap());
        let first = states(2, [(&a, "A", AddonHealth::Up), (&b, "B", AddonHealth::Unknown)]);
        let mut posted = PostedStates::default();
        let (due, gone) = posted.due(&first, false);
        let ids: Vec<_> = due.iter().map(|(id, _)| id.as_str()).collect();
        assert_eq!(ids, ["binary_sensor.vestibule_a_1", "binary_sensor.vestibule_b", "sensor.vestibule_sessions"]);
        assert!(gone.is_empty());
        for (id, state) in due {
            posted.told(id, state);
        }
        let second = states(2, [(&a, "A", AddonHealth::Down)]);
        let (due, gone) = posted.due(&second, false);
        assert_eq!((due.len(), due[0].1["state"].as_str()), (1, Some("off")));
        assert_eq!(gone, ["binary_sensor.vestibule_b"]);
        assert_eq!(posted.due(&second, true).0.len(), 2);
    }
}

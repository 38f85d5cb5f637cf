//! Which entities a browser has been told of by its subscriptions, and which were withheld: so that what is taken back
//! from its user is taken out of its list, and what they may see from now on is noticed.

use std::collections::{HashMap, HashSet};

use serde_json::json;

use super::{Access, May};

/// The entities of one conversation.
#[derive(Debug, Default)]
pub(super) struct ShownEntities {
    /// By the subscription that has told of them.
    shown: HashMap<u64, HashSet<String>>,
    withheld: HashSet<String>,
}

/// What a changed policy or registry means for a browser.
#[derive(Debug, Default)]
pub struct Revision {
    /// Events that take entities out of its list, which is Home Assistant's own way to say that one is gone.
    pub removals: Vec<String>,
    /// Whether there are entities that it may see now. It gets them when it asks anew.
    pub gains: bool,
}

impl ShownEntities {
    /// Home Assistant has added an entity to a subscription's.
    pub(super) fn note(&mut self, subscription: u64, entity: &str, is_told: bool) {
        if !is_told {
            self.withheld.insert(entity.to_owned());
        } else if !self.shown.get(&subscription).is_some_and(|shown| shown.contains(entity)) {
            self.shown.entry(subscription).or_default().insert(entity.to_owned());
        }
    }

    /// A subscription is over: what it has told of is no longer kept up to date.
    pub(super) fn forget(&mut self, subscription: u64) {
        self.shown.remove(&subscription);
    }

    /// What has changed since they were told.
    pub(super) fn revise(&mut self, may: May<'_>) -> Revision {
        let mut removals = Vec::new();
        for (id, shown) in &mut self.shown {
            let lost: Vec<String> = shown.extract_if(|entity| !may(entity, Access::Read)).collect();
            if !lost.is_empty() {
                removals.push(json!({"id": id, "type": "event", "event": {"r": lost}}).to_string());
                self.withheld.extend(lost);
            }
        }
        Revision { removals, gains: self.withheld.iter().any(|entity| may(entity, Access::Read)) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_is_lost_is_taken_out_of_each_list_and_what_is_gained_is_noticed() {
        let mut entities = ShownEntities::default();
        for (id, entity, is_told) in [
            (1, "light.a", true),
            (1, "light.b", true),
            (2, "light.a", true),
            (3, "light.a", true),
            (1, "lock.c", false),
        ] {
            entities.note(id, entity, is_told);
        }
        entities.forget(3);
        let revision = entities.revise(&|entity, _| entity.starts_with("light."));
        assert!(revision.removals.is_empty() && !revision.gains);
        let mut revision = entities.revise(&|entity, _| entity == "light.b");
        revision.removals.sort();
        let seen: Vec<Value> = revision.removals.iter().map(|text| text.parse().unwrap()).collect();
        let removed = |id: u64| json!({"id": id, "type": "event", "event": {"r": ["light.a"]}});
        assert_eq!((seen, revision.gains), (vec![removed(1), removed(2)], false));
        let revision = entities.revise(&|entity, _| entity.starts_with("light."));
        assert!(revision.removals.is_empty() && revision.gains, "it is not told of it a second time");
    }
}

//! Random groups of the configuration, beside random policies of Home Assistant: the compiled form, the plain
//! reference, and what no group may ever do to another's answers.

use std::collections::BTreeMap;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::Value;
use vestibule::permission::{ConfiguredPolicy, Opinions, Policies, Registry, UserPermissions};

use super::fuller_reference as reference;
use super::random::{AREAS, DEVICES, ENTITIES, KEYS, LABELS, policy, records};

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn configured_groups_are_judged_as_the_text_says(
        groups in vec(group(Say::Anything), 0..4), policies in vec(policy(), 0..3), records in records(),
    ) {
        let registry = Registry::new(records.clone());
        let user = user(&groups, &policies);
        let plain = policies.iter().all(|policy| policy.is_object() && is_plain(policy));
        for key in KEYS {
            for entity in ENTITIES {
                let expected = reference::check(&groups, &policies, &records, entity, key);
                let verdict = user.check(&registry, entity, key);
                prop_assert_eq!(expected, verdict.is_permit(), "{} {}: {:?}", entity, key, verdict);
            }
            let all = user.access_all_entities(key).is_permit();
            prop_assert_eq!(reference::check_all(&groups, &policies, key), all, "all entities, {}", key);
            // Where Home Assistant meets an object in the place of `true`, its own two answers differ.
            let each = || ENTITIES.iter().all(|entity| user.check(&registry, entity, key).is_permit());
            prop_assert!(!all || !plain || each(), "who may do it to all may do it to each: {}", key);
        }
    }

    #[test]
    fn a_group_that_only_refuses_gives_nothing_and_one_that_only_gives_refuses_nothing(
        groups in vec(group(Say::Anything), 0..3), policies in vec(policy(), 0..3), records in records(),
        no in group(Say::Only(false)), yes in group(Say::Only(true)),
    ) {
        let registry = Registry::new(records);
        let with = |more: &ConfiguredPolicy| {
            let groups: Vec<_> = groups.iter().chain([more]).cloned().collect();
            user(&groups, &policies)
        };
        let (less, before, more) = (with(&no), user(&groups, &policies), with(&yes));
        for entity in ENTITIES {
            for key in KEYS {
                let may = |user: &UserPermissions| user.check(&registry, entity, key).is_permit();
                prop_assert!(may(&before) || !may(&less), "{} {}: a `false` gave it", entity, key);
                prop_assert!(may(&more) || !may(&before), "{} {}: a `true` took it away", entity, key);
            }
        }
    }
}

fn user(groups: &[ConfiguredPolicy], policies: &[Value]) -> UserPermissions {
    let policies = Policies { home_assistant: policies.iter().collect(), configured: groups.iter().collect() };
    UserPermissions::of_groups(&policies)
}

/// Whether there is `true` wherever an opinion on an access key may stand, and nothing but `true` and null beside.
fn is_plain(policy: &Value) -> bool {
    let leaf = |value: &Value| value.is_null() || value == true;
    let level = |value: &Value| leaf(value) || value.as_object().is_some_and(|keys| keys.values().all(leaf));
    let entities = policy.get("entities").unwrap_or(&Value::Null);
    let selector = |(name, value): (&String, &Value)| match value.as_object() {
        Some(ids) if name != "all" => ids.values().all(level),
        _ => level(value),
    };
    leaf(entities) || entities.as_object().is_some_and(|selectors| selectors.iter().all(selector))
}

/// What a group may say.
#[derive(Debug, Clone, Copy)]
enum Say {
    Anything,
    Only(bool),
}

fn group(say: Say) -> impl Strategy<Value = ConfiguredPolicy> {
    let by_id = move |ids: &'static [&'static str]| rules(ids, say).boxed();
    let five = (by_id(&ENTITIES), by_id(&DEVICES), by_id(&["light", "switch", "nodot"]), by_id(&AREAS), by_id(&LABELS));
    (five, option::weighted(0.3, opinions(say))).prop_map(|((entity_ids, device_ids, domains, areas, labels), all)| {
        ConfiguredPolicy { entity_ids, device_ids, domains, areas, labels, all: all.unwrap_or_default() }
    })
}

fn rules(ids: &'static [&'static str], say: Say) -> impl Strategy<Value = BTreeMap<String, Opinions>> {
    let some = btree_map(select(ids).prop_map(str::to_owned), opinions(say), 0..3);
    option::weighted(0.4, some).prop_map(Option::unwrap_or_default)
}

fn opinions(say: Say) -> impl Strategy<Value = Opinions> {
    let opinion = move || {
        let said = match say {
            Say::Anything => any::<bool>().boxed(),
            Say::Only(opinion) => Just(opinion).boxed(),
        };
        option::weighted(0.5, said)
    };
    let by_key = (opinion(), opinion(), opinion()).prop_map(|(read, control, edit)| Opinions {
        read,
        control,
        edit,
        others: None,
    });
    let everything = match say {
        Say::Anything => any::<bool>().boxed(),
        Say::Only(opinion) => Just(opinion).boxed(),
    };
    prop_oneof![4 => by_key, 1 => everything.prop_map(Opinions::on_everything)]
}

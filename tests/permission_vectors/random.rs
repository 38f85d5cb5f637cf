//! Random policies and registries over a few names, so that they meet often; each is judged by the compiled form and
//! by the plain reference.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};
use vestibule::permission::{
    ChildDeviceRecord, DeviceRecord, EntityRecord, Grant, Registry, RegistryRecords, UserPermissions, Verdict,
};

use super::reference;

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_compiled_form_answers_as_the_rules_say(policies in vec(policy(), 0..4), records in records()) {
        let registry = Registry::new(records.clone());
        let user = UserPermissions::compile(&policies);
        for entity in ENTITIES {
            for key in KEYS {
                let expected = reference::check(&policies, &records, entity, key);
                let verdict = user.check(&registry, entity, key);
                prop_assert_eq!(expected == Ok(true), verdict.is_permit(), "{} {}: {:?}", entity, key, verdict);
                prop_assert_eq!(expected.is_err(), user.illegal().is_some());
            }
        }
    }

    #[test]
    fn with_plain_policies_a_user_may_what_any_one_of_their_groups_may_and_that_group_is_named(
        policies in vec(policy(), 0..4), records in records(),
    ) {
        prop_assume!(policies.iter().all(|policy| policy.is_object() && reference::is_plain(policy, 4)));
        let registry = Registry::new(records);
        let together = UserPermissions::compile(&policies);
        let alone: Vec<_> = policies.iter().map(|policy| UserPermissions::compile([policy])).collect();
        for entity in ENTITIES {
            for key in KEYS {
                let verdict = together.check(&registry, entity, key);
                let any = alone.iter().any(|user| user.check(&registry, entity, key).is_permit());
                prop_assert_eq!(verdict.is_permit(), any);
                if let Some(group) = group_of(verdict) {
                    prop_assert!(alone[group].check(&registry, entity, key).is_permit(), "{:?}", verdict);
                }
            }
        }
    }
}

fn group_of(verdict: Verdict) -> Option<usize> {
    match verdict {
        Verdict::Permit(
            Grant::AllEntities { group } | Grant::WholeSelector { group, .. } | Grant::Rule { group, .. },
        ) => Some(group.get()),
        Verdict::Permit(Grant::Owner | Grant::Configured { .. }) | Verdict::Deny(_) => None,
    }
}

pub(crate) fn policy() -> impl Strategy<Value = Value> {
    let category = prop_oneof![20 => selectors(), 1 => Just(json!(true)), 1 => odd()];
    prop_oneof![
        30 => category.prop_map(|entities| json!({ "entities": entities })),
        1 => Just(json!({})),
        1 => odd(),
    ]
}

fn selectors() -> impl Strategy<Value = Value> {
    let by_id = |ids: &'static [&'static str]| {
        let rules = btree_map(select(ids), level(), 0..3).prop_map(|rules| json!(rules));
        prop_oneof![40 => rules, 1 => Just(json!(true)), 1 => odd()]
    };
    let all = prop_oneof![10 => level(), 1 => odd()];
    let some = |strategy| option::weighted(0.4, strategy);
    let five = (
        some(by_id(&ENTITIES).boxed()),
        some(by_id(&DEVICES).boxed()),
        some(by_id(&AREAS).boxed()),
        some(by_id(&["light", "switch", "nodot"]).boxed()),
        option::weighted(0.15, all),
        option::weighted(0.05, odd()),
    );
    five.prop_map(|(entity_ids, device_ids, area_ids, domains, all, unknown)| {
        let named = [
            ("entity_ids", entity_ids),
            ("device_ids", device_ids),
            ("area_ids", area_ids),
            ("domains", domains),
            ("all", all),
            ("labels", unknown),
        ];
        named.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
    })
}

fn level() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![30 => Just(json!(true)), 2 => Just(json!({})), 1 => Just(json!({"x": true})), 1 => odd()];
    let keys = btree_map(select(&KEYS[..]), leaf, 0..3).prop_map(|keys| json!(keys));
    prop_oneof![20 => keys, 5 => Just(json!(true)), 1 => odd()]
}

fn odd() -> impl Strategy<Value = Value> {
    prop_oneof![4 => Just(json!(null)), 1 => Just(json!(false)), 1 => select(vec![json!(1), json!("x"), json!([true])])]
}

pub(crate) fn records() -> impl Strategy<Value = RegistryRecords> {
    (vec(entity(), ENTITIES.len()), vec(device(), DEVICES.len()), option::of(child())).prop_map(
        |(entities, devices, child)| RegistryRecords {
            entities: named(entities, &ENTITIES, |record: &mut EntityRecord, id| {
                id.clone_into(&mut record.entity_id);
                record.id = format!("registry-id-of-{id}");
            }),
            // The last device name is left to the child device, and `old` to those that were split.
            devices: named(devices, &DEVICES[..4], |record: &mut DeviceRecord, id| id.clone_into(&mut record.id)),
            child_devices: child.into_iter().collect(),
            ..RegistryRecords::default()
        },
    )
}

fn named<T>(records: Vec<Option<T>>, ids: &[&str], name: impl Fn(&mut T, &str)) -> Vec<T> {
    let with_names = records.into_iter().zip(ids).filter_map(|(record, id)| Some((record?, id)));
    with_names
        .map(|(mut record, id)| {
            name(&mut record, id);
            record
        })
        .collect()
}

fn entity() -> impl Strategy<Value = Option<EntityRecord>> {
    let record = (maybe(&DEVICES), maybe(&AREAS), maybe(&ENTRIES), maybe(&ENTRIES), labels()).prop_map(
        |(device_id, area_id, config_entry_id, config_subentry_id, labels)| EntityRecord {
            device_id,
            area_id,
            labels,
            config_entry_id,
            config_subentry_id,
            ..EntityRecord::default()
        },
    );
    option::weighted(0.9, record)
}

fn device() -> impl Strategy<Value = Option<DeviceRecord>> {
    let record = (maybe(&AREAS), select(&ENTRIES[..]), maybe(&ENTRIES), maybe(&["old"]), labels()).prop_map(
        |(area_id, entry, config_subentry_id, composite_device_id, labels)| DeviceRecord {
            area_id,
            labels,
            config_entry_ids: vec![entry.to_owned()],
            config_subentry_id,
            composite_device_id,
            ..DeviceRecord::default()
        },
    );
    option::weighted(0.9, record)
}

fn child() -> impl Strategy<Value = ChildDeviceRecord> {
    let parent = select(&["device-1", "gone"][..]);
    (maybe(&AREAS), parent, labels()).prop_map(|(area_id, parent, labels)| ChildDeviceRecord {
        id: "kid".to_owned(),
        labels,
        parent_device_id: parent.to_owned(),
        area_id,
        ..ChildDeviceRecord::default()
    })
}

fn labels() -> impl Strategy<Value = Vec<String>> {
    vec(select(&LABELS[..]).prop_map(str::to_owned), 0..3)
}

fn maybe(names: &'static [&'static str]) -> impl Strategy<Value = Option<String>> {
    option::weighted(0.8, select(names).prop_map(str::to_owned))
}

pub(crate) const KEYS: [&str; 4] = ["read", "control", "edit", "else"];
pub(crate) const ENTITIES: [&str; 6] = ["light.a", "light.b.c", "switch.a", "nodot", "", "registry-id-of-light.a"];
pub(crate) const DEVICES: [&str; 6] = ["device-1", "device-2", "part-1", "part-2", "old", "kid"];
pub(crate) const AREAS: [&str; 3] = ["kitchen", "garage", "hall"];
pub(crate) const LABELS: [&str; 3] = ["night", "guests", "old"];
const ENTRIES: [&str; 2] = ["entry-1", "entry-2"];

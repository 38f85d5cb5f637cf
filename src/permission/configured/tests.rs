//! The fuller dialect, sentence by sentence. A slow reference judges random policies in `tests/permission_vectors`.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ConfiguredPolicy, ConfiguredSelector, Opinions};
use crate::permission::registry::{ChildDeviceRecord, DeviceRecord, EntityRecord, Registry, RegistryRecords};
use crate::permission::{Denial, FoundBy, Grant, GroupIndex, Policies, UserPermissions, Verdict};

/// `lock.door` has an area and labels of its own and a device with others; `light.lamp` has nothing but the device's;
/// `fan.part` belongs to a part of that device.
fn registry() -> Registry {
    let entity = |entity_id: &str, id: &str, device: &str, area: Option<&str>, labels: &[&str]| EntityRecord {
        entity_id: entity_id.into(),
        id: id.into(),
        device_id: Some(device.into()),
        area_id: area.map(str::to_owned),
        labels: labels.iter().map(|label| (*label).to_owned()).collect(),
        ..EntityRecord::default()
    };
    let device = DeviceRecord {
        id: "d1".into(),
        area_id: Some("hall".into()),
        labels: vec!["loud".into(), "old".into()],
        ..DeviceRecord::default()
    };
    let part = ChildDeviceRecord { id: "p1".into(), parent_device_id: "d1".into(), ..ChildDeviceRecord::default() };
    Registry::new(RegistryRecords {
        entities: vec![
            entity("lock.door", "0123", "d1", Some("porch"), &["night", "guests"]),
            entity("light.lamp", "4567", "d1", None, &[]),
            entity("fan.part", "89ab", "p1", None, &[]),
        ],
        devices: vec![device],
        child_devices: vec![part],
        ..RegistryRecords::default()
    })
}

/// A policy as it stands in the configuration.
fn policy(text: &Value) -> ConfiguredPolicy {
    let opinions = |rule: &Value| match rule {
        Value::Bool(opinion) => Opinions::on_everything(*opinion),
        by_key => Opinions {
            read: by_key["read"].as_bool(),
            control: by_key["control"].as_bool(),
            edit: by_key["edit"].as_bool(),
            others: None,
        },
    };
    let rules = |selector: &str| -> BTreeMap<String, Opinions> {
        let rules = text.get(selector).and_then(Value::as_object).into_iter().flatten();
        rules.map(|(id, rule)| (id.clone(), opinions(rule))).collect()
    };
    ConfiguredPolicy {
        entity_ids: rules("entity_ids"),
        device_ids: rules("device_ids"),
        domains: rules("domains"),
        areas: rules("areas"),
        labels: rules("labels"),
        all: text.get("all").map_or_else(Opinions::default, opinions),
    }
}

fn user(groups: &[Value], home_assistant: &[Value]) -> UserPermissions {
    let groups: Vec<_> = groups.iter().map(policy).collect();
    let policies = Policies { home_assistant: home_assistant.iter().collect(), configured: groups.iter().collect() };
    UserPermissions::of_groups(&policies)
}

fn judge(groups: &[Value], entity: &str, key: &str) -> Verdict {
    user(groups, &[]).check(&registry(), entity, key)
}

fn may(groups: &[Value], entity: &str, key: &str) -> bool {
    judge(groups, entity, key).is_permit()
}

/// What decided, when a group did.
fn found_by(verdict: Verdict) -> Option<FoundBy> {
    match verdict {
        Verdict::Permit(Grant::Configured { found_by, .. }) | Verdict::Deny(Denial::TakenBack { found_by, .. }) => {
            Some(found_by)
        }
        _ => None,
    }
}

#[test]
fn the_more_specific_selector_decides_against_all_wider_ones() {
    let order = [
        (json!({"entity_ids": {"lock.door": false}}), FoundBy::EntityId),
        (json!({"device_ids": {"d1": false}}), FoundBy::DeviceId),
        (json!({"domains": {"lock": false}}), FoundBy::Domain),
        (json!({"areas": {"porch": false}}), FoundBy::OwnArea),
        (json!({"areas": {"hall": false}}), FoundBy::DeviceArea),
        (json!({"all": false}), FoundBy::All),
    ];
    for (place, (no, expected)) in order.iter().enumerate() {
        let mut groups = vec![no.clone()];
        // Everything wider says yes, and in a group of its own: that it is another one changes nothing.
        groups.extend(
            order
                .iter()
                .skip(place + 1)
                .map(|(wider, _)| serde_json::from_str::<Value>(&wider.to_string().replace("false", "true")).unwrap()),
        );
        let verdict = judge(&groups, "lock.door", "control");
        assert!(!verdict.is_permit() && found_by(verdict) == Some(*expected), "{no}: {verdict:?}");
        let yes: Vec<_> = groups
            .iter()
            .map(|group| {
                let text = group.to_string();
                let swapped =
                    if text.contains("false") { text.replace("false", "true") } else { text.replace("true", "false") };
                serde_json::from_str(&swapped).unwrap()
            })
            .collect();
        let verdict = judge(&yes, "lock.door", "control");
        assert!(verdict.is_permit() && found_by(verdict) == Some(*expected), "{no}: {verdict:?}");
    }
}

#[test]
fn an_opinion_on_one_key_is_none_on_another() {
    let policy = [json!({"entity_ids": {"lock.door": {"control": false}}, "all": {"read": true}})];
    assert!(may(&policy, "lock.door", "read"));
    assert!(!may(&policy, "lock.door", "control"));
    assert_eq!(judge(&policy, "lock.door", "edit"), Verdict::Deny(Denial::NoRule));
    assert_eq!(judge(&policy, "light.lamp", "control"), Verdict::Deny(Denial::NoRule));
    assert!(may(&[json!({"all": true})], "lock.door", "any other"));
    assert!(!may(&[json!({"all": {"read": true, "control": true, "edit": true}})], "lock.door", "any other"));
}

#[test]
fn the_entity_s_own_area_and_labels_go_before_its_device_s() {
    let by_label = json!({"labels": {"guests": {"read": true}}, "areas": {"hall": {"read": false}}});
    assert_eq!(found_by(judge(&[by_label], "lock.door", "read")), Some(FoundBy::OwnLabel(1)));
    let by_area = json!({"areas": {"porch": {"read": false}}, "labels": {"loud": {"read": true}}});
    assert_eq!(found_by(judge(&[by_area], "lock.door", "read")), Some(FoundBy::OwnArea));
    // Where its own have no opinion on the key, its device's are asked.
    let by_device = json!({"areas": {"porch": {"control": false}}, "labels": {"old": {"read": true}}});
    assert_eq!(found_by(judge(&[by_device], "lock.door", "read")), Some(FoundBy::DeviceLabel(1)));
    assert_eq!(found_by(judge(&[json!({"areas": {"hall": true}})], "fan.part", "read")), Some(FoundBy::DeviceArea));
}

#[test]
fn among_area_and_labels_of_one_thing_a_false_wins() {
    for (areas, labels) in [
        (json!({"porch": true}), json!({"night": false})),
        (json!({"porch": false}), json!({"night": true})),
        (json!({}), json!({"night": true, "guests": false})),
        (json!({}), json!({"night": false, "guests": true})),
    ] {
        let policy = json!({"areas": areas, "labels": labels, "all": true});
        assert!(!may(std::slice::from_ref(&policy), "lock.door", "read"), "{policy}");
        let split = [json!({"areas": areas, "all": true}), json!({"labels": labels})];
        assert!(!may(&split, "lock.door", "read"), "of two groups too: {policy}");
    }
    assert!(may(&[json!({"labels": {"night": true, "guests": true}})], "lock.door", "read"));
}

#[test]
fn across_groups_a_true_wins_at_the_same_selector_and_id_and_only_there() {
    let no = json!({"entity_ids": {"lock.door": {"control": false}}});
    let yes = json!({"entity_ids": {"lock.door": {"control": true}}});
    let by = |group| Verdict::Permit(Grant::Configured { found_by: FoundBy::EntityId, group: GroupIndex(group) });
    assert_eq!(judge(&[no.clone(), yes.clone()], "lock.door", "control"), by(1));
    assert_eq!(judge(&[yes, no.clone()], "lock.door", "control"), by(0));
    let wider = [no, json!({"device_ids": {"d1": {"control": true}}, "all": {"control": true}})];
    assert!(!may(&wider, "lock.door", "control"));
    assert!(may(&wider, "light.lamp", "control"));
    let labels = [json!({"labels": {"night": {"read": false}}}), json!({"labels": {"guests": {"read": true}}})];
    assert!(!may(&labels, "lock.door", "read"), "another id is not the same place");
}

#[test]
fn asking_for_the_registry_id_escapes_no_rule() {
    let policy = [json!({"entity_ids": {"lock.door": {"control": false}}, "domains": {"light": false}, "all": true})];
    assert!(!may(&policy, "0123", "control"));
    assert!(!may(&policy, "4567", "control"));
    assert!(may(&policy, "89ab", "control"));
}

#[test]
fn what_is_not_registered_has_an_id_and_a_domain_alone() {
    let policy = [json!({
        "areas": {"hall": true}, "labels": {"old": true}, "device_ids": {"d1": true}, "domains": {"sun": {"read": true}},
    })];
    assert!(may(&policy, "sun.sun", "read"));
    assert!(!may(&policy, "zone.home", "read"));
    assert!(!may(&[json!({"entity_ids": {"Lock.Door": true}})], "lock.door", "read"), "case counts");
}

#[test]
fn configured_groups_go_first_and_home_assistant_s_decide_where_they_are_silent() {
    let everything = json!({"entities": true});
    let ours = [json!({"entity_ids": {"lock.door": {"control": false}}, "domains": {"light": {"read": false}}})];
    let both = user(&ours, std::slice::from_ref(&everything));
    let check = |user: &UserPermissions, entity: &str, key: &str| user.check(&registry(), entity, key).is_permit();
    assert!(!check(&both, "lock.door", "control"), "no `true` of Home Assistant hides it");
    assert!(check(&both, "lock.door", "read"));
    assert!(!check(&both, "light.lamp", "read"));
    let wide_no = user(&[json!({"all": {"read": false}})], &[json!({"entities": {"entity_ids": {"lock.door": true}}})]);
    assert!(!check(&wide_no, "lock.door", "read"), "however wide the `false` and however narrow the `true`");
    assert!(check(&wide_no, "lock.door", "control"));
    let more =
        user(&[json!({"domains": {"lock": {"control": true}}})], &[json!({"entities": {"all": {"read": true}}})]);
    assert!(check(&more, "lock.door", "control") && check(&more, "light.lamp", "read"));
    assert!(!check(&more, "light.lamp", "control"));
}

#[test]
fn an_illegal_policy_of_home_assistant_denies_what_configured_groups_give_as_well() {
    let illegal = user(&[json!({"all": true})], &[json!({"entities": {"all": {"read": false}}})]);
    assert_eq!(illegal.check(&registry(), "lock.door", "read"), Verdict::Deny(Denial::IllegalPolicy));
    // And a `false` of ours makes none of theirs illegal.
    let fine = user(&[json!({"all": {"read": false}})], &[json!({"entities": {"all": {"read": true}}})]);
    assert_eq!(fine.illegal(), None);
}

#[test]
fn all_entities_are_permitted_only_where_no_rule_takes_one_back() {
    let all = |groups: &[Value], theirs: &[Value], key: &str| user(groups, theirs).access_all_entities(key);
    assert!(all(&[json!({"all": {"read": true}})], &[], "read").is_permit());
    assert!(!all(&[json!({"all": {"read": true}})], &[], "control").is_permit());
    let except = json!({"all": true, "labels": {"night": {"control": false}}});
    let some = Verdict::Deny(Denial::TakenBackFromSome { selector: ConfiguredSelector::Labels, group: GroupIndex(0) });
    assert_eq!(all(std::slice::from_ref(&except), &[], "control"), some);
    assert!(all(std::slice::from_ref(&except), &[], "read").is_permit());
    let everything = json!({"entities": true});
    assert_eq!(all(&[except], std::slice::from_ref(&everything), "control"), some);
    assert!(all(&[json!({"domains": {"light": true}})], &[everything], "control").is_permit());
}

#[test]
fn a_group_without_a_policy_gives_nothing_and_takes_nothing_back() {
    assert_eq!(judge(&[json!({})], "lock.door", "read"), Verdict::Deny(Denial::NoRule));
    let home_assistant = [json!({"entities": {"all": {"read": true}}})];
    assert!(user(&[json!({})], &home_assistant).check(&registry(), "lock.door", "read").is_permit());
}

#[test]
fn the_owner_is_not_restricted() {
    let owner = UserPermissions::owner();
    assert_eq!(owner.check(&registry(), "lock.door", "control"), Verdict::Permit(Grant::Owner));
    assert_eq!(owner.access_all_entities("control"), Verdict::Permit(Grant::Owner));
}

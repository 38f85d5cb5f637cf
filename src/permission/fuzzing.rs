//! Fuzz target: the policies of groups.

use serde_json::Value;

use super::merge::merge_policies;
use super::registry::{AreaRecord, DeviceRecord, EntityRecord, Registry, RegistryRecords};
use super::user::UserPermissions;
use super::verdict::Verdict;

/// A list of policies. One that Home Assistant's own merge fails on gives nothing to anybody; the merged policy means
/// what its parts mean together; who may use all entities may use one that no policy names; and what is explained is
/// what was decided.
pub(crate) fn policies(bytes: &[u8]) {
    let Ok(Value::Array(policies)) = serde_json::from_slice::<Value>(bytes) else { return };
    let rights = UserPermissions::compile(&policies);
    let merged = merge_policies(&policies).map(|merged| Value::from(&merged));
    assert_eq!(merged.is_err(), rights.illegal().is_some());
    let again = merged.as_ref().ok().map(|merged| UserPermissions::compile([merged]));
    let registry = registry();
    for key in ["read", "control", "edit", ""] {
        for entity in ["light.bed", "lock.front_door", "0123456789abcdef0123456789abcdef", "light", ""] {
            let verdict = rights.check(&registry, entity, key);
            assert_eq!(verdict, rights.check(&registry, entity, key));
            assert_eq!(rights.explain(&registry, entity, key).verdict, verdict);
            match &again {
                Some(again) => assert_eq!(is_permit(again.check(&registry, entity, key)), is_permit(verdict)),
                None => assert!(!is_permit(verdict), "an illegal policy gives `{key}` on `{entity}`"),
            }
        }
        if is_permit(rights.access_all_entities(key)) && !Value::from(policies.clone()).to_string().contains(UNNAMED) {
            assert!(is_permit(rights.check(&registry, &format!("{UNNAMED}.x"), key)));
        }
    }
}

/// A domain of which there is no entity.
const UNNAMED: &str = "zz";

fn is_permit(verdict: Verdict) -> bool {
    matches!(verdict, Verdict::Permit(_))
}

/// A light in a bedroom, and a lock that belongs to nothing.
fn registry() -> Registry {
    let entity = |entity_id: &str, id: &str, device_id: Option<&str>| EntityRecord {
        entity_id: entity_id.to_owned(),
        id: id.to_owned(),
        device_id: device_id.map(str::to_owned),
        ..EntityRecord::default()
    };
    let area_id = Some("bedroom".to_owned());
    Registry::new(RegistryRecords {
        entities: vec![
            entity("light.bed", "0123456789abcdef0123456789abcdef", Some("lamp")),
            entity("lock.front_door", "fedcba9876543210fedcba9876543210", None),
        ],
        devices: vec![DeviceRecord { id: "lamp".to_owned(), area_id, ..DeviceRecord::default() }],
        areas: vec![AreaRecord { id: "bedroom".to_owned(), ..AreaRecord::default() }],
        ..RegistryRecords::default()
    })
}

//! Calls of services on areas, devices, floors and labels: written anew with the entities that these stand for, as far
//! as the caller may control them and the service acts on such. Home Assistant is asked for nothing else, so that it
//! does not matter what it would have found.

use serde_json::{Map, Value};

use super::domains::acts_on_its_entities;
use super::service_call::ServiceCall;
use super::{Access, May};
use crate::permission::TargetKind;

/// The ids of the entities that something stands for at this moment; nothing where there is no such thing.
pub type TargetsNow = Box<dyn Fn(TargetKind, &str) -> Option<Vec<String>> + Send + Sync>;

/// Names the entities of a call one by one. What is not known, or not of the shape of a target, stays: then the call is
/// refused when it is judged.
pub(super) fn name_entities(message: &mut Map<String, Value>, targets: &TargetsNow, may: May<'_>) {
    let text = |name: &str| message.get(name).and_then(Value::as_str).map(str::to_owned);
    let (Some(domain), Some(service)) = (text("domain"), text("service")) else { return };
    // To a script that is called by its name these are names of its own fields.
    if domain == "script" && !acts_on_its_entities(&domain, &service) {
        return;
    }
    let call = ServiceCall { domain: &domain, service: &service, data: None, target: None };
    for part in ["service_data", "target"] {
        if let Some(Value::Object(fields)) = message.get_mut(part)
            && let Some(entities) = entities_of(fields, &call, targets, may)
        {
            for (name, _) in &KINDS {
                fields.remove(*name);
            }
            fields.insert("entity_id".to_owned(), Value::Array(entities));
        }
    }
}

/// All entities of one part of a call; nothing where there is nothing to be resolved, or it cannot be.
fn entities_of(
    fields: &Map<String, Value>,
    call: &ServiceCall<'_>,
    targets: &TargetsNow,
    may: May<'_>,
) -> Option<Vec<Value>> {
    let mut entities = match fields.get("entity_id") {
        None => Vec::new(),
        Some(Value::String(text)) => vec![Value::String(text.clone())],
        Some(Value::Array(list)) => list.clone(),
        Some(_) => return None,
    };
    let (named, mut asked) = (entities.len(), 0_usize);
    for (name, kind) in KINDS {
        let ids = match fields.get(name) {
            None => continue,
            Some(Value::String(id)) => vec![id.as_str()],
            Some(Value::Array(list)) => list.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?,
            Some(_) => return None,
        };
        // Each is looked for among all entities of the home.
        asked = asked.saturating_add(ids.len());
        if asked > MOST {
            return None;
        }
        for id in ids {
            let found = targets(kind, id)?.into_iter();
            let found = found.filter(|entity| call.belongs_to(entity) && may(entity, Access::Control));
            entities.extend(found.map(Value::String));
        }
    }
    // Without any the call would be one on whatever the service does without a target.
    (asked > 0 && (entities.len() > named || named > 0)).then_some(entities)
}

const KINDS: [(&str, TargetKind); 4] = [
    ("device_id", TargetKind::Device),
    ("area_id", TargetKind::Area),
    ("floor_id", TargetKind::Floor),
    ("label_id", TargetKind::Label),
];

/// Areas and such in one part of a call.
const MOST: usize = 64;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn only_lights(entity: &str, _: Access) -> bool {
        entity.starts_with("light.") && entity != "light.secret"
    }

    fn named(call: &Value) -> Value {
        let targets: TargetsNow = Box::new(|kind, id| match (kind, id) {
            (TargetKind::Area, "hall") => {
                Some(["light.a", "light.secret", "lock.b", "switch.c"].map(str::to_owned).into())
            }
            (TargetKind::Device, "safe") => Some(vec!["lock.b".to_owned()]),
            _ => None,
        });
        let Value::Object(mut fields) = call.clone() else { panic!("{call}") };
        name_entities(&mut fields, &targets, &only_lights);
        Value::Object(fields)
    }

    #[test]
    fn an_area_becomes_its_entities_that_may_be_controlled_and_are_of_the_service() {
        let call = |target: &Value| json!({"domain": "light", "service": "turn_on", "target": target});
        let seen = call(&json!({"entity_id": ["light.a"]}));
        assert_eq!(named(&call(&json!({"area_id": "hall"}))), seen);
        assert_eq!(named(&call(&json!({"area_id": ["hall"]}))), seen);
        let both = call(&json!({"area_id": "hall", "device_id": "safe", "entity_id": "light.x"}));
        assert_eq!(named(&both), call(&json!({"entity_id": ["light.x", "light.a"]})));
        let data =
            json!({"domain": "light", "service": "turn_on", "service_data": {"area_id": "hall", "flash": "short"}});
        assert_eq!(named(&data)["service_data"], json!({"entity_id": ["light.a"], "flash": "short"}));
        let general = json!({"domain": "homeassistant", "service": "toggle", "target": {"area_id": "hall"}});
        assert_eq!(named(&general)["target"], json!({"entity_id": ["light.a"]}));
    }

    #[test]
    fn what_is_not_known_stays_and_so_is_refused() {
        for target in [
            json!({"area_id": "nowhere"}),
            json!({"area_id": ["hall", "nowhere"]}),
            json!({"area_id": "hall", "floor_id": 1}),
            json!({"area_id": "hall", "entity_id": null}),
            json!({"area_id": "{{ 'hall' }}"}),
            json!({"device_id": "safe"}),
            json!({"area_id": vec!["hall"; 65]}),
            json!({"entity_id": "light.a"}),
            json!({}),
        ] {
            let call = json!({"domain": "light", "service": "turn_on", "target": target});
            assert_eq!(named(&call), call);
        }
        let script = json!({"domain": "script", "service": "x", "service_data": {"area_id": "hall"}});
        assert_eq!(named(&script), script);
    }
}

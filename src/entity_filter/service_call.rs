//! Calls of services: all that they act on must be named, and permitted.

use serde_json::{Map, Value};

use super::domains::acts_on_its_entities;
use super::entity_references::{all_strings, is_entity_id, leads_to_the_api, names_others};
use super::{Access, May};

/// A call of a service, from REST or the WebSocket.
#[derive(Debug, Clone, Copy)]
pub struct ServiceCall<'a> {
    /// The service's domain, as in `light`.
    pub domain: &'a str,
    /// The service's name, as in `turn_on`.
    pub service: &'a str,
    /// `service_data`, or the whole body of a REST call.
    pub data: Option<&'a Value>,
    /// `target`, which REST does not have.
    pub target: Option<&'a Value>,
}

/// Why a call is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServiceRefusal {
    /// It is not of the shape that such a call has.
    #[error("the call is not of the shape of a service call")]
    Shape,
    /// It names no entity: it may act on anything.
    #[error("the call names no entity")]
    NoEntity,
    /// It names a device, an area, a floor or a label: what these hold is not for the add-on to know.
    #[error("the call names what is not an entity")]
    NotByEntity,
    /// One of the entities may not be controlled.
    #[error("an entity in the call may not be controlled")]
    NotPermitted,
    /// A service of another domain than its entities, or one that acts on more than them.
    #[error("the service is not one of its entities")]
    OtherService,
    /// A template, which could read any state.
    #[error("a template in the call")]
    Template,
}

impl ServiceCall<'_> {
    /// Judges the call. It passes when it names at least one entity, and nothing but entities, in its proper places;
    /// when every entity that is spoken of anywhere in it may be controlled; and when the service belongs to them.
    pub fn judge(&self, may: May<'_>) -> Result<(), ServiceRefusal> {
        let parts = [part(self.data)?, part(self.target)?];
        let mut entities = Vec::new();
        for fields in parts.into_iter().flatten() {
            // What a device, an area or a label stands for changes without the add-on's doing, and would change what it
            // may do.
            if TARGETS.iter().any(|name| fields.contains_key(*name)) {
                return Err(ServiceRefusal::NotByEntity);
            }
            if let Some(named) = fields.get("entity_id") {
                collect(named, &mut entities)?;
            }
        }
        // Without a target many services act on everything.
        if entities.is_empty() {
            return Err(ServiceRefusal::NoEntity);
        }
        if !entities.iter().all(|id| may(id, Access::Control)) {
            return Err(ServiceRefusal::NotPermitted);
        }
        if !entities.iter().all(|id| self.belongs_to(id)) {
            return Err(ServiceRefusal::OtherService);
        }
        self.judge_strings(may)
    }

    /// Judges the call of a user at Home Assistant's front, whose pages call a script by its own name. It is for
    /// whoever may control the script's entity, with nothing in it that speaks of others.
    pub fn judge_of_browser(&self, may: May<'_>) -> Result<(), ServiceRefusal> {
        if self.domain != "script" || acts_on_its_entities(self.domain, self.service) {
            return self.judge(may);
        }
        let script = format!("script.{}", self.service);
        if !is_entity_id(&script) || self.service == "reload" {
            return Err(ServiceRefusal::OtherService);
        }
        if !may(&script, Access::Control) {
            return Err(ServiceRefusal::NotPermitted);
        }
        let parts = [part(self.data)?, part(self.target)?];
        if parts.into_iter().flatten().any(|fields| TARGETS.iter().any(|name| fields.contains_key(*name))) {
            return Err(ServiceRefusal::NotByEntity);
        }
        self.judge_strings(may)
    }

    /// Entities stand not only in `entity_id`: scripts, media and notifications name them anywhere in their data.
    fn judge_strings(&self, may: May<'_>) -> Result<(), ServiceRefusal> {
        for value in [self.data, self.target].into_iter().flatten() {
            if !all_strings(value, &|text| !is_template(text)) {
                return Err(ServiceRefusal::Template);
            }
            if !all_strings(value, &|text| !names_others(text, Access::Control, may) && !leads_to_the_api(text)) {
                return Err(ServiceRefusal::NotPermitted);
            }
        }
        Ok(())
    }

    /// The three that Home Assistant has for entities of all domains do no more than the domain's own.
    pub(super) fn belongs_to(&self, entity: &str) -> bool {
        let general = self.domain == "homeassistant" && matches!(self.service, "turn_on" | "turn_off" | "toggle");
        let Some((domain, _)) = entity.split_once('.') else { return false };
        (general || domain == self.domain) && acts_on_its_entities(domain, self.service)
    }
}

fn part(value: Option<&Value>) -> Result<Option<&Map<String, Value>>, ServiceRefusal> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(fields)) => Ok(Some(fields)),
        Some(_) => Err(ServiceRefusal::Shape),
    }
}

/// A text, with commas between ids or not, or a list of such. `all`, ids of the registry and other spellings are none.
fn collect<'a>(value: &'a Value, entities: &mut Vec<&'a str>) -> Result<(), ServiceRefusal> {
    match value {
        Value::String(text) => {
            for id in text.split(',').map(str::trim) {
                if !is_entity_id(id) {
                    return Err(ServiceRefusal::NotByEntity);
                }
                entities.push(id);
            }
            Ok(())
        }
        Value::Array(list) if list.iter().all(Value::is_string) => {
            list.iter().try_for_each(|item| collect(item, entities))
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            Err(ServiceRefusal::Shape)
        }
    }
}

/// Jinja's three brackets.
fn is_template(text: &str) -> bool {
    ["{{", "{%", "{#"].iter().any(|bracket| text.contains(bracket))
}

/// What Home Assistant takes for a target beside `entity_id`.
const TARGETS: [&str; 5] = ["device_id", "area_id", "floor_id", "label_id", "exclude"];

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn judge(domain: &str, service: &str, data: &Value, target: &Value) -> Result<(), ServiceRefusal> {
        let may = |id: &str, access| id.starts_with("light.") && access == Access::Control;
        ServiceCall { domain, service, data: Some(data), target: Some(target) }.judge(&may)
    }

    #[test]
    fn a_call_on_permitted_entities_passes() {
        for (data, target) in [
            (json!({"entity_id": "light.a"}), json!(null)),
            (json!({"entity_id": ["light.a", "light.b"], "brightness": 3}), json!({})),
            (json!({"entity_id": "light.a, light.b"}), json!(null)),
            (json!(null), json!({"entity_id": ["light.a"]})),
        ] {
            assert_eq!(judge("light", "turn_on", &data, &target), Ok(()), "{data} {target}");
            assert_eq!(judge("homeassistant", "toggle", &data, &target), Ok(()));
        }
    }

    #[test]
    fn a_call_that_may_reach_further_is_refused() {
        use ServiceRefusal as R;
        for (data, target, why) in [
            (json!({}), json!({}), R::NoEntity),
            (json!({"entity_id": []}), json!(null), R::NoEntity),
            (json!([]), json!(null), R::Shape),
            (json!({"entity_id": {"x": 1}}), json!(null), R::Shape),
            (json!({"entity_id": [["light.a"]]}), json!(null), R::Shape),
            (json!({"entity_id": "all"}), json!(null), R::NotByEntity),
            (json!({"entity_id": "LIGHT.A"}), json!(null), R::NotByEntity),
            (json!({"entity_id": "0123456789abcdef0123456789abcdef"}), json!(null), R::NotByEntity),
            (json!({"entity_id": "light.a,"}), json!(null), R::NotByEntity),
            (json!({"entity_id": "light.a", "area_id": "kitchen"}), json!(null), R::NotByEntity),
            (json!({"entity_id": "light.a"}), json!({"label_id": "x"}), R::NotByEntity),
            (json!({"entity_id": "light.a", "exclude": {"area_id": "kitchen"}}), json!(null), R::NotByEntity),
            (json!({"entity_id": "light.a", "member": "LOCK.DOOR"}), json!(null), R::NotPermitted),
            (json!({"entity_id": "light.a", "members": "light.a, lock.door"}), json!(null), R::NotPermitted),
            (json!({"entity_id": "lock.door"}), json!(null), R::NotPermitted),
            (json!({"entity_id": "light.a"}), json!({"entity_id": "lock.door"}), R::NotPermitted),
            (json!({"entity_id": "light.a", "members": ["lock.door"]}), json!(null), R::NotPermitted),
            (json!({"entity_id": "light.a", "lock.door": "x"}), json!(null), R::NotPermitted),
            (json!({"entity_id": "light.a", "media_content_id": "/api/states"}), json!(null), R::NotPermitted),
            (
                json!({"entity_id": "light.a", "media": {"id": "http://ha:8123/%61p\ti/x"}}),
                json!(null),
                R::NotPermitted,
            ),
            (json!({"entity_id": "light.a", "m": "{{ states('lock.door') }}"}), json!(null), R::Template),
        ] {
            assert_eq!(judge("light", "turn_on", &data, &target), Err(why), "{data} {target}");
        }
        let one = json!({"entity_id": "light.a"});
        assert_eq!(judge("scene", "apply", &one, &json!(null)), Err(R::OtherService));
        assert_eq!(judge("homeassistant", "restart", &one, &json!(null)), Err(R::OtherService));
        // Everything may be controlled that is called so, and yet the services are not of entities.
        for (domain, service, entity) in [
            ("script", "open_the_door", "script.harmless"),
            ("python_script", "open_the_door", "python_script.x"),
            ("homeassistant", "turn_on", "group.all_locks"),
            ("conversation", "process", "conversation.home_assistant"),
        ] {
            let data = json!({ "entity_id": entity });
            let call = ServiceCall { domain, service, data: Some(&data), target: None };
            assert_eq!(call.judge(&|_, _| true), Err(R::OtherService), "{domain}.{service}");
        }
    }
}

//! Many policies become one, exactly as Home Assistant merges them, and every `true` remembers whose it is.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::illegal::IllegalPolicy;
use super::verdict::GroupIndex;

/// Merges the policies of a user's groups, in the order given: `true` wins over an object, an object over null, and
/// objects are merged key by key (spec/permissions.md section 1).
///
/// What else stands in a policy is an error where the merge reaches it, and only there: `[true, false]` is true,
/// because it stops at the first `true`, while `[false, true]` is illegal. There is no schema; unknown categories and
/// selectors are merged too.
pub fn merge_policies<'a>(policies: impl IntoIterator<Item = &'a Value>) -> Result<Merged, IllegalPolicy> {
    let mut sources = Vec::new();
    for (index, policy) in policies.into_iter().enumerate() {
        let group = GroupIndex(index);
        match policy {
            Value::Object(categories) => sources.push((group, categories)),
            other => return Err(IllegalPolicy::new(group, other)),
        }
    }
    let mut merged = BTreeMap::new();
    for (_, categories) in &sources {
        merge_keys(&mut merged, categories, &sources)?;
    }
    Ok(Merged(merged))
}

/// The merged policy: category by category.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Merged(BTreeMap<String, Rule>);

impl Merged {
    /// Takes one category out of it.
    pub(super) fn into_category(mut self, name: &str) -> Option<Rule> {
        self.0.remove(name)
    }
}

impl From<&Merged> for Value {
    fn from(merged: &Merged) -> Self {
        object_of(&merged.0)
    }
}

/// What can be left after a merge, at any depth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rule {
    /// No opinion.
    Null,
    /// Yes; the first group that said so.
    True(GroupIndex),
    /// Opinions one level below.
    Object(BTreeMap<String, Rule>),
}

type Source<'a> = (GroupIndex, &'a Value);

/// Merges what several groups say in one place. The order of events is Home Assistant's, because it decides whether
/// an illegal value is met or not.
fn merge_values(sources: &[Source<'_>]) -> Result<Rule, IllegalPolicy> {
    let mut merged: Option<BTreeMap<String, Rule>> = None;
    // Gathered first: keys are merged over all objects of this place, also those behind the one that is being looked
    // at.
    let objects: Vec<_> = sources.iter().filter_map(|&(group, value)| Some((group, value.as_object()?))).collect();
    for &(group, value) in sources {
        match value {
            Value::Null => {}
            Value::Bool(true) => return Ok(Rule::True(group)),
            Value::Object(keys) => merge_keys(merged.get_or_insert_default(), keys, &objects)?,
            other => return Err(IllegalPolicy::new(group, other)),
        }
    }
    Ok(merged.map_or(Rule::Null, Rule::Object))
}

/// Merges those of `keys` that are not merged yet, each over all objects that stand beside it.
fn merge_keys(
    merged: &mut BTreeMap<String, Rule>,
    keys: &Map<String, Value>,
    objects: &[(GroupIndex, &Map<String, Value>)],
) -> Result<(), IllegalPolicy> {
    for key in keys.keys() {
        // It was merged over all groups when the first of them that has it was looked at.
        if merged.contains_key(key) {
            continue;
        }
        let below: Vec<_> = objects.iter().filter_map(|&(group, object)| Some((group, object.get(key)?))).collect();
        let rule = merge_values(&below).map_err(|illegal| illegal.below(key))?;
        merged.insert(key.clone(), rule);
    }
    Ok(())
}

fn object_of(rules: &BTreeMap<String, Rule>) -> Value {
    Value::Object(rules.iter().map(|(key, rule)| (key.clone(), value_of(rule))).collect())
}

fn value_of(rule: &Rule) -> Value {
    match rule {
        Rule::Null => Value::Null,
        Rule::True(_) => Value::Bool(true),
        Rule::Object(rules) => object_of(rules),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::illegal::Found;
    use super::*;

    #[test]
    fn a_true_before_a_false_hides_it_and_one_after_it_comes_too_late() {
        let yes = json!({"entities": true});
        let no = json!({"entities": false});
        assert_eq!(Value::from(&merge_policies([&yes, &no]).unwrap()), yes);
        assert!(merge_policies([&no, &yes]).is_err());
    }

    #[test]
    fn a_false_inside_the_first_object_is_met_before_the_true_beside_it() {
        let object = json!({"entities": {"domains": false}});
        assert!(merge_policies([&object, &json!({"entities": true})]).is_err());
        assert!(merge_policies([&json!({"entities": true}), &object]).is_ok());
    }

    #[test]
    fn an_illegal_policy_says_whose_it_is_where_and_what() {
        let fine = json!({"entities": {"domains": {"light": {"read": true}}}});
        let wrong = json!({"entities": {"domains": {"light": {"control": 1}}}});
        let illegal = merge_policies([&fine, &wrong]).unwrap_err();
        assert_eq!(illegal.group().get(), 1);
        assert_eq!(illegal.path(), ["entities", "domains", "light", "control"]);
        assert_eq!(illegal.found(), Found::Number);
        assert_eq!(
            illegal.to_string(),
            "policy number 2 has a number at \"entities.domains.light.control\", \
             where only true, an object or null may stand"
        );
    }

    #[test]
    fn a_policy_that_is_not_an_object_is_illegal_as_a_whole() {
        for policy in [json!(null), json!(true), json!(false), json!(["entities"]), json!("entities"), json!(1)] {
            let illegal = merge_policies([&policy]).unwrap_err();
            assert!(illegal.path().is_empty(), "{policy}");
            assert!(illegal.to_string().contains("at its top"), "{illegal}");
        }
    }
}

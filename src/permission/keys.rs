//! What one rule says about each access key: `read`, `control`, `edit`, or any other text.

use std::collections::BTreeMap;

use super::merge::Rule;
use super::verdict::GroupIndex;

/// A rule for one id: yes to every access key, or key by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Level {
    /// Every key, known or not.
    Whole(GroupIndex),
    /// Only what is listed. The keys are independent: control does not imply read.
    Keys(Keys),
}

impl Level {
    /// The rule, or none where the policy has no opinion.
    pub(super) fn compile(rule: Rule) -> Option<Self> {
        match rule {
            Rule::Null => None,
            Rule::True(group) => Some(Self::Whole(group)),
            Rule::Object(keys) => Some(Self::Keys(Keys::compile(keys))),
        }
    }

    /// What it says about this access key.
    pub(super) fn opinion(&self, key: &str) -> Option<Opinion> {
        match self {
            Self::Whole(group) => Some(Opinion::Yes(*group)),
            Self::Keys(keys) => keys.opinion(key),
        }
    }
}

/// A rule's answer about one access key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Opinion {
    /// `true`, given by this group.
    Yes(GroupIndex),
    /// An object where `true` should stand. Home Assistant ends its search there with that object as the answer; we
    /// end it too, and only `true` is a yes.
    NotTrue,
}

/// Opinions by access key. The three that Home Assistant uses have their own place, so that asking for them is a
/// comparison of text and no search.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Keys {
    read: Option<Opinion>,
    control: Option<Opinion>,
    edit: Option<Opinion>,
    others: BTreeMap<String, Opinion>,
}

impl Keys {
    fn compile(rules: BTreeMap<String, Rule>) -> Self {
        let mut keys = Self::default();
        for (key, rule) in rules {
            let opinion = match rule {
                // No opinion on this key: a selector further down may have one.
                Rule::Null => continue,
                Rule::True(group) => Opinion::Yes(group),
                Rule::Object(_) => Opinion::NotTrue,
            };
            match key.as_str() {
                "read" => keys.read = Some(opinion),
                "control" => keys.control = Some(opinion),
                "edit" => keys.edit = Some(opinion),
                _ => {
                    keys.others.insert(key, opinion);
                }
            }
        }
        keys
    }

    fn opinion(&self, key: &str) -> Option<Opinion> {
        match key {
            "read" => self.read,
            "control" => self.control,
            "edit" => self.edit,
            other => self.others.get(other).copied(),
        }
    }
}

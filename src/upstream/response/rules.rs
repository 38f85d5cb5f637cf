//! The operator's rules for the heads of an add-on's answers: what the configuration has judged is only carried out
//! here.

use http::HeaderMap;

use crate::config::HeaderRule;

/// Carries them out. Most add-ons have none.
pub(super) fn apply(headers: &mut HeaderMap, rules: &[HeaderRule]) {
    for rule in rules {
        match rule {
            HeaderRule::Set(name, value) => {
                headers.insert(name, value.clone());
            }
            HeaderRule::Remove(name) => {
                headers.remove(name);
            }
        }
    }
}

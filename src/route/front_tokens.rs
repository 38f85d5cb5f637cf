//! Which add-on of Home Assistant OS is behind which token in an address of Home Assistant's own pages
//! (docs/design/supervisor.md section 1.5). The Supervisor chooses a token once for each add-on and keeps it; Home
//! Assistant says it to whoever opens the add-on, and that is where it is learned.

use std::collections::HashMap;

use arc_swap::ArcSwap;

use crate::ids::AddonSlug;

/// What was learned so far, by token. Outlives a configuration.
#[derive(Debug, Default)]
pub struct FrontTokens(ArcSwap<HashMap<String, AddonSlug>>);

impl FrontTokens {
    /// Takes note of what Home Assistant has said.
    pub fn learn(&self, token: &str, slug: &AddonSlug) {
        let is_new = |known: &HashMap<String, AddonSlug>| known.get(token) != Some(slug);
        if !is_new(&self.0.load()) {
            return;
        }
        self.0.rcu(|known| {
            // No home has so many add-ons. What is forgotten is for administrators until it is said again.
            let mut known = if known.len() < MOST { HashMap::clone(known) } else { HashMap::new() };
            known.insert(token.to_owned(), slug.clone());
            known
        });
    }

    /// The add-on behind this token, where it is known.
    pub(super) fn with_slug<T>(&self, token: &str, then: impl FnOnce(&AddonSlug) -> T) -> Option<T> {
        self.0.load().get(token).map(then)
    }
}

const MOST: usize = 1000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_last_of_a_token_counts() {
        let tokens = FrontTokens::default();
        let slug = |token: &str| tokens.with_slug(token, ToString::to_string);
        assert_eq!(slug("aB"), None);
        for name in ["one", "one", "two"] {
            tokens.learn("aB", &name.parse().unwrap());
            assert_eq!(slug("aB").as_deref(), Some(name));
        }
        assert_eq!(slug("ab"), None);
        for number in 0..=MOST {
            tokens.learn(&number.to_string(), &"x".parse().unwrap());
        }
        assert!(tokens.0.load().len() <= MOST);
    }
}

//! The names that only we may say to an add-on: those of the table, and those of the configuration.

use http::HeaderName;

use super::fields::{self, Names};

/// A set of reserved names and families of names, matched in every spelling (S-02, S-03).
#[derive(Debug, Clone, Default)]
pub struct Reserved {
    names: Names<()>,
    passing: Vec<HeaderName>,
}

impl Reserved {
    /// The names that are reserved on every route (DESIGN section 2, step 3; S-13), and `more` from the configuration.
    pub fn always(more: &[String]) -> Self {
        Self::new(fields::reserved().chain(more.iter().map(String::as_str)))
    }

    /// A set of these names; one that ends in `*` stands for all names that begin so.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        Self { names: names.into_iter().map(|name| (name, ())).collect(), passing: Vec::new() }
    }

    /// The same set without these names in the spelling that they have here. Every other spelling stays reserved.
    #[must_use]
    pub fn passing<'a>(mut self, names: impl IntoIterator<Item = &'a HeaderName>) -> Self {
        self.passing.extend(names.into_iter().cloned());
        self
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether this name, however it is spelled, is in the set.
    pub fn contains(&self, name: &str) -> bool {
        // Every other spelling stays reserved: servers that fold `-` and `_` would take it for the name that passes.
        self.names.contains(name) && !self.passing.iter().any(|passing| passing.as_str() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_reserved_name_is_found() {
        let reserved = Reserved::always(&[]);
        for c in "!#$%&'*+.^_`|~-".chars() {
            let name = format!("X{c}rEmOtE{c}User{c}Id");
            assert!(reserved.contains(&name), "{name}");
        }
        for name in
            ["remote_user", "TAILSCALE.user.login", "x-forwarded-for", "Forwarded", "early_data", "X-HTTP-Method"]
        {
            assert!(reserved.contains(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_only_resembles_one_is_not() {
        let reserved = Reserved::always(&[]);
        for name in [
            "x-remot",
            "remote",
            "accept",
            "x-requested-with",
            "x-real-ip2",
            "xremoteuserid",
            "x-auth",
            "",
            "-x-remote-user",
        ] {
            assert!(!reserved.contains(name), "{name}");
        }
    }

    #[test]
    fn the_configuration_adds_names_and_namespaces() {
        let reserved = Reserved::always(&["X-My-App-*".to_owned(), "Secret_Key".to_owned()]);
        assert!(reserved.contains("x_my_app_user") && reserved.contains("secret-key"));
        assert!(!reserved.contains("secret-key2"));
    }

    #[test]
    fn s186_a_name_that_passes_does_so_in_one_spelling() {
        let reserved = Reserved::always(&[]).passing([&HeaderName::from_static("x-auth-token")]);
        assert!(!reserved.contains("x-auth-token"));
        for name in ["x_auth_token", "x-auth_token", "x.auth.token", "x-auth-tokens", "x-auth-user"] {
            assert!(reserved.contains(name), "{name}");
        }
    }
}

//! The names that only we may say to an add-on, matched as the least careful add-on would read them.
//!
//! WSGI, CGI and PHP fold `-`, `_` and `.` into one character, so two spellings of one name reach the add-on as one
//! variable. Names are therefore compared squashed: lower case, and every byte that is not `[a-z0-9]` as `-` (S-02,
//! S-03).

/// A set of reserved names and namespaces.
#[derive(Debug, Clone, Default)]
pub struct Reserved {
    // By first byte, so that most names of a browser's request are passed with one look.
    names: std::collections::BTreeMap<u8, Vec<Pattern>>,
    first: [u64; 4],
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Pattern {
    squashed: Vec<u8>,
    namespace: bool,
}

impl Reserved {
    /// The names that are reserved on every route (DESIGN section 2, step 3; S-13), and `more` from the configuration.
    pub fn always(more: &[String]) -> Self {
        Self::new(ALWAYS.iter().copied().chain(more.iter().map(String::as_str)))
    }

    /// A set of these names; one that ends in `*` stands for all names that begin so.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let mut set = Self::default();
        for name in names {
            set.insert(name);
        }
        set
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether this name, however it is spelled, is in the set.
    pub fn contains(&self, name: &str) -> bool {
        let Some(first) = name.bytes().next().map(squash) else { return false };
        let word = self.first.get(usize::from(first >> 6)).copied().unwrap_or_default();
        if word >> (first & 63) & 1 == 0 {
            return false;
        }
        self.names.get(&first).is_some_and(|patterns| patterns.iter().any(|p| p.matches(name.as_bytes())))
    }

    fn insert(&mut self, name: &str) {
        let (name, namespace) = name.strip_suffix('*').map_or((name, false), |name| (name, true));
        let squashed: Vec<u8> = name.bytes().map(squash).collect();
        let Some(first) = squashed.first().copied() else { return };
        if let Some(word) = self.first.get_mut(usize::from(first >> 6)) {
            *word |= 1 << (first & 63);
        }
        self.names.entry(first).or_default().push(Pattern { squashed, namespace });
    }
}

impl Pattern {
    fn matches(&self, name: &[u8]) -> bool {
        let long_enough =
            if self.namespace { name.len() >= self.squashed.len() } else { name.len() == self.squashed.len() };
        long_enough && name.iter().zip(&self.squashed).all(|(byte, want)| squash(*byte) == *want)
    }
}

/// One byte of a squashed name.
pub(super) fn squash(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'0'..=b'9' => byte,
        b'A'..=b'Z' => byte.to_ascii_lowercase(),
        _ => b'-',
    }
}

/// `x-request-id` is here because we set it on every route.
const ALWAYS: [&str; 37] = [
    "x-remote-*",
    "x-remote",
    "remote-user",
    "remote-name",
    "remote-groups",
    "remote-email",
    "x-ingress-*",
    "x-hass-*",
    "x-hassio-*",
    "x-supervisor-*",
    "x-forwarded-*",
    "x-forwarded",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "true-client-ip",
    "client-ip",
    "cf-connecting-ip",
    "fastly-client-ip",
    "x-request-id",
    "forwarded",
    "x-auth-request-*",
    "x-authentik-*",
    "x-webauth-*",
    "x-original-*",
    "x-rewrite-url",
    "tailscale-*",
    "cf-access-*",
    "x-goog-*",
    "x-pomerium-*",
    "impersonate-*",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-middleware-subrequest",
    "early-data",
    "x-script-name",
];

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
            "remote-users",
            "accept",
            "x-requested-with",
            "x-real-ip2",
            "xremoteuserid",
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
}

//! A vestibule with the add-on API, one add-on of each role, and their tokens.

use std::collections::HashMap;
use std::fs;
use std::net::SocketAddr;

use crate::support::h1;
use crate::support::there::LONG_LIVED;
use crate::support::{Answer, Ask, ConfigFile, Extra, RawAddon, Vestibule, eventually};

/// The roles.
pub(crate) const ROLES: [&str; 5] = ["default", "homeassistant", "backup", "manager", "admin"];

/// The program and what its add-ons hold.
pub(crate) struct Supervised {
    pub(crate) vestibule: Vestibule,
    api: SocketAddr,
    tokens: HashMap<String, String>,
}

impl Supervised {
    /// Starts it. `upstream` is a real Supervisor's part.
    pub(crate) fn start(upstream: Option<&RawAddon>) -> Self {
        Self::start_with(upstream, |_| {})
    }

    /// Starts it with more in its configuration.
    pub(crate) fn start_with(upstream: Option<&RawAddon>, more: impl FnOnce(&mut ConfigFile)) -> Self {
        let vestibule = Vestibule::start_with(
            |config| {
                config.set("supervisor", "listen", r#""127.0.0.1:0""#);
                if let Some(upstream) = upstream {
                    config.set("supervisor", "upstream", &format!("\"{}\"", upstream.url()));
                    config.set("supervisor", "upstream_token", r#"{ file = "secrets/supervisor" }"#);
                }
                for role in ROLES {
                    config.addon_table(&addon(role, &format!("hassio_api = true, hassio_role = \"{role}\"")));
                }
                config.addon_table(&addon("plain", "auth_api = true"));
                more(config);
            },
            |_| {},
            |folder| {
                fs::create_dir(folder.join("secrets")).unwrap();
                fs::write(folder.join("secrets/supervisor"), "our-own-token\n").unwrap();
                fs::write(folder.join("secrets/home-assistant"), "our-home-token\n").unwrap();
                fs::write(folder.join("secrets/owner"), format!("{LONG_LIVED}\n")).unwrap();
                Extra::default()
            },
        );
        let line = vestibule.await_line(&["listening for add-ons on"]);
        let (_, rest) = line.split_once("listening for add-ons on ").unwrap();
        let api = rest.split_whitespace().next().unwrap().parse().unwrap();
        vestibule.command_ok(&["addons", "protect", "admin", "off"]);
        let tokens = ROLES.iter().chain(&["plain"]).map(|slug| {
            let token = vestibule.command_ok(&["addons", "token", slug]);
            ((*slug).to_owned(), token.trim().to_owned())
        });
        let tokens = tokens.collect();
        Self { vestibule, api, tokens }
    }

    /// Where the API listens.
    pub(crate) fn api(&self) -> SocketAddr {
        self.api
    }

    /// An add-on's token.
    pub(crate) fn token(&self, slug: &str) -> &str {
        &self.tokens[slug]
    }

    /// Asks as it is.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        eventually("an answer of the API", || h1::plain(self.api, ask).ok())
    }

    /// Asks as an add-on.
    pub(crate) fn ask_as(&self, slug: &str, ask: Ask) -> Answer {
        self.ask(&ask.field("Authorization", format!("Bearer {}", self.token(slug))))
    }
}

/// The table of an add-on without a web UI.
pub(crate) fn addon(slug: &str, rights: &str) -> String {
    format!("slug = \"{slug}\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/{slug}\"\nrights = {{ {rights} }}\n")
}

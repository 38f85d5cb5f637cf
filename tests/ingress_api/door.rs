//! A vestibule with Home Assistant's door, two add-ons behind it, and what Home Assistant says there.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;

use crate::support::plain::PlainClient;
use crate::support::process::LOOPBACK;
use crate::support::{Answer, Ask, ConfigFile, Extra, RawAddon, Vestibule};

/// Home Assistant's token.
pub(crate) const TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// What Home Assistant says of itself and its browser, who is on the local network.
pub(crate) const BROWSER: &str = "192.168.7.7";

/// The program.
pub(crate) struct EntryPoint {
    pub(crate) vestibule: Vestibule,
    at: SocketAddr,
}

impl EntryPoint {
    /// With the add-on `a` for everybody.
    pub(crate) fn before(addon: &RawAddon) -> Self {
        Self::start(|config| {
            config.addon("a", addon);
        })
    }

    /// With these add-ons. Home Assistant comes from this machine and is trusted.
    pub(crate) fn start(configure: impl FnOnce(&mut ConfigFile)) -> Self {
        let vestibule = Self::configured(configure);
        let at = address(&vestibule);
        Self { vestibule, at }
    }

    /// The program alone, wherever its door is.
    pub(crate) fn configured(configure: impl FnOnce(&mut ConfigFile)) -> Vestibule {
        Vestibule::start_with(
            |config| {
                config.set("supervisor", "home_assistant_listen", r#""127.0.0.1:0""#);
                config.set("supervisor", "home_assistant_listen_token", r#"{ file = "secrets/door" }"#);
                config.set("supervisor", "home_assistant_listen_trusted_proxies", r#"["127.0.0.1/32"]"#);
                configure(config);
            },
            |_| {},
            |folder| {
                fs::create_dir_all(folder.join("secrets")).unwrap();
                fs::write(folder.join("secrets/door"), format!("{TOKEN}\n")).unwrap();
                fs::set_permissions(folder.join("secrets/door"), fs::Permissions::from_mode(0o600)).unwrap();
                Extra::default()
            },
        )
    }

    /// Stops it and starts it again in the same folder.
    pub(crate) fn restart(&mut self) {
        self.vestibule.signal("TERM");
        self.vestibule.await_end(crate::support::PATIENCE);
        self.vestibule.start_again();
        self.at = address(&self.vestibule);
    }

    /// A connection of Home Assistant's.
    pub(crate) fn connect(&self) -> PlainClient {
        PlainClient::connect(self.at)
    }

    /// Asks on a connection of its own, word for word.
    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        self.ask_from(LOOPBACK, ask)
    }

    /// The same from another address of this machine.
    pub(crate) fn ask_from(&self, source: IpAddr, ask: &Ask) -> Answer {
        PlainClient::connect_from(source, self.at).ask(ask)
    }

    /// Calls with Home Assistant's token.
    pub(crate) fn call(&self, method: &str, path: &str, body: &str) -> Answer {
        let ask = if body.is_empty() { Ask::new(method, path) } else { Ask::post(path, body) };
        self.ask(&ask.field("Authorization", format!("Bearer {TOKEN}")).field("Content-Type", "application/json"))
    }

    /// The answer to the wish for a session of a user, found by user name.
    pub(crate) fn wish(&self, user: &str) -> Answer {
        let id = self.vestibule.home().user_id(user);
        self.call("POST", "/ingress/session", &format!(r#"{{"user_id": "{id}"}}"#))
    }

    /// A session of a user.
    #[track_caller]
    pub(crate) fn session(&self, user: &str) -> String {
        let answer = self.wish(user);
        assert_eq!(answer.status, 200, "{answer:#?}");
        let answer = answer.json();
        assert_eq!(answer["result"], "ok");
        answer["data"]["session"].as_str().unwrap().to_owned()
    }

    /// The status of the answer to whether a session counts.
    pub(crate) fn validate(&self, session: &str) -> u16 {
        self.call("POST", "/ingress/validate_session", &format!(r#"{{"session": "{session}"}}"#)).status
    }

    /// An add-on's token.
    #[track_caller]
    pub(crate) fn token(&self, slug: &str) -> String {
        let shown = self.vestibule.command_ok(&["addons", "show", slug, "--json"]);
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        let entry = shown["ingress_entry"].as_str().unwrap();
        entry.strip_prefix("/api/hassio_ingress/").unwrap().to_owned()
    }
}

/// As Home Assistant's ingress view passes on a request of its browser.
pub(crate) fn passed_on(ask: Ask, token: &str, session: &str) -> Ask {
    ask.field("Cookie", format!("ingress_session={session}"))
        .field("X-Hass-Source", "core.ingress")
        .field("X-Ingress-Path", format!("/api/hassio_ingress/{token}"))
        .field("X-Forwarded-For", BROWSER)
        .field("X-Forwarded-Host", "ha.local:8123")
        .field("X-Forwarded-Proto", "http")
        .host("ha.local:8123")
}

fn address(vestibule: &Vestibule) -> SocketAddr {
    let line = vestibule.await_line(&["listening for Home Assistant on"]);
    let (_, rest) = line.split_once("listening for Home Assistant on ").unwrap();
    rest.split_whitespace().next().unwrap().parse().unwrap()
}

//! A vestibule with every door, two add-ons with web pages, one that calls the API, and a user who may open them from
//! the local network only.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::time::Instant;

use serde_json::{Value, json};

use crate::endless::{self, Ends};
use crate::states::States;
use crate::support::h2_addon::H2Addon;
use crate::support::minted;
use crate::support::plain::PlainClient;
use crate::support::{Ask, ConfigFile, Extra, Protocol, RawAddon, Vestibule, eventually, h1};

/// The user.
pub(crate) const USER: &str = "dave";

/// What the proxy says of where the user is.
pub(crate) const LOCAL: &str = "192.168.7.7";

const DOOR_TOKEN: &str = "0f1e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0";

/// All of it.
pub(crate) struct World {
    pub(crate) vestibule: Vestibule,
    pub(crate) ends: Ends,
    pub(crate) states: States,
    pub(crate) web: RawAddon,
    pub(crate) grpc: H2Addon,
    pub(crate) api: SocketAddr,
    pub(crate) door: SocketAddr,
    /// The user's session, and when it was made.
    pub(crate) cookie: String,
    pub(crate) made: Instant,
    /// The user's access token.
    pub(crate) token: String,
    /// The user's session at Home Assistant's door, and the add-on's token there.
    pub(crate) door_session: String,
    pub(crate) door_addon: String,
    /// The token of the add-on that calls.
    pub(crate) addon_token: String,
}

impl World {
    pub(crate) fn start() -> Self {
        let (ends, states) = (Ends::default(), States::default());
        let (web, grpc) = (endless::start(&ends, &states), H2Addon::start());
        let vestibule = Vestibule::start_with(
            |config| {
                config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
                config.set("home_assistant", "url", &format!("\"{}\"", web.url()));
                for (key, value) in [
                    ("listen", r#""127.0.0.1:0""#),
                    ("home_assistant_listen", r#""127.0.0.1:0""#),
                    ("home_assistant_listen_trusted_proxies", r#"["127.0.0.1/32"]"#),
                    ("home_assistant_listen_token", r#"{ file = "secrets/door" }"#),
                    ("home_assistant_token", r#"{ file = "secrets/home-assistant" }"#),
                    ("upstream", &format!("\"{}\"", web.url())),
                    ("upstream_token", r#"{ file = "secrets/supervisor" }"#),
                ] {
                    config.set("supervisor", key, value);
                }
                Addons::default().write(config, &web, &grpc);
            },
            |home| home.add_refresh_token(&home.user_id(USER), "5f0c7a3e9b1d4c2f8e6a7b9c0d1e2f3a"),
            |folder| {
                let secrets = folder.join("secrets");
                fs::create_dir(&secrets).unwrap();
                for (name, secret) in
                    [("door", DOOR_TOKEN), ("home-assistant", "our-home-token"), ("supervisor", "our-own-token")]
                {
                    fs::write(secrets.join(name), format!("{secret}\n")).unwrap();
                    fs::set_permissions(secrets.join(name), fs::Permissions::from_mode(0o600)).unwrap();
                }
                Extra::default()
            },
        );
        let (api, door) = (address(&vestibule, "for add-ons"), address(&vestibule, "for Home Assistant"));
        vestibule.command_ok(&["addons", "protect", "caller", "off"]);
        let addon_token = vestibule.command_ok(&["addons", "token", "caller"]).trim().to_owned();
        let (made, cookie) = (Instant::now(), vestibule.cookie(USER));
        let token = minted::token(vestibule.home(), USER);
        let shown: Value = serde_json::from_str(&vestibule.command_ok(&["addons", "show", "web", "--json"])).unwrap();
        let door_addon = shown["ingress_entry"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
        let user = json!({ "user_id": vestibule.home().user_id(USER) }).to_string();
        let wish = Ask::post("/ingress/session", user).field("Authorization", format!("Bearer {DOOR_TOKEN}"));
        let wish = PlainClient::connect(door).ask(&wish.field("Content-Type", "application/json"));
        let door_session = wish.json()["data"]["session"].as_str().unwrap().to_owned();
        let world = Self {
            vestibule,
            ends,
            states,
            web,
            grpc,
            api,
            door,
            cookie,
            made,
            token,
            door_session,
            door_addon,
            addon_token,
        };
        eventually("the state to be known", || (!world.refuses_session()).then_some(()));
        world
    }

    /// Writes the add-ons' tables anew, and takes them into use.
    pub(crate) fn with_addons(&mut self, addons: &Addons) {
        let (web, grpc) = (&self.web, &self.grpc);
        self.vestibule.reconfigure(|config| addons.write(config.clear_addons(), web, grpc));
        self.vestibule.command_ok(&["reload"]);
    }

    /// Changes the configuration, and takes it into use.
    pub(crate) fn with(&mut self, change: impl FnOnce(&mut ConfigFile)) {
        self.vestibule.reconfigure(change);
        self.vestibule.command_ok(&["reload"]);
    }

    /// A request of the user's browser, behind a proxy that says where it is.
    pub(crate) fn by_session(&self, ask: Ask) -> Ask {
        ask.cookie(&self.cookie).field("X-Forwarded-For", LOCAL)
    }

    /// A request of the user's program.
    pub(crate) fn by_token(&self, ask: Ask) -> Ask {
        ask.field("Authorization", format!("Bearer {}", self.token)).field("X-Forwarded-For", LOCAL)
    }

    /// A call of the add-on.
    pub(crate) fn by_addon(&self, ask: Ask) -> Ask {
        ask.field("Authorization", format!("Bearer {}", self.addon_token))
    }

    /// As Home Assistant passes on a request of its browser.
    pub(crate) fn through_home_assistant(&self, ask: Ask) -> Ask {
        ask.field("Cookie", format!("ingress_session={}", self.door_session))
            .field("X-Forwarded-For", LOCAL)
            .field("X-Forwarded-Host", "ha.local:8123")
            .field("X-Forwarded-Proto", "http")
            .host("ha.local:8123")
    }

    /// What another proxy asks about the user's browser.
    pub(crate) fn question(&self) -> Ask {
        self.by_session(Ask::get("/.vestibule/verify"))
            .field("X-Forwarded-Method", "GET")
            .field("X-Forwarded-Proto", "https")
            .field("X-Forwarded-Host", "p.test")
            .field("X-Forwarded-Uri", "/ingress/web/hello")
    }

    /// Whether a new request of the user's browser is refused.
    pub(crate) fn refuses_session(&self) -> bool {
        self.vestibule.ask(Protocol::H1, &self.by_session(Ask::get("/ingress/web/hello"))).status != 200
    }

    /// Whether a new request of the user's program is refused.
    pub(crate) fn refuses_token(&self) -> bool {
        self.vestibule.ask(Protocol::H1, &self.by_token(Ask::get("/ingress/web/hello"))).status != 200
    }

    /// Whether a new call of the add-on to this path is refused.
    pub(crate) fn refuses_call(&self, path: &str) -> bool {
        h1::plain(self.api, &self.by_addon(Ask::get(path))).unwrap().status != 200
    }
}

/// What a test changes about the add-ons.
#[derive(Clone)]
pub(crate) struct Addons {
    pub(crate) access: &'static str,
    /// More keys of `access`, behind a comma.
    pub(crate) hours: String,
    pub(crate) tokens: bool,
    /// What the web pages let pages of others do.
    pub(crate) origins: &'static str,
    /// A table of rules for all paths.
    pub(crate) rule: &'static str,
    /// What the caller is granted; nothing: it is not there.
    pub(crate) rights: &'static str,
    /// Where the web pages are; nothing: they are not there.
    pub(crate) web: &'static str,
    pub(crate) grpc: &'static str,
}

/// Pages of [`OTHER`] and WebSockets without `Origin` are let in.
const CORS_AND_MISSING: &str =
    "cors = { origins = [\"https://app.example\"], credentials = true }\nallow_missing_origin = true\n";

/// Who may open them, and in which circumstances.
pub(crate) const ACCESS: &str = r#"groups = ["system-users"], networks = ["192.168.0.0/16"], hours = ["mon-fri", "sat,sun"], when = { entity = "input_boolean.guest_mode", state = "on" }"#;

/// The page of another origin that is let in.
pub(crate) const OTHER: &str = "https://app.example";

impl Default for Addons {
    fn default() -> Self {
        Self {
            access: ACCESS,
            hours: String::new(),
            tokens: true,
            origins: CORS_AND_MISSING,
            rule: "",
            rights: r#"{ hassio_api = true, hassio_role = "admin", homeassistant_api = true }"#,
            web: "/ingress/web",
            grpc: "/ingress/grpc",
        }
    }
}

impl Addons {
    fn write(&self, config: &mut ConfigFile, web: &RawAddon, grpc: &H2Addon) {
        let Self { access, hours, tokens, origins, rule, rights, web: path, grpc: grpc_path } = self;
        let common = format!("access = {{ {access}{hours} }}\ntokens = {tokens}\n");
        if !path.is_empty() {
            let url = web.url();
            config.addon_table(&format!(
                "slug = \"web\"\nupstream = \"{url}\"\npath = \"{path}\"\n{common}{origins}{rule}"
            ));
        }
        if !grpc_path.is_empty() {
            let url = format!("http://{}", grpc.address());
            config.addon_table(&format!(
                "slug = \"grpc\"\nupstream = \"{url}\"\npath = \"{grpc_path}\"\nprotocol = \"grpc\"\n{common}{rule}"
            ));
        }
        if !rights.is_empty() {
            config.addon_table(&format!(
                "slug = \"caller\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/caller\"\nrights = {rights}\n"
            ));
        }
    }
}

fn address(vestibule: &Vestibule, whom: &str) -> SocketAddr {
    let words = format!("listening {whom} on ");
    let line = vestibule.await_line(&[&words]);
    line.split_once(&words).unwrap().1.split_whitespace().next().unwrap().parse().unwrap()
}

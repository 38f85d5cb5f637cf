//! The tables of who may ask what, as data, and the automaton that they are compiled into, once for each version: every
//! path is read once from its first byte to its last, however many rows there are (S-106).
//!
//! `docs/design/supervisor.md` section 2.2 has the tables. Left out on purpose, as traps: a row ends at the end of a
//! segment (`/services` has no `/servicesX`), and no row ignores a line break.

use std::sync::LazyLock;

use regex::{RegexSet, RegexSetBuilder};

use super::path::{ApiPath, ApiVersion};
use crate::manifest::Role;

/// What a row says of the paths that it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Says {
    /// Nobody may, whatever the other rows say.
    Blocked,
    /// No token is asked for.
    Open,
    /// Every add-on may, without `hassio_api`.
    Bypass,
    /// Home Assistant alone may.
    CoreOnly,
    /// It loosens security: of all that other rows give, only what they give to `admin` counts.
    AdminOnly,
    /// Not for the bypass, even where it matches.
    NoBypass,
    /// Add-ons of every role with `hassio_api` may.
    EveryRole,
    /// Add-ons of this role and of those that have all of its rights may.
    Role(Role),
}

/// What all rows that match say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_excessive_bools, reason = "one flag for each column of the table")]
pub(super) struct Findings {
    pub(super) blocked: bool,
    pub(super) open: bool,
    pub(super) core_only: bool,
    bypass: bool,
    no_bypass: bool,
    admin_only: bool,
    every_role: bool,
    homeassistant: bool,
    backup: bool,
    manager: bool,
}

impl Findings {
    /// What the tables say of this path.
    pub(super) fn of(path: &ApiPath) -> Self {
        let (rows, set) = match path.version() {
            ApiVersion::V1 => &*V1,
            ApiVersion::V2 => &*V2,
        };
        let mut found = Self::default();
        // Every row that matches, and not the first: what blocks a path may stand behind what opens it.
        for index in set.matches(path.plain()) {
            if let Some((_, says)) = rows.get(index) {
                found.add(*says);
            }
        }
        found
    }

    fn add(&mut self, says: Says) {
        match says {
            Says::Blocked => self.blocked = true,
            Says::Open => self.open = true,
            Says::Bypass => self.bypass = true,
            Says::CoreOnly => self.core_only = true,
            Says::AdminOnly => self.admin_only = true,
            Says::NoBypass => self.no_bypass = true,
            Says::EveryRole | Says::Role(Role::Default) => self.every_role = true,
            Says::Role(Role::HomeAssistant) => self.homeassistant = true,
            Says::Role(Role::Backup) => self.backup = true,
            // What `admin` has needs no row: it is everything.
            Says::Role(Role::Manager | Role::Admin) => self.manager = true,
        }
    }

    /// Whether every add-on may, whatever its role and even without `hassio_api`.
    pub(super) fn bypasses(&self) -> bool {
        self.bypass && !self.no_bypass && !self.admin_only
    }

    /// Whether the role gives it.
    pub(super) fn given_to(&self, role: Role) -> bool {
        let ordinary = match role {
            Role::Admin => return true,
            Role::Manager => self.every_role || self.manager,
            Role::HomeAssistant => self.every_role || self.homeassistant,
            Role::Backup => self.every_role || self.backup,
            Role::Default => self.every_role,
        };
        ordinary && !self.admin_only
    }
}

type Rows = Vec<(String, Says)>;

static V1: LazyLock<(Rows, RegexSet)> = LazyLock::new(|| compile("addons", &[BOTH, ONLY_V1]));
static V2: LazyLock<(Rows, RegexSet)> = LazyLock::new(|| compile("apps", &[BOTH, ONLY_V2]));

/// `SLUG` is an add-on's name and `ADDONS` what the version calls add-ons. `/...` at the end is the path itself and all
/// that is below it.
const BOTH: &[(&str, Says)] = &[
    ("", Says::Blocked),
    ("/", Says::Blocked),
    // In any case of letters, and whatever follows the name (S-31, S-32, S-111).
    ("/(?:homeassistant|core)/api/(?i:hassio).*", Says::Blocked),
    ("/store/ADDONS/SLUG/(?:logo|icon)", Says::Open),
    ("/ADDONS/self/[^/]+", Says::Bypass),
    ("/ADDONS/self/options/config", Says::Bypass),
    ("/ADDONS/self/(?:security|update).*", Says::NoBypass),
    ("/info", Says::Bypass),
    ("/services/...", Says::Bypass),
    ("/discovery/...", Says::Bypass),
    ("/auth", Says::Bypass),
    ("/ADDONS/SLUG/sys_options/...", Says::CoreOnly),
    ("/ADDONS/SLUG/security.*", Says::AdminOnly),
    ("/os/datadisk/wipe.*", Says::AdminOnly),
    ("/.+/info", Says::EveryRole),
    ("/core/.+", Says::Role(Role::HomeAssistant)),
    ("/homeassistant/.+", Says::Role(Role::HomeAssistant)),
    ("/backups/...", Says::Role(Role::Backup)),
    ("/ADDONS", Says::Role(Role::Manager)),
    ("/ADDONS/SLUG/.+", Says::Role(Role::Manager)),
    ("/auth/cache", Says::Role(Role::Manager)),
    ("/backups/...", Says::Role(Role::Manager)),
    (
        "/(?:audio|cli|core|dns|docker|jobs|hardware|homeassistant|host|multicast|network|observer|os|resolution|security|supervisor)/.+",
        Says::Role(Role::Manager),
    ),
    ("/(?:mounts|store)/...", Says::Role(Role::Manager)),
];

const ONLY_V1: &[(&str, Says)] = &[
    // Whoever answers these asks for the token itself: in the WebSocket it comes in a message.
    ("/(?:homeassistant|core)/api/.*", Says::Open),
    ("/(?:homeassistant|core)/websocket", Says::Open),
    ("/supervisor/ping", Says::Open),
    ("/ADDONS/SLUG/(?:logo|icon)", Says::Open),
    ("/(?:available_updates|refresh_updates|addons/reload)", Says::Role(Role::Manager)),
    ("/snapshots/...", Says::Role(Role::Manager)),
];

const ONLY_V2: &[(&str, Says)] = &[("/reload_updates", Says::Role(Role::Manager))];

fn compile(addons: &str, parts: &[&[(&str, Says)]]) -> (Rows, RegexSet) {
    let rows: Rows = parts.iter().copied().flatten().map(|(row, says)| (expression(row, addons), *says)).collect();
    let set = RegexSetBuilder::new(rows.iter().map(|(row, _)| row)).dot_matches_new_line(true).build();
    (rows, set.expect("the rows are constants, and a test compiles them"))
}

fn expression(row: &str, addons: &str) -> String {
    let row = row.replace("/...", "(?:/.*)?").replace("ADDONS", addons).replace("SLUG", "[-_.A-Za-z0-9]+");
    format!(r"\A(?:{row})\z")
}

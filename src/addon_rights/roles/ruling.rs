//! The decision, in the order in which the Supervisor takes it (docs/design/supervisor.md section 2.2).

use super::path::ApiPath;
use super::table::Findings;
use crate::addon_rights::protection::Granted;
use crate::manifest::Role;

/// The add-on that asks, or nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caller<'a> {
    /// No token came along.
    Nobody,
    /// A token that no add-on has.
    Unknown,
    /// An add-on, by its token, with what it is granted: what its manifest asks for may be more.
    Addon(&'a Granted),
}

/// Whether a call is allowed, with the reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ruling {
    /// It may be answered, on this basis.
    Pass(Basis),
    /// The call is refused, with the status that the Supervisor has for it.
    Refuse(Refusal),
}

/// Why a request may be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// No token is asked for. What answers it may lend it no right of ours, and asks for the token itself where one is
    /// due.
    Open,
    /// Every add-on may, whatever its role is.
    Bypass,
    /// The add-on's role gives it.
    Role(Role),
}

/// Why a request is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Nobody may ask this here: 403.
    Blocked,
    /// There is no token, which is answered with 401.
    NoToken,
    /// A token that no add-on has: 403.
    UnknownToken,
    /// Home Assistant alone may: 403.
    CoreOnly,
    /// The add-on may use only what every add-on may: it has no `hassio_api`. 403.
    NoApi,
    /// The add-on's role does not give it: 403.
    Role(Role),
}

impl Refusal {
    /// The status of the answer.
    pub const fn status(self) -> http::StatusCode {
        match self {
            Self::NoToken => http::StatusCode::UNAUTHORIZED,
            Self::Blocked | Self::UnknownToken | Self::CoreOnly | Self::NoApi | Self::Role(_) => {
                http::StatusCode::FORBIDDEN
            }
        }
    }

    /// The stable label, in logs and metrics.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::NoToken => "no_token",
            Self::UnknownToken => "unknown_token",
            Self::CoreOnly => "core_only",
            Self::NoApi => "no_api",
            Self::Role(_) => "role",
        }
    }
}

/// Whether this caller may ask for this path. The method is not asked: the tables have none.
pub fn rule(path: &ApiPath, caller: Caller<'_>) -> Ruling {
    let found = Findings::of(path);
    // In the Supervisor's order: some paths are blocked for everybody, others are open without a token.
    if found.blocked {
        return Ruling::Refuse(Refusal::Blocked);
    }
    if found.open {
        return Ruling::Pass(Basis::Open);
    }
    let granted = match caller {
        Caller::Nobody => return Ruling::Refuse(Refusal::NoToken),
        Caller::Unknown => return Ruling::Refuse(Refusal::UnknownToken),
        Caller::Addon(granted) => granted,
    };
    if found.core_only {
        Ruling::Refuse(Refusal::CoreOnly)
    } else if found.bypasses() {
        Ruling::Pass(Basis::Bypass)
    } else {
        match granted.role() {
            None => Ruling::Refuse(Refusal::NoApi),
            Some(role) if found.given_to(role) => Ruling::Pass(Basis::Role(role)),
            Some(role) => Ruling::Refuse(Refusal::Role(role)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::addon_rights::protection::Protection;
    use crate::manifest::Rights;
    use Role::{Admin, Backup, Default as Plain, HomeAssistant, Manager};

    fn ask(path: &str, role: Role) -> Ruling {
        rule(&path.parse().unwrap(), Caller::Addon(&granted(role, true)))
    }

    fn granted(role: Role, hassio_api: bool) -> Granted {
        Granted::new(&Rights { hassio_api, role, ..Rights::default() }, Protection::Off)
    }

    /// docs/design/supervisor.md section 7, case 29: who passes, in both versions.
    #[test]
    fn the_role_matrix() {
        let all: &[Role] = &Role::ALL;
        let rows: &[(&str, &[Role])] = &[
            ("/auth/reset", &[Admin]),
            ("/auth/list", &[Admin]),
            ("/auth/cache", &[Admin, Manager]),
            ("/auth", all),
            ("/backups/info", all),
            ("/core/info", all),
            ("/addons/self/options/config", all),
            ("/addons/self/options", all),
            ("/addons/self/restart", all),
            ("/backups/abc123/download", &[Admin, Manager, Backup]),
            ("/backups/new/full", &[Admin, Manager, Backup]),
            ("/backups/abc123/restore/full", &[Admin, Manager, Backup]),
            ("/core/update", &[Admin, Manager, HomeAssistant]),
            ("/core/restart", &[Admin, Manager, HomeAssistant]),
            ("/addons/self/security", &[Admin]),
            ("/addons/abc123/security", &[Admin]),
            ("/os/datadisk/wipe", &[Admin]),
            ("/addons/abc123/options/config", &[Admin, Manager]),
            ("/addons/abc123/options", &[Admin, Manager]),
            ("/addons/abc123/restart", &[Admin, Manager]),
            ("/addons/self/sys_options", &[]),
            ("/addons/abc123/sys_options", &[]),
        ];
        let mut compared = 0;
        for (path, allowed) in rows {
            for path in [(*path).to_owned(), format!("/v2{}", path.replace("/addons/", "/apps/"))] {
                for role in Role::ALL {
                    let passes = matches!(ask(&path, role), Ruling::Pass(_));
                    assert_eq!(passes, allowed.contains(&role), "{path} for {role:?}");
                    compared += 1;
                }
            }
        }
        println!("role matrix: {compared} decisions compared");
    }

    /// Cases 31 and 32, and S-111: in every spelling that is a path at all.
    #[test]
    fn what_home_assistant_has_for_its_supervisor_is_for_nobody() {
        for path in [
            "/core/api/hassio/app",
            "/core/api/hassio_auth",
            "/core/api/hassio_auth/password_reset",
            "/core/api/hassio",
            "/core/api/HASSIO/app",
            "/core/api/Hassio_auth",
            "/core/api/hassiox",
            "/homeassistant/api/hassio/app",
            "/v2/core/api/hassio/app",
            "/v2/core/api/hassio_auth",
            "/v2/homeassistant/api/hassio_push/panel",
            "/",
            "/v2",
            "/v2/",
        ] {
            assert_eq!(ask(path, Admin), Ruling::Refuse(Refusal::Blocked), "{path}");
        }
        assert_eq!(ask("/core/api/states", Admin), Ruling::Pass(Basis::Open));
        assert_eq!(ask("/v2/core/api/states", Admin), Ruling::Pass(Basis::Role(Admin)));
        assert_eq!(ask("/v2/core/api/states", Backup), Ruling::Refuse(Refusal::Role(Backup)));
    }

    /// S-31: a name that only begins like another, and a slash more.
    #[test]
    fn rows_end_where_a_segment_ends() {
        for (path, role) in [
            ("/servicesX", Plain),
            ("/services_x", Manager),
            ("/discoveryX", Plain),
            ("/authX", Manager),
            ("/auth/", Plain),
            ("/auth/cacheX", Manager),
            ("/backupsX", Backup),
            ("/backups_old/x", Manager),
            ("/core", Manager),
            ("/corex/update", HomeAssistant),
            ("/addons/self/securityx", Manager),
            ("/addons/self/security/", Manager),
            ("/addons/abc/security/info", Manager),
            ("/addons/self/updates", Plain),
            ("/addons/self/logs/follow", Plain),
            ("/addonsx/abc/options", Manager),
            ("/os/datadisk/wipe/", Manager),
            ("/os/datadisk/wipe/info", Manager),
            ("/storex", Manager),
            ("/v2/addons/abc/options", Manager),
            ("/apps/abc/options", Manager),
            ("/v2/available_updates", Manager),
            ("/v2/addons/reload", Manager),
            ("/reload_updates", Manager),
            ("/info/", Plain),
        ] {
            assert_eq!(ask(path, role), Ruling::Refuse(Refusal::Role(role)), "{path}");
        }
        assert_eq!(ask("/addons/abc/sys_options/", Admin), Ruling::Refuse(Refusal::CoreOnly));
    }

    #[test]
    fn a_token_is_asked_for_and_must_be_somebodys() {
        let path = |text: &str| text.parse::<ApiPath>().unwrap();
        for (text, nobody) in [
            ("/supervisor/ping", Ruling::Pass(Basis::Open)),
            ("/core/websocket", Ruling::Pass(Basis::Open)),
            ("/core/api/states", Ruling::Pass(Basis::Open)),
            ("/homeassistant/api/states", Ruling::Pass(Basis::Open)),
            ("/addons/abc/logo", Ruling::Pass(Basis::Open)),
            ("/v2/supervisor/ping", Ruling::Refuse(Refusal::NoToken)),
            ("/v2/core/websocket", Ruling::Refuse(Refusal::NoToken)),
            ("/info", Ruling::Refuse(Refusal::NoToken)),
            ("/auth", Ruling::Refuse(Refusal::NoToken)),
            ("/ingress/session", Ruling::Refuse(Refusal::NoToken)),
        ] {
            assert_eq!(rule(&path(text), Caller::Nobody), nobody, "{text}");
        }
        assert_eq!(rule(&path("/info"), Caller::Unknown), Ruling::Refuse(Refusal::UnknownToken));
    }

    #[test]
    fn without_hassio_api_there_is_what_every_addon_has() {
        let nothing = granted(Admin, false);
        let ask = |text: &str| rule(&text.parse().unwrap(), Caller::Addon(&nothing));
        for path in ["/info", "/services", "/services/mqtt", "/discovery", "/auth", "/addons/self/info"] {
            assert_eq!(ask(path), Ruling::Pass(Basis::Bypass), "{path}");
        }
        for path in ["/core/info", "/addons/self/security", "/addons/self/update", "/auth/list", "/ingress/panels"] {
            assert_eq!(ask(path), Ruling::Refuse(Refusal::NoApi), "{path}");
        }
    }

    #[test]
    fn each_role_has_what_default_has_and_manager_what_the_middle_ones_have() {
        for path in ["/core/info", "/addons/abc/info", "/backups/abc/info", "/os/info", "/v2/apps/abc/info"] {
            for role in Role::ALL {
                assert_eq!(ask(path, role), Ruling::Pass(Basis::Role(role)), "{path}");
            }
        }
        for path in ["/core/restart", "/homeassistant/check", "/backups", "/backups/new/full", "/v2/backups/x/remove"] {
            assert_eq!(ask(path, Manager), Ruling::Pass(Basis::Role(Manager)), "{path}");
        }
    }
}

//! Protection mode: what an add-on is granted of what it asks for, with its protection on or off.
//!
//! Protection is on until an operator switches it off (spec/supervisor.md section 4). While it is on, `full_access`,
//! `host_pid` and `docker_api` are not granted, and the role of the API ends at `manager`: `admin` could switch the
//! protection of every add-on off. [`Granted`] has one constructor, and every place that lets an add-on do something
//! asks it.

use serde::{Deserialize, Serialize};

use crate::manifest::{AppArmor, Rights, Role};

/// Whether an add-on is protected, that is: the machine from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// The default of every add-on.
    #[default]
    On,
    /// An operator trusts it with all that it asks for.
    Off,
}

impl Protection {
    /// `on` or `off`, as the command line and the API say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// What an add-on may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    rights: Rights,
    protection: Protection,
}

impl Granted {
    /// What of this is granted.
    pub fn new(asked: &Rights, protection: Protection) -> Self {
        let mut rights = asked.clone();
        // A role without the API is no right; it only costs points.
        if !rights.hassio_api {
            rights.role = Role::Default;
        }
        match protection {
            Protection::Off => {}
            Protection::On => {
                rights.full_access = false;
                rights.host_pid = false;
                rights.docker_api = false;
                if rights.role == Role::Admin {
                    rights.role = Role::Manager;
                }
            }
        }
        Self { rights, protection }
    }

    /// The rights that the add-on has, of those that it asked for.
    pub fn rights(&self) -> &Rights {
        &self.rights
    }

    /// Whether its protection is on.
    pub fn protection(&self) -> Protection {
        self.protection
    }

    /// The role that it has in the add-on API, if it may call it beyond what every add-on may.
    pub fn role(&self) -> Option<Role> {
        self.rights.hassio_api.then_some(self.rights.role)
    }

    /// What was asked for, right by right, and what came of it.
    pub fn compared(&self, asked: &Rights) -> Vec<GrantLine> {
        let granted = &self.rights;
        let mut lines: Vec<GrantLine> = flags(asked)
            .into_iter()
            .zip(flags(granted))
            .filter(|((_, asked), _)| *asked)
            .map(|((right, _), (_, granted))| GrantLine {
                right,
                asked: "yes".to_owned(),
                granted: if granted { "yes" } else { "no" }.to_owned(),
                why: if granted { why_granted(right) } else { "protection is on" },
            })
            .collect();
        if asked.role != Role::Default {
            let why = match (asked.hassio_api, asked.role == granted.role) {
                (false, _) => "a role counts with `hassio_api` alone",
                (true, true) => "asked for",
                (true, false) => "protection is on: `admin` could switch it off",
            };
            let (asked, granted) = (asked.role.to_string(), granted.role.to_string());
            lines.push(GrantLine { right: "hassio_role", asked, granted, why });
        }
        if !asked.privileged.is_empty() {
            let names = asked.privileged.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            let why = "asked for; protection does not keep it back";
            lines.push(GrantLine { right: "privileged", asked: names.clone(), granted: names, why });
        }
        let profile = match &asked.apparmor {
            AppArmor::Disabled => Some(("false".to_owned(), "asked for; protection does not keep it back")),
            AppArmor::Default => None,
            AppArmor::Profile(name) => Some((name.as_str().to_owned(), "a narrower profile than the usual one")),
        };
        lines.extend(profile.map(|(name, why)| GrantLine {
            right: "apparmor",
            asked: name.clone(),
            granted: name,
            why,
        }));
        lines
    }
}

/// One right that was asked for, and what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GrantLine {
    /// The key of the manifest.
    pub right: &'static str,
    /// What it asks for.
    pub asked: String,
    /// What the add-on gets, in words for the operator.
    pub granted: String,
    /// Why it gets that and no more.
    pub why: &'static str,
}

/// The rights that are asked for with a yes.
fn flags(rights: &Rights) -> [(&'static str, bool); 11] {
    [
        ("hassio_api", rights.hassio_api),
        ("homeassistant_api", rights.homeassistant_api),
        ("auth_api", rights.auth_api),
        ("full_access", rights.full_access),
        ("docker_api", rights.docker_api),
        ("host_network", rights.host_network),
        ("host_pid", rights.host_pid),
        ("host_ipc", rights.host_ipc),
        ("host_uts", rights.host_uts),
        ("host_dbus", rights.host_dbus),
        ("kernel_modules", rights.kernel_modules),
    ]
}

fn why_granted(right: &str) -> &'static str {
    match right {
        "full_access" | "docker_api" | "host_pid" => "protection is off",
        "hassio_api" | "homeassistant_api" | "auth_api" => "asked for",
        _ => "asked for; protection does not keep it back",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn everything() -> Rights {
        Rights {
            hassio_api: true,
            role: Role::Admin,
            homeassistant_api: true,
            auth_api: true,
            full_access: true,
            docker_api: true,
            host_network: true,
            host_pid: true,
            host_ipc: true,
            host_uts: true,
            host_dbus: true,
            privileged: vec![crate::manifest::Capability::NetAdmin, crate::manifest::Capability::SysAdmin],
            kernel_modules: true,
            apparmor: AppArmor::Disabled,
        }
    }

    #[test]
    fn protection_keeps_three_rights_and_a_role_back_and_nothing_else() {
        let asked = everything();
        let granted = Granted::new(&asked, Protection::On);
        let kept_back =
            Rights { full_access: false, host_pid: false, docker_api: false, role: Role::Manager, ..asked.clone() };
        assert_eq!(granted.rights(), &kept_back);
        assert_eq!(granted.role(), Some(Role::Manager));
        assert_eq!(Granted::new(&asked, Protection::Off).rights(), &asked);
    }

    #[test]
    fn a_role_without_the_api_is_no_right() {
        let asked = Rights { role: Role::Admin, ..Rights::default() };
        for protection in [Protection::On, Protection::Off] {
            assert_eq!(Granted::new(&asked, protection).role(), None);
        }
    }

    #[test]
    fn nothing_is_granted_that_was_not_asked_for() {
        let nothing = Rights::default();
        for protection in [Protection::On, Protection::Off] {
            let granted = Granted::new(&nothing, protection);
            assert_eq!(granted.rights(), &nothing);
            assert!(granted.compared(&nothing).is_empty());
        }
    }

    #[test]
    fn each_wish_says_what_came_of_it_and_why() {
        let lines = Granted::new(&everything(), Protection::On).compared(&everything());
        let shown: Vec<_> = lines
            .iter()
            .map(|line| format!("{}: {} -> {} ({})", line.right, line.asked, line.granted, line.why))
            .collect();
        insta::assert_snapshot!(shown.join("\n"), @r"
        hassio_api: yes -> yes (asked for)
        homeassistant_api: yes -> yes (asked for)
        auth_api: yes -> yes (asked for)
        full_access: yes -> no (protection is on)
        docker_api: yes -> no (protection is on)
        host_network: yes -> yes (asked for; protection does not keep it back)
        host_pid: yes -> no (protection is on)
        host_ipc: yes -> yes (asked for; protection does not keep it back)
        host_uts: yes -> yes (asked for; protection does not keep it back)
        host_dbus: yes -> yes (asked for; protection does not keep it back)
        kernel_modules: yes -> yes (asked for; protection does not keep it back)
        hassio_role: admin -> manager (protection is on: `admin` could switch it off)
        privileged: NET_ADMIN SYS_ADMIN -> NET_ADMIN SYS_ADMIN (asked for; protection does not keep it back)
        apparmor: false -> false (asked for; protection does not keep it back)
        ");
    }
}

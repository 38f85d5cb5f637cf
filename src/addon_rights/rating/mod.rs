//! The security rating: a score for what an add-on asks for, on today's scale (1 to 8) and on the classic one (1 to 6),
//! with the reason for every point and advice on how to get more.
//!
//! The arithmetic is Home Assistant's (spec/supervisor.md section 3): whoever knows its ratings must find them here.
//! What it leaves out (`host_ipc`, `host_dbus`, folders, devices, published ports, the state of protection) is left out
//! here.

mod advice;

use crate::manifest::{AppArmor, Capability, FolderKind, Manifest, Rights, Role, Signed};

/// What a rating goes by, of an add-on and its manifest.
#[derive(Debug, Clone)]
pub struct RatedAddon<'a> {
    /// What it asks for.
    pub rights: &'a Rights,
    /// Whether its web UI is behind a sign-in.
    pub ingress: bool,
    /// Whether its manifest is signed.
    pub signed: bool,
    /// Folders that it wants to write to.
    pub writes: Vec<FolderKind>,
    /// Whether people choose a password for it in its options.
    pub own_passwords: bool,
}

impl<'a> RatedAddon<'a> {
    /// A manifest with rights of its own or in the configuration's reading.
    pub fn new(manifest: Option<&Manifest>, rights: &'a Rights, has_route: bool) -> Self {
        let folders = manifest.map(|manifest| manifest.container.map.as_slice()).unwrap_or_default();
        let own = |folder: &FolderKind| !matches!(folder, FolderKind::Data | FolderKind::AddonConfig);
        let writes = folders.iter().filter(|folder| !folder.read_only).map(|folder| folder.kind);
        Self {
            rights,
            // Behind vestibule a route is the same: nobody opens it without a sign-in.
            ingress: manifest.map_or(has_route, |manifest| manifest.ingress.is_some()),
            signed: manifest.is_some_and(|manifest| manifest.signed != Signed::No),
            writes: writes.filter(own).collect(),
            own_passwords: manifest.is_some_and(|manifest| advice::asks_for_passwords(&manifest.schema)),
        }
    }
}

/// How far an add-on can be trusted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// The score on today's scale, from 1 (worst) to 8.
    pub score: u8,
    /// The score on the classic scale, from 1 (worst) to 6.
    pub classic: u8,
    /// What raised or lowered the score.
    pub points: Vec<Point>,
    /// How to get more.
    pub advice: Vec<String>,
}

/// One thing that raises or lowers the score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Point {
    /// The key of the manifest that it is about; `start` for what everybody has.
    pub key: &'static str,
    /// What it adds to the score.
    pub score: Effect,
    /// What it adds to the classic one.
    pub classic: Effect,
    /// The reason, in a sentence for the operator.
    pub why: &'static str,
}

/// What a reason does to a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Adds this many points, or takes them when negative.
    Adds(i8),
    /// Makes it one, whatever else there is.
    MakesOne,
}

/// Rates an add-on by what it asks for.
pub fn rate(subject: &RatedAddon<'_>) -> Rating {
    let mut points = vec![same("start", 5, "every add-on begins with five points")];
    points.extend(apparmor(&subject.rights.apparmor));
    points.extend(people(subject));
    if subject.signed {
        points.push(today_only("signed", 1, "its manifest is signed by a key that the configuration names"));
    }
    points.extend(machine(subject.rights));
    Rating {
        score: clamped(points.iter().map(|point| point.score), 8),
        classic: clamped(points.iter().map(|point| point.classic), 6),
        advice: advice::advice(subject),
        points,
    }
}

fn apparmor(profile: &AppArmor) -> Option<Point> {
    match profile {
        AppArmor::Disabled => Some(same("apparmor", -1, "it switches AppArmor off")),
        AppArmor::Default => None,
        AppArmor::Profile(_) => Some(same("apparmor", 1, "it brings an AppArmor profile of its own")),
    }
}

/// How people get in. With `ingress`, `auth_api` adds nothing; the classic scale knows no ingress.
fn people(subject: &RatedAddon<'_>) -> Vec<Point> {
    let why = "people get in with Home Assistant's passwords";
    match (subject.ingress, subject.rights.auth_api) {
        (true, auth_api) => {
            let classic = Effect::Adds(i8::from(auth_api));
            let mut points = vec![today_only("ingress", 2, "people reach it signed in, and not through a port")];
            if auth_api {
                points.push(Point { key: "auth_api", score: Effect::Adds(0), classic, why });
            }
            points
        }
        (false, true) => vec![same("auth_api", 1, why)],
        (false, false) => Vec::new(),
    }
}

fn machine(rights: &Rights) -> Vec<Point> {
    let mut points = Vec::new();
    if rights.kernel_modules || rights.privileged.iter().any(|capability| capability.is_costly()) {
        points.push(same(
            "privileged",
            -1,
            "it asks for capabilities that reach into the machine, or for its kernel modules",
        ));
    }
    match rights.role {
        Role::Default | Role::HomeAssistant | Role::Backup => {}
        Role::Manager => points.push(same("hassio_role", -1, "the role `manager` may do nearly everything")),
        Role::Admin => points.push(same("hassio_role", -2, "the role `admin` may do everything")),
    }
    if rights.host_network {
        points.push(same("host_network", -1, "it runs on the machine's own network"));
    }
    if rights.host_pid {
        points.push(same("host_pid", -2, "it sees the machine's processes"));
    }
    if rights.host_uts && rights.privileged.contains(&Capability::SysAdmin) {
        points.push(same("host_uts", -1, "with SYS_ADMIN it may rename the machine"));
    }
    for (asked, key, why) in [
        (rights.docker_api, "docker_api", "it sees the container engine, and so everything"),
        (rights.full_access, "full_access", "it has every device of the machine"),
    ] {
        if asked {
            points.push(Point { key, score: Effect::MakesOne, classic: Effect::MakesOne, why });
        }
    }
    points
}

fn same(key: &'static str, points: i8, why: &'static str) -> Point {
    Point { key, score: Effect::Adds(points), classic: Effect::Adds(points), why }
}

fn today_only(key: &'static str, points: i8, why: &'static str) -> Point {
    Point { key, score: Effect::Adds(points), classic: Effect::Adds(0), why }
}

fn clamped(effects: impl IntoIterator<Item = Effect>, most: i8) -> u8 {
    let sum = effects.into_iter().try_fold(0_i8, |sum, effect| match effect {
        Effect::Adds(points) => Some(sum.saturating_add(points)),
        Effect::MakesOne => None,
    });
    u8::try_from(sum.unwrap_or(1).clamp(1, most)).unwrap_or(1)
}

#[cfg(test)]
mod tests;

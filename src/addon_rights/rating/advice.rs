//! Advice: what Home Assistant's published best practices for add-ons would have done otherwise.

use serde_json::Value as Json;

use super::RatedAddon;
use crate::manifest::{AppArmor, FolderKind, Role};

/// What could be better, most effective first.
pub(super) fn advice(subject: &RatedAddon<'_>) -> Vec<String> {
    let rights = subject.rights;
    let mut advice = Vec::new();
    for (asked, key, instead) in [
        (rights.full_access, "full_access", "name the `devices` that it needs"),
        (rights.docker_api, "docker_api", "do without the container engine's API"),
        (rights.host_pid, "host_pid", "do without the machine's processes"),
    ] {
        if asked {
            advice.push(format!("`{key}` works with protection off alone: {instead}"));
        }
    }
    if rights.host_network {
        advice.push("don't run on the host network: publish the `ports` that it needs".to_owned());
    }
    match rights.apparmor {
        AppArmor::Disabled => advice.push("create an AppArmor profile instead of switching AppArmor off".to_owned()),
        AppArmor::Default => advice.push("create an AppArmor profile: `apparmor.txt` beside the manifest".to_owned()),
        AppArmor::Profile(_) => {}
    }
    if !subject.writes.is_empty() {
        let folders: Vec<_> = subject.writes.iter().copied().map(FolderKind::as_str).collect();
        let folders = folders.join(", ");
        advice.push(format!("map folders read only if you don't need write access: it may write to {folders}"));
    }
    match (rights.role, rights.hassio_api) {
        (Role::Default, _) => {}
        (role, true) => advice.push(format!(
            "if you need any API access, don't grant permissions that aren't needed: the least role that does it, not `{role}`"
        )),
        (role, false) => {
            advice.push(format!("take `hassio_role: {role}` out: without `hassio_api` it only costs points"));
        }
    }
    if !subject.signed {
        advice.push("sign the manifest with minisign".to_owned());
    }
    if subject.own_passwords && !rights.auth_api {
        advice.push(
            "use Home Assistant's user backend (`auth_api`) instead of login data in plain text in the options"
                .to_owned(),
        );
    }
    advice
}

/// Whether a schema has a field for a password.
pub(super) fn asks_for_passwords(schema: &Json) -> bool {
    match schema {
        Json::String(kind) => kind.trim_end_matches('?').starts_with("password"),
        Json::Array(list) => list.iter().any(asks_for_passwords),
        Json::Object(fields) => fields.values().any(asks_for_passwords),
        Json::Null | Json::Bool(_) | Json::Number(_) => false,
    }
}

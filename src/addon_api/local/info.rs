//! What is said of add-ons and of this machine, in the fields that programs written for the Supervisor read.
//!
//! What is not known here has the value that says so: `null`, an empty list, or `false`.

use serde_json::{Map, Value, json};

use crate::addon_rights::protection::Granted;
use crate::addon_rights::rating::{RatedAddon, rate};
use crate::config::{Addon, Settings};
use crate::manifest::{AppArmor, Hardware, Manifest, Signed};

/// What `/info` answers: our version and Home Assistant's. What we do not know of the machine is empty.
pub(super) fn general(home_assistant: &str) -> Value {
    json!({
        "supervisor": env!("CARGO_PKG_VERSION"),
        "homeassistant": home_assistant,
        "hassos": null,
        "docker": "",
        "hostname": "",
        "operating_system": "",
        "features": [],
        "machine": null,
        "machine_id": null,
        "arch": architecture(),
        "supported_arch": [architecture()],
        "supported": false,
        "channel": "stable",
        "logging": "info",
        "state": "running",
        "timezone": "",
    })
}

/// `/addons`: a line for each.
pub(super) fn list(settings: &Settings) -> Vec<Value> {
    settings.addons.iter().map(|addon| Value::Object(line(addon))).collect()
}

/// Which of an add-on's options somebody is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShownOptions {
    /// All, secrets included: for the add-on itself.
    All,
    /// None.
    None,
}

/// `/addons/{slug}/info`. Its pages are found at `ingress_entry`.
pub(crate) fn addon(addon: &Addon, ingress_entry: Option<&str>, granted: &Granted, options: ShownOptions) -> Value {
    let mut info = line(addon);
    let rights = granted.rights();
    let manifest = addon.package.manifest.as_deref();
    let subject = RatedAddon::new(manifest, &addon.package.rights, addon.route.leads_here());
    let options = match options {
        ShownOptions::All => addon.package.options.reveal().clone(),
        ShownOptions::None => json!({}),
    };
    let rights = json!({
        "hassio_api": rights.hassio_api,
        "hassio_role": rights.role.as_str(),
        "homeassistant_api": rights.homeassistant_api,
        "auth_api": rights.auth_api,
        "full_access": rights.full_access,
        "docker_api": rights.docker_api,
        "host_network": rights.host_network,
        "host_pid": rights.host_pid,
        "host_ipc": rights.host_ipc,
        "host_uts": rights.host_uts,
        "host_dbus": rights.host_dbus,
        "kernel_modules": rights.kernel_modules,
        "privileged": rights.privileged.iter().map(|one| one.as_str()).collect::<Vec<_>>(),
        "apparmor": apparmor(&rights.apparmor),
        "protected": granted.protection() == crate::addon_rights::protection::Protection::On,
        "rating": rate(&subject).score,
        "options": options,
        "services": manifest.map(|manifest| manifest.services.clone()).unwrap_or_default(),
        "discovery": manifest.map(|manifest| manifest.discovery.clone()).unwrap_or_default(),
        "ingress": ingress_entry.is_some(),
        "ingress_entry": ingress_entry,
        "ingress_url": ingress_entry.map(|entry| format!("{entry}/{}", addon.display.entry)),
        "ingress_port": manifest.and_then(|manifest| manifest.ingress.as_ref()?.port),
        "ingress_panel": ingress_entry.is_some(),
        "hostname": addon.slug.as_str().replace('_', "-"),
        "long_description": null,
        "signed": manifest.is_some_and(|manifest| manifest.signed != Signed::No),
        "auto_update": false,
        "watchdog": false,
        "changelog": false,
    });
    for part in [rights, container(manifest)] {
        if let Value::Object(part) = part {
            info.extend(part);
        }
    }
    Value::Object(info)
}

/// What the container of an add-on is like, as far as its manifest says it. Clients of the Supervisor demand every
/// field.
fn container(manifest: Option<&Manifest>) -> Value {
    let wants = |hardware| manifest.is_some_and(|manifest| manifest.container.hardware.contains(&hardware));
    let boot = manifest.map_or("manual", |manifest| manifest.life.boot);
    json!({
        "startup": manifest.map_or("application", |manifest| manifest.life.startup),
        "boot": if boot == "auto" { "auto" } else { "manual" },
        "boot_config": boot,
        "schema": null,
        "machine": [],
        "dns": [],
        "ip_address": "0.0.0.0",
        "network": null,
        "network_description": null,
        "webui": null,
        "translations": {},
        "usb": wants(Hardware::Usb),
        "uart": wants(Hardware::Uart),
        "gpio": wants(Hardware::Gpio),
        "video": wants(Hardware::Video),
        "audio": wants(Hardware::Audio),
        "audio_input": null,
        "audio_output": null,
        "devices": manifest.map(|manifest| manifest.container.devices.clone()).unwrap_or_default(),
        "devicetree": manifest.is_some_and(|manifest| manifest.container.devicetree),
        "udev": manifest.is_some_and(|manifest| manifest.container.udev),
        "stdin": manifest.is_some_and(|manifest| manifest.container.stdin),
        "log_format": "plain",
        "system_managed_config_entry": null,
    })
}

/// What `/addons/self/options/config` answers: the options that the operator gave the add-on.
pub(super) fn options(addon: &Addon) -> Value {
    addon.package.options.reveal().clone()
}

/// `/ingress/panels`
pub(crate) fn panels<'a>(addons: impl Iterator<Item = &'a Addon>) -> Value {
    let panels: Map<_, _> = addons
        .map(|addon| {
            let panel = json!({
                "title": addon.display.title, "icon": addon.display.icon, "admin": addon.authorization.access.admin_only, "enable": true
            });
            (addon.slug.to_string(), panel)
        })
        .collect();
    json!({ "panels": panels })
}

fn line(addon: &Addon) -> Map<String, Value> {
    let manifest = addon.package.manifest.as_deref();
    // None would say that it is not installed.
    let version = manifest.map_or("unknown", |manifest| manifest.version.as_str());
    let line = json!({
        "name": manifest.map_or(addon.display.title.as_str(), |manifest| manifest.name.as_str()),
        "slug": addon.slug.as_str(),
        "description": manifest.map(|manifest| manifest.description.as_str()).unwrap_or_default(),
        "advanced": false,
        "stage": manifest.map_or("stable", |manifest| manifest.life.stage),
        "version": version,
        "version_latest": version,
        "update_available": false,
        "available": true,
        "detached": false,
        "homeassistant": null,
        "state": "started",
        "repository": "local",
        "build": false,
        "url": manifest.and_then(|manifest| manifest.url.as_deref()),
        "arch": manifest.map(|manifest| manifest.arch.clone()).unwrap_or_default(),
        "icon": false,
        "logo": false,
        "documentation": false,
        "system_managed": false,
    });
    match line {
        Value::Object(line) => line,
        _ => Map::new(),
    }
}

fn apparmor(profile: &AppArmor) -> &'static str {
    match profile {
        AppArmor::Disabled => "disable",
        AppArmor::Default => "default",
        AppArmor::Profile(_) => "profile",
    }
}

/// As Home Assistant calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "arm" => "armv7",
        other => other,
    }
}

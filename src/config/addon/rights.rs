//! `rights` of an add-on: what it asks to be allowed, over what its manifest asks for.

use toml::Spanned;
use toml::de::DeValue;

use crate::config::findings::Findings;
use crate::config::raw::section::{Key, List, section};
use crate::config::raw::shape::Shape;
use crate::config::resolve::context::{Context, flag};
use crate::manifest::{AppArmor, Capability, Manifest, Rights, Role};

section! {
    /// `rights` of an add-on, with the keys that manifests have.
    RawRights {
        hassio_api: bool,
        hassio_role: String,
        homeassistant_api: bool,
        auth_api: bool,
        full_access: bool,
        docker_api: bool,
        host_network: bool,
        host_pid: bool,
        host_ipc: bool,
        host_uts: bool,
        host_dbus: bool,
        privileged: List<String>,
        kernel_modules: bool,
        apparmor: AppArmorText,
    }
}

/// `apparmor` in an add-on's `rights`.
#[derive(Debug)]
pub(in crate::config) enum AppArmorText {
    /// `false` for none at all, `true` for the container engine's own.
    Switch(bool),
    /// The name of a profile.
    Profile(String),
}

impl Shape for AppArmorText {
    const EXPECTED: &'static str = "expected `true`, `false` or the name of a profile";
    const HINT: &'static str = "write `false` for no profile, `true` for the usual one, or \"its-name\"";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Profile(text.to_string())),
            DeValue::Boolean(on) => Some(Self::Switch(*on)),
            _ => None,
        }
    }
}

/// `rights`, over those of the manifest.
pub(super) fn rights(key: &Key<RawRights>, manifest: Option<&Manifest>, cx: &mut Context<'_>) -> Rights {
    let asked = manifest.map(|manifest| manifest.rights.clone()).unwrap_or_default();
    let Some(section) = key.given() else { return asked };
    let raw = section.get_ref();
    let roles = Role::ALL.map(|role| (role.as_str(), role));
    Rights {
        hassio_api: flag(&raw.hassio_api, asked.hassio_api),
        role: cx.word_or(&raw.hassio_role, asked.role, &roles),
        homeassistant_api: flag(&raw.homeassistant_api, asked.homeassistant_api),
        auth_api: flag(&raw.auth_api, asked.auth_api),
        full_access: flag(&raw.full_access, asked.full_access),
        docker_api: flag(&raw.docker_api, asked.docker_api),
        host_network: flag(&raw.host_network, asked.host_network),
        host_pid: flag(&raw.host_pid, asked.host_pid),
        host_ipc: flag(&raw.host_ipc, asked.host_ipc),
        host_uts: flag(&raw.host_uts, asked.host_uts),
        host_dbus: flag(&raw.host_dbus, asked.host_dbus),
        privileged: privileged(&raw.privileged, asked.privileged, cx),
        kernel_modules: flag(&raw.kernel_modules, asked.kernel_modules),
        apparmor: apparmor(&raw.apparmor, asked.apparmor, cx),
    }
}

fn privileged(key: &Key<List<String>>, asked: Vec<Capability>, cx: &mut Context<'_>) -> Vec<Capability> {
    let Some(list) = key.given() else { return asked };
    let words = Capability::ALL.map(|capability| (capability.as_str(), capability));
    let mut given: Vec<_> = list.get_ref().iter().filter_map(|text| cx.word(text, &words)).collect();
    given.sort_unstable();
    given.dedup();
    given
}

fn apparmor(key: &Key<AppArmorText>, asked: AppArmor, cx: &mut Context<'_>) -> AppArmor {
    let Some(given) = key.given() else { return asked };
    match given.get_ref() {
        AppArmorText::Switch(false) => AppArmor::Disabled,
        // What the manifest brings along is the profile that is switched on.
        AppArmorText::Switch(true) if asked == AppArmor::Disabled => AppArmor::Default,
        AppArmorText::Switch(true) => asked,
        AppArmorText::Profile(name) => {
            let text = Spanned::new(given.span(), name.clone());
            cx.findings.parse(&text).map_or(AppArmor::Default, AppArmor::Profile)
        }
    }
}

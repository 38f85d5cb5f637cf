//! `manifest`, `rights` and `entry` of an add-on: in comes what the manifest says, out comes what holds, the keys of
//! `config.toml` winning one by one.

use std::sync::Arc;

use toml::Spanned;

use super::context::{Context, flag};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::{self, AppArmorText, Key};
use crate::config::settings::Supervisor;
use crate::ids::Address;
use crate::ids::{AddonSlug, Upstream};
use crate::manifest::{self, AppArmor, Capability, Manifest, Rights, Role, is_entry};

/// What an add-on's `manifest` key leads to.
pub(super) enum Named {
    /// The key is absent.
    Absent,
    /// It cannot be read, which is reported; what is missing because of that is no mistake of its own.
    Unread,
    /// A manifest, and where it is named.
    Read(Arc<Manifest>, Span),
}

impl Named {
    /// The manifest, if there is one.
    pub(super) fn manifest(&self) -> Option<&Arc<Manifest>> {
        if let Self::Read(manifest, _) = self { Some(manifest) } else { None }
    }

    /// Whether a required key may be absent, because it stands in the manifest or would.
    pub(super) fn stands_in(&self) -> bool {
        !matches!(self, Self::Absent)
    }

    /// The manifest's slug, when it is one for us too.
    pub(super) fn slug(&self, cx: &mut Context<'_>) -> Option<(AddonSlug, Span)> {
        let Self::Read(manifest, at) = self else { return None };
        if let Ok(slug) = manifest.slug.parse() {
            return Some((slug, at.clone()));
        }
        let strange = Diagnostic::mistake(at.clone(), "the manifest's slug has letters that ours cannot have");
        cx.add(strange.label("needs `slug` in this table").hint(format!("add slug = \"{}\"", lower(&manifest.slug))));
        None
    }

    /// Where the manifest's ingress listens: on this machine, unless the configuration says otherwise.
    pub(super) fn upstream(&self, has_route: bool, cx: &mut Context<'_>) -> Option<Upstream> {
        let Self::Read(manifest, at) = self else { return None };
        let missing = match &manifest.ingress {
            None if !has_route => return Some(Upstream::Nowhere),
            None => "the manifest has no ingress: `upstream` must say where the web UI listens",
            Some(ingress) => match ingress.port {
                Some(port) => return Some(Upstream::At(Address::Http { host: "127.0.0.1".to_owned(), port })),
                None => "the manifest leaves the port open: `upstream` must say where the web UI listens",
            },
        };
        let hint = "add upstream = \"http://127.0.0.1:8080\" with the port that the add-on was given";
        cx.add(Diagnostic::mistake(at.clone(), missing).label("needs `upstream` in this table").hint(hint));
        None
    }
}

fn lower(slug: &str) -> String {
    let legal =
        |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c.to_ascii_lowercase() } else { '-' };
    slug.chars().map(legal).collect()
}

/// Reads what `manifest` names.
pub(super) fn named(key: &Key<String>, supervisor: &Supervisor, cx: &mut Context<'_>) -> Named {
    let text = match key {
        Key::Absent => return Named::Absent,
        Key::Wrong => return Named::Unread,
        Key::Given(text) => text,
    };
    let reading = manifest::read(&cx.path(text), &supervisor.signing_keys);
    cx.files.extend(reading.found.files().iter().cloned());
    cx.manifests.push(reading.found);
    reading.manifest.map_or(Named::Unread, |manifest| Named::Read(Arc::new(manifest), text.span()))
}

/// `entry`: a path, which may have a query.
pub(super) fn entry(key: &Key<String>, named: &Named, cx: &mut Context<'_>) -> String {
    let Some(text) = key.given() else {
        let ingress = named.manifest().and_then(|manifest| manifest.ingress.as_ref());
        return ingress.map(|ingress| ingress.entry.clone()).unwrap_or_default();
    };
    let entry = text.get_ref().trim_start_matches('/');
    if !is_entry(entry) {
        let bad = Diagnostic::mistake(text.span(), "not a path");
        cx.add(bad.label("expected a path below the add-on's").hint("as in \"static/index.html\""));
    }
    entry.to_owned()
}

/// `rights`, over those of the manifest.
pub(super) fn rights(key: &Key<raw::Rights>, named: &Named, cx: &mut Context<'_>) -> Rights {
    let asked = named.manifest().map(|manifest| manifest.rights.clone()).unwrap_or_default();
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

fn privileged(key: &Key<raw::List<String>>, asked: Vec<Capability>, cx: &mut Context<'_>) -> Vec<Capability> {
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

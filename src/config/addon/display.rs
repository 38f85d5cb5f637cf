//! What people see of an add-on before they open it: `title`, `icon` and `entry`.

use crate::config::diagnostic::Diagnostic;
use crate::config::raw::section::{Key, section_part};
use crate::config::resolve::context::Context;
use crate::manifest::{Manifest, Panel, is_entry};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawDisplay {
        title: String,
        icon: String,
        entry: String,
    }
}

/// What people see of an add-on before they open it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Display {
    /// What people read.
    pub title: String,
    /// `mdi:...`; empty when it has none.
    pub icon: String,
    /// Where in it people begin: a path without a slash in front, empty for its root.
    pub entry: String,
}

impl Display {
    /// The keys, with the manifest's in the place of those that are absent. The title may still be empty.
    pub(super) fn resolve(raw: &RawDisplay, manifest: Option<&Manifest>, cx: &mut Context<'_>) -> Self {
        let panel = manifest.map(|manifest| &manifest.panel);
        let title = title(&raw.title, cx).or_else(|| panel.map(|panel| panel.title.clone()));
        Self {
            title: title.unwrap_or_default(),
            icon: icon(&raw.icon, panel, cx),
            entry: entry(&raw.entry, manifest, cx),
        }
    }
}

/// One line.
fn title(key: &Key<String>, cx: &mut Context<'_>) -> Option<String> {
    let text = key.given()?;
    let title = text.get_ref().trim();
    if title.is_empty() || title.chars().count() > 100 || title.contains(char::is_control) {
        let bad = Diagnostic::mistake(text.span(), "not a title");
        cx.add(bad.label("expected 1 to 100 characters on one line").hint("leave the key out to show the slug"));
    }
    Some(title.to_owned())
}

/// `mdi:` and the name of a Material Design icon.
fn icon(key: &Key<String>, panel: Option<&Panel>, cx: &mut Context<'_>) -> String {
    let Some(text) = key.given() else { return panel.map(|panel| panel.icon.clone()).unwrap_or_default() };
    let name = text.get_ref().strip_prefix("mdi:").unwrap_or_default();
    let legal = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !legal || name.is_empty() || name.len() > 64 {
        let bad = Diagnostic::mistake(text.span(), "not an icon");
        cx.add(bad.label("expected \"mdi:\" and a name").hint("write it as Home Assistant does, as in \"mdi:zigbee\""));
    }
    text.get_ref().clone()
}

/// A path, which may have a query.
fn entry(key: &Key<String>, manifest: Option<&Manifest>, cx: &mut Context<'_>) -> String {
    let Some(text) = key.given() else {
        let ingress = manifest.and_then(|manifest| manifest.ingress.as_ref());
        return ingress.map(|ingress| ingress.entry.clone()).unwrap_or_default();
    };
    let entry = text.get_ref().trim_start_matches('/');
    if !is_entry(entry) {
        let bad = Diagnostic::mistake(text.span(), "not a path");
        cx.add(bad.label("expected a path below the add-on's").hint("as in \"static/index.html\""));
    }
    entry.to_owned()
}

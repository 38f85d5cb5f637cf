//! What people see of an add-on before they open it: `title`, `icon` and `entry`.

use crate::config::diagnostic::Diagnostic;
use crate::config::nearest::nearest;
use crate::config::raw::section::{Key, section_part};
use crate::config::resolve::context::Context;
use crate::icons;
use crate::manifest::{Manifest, Panel, is_entry};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawDisplay {
        title: String,
        icon: String,
        entry: String,
        description: String,
        group: String,
    }
}

/// What people see of an add-on before they open it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Display {
    /// What people read.
    pub title: String,
    /// `mdi:...`; empty when it has none.
    pub icon: String,
    /// What it is for, in a line; empty when nobody has said.
    pub description: String,
    /// The heading that it stands under on the start page; empty for none.
    pub group: String,
    /// Where in it people begin: a path without a slash in front, empty for its root.
    pub entry: String,
}

impl Display {
    /// The keys, with the manifest's in the place of those that are absent. The title may still be empty.
    pub(super) fn resolve(raw: &RawDisplay, manifest: Option<&Manifest>, cx: &mut Context<'_>) -> Self {
        let panel = manifest.map(|manifest| &manifest.panel);
        let title = one_line(&raw.title, TITLE, cx).or_else(|| panel.map(|panel| panel.title.clone()));
        Self {
            title: title.unwrap_or_default(),
            icon: icon(&raw.icon, panel, cx),
            entry: entry(&raw.entry, manifest, cx),
            description: one_line(&raw.description, DESCRIPTION, cx).unwrap_or_default(),
            group: one_line(&raw.group, GROUP, cx).unwrap_or_default(),
        }
    }
}

/// A text of one line: what it is called in a message, how many characters it may have, and what to do instead.
type Line = (&'static str, usize, &'static str);

const TITLE: Line = ("a title", 100, "leave the key out to show the slug");
const DESCRIPTION: Line = ("a description", 200, "say in a few words what it is for");
const GROUP: Line = ("a group", 100, "add-ons with the same `group` stand under one heading");

fn one_line(key: &Key<String>, (what, most, hint): Line, cx: &mut Context<'_>) -> Option<String> {
    let text = key.given()?;
    let line = text.get_ref().trim();
    if line.is_empty() || line.chars().count() > most || line.contains(char::is_control) {
        let bad = Diagnostic::mistake(text.span(), format!("not {what}"));
        cx.add(bad.label(format!("expected 1 to {most} characters on one line")).hint(hint));
    }
    Some(line.to_owned())
}

/// `mdi:` and the name of a Material Design icon.
fn icon(key: &Key<String>, panel: Option<&Panel>, cx: &mut Context<'_>) -> String {
    let Some(text) = key.given() else { return panel.map(|panel| panel.icon.clone()).unwrap_or_default() };
    let name = text.get_ref().strip_prefix("mdi:").unwrap_or_default();
    let legal = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !legal || name.is_empty() || name.len() > 64 {
        let bad = Diagnostic::mistake(text.span(), "not an icon");
        cx.add(bad.label("expected \"mdi:\" and a name").hint("write it as Home Assistant does, as in \"mdi:zigbee\""));
    } else if icons::path(name).is_none() {
        // No mistake: Home Assistant has thousands more, and shows this one where the add-on is in its sidebar.
        let unknown = Diagnostic::warning(text.span(), format!("the start page has no icon \"mdi:{name}\""));
        let hint = match nearest(name, icons::names()) {
            Some(near) => format!("did you mean \"mdi:{near}\"?"),
            None => "docs/configuration.md says which icons there are; Home Assistant's own pages know all".to_owned(),
        };
        let label = format!("\"mdi:{}\" is shown in its place", icons::FALLBACK);
        cx.add(unknown.label(label).hint(hint));
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

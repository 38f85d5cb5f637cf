//! The manifest that an add-on's table names, and what of it stands in for keys of the table.

use std::sync::Arc;

use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::section::Key;
use crate::config::resolve::context::Context;
use crate::config::resolve::readable::readable;
use crate::ids::{AddonSlug, Address, Upstream};
use crate::manifest::{self, Manifest, SigningKey};

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
pub(super) fn named(key: &Key<String>, signing_keys: &[SigningKey], cx: &mut Context<'_>) -> Named {
    let text = match key {
        Key::Absent => return Named::Absent,
        Key::Wrong => return Named::Unread,
        Key::Given(text) => text,
    };
    // At its line here: a file that is not there has none of its own.
    let Some(path) = readable(text, cx) else { return Named::Unread };
    let reading = manifest::read(&path, signing_keys);
    cx.files.extend(reading.found.files().iter().cloned());
    cx.manifests.push(reading.found);
    reading.manifest.map_or(Named::Unread, |manifest| Named::Read(Arc::new(manifest), text.span()))
}

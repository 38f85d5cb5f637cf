//! What an add-on's author says of it, and what the operator says instead: `manifest`, `options` and `rights`. The
//! keys of `config.toml` win one by one.

use std::sync::Arc;

use super::manifest::Named;
use super::options::{Options, OptionsText};
use super::rights::{RawRights, rights};
use crate::config::raw::section::section_part;
use crate::config::resolve::context::Context;
use crate::manifest::{Manifest, Rights};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawPackage {
        manifest: String,
        options: OptionsText,
        rights: RawRights,
    }
}

/// What an add-on is made of and asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Package {
    /// What its author says of it, when the configuration names a manifest.
    pub manifest: Option<Arc<Manifest>>,
    /// The options that it gets: the manifest's, with those of the configuration in their place.
    pub options: Options,
    /// What it asks to be allowed: the manifest's rights, with those of the configuration in their place.
    pub rights: Rights,
}

impl Package {
    /// The keys, over what the manifest says.
    pub(super) fn resolve(raw: &RawPackage, named: &Named, cx: &mut Context<'_>) -> Self {
        let manifest = named.manifest();
        Self {
            rights: rights(&raw.rights, manifest.map(AsRef::as_ref), cx),
            options: Options::resolve(&raw.options, named, cx),
            manifest: manifest.cloned(),
        }
    }
}

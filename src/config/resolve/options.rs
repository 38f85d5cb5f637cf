//! `options` of an add-on: in the configuration itself or in a file of their own, over the manifest's defaults.

use serde_json::json;

use super::context::Context;
use super::manifest::Named;
use crate::config::options::Options;
use crate::config::raw::{Key, OptionsText};
use crate::manifest;

/// The options that the add-on gets.
pub(super) fn options(key: &Key<OptionsText>, named: &Named, cx: &mut Context<'_>) -> Options {
    let manifest = named.manifest().map(AsRef::as_ref);
    let defaults = || manifest.map_or_else(|| json!({}), |manifest| manifest.options.clone());
    // By a manifest that cannot be read nothing can be judged; that it cannot is reported.
    let Some(given) = key.given().filter(|_| manifest.is_some() || !named.stands_in()) else {
        return Options::new(defaults());
    };
    Options::new(match given.get_ref() {
        OptionsText::Table(node) => manifest::options::merged(manifest, node, &given.span(), &mut cx.findings),
        OptionsText::File(name) => {
            let path = cx.path(&toml::Spanned::new(given.span(), name.clone()));
            let (options, found) = manifest::options::read(&path, manifest);
            cx.files.extend(found.files().iter().cloned());
            cx.manifests.push(found);
            options.unwrap_or_else(defaults)
        }
    })
}

//! `vestibule addons list` and `vestibule addons show`.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::Installed;
use crate::addon_rights::ingress_key::{entry, is_reached};
use crate::addon_rights::protection::GrantLine;
use crate::cli::output::{Exit, Format, Output};
use crate::cli::rate::rating;
use crate::config::Addon;
use crate::manifest::Signed;

/// One line for each add-on.
pub(crate) fn list(file: &Path, format: Format, output: &mut Output<'_>) -> Exit {
    let installed = match Installed::read(file, output) {
        Ok(installed) => installed,
        Err(exit) => return exit,
    };
    let addons = &installed.settings.addons;
    if format == Format::Json {
        output.result(&addons.iter().map(|addon| summary(&installed, addon)).collect::<Json>().to_string());
        return Exit::Done;
    }
    if addons.is_empty() {
        output.notice("no add-on is configured\n");
    }
    for addon in addons {
        let rating = rating(addon);
        output.result(&format!(
            "{} protection={} rating={}/8 classic={}/6 role={} token={} title=\"{}\"",
            addon.slug,
            installed.addon_states.protection(&addon.slug).as_str(),
            rating.score,
            rating.classic,
            installed.granted(addon).role().map_or("none", crate::manifest::Role::as_str),
            installed.addon_states.token_made(&addon.slug).map_or_else(|| "none".to_owned(), |made| made.to_string()),
            addon.display.title.escape_debug(),
        ));
    }
    Exit::Done
}

/// What one add-on asks for, what it is granted, and why.
pub(crate) fn show(file: &Path, slug: &str, format: Format, output: &mut Output<'_>) -> Exit {
    let installed = match Installed::read(file, output) {
        Ok(installed) => installed,
        Err(exit) => return exit,
    };
    let addon = match installed.addon(slug, output) {
        Ok(addon) => addon,
        Err(exit) => return exit,
    };
    let lines = installed.granted(addon).compared(&addon.package.rights);
    if format == Format::Json {
        let mut all = summary(&installed, addon);
        if let Some(all) = all.as_object_mut() {
            all.insert("rights".to_owned(), json!(lines));
        }
        output.result(&all.to_string());
    } else {
        output.result(&text(&installed, addon, &lines));
    }
    Exit::Done
}

fn text(installed: &Installed, addon: &Addon, rights: &[GrantLine]) -> String {
    let rating = rating(addon);
    let mut lines = vec![format!("{} ({})", addon.slug, addon.display.title)];
    match &addon.package.manifest {
        Some(manifest) => {
            let by = match &manifest.signed {
                Signed::No => "not signed".to_owned(),
                Signed::By(key) => format!("signed by {key:?}"),
            };
            lines.push(format!("manifest: {}, version {}, {by}", manifest.path.display(), manifest.version));
        }
        None => lines.push("manifest: none; what it asks for stands in `rights` of the configuration".to_owned()),
    }
    lines.push(format!("rating: {} of 8; on the classic scale {} of 6", rating.score, rating.classic));
    lines.push(format!("protection: {}", installed.addon_states.protection(&addon.slug).as_str()));
    let made = installed.addon_states.token_made(&addon.slug);
    lines.push(format!("token: {}", made.map_or_else(|| "none".to_owned(), |made| format!("made {made}"))));
    lines.extend(ingress_entry(installed, addon).map(|entry| format!("at Home Assistant: {entry}")));
    if rights.is_empty() {
        lines.push("it asks for no rights".to_owned());
    }
    for GrantLine { right, asked, granted, why } in rights {
        let came = if asked == granted { "granted".to_owned() } else { format!("granted: {granted}") };
        lines.push(format!("  {right} = {asked}: {came} ({why})"));
    }
    lines.join("\n")
}

/// Where Home Assistant's pages find it; nothing where Home Assistant does not reach us, or before the first start with
/// that.
fn ingress_entry(installed: &Installed, addon: &Addon) -> Option<String> {
    installed.settings.supervisor.ingress_api.as_ref()?;
    let key = installed.addon_states.ingress_key().filter(|_| is_reached(addon))?;
    Some(entry(&key.token(&addon.slug)))
}

fn summary(installed: &Installed, addon: &Addon) -> Json {
    let rating = rating(addon);
    let manifest = addon.package.manifest.as_ref();
    json!({
        "slug": addon.slug.as_str(),
        "title": addon.display.title,
        "manifest": manifest.map(|manifest| &manifest.path),
        "version": manifest.map(|manifest| &manifest.version),
        "signed": manifest.is_some_and(|manifest| manifest.signed != Signed::No),
        "protected": installed.addon_states.protection(&addon.slug) == crate::addon_rights::protection::Protection::On,
        "rating": rating.score,
        "classic": rating.classic,
        "role": installed.granted(addon).role().map(crate::manifest::Role::as_str),
        "ingress_entry": ingress_entry(installed, addon),
        "token_made": installed.addon_states.token_made(&addon.slug).map(|made| made.to_string()),
    })
}

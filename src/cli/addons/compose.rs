//! `vestibule addons compose` and `vestibule addons options`: what a container engine and the add-on in it are to read.

use std::path::Path;

use super::Installed;
use crate::addon_rights::compose::{HostPaths, compose as composed};
use crate::cli::output::{Exit, Output};
use crate::config::Addon;
use crate::manifest::Manifest;

/// A service for Compose that grants what the add-on is granted.
pub(crate) fn compose(file: &Path, slug: &str, arch: Option<&str>, output: &mut Output<'_>) -> Exit {
    with_manifest(file, slug, output, |installed, addon, manifest, output| {
        let home_assistant = installed.settings.home_assistant.config_dir().unwrap_or(Path::new("/config"));
        let places = HostPaths { home_assistant, arch: arch.unwrap_or(this_machine()) };
        match composed(addon, manifest, &installed.granted(addon), places) {
            Ok(text) => {
                output.result(text.trim_end());
                Exit::Done
            }
            Err(error) => {
                let hint = format!("it lists {}: name one with `--arch`", manifest.arch.join(", "));
                output.notice(&format!("error: {error}\nhint: {hint}\n"));
                Exit::Failed
            }
        }
    })
}

/// Its options, as it reads them from `/data/options.json`.
pub(crate) fn options(file: &Path, slug: &str, output: &mut Output<'_>) -> Exit {
    with_manifest(file, slug, output, |_, addon, _, output| {
        output.result(&format!("{:#}", addon.package.options.reveal()));
        Exit::Done
    })
}

fn with_manifest(
    file: &Path,
    slug: &str,
    output: &mut Output<'_>,
    then: impl FnOnce(&Installed, &Addon, &Manifest, &mut Output<'_>) -> Exit,
) -> Exit {
    let installed = match Installed::read(file, output) {
        Ok(installed) => installed,
        Err(exit) => return exit,
    };
    let addon = match installed.addon(slug, output) {
        Ok(addon) => addon,
        Err(exit) => return exit,
    };
    let Some(manifest) = &addon.package.manifest else {
        let hint = "name its `config.yaml` with `manifest` in its table";
        output.notice(&format!("error: `{slug}` has no manifest\nhint: {hint}\n"));
        return Exit::Mistaken;
    };
    then(&installed, addon, manifest, output)
}

/// This machine as manifests name it.
fn this_machine() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "x86" => "i386",
        "arm" => "armv7",
        other => other,
    }
}

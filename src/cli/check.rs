//! `vestibule check`: prints all mistakes and warnings of a configuration file, or one line that says what it
//! configures. It reads and judges; it never starts or changes anything.

use std::path::Path;

use super::output::{Exit, Output};
use crate::config::{self, Diagnostics, Settings, Tls, World};

/// Reads and judges the file, and prints every finding.
pub fn check(file: &Path, world: &dyn World, output: &mut Output<'_>) -> Exit {
    match config::load(file, world) {
        Ok(loaded) => {
            output.notice(&loaded.warnings.render(output.styling()));
            output.result(&format!("{}: {}", file.display(), summary(&loaded.settings, &loaded.warnings)));
            Exit::Done
        }
        Err(found) => {
            output.notice(&found.render(output.styling()));
            let mistakes = count(found.mistakes(), "mistake");
            output.notice(&format!("{}: {mistakes}{}\n", file.display(), and_warnings(&found)));
            Exit::Mistaken
        }
    }
}

/// The same as one line of JSON: whether it can be used, and every finding with its place.
pub fn check_as_json(file: &Path, world: &dyn World, output: &mut Output<'_>) -> Exit {
    let (found, exit) = match config::load(file, world) {
        Ok(loaded) => (loaded.warnings, Exit::Done),
        Err(found) => (found, Exit::Mistaken),
    };
    let findings: Vec<_> = found.findings().collect();
    let answer = serde_json::json!({
        "ok": exit == Exit::Done,
        "mistakes": found.mistakes(),
        "warnings": found.warnings(),
        "findings": findings,
    });
    output.result(&answer.to_string());
    exit
}

fn summary(settings: &Settings, warnings: &Diagnostics) -> String {
    let addresses: Vec<_> = settings.listen.https.iter().map(|listener| listener.address.to_string()).collect();
    let addons = match settings.addons.len() {
        0 => "no add-ons".to_owned(),
        number => {
            let slugs: Vec<_> = settings.addons.iter().map(|addon| addon.slug.as_str()).collect();
            format!("{} ({})", count(number, "add-on"), slugs.join(", "))
        }
    };
    let certificates = match &settings.tls {
        Tls::Development { .. } => "a development certificate".to_owned(),
        Tls::Certificates(list) => count(list.len(), "certificate"),
        Tls::Acme { certificates, acme } => match certificates.len() {
            0 => format!("{} by ACME", count(acme.domains.len(), "certificate")),
            own => format!("{} and {} by ACME", count(own, "certificate"), acme.domains.len()),
        },
    };
    format!("ok: {addons} on {} with {certificates}{}", addresses.join(", "), and_warnings(warnings))
}

fn and_warnings(found: &Diagnostics) -> String {
    match found.warnings() {
        0 => String::new(),
        number => format!(", {}", count(number, "warning")),
    }
}

/// As in "1 warning" and "2 warnings".
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

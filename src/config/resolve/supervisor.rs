//! `[supervisor]`: where what is kept of add-ons is, and who may sign their manifests.

use super::context::Context;
use crate::config::diagnostic::Diagnostic;
use crate::config::raw;
use crate::config::settings::Supervisor;

/// Resolves the section.
pub(super) fn supervisor(raw: &raw::Supervisor, cx: &mut Context<'_>) -> Supervisor {
    let state = cx.path_or(&raw.state, "state/supervisor.json");
    if let Some(text) = raw.state.given().filter(|_| state.is_dir()) {
        let folder = Diagnostic::mistake(text.span(), "this is a folder");
        cx.add(folder.label("expected a file").hint("name a file in it, as in \"state/supervisor.json\""));
    }
    let keys = raw.signing_keys.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    Supervisor { state, signing_keys: keys.iter().filter_map(|text| cx.findings.parse(text)).collect() }
}

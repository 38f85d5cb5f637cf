//! `[supervisor]`: where what is kept of add-ons is, who may sign their manifests, and the API that they call.

use super::addon_api;
use super::context::Context;
use super::ingress_api;
use crate::config::diagnostic::Diagnostic;
use crate::config::raw;
use crate::config::settings::Supervisor;

/// Resolves the section.
pub(super) fn supervisor(
    raw: &raw::Supervisor,
    browsers: &raw::Listen,
    has_url: bool,
    cx: &mut Context<'_>,
) -> Supervisor {
    let state = cx.state_path(&raw.state, "supervisor.json");
    if let Some(text) = raw.state.given().filter(|_| state.is_dir()) {
        let folder = Diagnostic::mistake(text.span(), "this is a folder");
        cx.add(folder.label("expected a file").hint("name a file in it, as in \"state/supervisor.json\""));
    }
    let keys = raw.signing_keys.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let upstream = addon_api::upstream(raw, cx);
    let home_assistant_token = addon_api::home_assistant_token(&raw.home_assistant_token, has_url, cx);
    let password_reset_token = addon_api::home_assistant_token(&raw.password_reset_token, has_url, cx);
    let others = [
        ("upstream_token", upstream.as_ref().map(|upstream| &upstream.token)),
        ("home_assistant_token", home_assistant_token.as_ref()),
        ("password_reset_token", password_reset_token.as_ref()),
    ];
    Supervisor {
        state,
        signing_keys: keys.iter().filter_map(|text| cx.findings.parse(text)).collect(),
        listen: addon_api::addons_listen(&raw.listen, cx),
        ingress_api: ingress_api::ingress_api(raw, browsers, &others, cx),
        upstream,
        home_assistant_token,
        password_reset_token,
        auth_cache: addon_api::auth_cache(raw, cx),
        websockets: cx.count(&raw.websockets, 64, 1..=1024),
    }
}

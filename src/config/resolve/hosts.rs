//! Add-ons on hosts of their own and no main host: in come the add-ons as they were read, out goes a warning.

use toml::Spanned;

use super::context::Context;
use crate::config::addon::RawAddon;
use crate::config::diagnostic::Diagnostic;
use crate::config::settings::Settings;

/// Warns when an add-on has a host to itself and there is no other one on which people could sign in.
pub(super) fn warn(list: &[Spanned<RawAddon>], settings: &Settings, cx: &mut Context<'_>) {
    let host = list.iter().find_map(|entry| entry.get_ref().route.host.given());
    if let Some(host) = host.filter(|_| settings.main_origin().is_none()) {
        let alone =
            Diagnostic::warning(host.span(), "people sign in on this host, where the add-on's scripts can watch");
        cx.add(alone.label("no main host is known to sign in on").hint(
            "name the main host in `[listen]`, as in public_urls = [\"https://home.example\"]: \
             one sign-in there is then good for all hosts",
        ));
    }
}

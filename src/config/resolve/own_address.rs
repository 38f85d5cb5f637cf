//! An add-on whose upstream is vestibule itself: each request would come back to us until a limit ends it.

use std::net::{IpAddr, SocketAddr};

use toml::Spanned;

use super::context::Context;
use crate::config::addon::RawAddon;
use crate::config::addon_api::ApiAddress;
use crate::config::diagnostic::Diagnostic;
use crate::config::settings::Settings;
use crate::ids::{Address, Upstream};

/// Refuses those that lead to one of our own listeners, and warns of those that lead to a name that browsers have for
/// us. Health and metrics are no way back, and may well be shown to administrators.
pub(super) fn refuse(addons: &[Spanned<RawAddon>], settings: &Settings, cx: &mut Context<'_>) {
    for text in addons.iter().filter_map(|addon| addon.get_ref().backend.upstream.given()) {
        let Ok(Upstream::At(address)) = text.get_ref().parse() else { continue };
        let address = address.below(cx.base);
        let hint = "write the address at which the add-on itself listens";
        if listeners(settings).any(|own| leads_to(&address, &own)) {
            let own = Diagnostic::mistake(text.span(), "this is vestibule itself: a request would never arrive");
            cx.add(own.label("expected an add-on").hint(hint));
        } else if is_public_url(&address, settings) {
            let own = Diagnostic::warning(text.span(), "browsers reach vestibule itself at this address");
            cx.add(own.label("expected an add-on").hint(hint));
        }
    }
}

fn listeners(settings: &Settings) -> impl Iterator<Item = ApiAddress> {
    let browsers = settings.listen.https.iter().map(|listener| ApiAddress::Tcp(listener.address));
    let home_assistant = settings.supervisor.ingress_api.as_ref().map(|api| api.at.clone());
    browsers.chain(settings.supervisor.listen.clone()).chain(home_assistant)
}

fn leads_to(upstream: &Address, own: &ApiAddress) -> bool {
    match (upstream, own) {
        (Address::Unix(path), ApiAddress::Unix(own)) => path == own,
        (Address::Http { host, port } | Address::Https { host, port }, ApiAddress::Tcp(own)) => {
            *port == own.port() && is_at(host, *own)
        }
        (Address::Unix(_), ApiAddress::Tcp(_))
        | (Address::Http { .. } | Address::Https { .. }, ApiAddress::Unix(_)) => false,
    }
}

/// Whether somebody who dials this host on this machine reaches the listener. Other names are not looked up.
fn is_at(host: &str, own: SocketAddr) -> bool {
    match host.parse::<IpAddr>() {
        Ok(ip) => ip == own.ip() || ip.is_unspecified() || (own.ip().is_unspecified() && ip.is_loopback()),
        Err(_) => host == "localhost" && (own.ip().is_loopback() || own.ip().is_unspecified()),
    }
}

fn is_public_url(upstream: &Address, settings: &Settings) -> bool {
    let Address::Https { host, port } = upstream else { return false };
    settings.listen.public_urls.iter().any(|url| url.host == *host && url.port == *port)
}

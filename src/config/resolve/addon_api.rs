//! The add-on API's keys in `[supervisor]`: where it listens, and whom it asks.

use std::time::Duration;

use super::context::Context;
use crate::config::addon_api::{ApiAddress, SupervisorUpstream};
use crate::config::diagnostic::Diagnostic;
use crate::config::part::{days, seconds};
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;
use crate::ids::Upstream;

/// Where add-ons reach their API.
pub(super) fn listen(key: &Key<String>, cx: &mut Context<'_>) -> Option<ApiAddress> {
    let text = key.given()?;
    Some(match cx.findings.parse(text)? {
        ApiAddress::Unix(path) => ApiAddress::Unix(cx.base.join(path)),
        ApiAddress::Tcp(tcp) => {
            cx.addresses.push((tcp, text.span().into()));
            ApiAddress::Tcp(tcp)
        }
    })
}

/// The same, for add-ons: nobody else has any business there.
pub(super) fn addons_listen(key: &Key<String>, cx: &mut Context<'_>) -> Option<ApiAddress> {
    let address = listen(key, cx)?;
    if let (ApiAddress::Tcp(tcp), Some(text)) = (&address, key.given())
        && tcp.ip().is_unspecified()
    {
        let open = Diagnostic::warning(text.span(), "browsers and other machines reach this address as well");
        let hint = "bind it to the bridge of the containers, as in \"172.17.0.1:80\", to loopback or to a socket";
        cx.add(open.label("every address of this machine").hint(hint));
    }
    Some(address)
}

/// A real Supervisor, and our token there: both, or neither.
pub(super) fn upstream(raw: &raw::Supervisor, cx: &mut Context<'_>) -> Option<SupervisorUpstream> {
    let token = token(&raw.upstream_token, cx);
    let Some(text) = raw.upstream.given() else {
        if let Some(alone) = raw.upstream_token.given() {
            let idle =
                Diagnostic::mistake(alone.span(), "a token for a Supervisor, and `upstream` does not say where it is");
            cx.add(idle.label("needs `upstream`").hint("add upstream = \"http://172.30.32.2\", or take this key out"));
        }
        return None;
    };
    let at = match cx.findings.parse(text)? {
        Upstream::At(address) => address.below(cx.base),
        Upstream::Whoami | Upstream::Nowhere => {
            let other = Diagnostic::mistake(text.span(), "this is no Supervisor");
            cx.add(
                other.label("expected where one listens").hint("write \"http://172.30.32.2\", or take this key out"),
            );
            return None;
        }
    };
    if matches!(raw.upstream_token, Key::Absent) {
        let missing =
            Diagnostic::mistake(text.span(), "the Supervisor asks for a token, and `upstream_token` is missing");
        cx.add(missing.label("needs `upstream_token`").hint("add upstream_token = { file = \"secrets/supervisor\" }"));
    }
    Some(SupervisorUpstream { at, token: token? })
}

/// A token of ours for Home Assistant's API.
pub(super) fn home_assistant_token(
    key: &Key<raw::ValueFile>,
    has_url: bool,
    cx: &mut Context<'_>,
) -> Option<SecretText> {
    let given = key.given()?;
    if !has_url {
        let idle = Diagnostic::mistake(given.span(), "a token for Home Assistant, and it is not said where that is");
        cx.add(
            idle.label("needs `url` under `[home_assistant]`")
                .hint("add url = \"http://127.0.0.1:8123\" under [home_assistant], or take this key out"),
        );
    }
    token(key, cx)
}

/// How long right passwords are remembered; absent, not at all.
pub(super) fn auth_cache(raw: &raw::Supervisor, cx: &mut Context<'_>) -> Option<Duration> {
    raw.auth_cache.given()?;
    Some(cx.time(&raw.auth_cache, Duration::from_hours(1), seconds(1)..=days(7)))
}

pub(super) fn token(key: &Key<raw::ValueFile>, cx: &mut Context<'_>) -> Option<SecretText> {
    let given = key.given()?;
    let text = cx.required(&given.get_ref().file, "file", &given.span(), "\"secrets/token\"")?;
    let value = cx.secret(text)?;
    match std::str::from_utf8(&value) {
        Ok(token) if token.bytes().all(|b| b.is_ascii_graphic()) => Some(SecretText::new(token.to_owned())),
        Ok(_) | Err(_) => {
            let bad = Diagnostic::mistake(text.span(), "what is in this file is no token");
            cx.add(bad.label("expected visible ASCII characters").hint("the file holds the token alone, on one line"));
            None
        }
    }
}

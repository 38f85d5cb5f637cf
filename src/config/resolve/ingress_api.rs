//! `home_assistant_listen` and its token in `[supervisor]`: where Home Assistant reaches us as its Supervisor's
//! ingress.

use super::addon_api::{listen, token};
use super::context::Context;
use super::listen::networks;
use crate::config::addon_api::{ApiAddress, IngressApi};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;

/// The address and the token: both, or neither.
pub(super) fn ingress_api(
    raw: &raw::Supervisor,
    browsers: &raw::Listen,
    others: &[Other<'_>],
    cx: &mut Context<'_>,
) -> Option<IngressApi> {
    let token = own_token(raw, others, cx);
    let trusted_proxies = networks(&raw.home_assistant_listen_trusted_proxies, cx);
    let Some(text) = raw.home_assistant_listen.given() else {
        refuse_idle_keys(raw, cx);
        return None;
    };
    refuse_shared_trust(raw, browsers, text.span(), cx);
    if matches!(raw.home_assistant_listen_token, Key::Absent) {
        let open =
            Diagnostic::mistake(text.span(), "anybody who reaches this address could make a session of any user");
        cx.add(
            open.label("needs `home_assistant_listen_token`")
                .hint("add home_assistant_listen_token = { file = \"secrets/home-assistant-listen\" }"),
        );
    }
    let at = listen(&raw.home_assistant_listen, cx);
    let any_port = matches!(at, Some(ApiAddress::Tcp(tcp)) if tcp.port() == 0);
    if let Some(add_ons) = raw.listen.given().filter(|add_ons| !any_port && add_ons.get_ref() == text.get_ref()) {
        let same = Diagnostic::mistake(text.span(), "Home Assistant cannot have the address that add-ons have");
        cx.add(
            same.label("here again")
                .first(add_ons.span())
                .hint("give it another port, as in \"127.0.0.1:8125\", or a socket"),
        );
    }
    if matches!(&at, Some(ApiAddress::Tcp(tcp)) if tcp.ip().is_unspecified()) {
        let open = Diagnostic::warning(
            text.span(),
            "sessions and the token go in the clear over every network of this machine",
        );
        cx.add(
            open.label("every address")
                .hint("listen on 127.0.0.1, on a socket, or on the one address that Home Assistant reaches"),
        );
    }
    Some(IngressApi { at: at?, token: token?, trusted_proxies })
}

fn refuse_idle_keys(raw: &raw::Supervisor, cx: &mut Context<'_>) {
    let token = raw.home_assistant_listen_token.given().map(|token| (token.span(), "a token for Home Assistant"));
    let trust = raw.home_assistant_listen_trusted_proxies.given();
    let trust = trust.map(|networks| (networks.span(), "trust in Home Assistant's address"));
    for (span, what) in token.into_iter().chain(trust) {
        let idle = Diagnostic::mistake(span, format!("{what}, and it is not said where it calls"));
        cx.add(
            idle.label("needs `home_assistant_listen`")
                .hint("add home_assistant_listen = \"127.0.0.1:8125\", or take this key out"),
        );
    }
}

/// `[listen] trusted_proxies` once held for this listener too. Whoever wrote Home Assistant's address there has to move
/// it: left there, it makes every program of that machine a proxy at the browsers' listeners.
fn refuse_shared_trust(raw: &raw::Supervisor, browsers: &raw::Listen, at: Span, cx: &mut Context<'_>) {
    let Some(shared) = browsers.trusted_proxies.given().filter(|list| !list.get_ref().is_empty()) else { return };
    if !matches!(raw.home_assistant_listen_trusted_proxies, Key::Absent) {
        return;
    }
    let moved = Diagnostic::mistake(at, "it is not said whose word on browsers' addresses counts at this address");
    cx.add(
        moved
            .label("needs `home_assistant_listen_trusted_proxies`: `trusted_proxies` of `[listen]` says nothing here")
            .first(shared.span())
            .hint(
                "add home_assistant_listen_trusted_proxies = [\"127.0.0.1/32\"] with Home Assistant's address (`[]`: nobody's \
                 word), and take that address out of `trusted_proxies` unless a proxy of browsers has it too",
            ),
    );
}

/// Another token of ours, and the key that it stands under.
pub(super) type Other<'a> = (&'static str, Option<&'a SecretText>);

/// It makes sessions of every user, so it must not be guessed, and must not be one that somebody else has.
fn own_token(raw: &raw::Supervisor, others: &[Other<'_>], cx: &mut Context<'_>) -> Option<SecretText> {
    let given = raw.home_assistant_listen_token.given()?;
    let token = token(&raw.home_assistant_listen_token, cx)?;
    if token.reveal().len() < SHORTEST {
        let short = Diagnostic::mistake(given.span(), "this token can be guessed, and it makes sessions of every user");
        cx.add(short.label("expected 32 characters or more").hint("make one with `openssl rand -hex 32`"));
        return None;
    }
    if let Some((key, _)) = others.iter().find(|(_, other)| *other == Some(&token)) {
        let shared = Diagnostic::mistake(given.span(), format!("this is the token of `{key}` as well"));
        cx.add(shared.label("expected a token of its own").hint("make one with `openssl rand -hex 32`"));
        return None;
    }
    Some(token)
}

/// 128 bits, in hexadecimal digits.
const SHORTEST: usize = 32;

//! `home_assistant_listen` and its token in `[supervisor]`: where Home Assistant reaches us as its Supervisor's ingress.

use super::addon_api::{listen, token};
use super::context::Context;
use crate::config::addon_api::{ApiAddress, HomeAssistantDoor};
use crate::config::diagnostic::Diagnostic;
use crate::config::raw::{self, Key};
use crate::config::secret_text::SecretText;

/// The address and the token: both, or neither.
pub(super) fn door(raw: &raw::Supervisor, others: &[Other<'_>], cx: &mut Context<'_>) -> Option<HomeAssistantDoor> {
    let token = own_token(raw, others, cx);
    let Some(text) = raw.home_assistant_listen.given() else {
        if let Some(alone) = raw.home_assistant_listen_token.given() {
            let idle =
                Diagnostic::mistake(alone.span(), "a token for Home Assistant, and it is not said where it calls");
            cx.add(
                idle.label("needs `home_assistant_listen`")
                    .hint("add home_assistant_listen = \"127.0.0.1:8125\", or take this key out"),
            );
        }
        return None;
    };
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
    Some(HomeAssistantDoor { at: at?, token: token? })
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

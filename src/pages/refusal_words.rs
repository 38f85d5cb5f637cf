//! What a refusal says. The same for all reasons with one status, so that none can be told from another; only where it
//! is the user's own to know is a reason told apart: who has to sign in again, and whose page was another site's.

use std::time::Duration;

use http::StatusCode;

use super::language::Language;
use super::texts::{RefusalTexts, fill, in_words};
use crate::refusal::Reason;

/// Who asked for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    /// Who is refused.
    pub(super) account: Option<&'a str>,
    /// The title of the add-on.
    pub(super) addon: Option<&'a str>,
    /// When it may be tried again.
    pub(super) wait: Duration,
}

/// What happened, and what to do next.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) title: String,
    pub(super) explanation: String,
}

/// In the language of a page.
pub(super) fn for_people(reason: Reason, asked: Asked<'_>, language: Language) -> Words {
    let texts = RefusalTexts::of(language);
    let (title, explanation) = templates(reason, asked, texts);
    let wait = in_words(asked.wait, language);
    let values = [
        ("addon", asked.addon.unwrap_or(texts.addon)),
        ("account", asked.account.unwrap_or_default()),
        ("time", &wait),
    ];
    Words { title: fill(title, &values), explanation: fill(explanation, &values) }
}

fn templates(reason: Reason, asked: Asked<'_>, t: &RefusalTexts) -> (&'static str, &'static str) {
    if reason.asks_again() {
        return (t.again_title, t.again);
    }
    match reason {
        Reason::ForeignOrigin | Reason::MissingOrigin => return (t.foreign_title, t.foreign),
        Reason::AddonDown => return (t.down_title, t.down),
        Reason::AddonBroken => return (t.broken_title, t.broken),
        _ => {}
    }
    match reason.row().status {
        StatusCode::UNAUTHORIZED => (t.signed_out_title, t.signed_out),
        StatusCode::FORBIDDEN => {
            let title = if asked.addon.is_some() { t.forbidden_addon_title } else { t.forbidden_title };
            (title, if asked.account.is_some() { t.forbidden_account } else { t.forbidden })
        }
        StatusCode::NOT_FOUND => (t.not_found_title, t.not_found),
        StatusCode::METHOD_NOT_ALLOWED => (t.method_title, t.method),
        StatusCode::MISDIRECTED_REQUEST => (t.misdirected_title, t.misdirected),
        StatusCode::PAYLOAD_TOO_LARGE => (t.too_large_title, t.too_large),
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => (t.head_title, t.head),
        StatusCode::TOO_MANY_REQUESTS => (t.too_many_title, t.too_many),
        StatusCode::GATEWAY_TIMEOUT => (t.late_title, t.late),
        StatusCode::REQUEST_TIMEOUT => (t.slow_title, t.slow),
        StatusCode::SERVICE_UNAVAILABLE => (t.not_ready_title, t.not_ready),
        _ => (t.bad_title, t.bad),
    }
}

/// In JSON, and in English.
pub(super) fn for_programs(reason: Reason) -> &'static str {
    if reason.asks_again() {
        return RefusalTexts::of(Language::English).again;
    }
    match reason.row().status {
        StatusCode::UNAUTHORIZED => "You are not signed in, or no longer.",
        StatusCode::FORBIDDEN => "Your account may not do this. If you think it should, ask whoever runs this home.",
        StatusCode::NOT_FOUND => "There is nothing at this address.",
        StatusCode::MISDIRECTED_REQUEST => "This address is not served on this connection.",
        StatusCode::PAYLOAD_TOO_LARGE => "What was sent is larger than this add-on takes.",
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => {
            "The browser sent more than this add-on takes. Delete the cookies of this site, then try again."
        }
        StatusCode::TOO_MANY_REQUESTS => "That was too much at once. Wait a moment.",
        StatusCode::BAD_GATEWAY => "It may be starting. Wait a moment.",
        StatusCode::GATEWAY_TIMEOUT => "It did not answer in time. Wait a moment.",
        StatusCode::REQUEST_TIMEOUT => "It took too long to arrive. Try again.",
        StatusCode::SERVICE_UNAVAILABLE => "It cannot answer right now. Wait a moment.",
        _ => "The request could not be understood.",
    }
}

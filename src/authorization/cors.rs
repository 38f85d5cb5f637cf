//! The pages of other origins that an add-on's route admits (the CORS protocol, Fetch standard section 3.2; S-36).
//!
//! Decides which origin an answer may name. That is about who may read an answer, never about who may have one:
//! session, user and permission are judged for such a page as for every other.

use http::HeaderValue;

use super::question::Question;
use crate::config::{Addon, Cors};
use crate::connection::EntryPoint;

/// The `cors` of an add-on, if it has one. It is about our own origin: what pages of others may ask of Home
/// Assistant's is Home Assistant's to say.
pub fn cors_of(addon: &Addon, entry_point: EntryPoint) -> Option<&Cors> {
    addon.cross_origin.cors.as_ref().filter(|_| entry_point == EntryPoint::Browsers)
}

/// The origin that a request names, when it is the only one and on the list, byte for byte.
pub fn admitted<'a>(origin: Option<&'a HeaderValue>, cors: &Cors) -> Option<&'a HeaderValue> {
    // Byte for byte: browsers send origins in one form, and a comparison that forgives would admit lookalikes.
    origin.filter(|origin| cors.origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes()))
}

/// Whether the request's own will is vouched for by the operator: the page that sent it is admitted with the session
/// that its browser adds (`credentials`). Never for a WebSocket, which the CORS protocol does not cover.
pub(super) fn is_vouched_for(question: &Question<'_>) -> bool {
    let with_session =
        cors_of(question.addon, question.entry_point).filter(|cors| cors.credentials && !question.websocket);
    with_session.is_some_and(|cors| admitted(question.origin, cors).is_some())
}

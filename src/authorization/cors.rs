//! The pages of other origins that an add-on's route admits (the CORS protocol, Fetch standard section 3.2; S-36).
//!
//! In comes a routed request, out comes the origin that its answer may name. It says who may read an answer, never who may
//! have one: session, user and permission are judged for such a page as for every other.

use http::HeaderValue;
use http::header::ORIGIN;

use crate::config::Cors;
use crate::http::{Door, Sanitized};
use crate::route::Routed;

/// The `cors` of the request's route, if it has one. It is about our own origin: what pages of others may ask of Home
/// Assistant's is Home Assistant's to say.
pub fn cors_of(routed: &Routed) -> Option<&Cors> {
    let ours = routed.request().door() == Door::Browsers;
    routed.route().addon().cors.as_ref().filter(|_| ours)
}

/// The request's origin, when it is the only one that it names and on the list, byte for byte.
pub fn admitted<'a>(request: &'a Sanitized, cors: &Cors) -> Option<&'a HeaderValue> {
    let mut lines = request.headers().get_all(ORIGIN).iter();
    let origin = lines.next().filter(|_| lines.next().is_none())?;
    cors.origins.iter().any(|listed| listed.as_bytes() == origin.as_bytes()).then_some(origin)
}

/// Whether the request's own will is vouched for by the operator: the page that sent it is admitted with the session that
/// its browser adds (`credentials`). Never for a WebSocket, which the CORS protocol does not cover.
pub(super) fn is_vouched_for(routed: &Routed) -> bool {
    let request = routed.request();
    let with_session = cors_of(routed).filter(|cors| cors.credentials && request.handshake().is_none());
    with_session.is_some_and(|cors| admitted(request, cors).is_some())
}

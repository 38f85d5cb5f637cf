//! Home Assistant's own front: requests go the way of all requests, with Home Assistant's own token as the credential,
//! and what a user who is held is answered goes through the filter.
//!
//! In comes a request whose host is the front's, out goes what Home Assistant answers, as far as the user may see it.
//! No byte goes to Home Assistant before the table has permitted it to whoever asks (`authorization/front`).

mod browser_session;
mod first_message;
mod guesses;
mod home_now;
mod ingress_sessions;
mod pass;
mod rest;
mod socket;
mod token;

use std::sync::Arc;

use super::request_log::RequestLog;
use super::stages::Stages;
use super::{Gate, Passed, authorization, describe};
use crate::authorization::{Answers, Permitted};
use crate::budget::{Claim, Holder, Limit};
use crate::http::Sanitized;
use crate::refusal::Reason;
use crate::route::Routed;
use crate::session::{AccessToken, Authenticated};
pub(in crate::gate) use ingress_sessions::IngressSessions;
pub(crate) use pass::is_usable;
use token::{NotVerified, Shown};

/// The way of a request at the front.
pub(super) async fn pass(
    routed: Routed,
    gate: &Arc<Gate>,
    stages: &Arc<Stages>,
    request_log: &mut RequestLog,
) -> Result<Judged, Reason> {
    let services = gate.services();
    let home = services.home.load_full();
    let describe = describe(stages);
    let authorization = authorization(services, stages, &home, &describe);
    let routed = match authorization.admit_anybody(routed) {
        Ok(counted) => {
            let permitted = counted.map_err(|refused| request_log.note_refusal(refused))?;
            return anybody(permitted, gate, stages, request_log).await;
        }
        Err(routed) => routed,
    };
    let authenticated = if let Some(pass) = Box::pin(pass::shown(routed.request(), gate, stages)).await {
        Authenticated::with_key(routed, pass?)
    } else {
        let token = token_of(routed.request(), gate, stages).await?;
        Authenticated::at_front(routed, token)
    };
    request_log.knows_credential(authenticated.credential());
    let mut permitted =
        authorization.admit(authenticated).await.map_err(|refused| request_log.note_refusal(refused))?;
    pass::present(&mut permitted, gate)?;
    match permitted.answers() {
        Answers::Whole => Ok(Judged::Send(permitted)),
        Answers::Filtered => rest::answer(permitted, gate, stages, request_log).await.map(Judged::Answered),
    }
}

/// What is to be done for a request to the front.
pub(super) enum Judged {
    /// It goes to Home Assistant, as a request to an add-on does.
    Send(Permitted),
    /// It has been answered.
    Answered(Passed),
}

/// What everybody may ask.
async fn anybody(
    permitted: Permitted,
    gate: &Arc<Gate>,
    stages: &Arc<Stages>,
    request_log: &mut RequestLog,
) -> Result<Judged, Reason> {
    let request = permitted.routed().request();
    if request.handshake().is_some() {
        let opened = socket::open(permitted, gate, stages).await?;
        return Ok(Judged::Answered(Passed::Socket(Box::new(opened))));
    }
    if guesses::is_guess(request) {
        return guesses::answer(permitted, gate, stages, request_log).await.map(Judged::Answered);
    }
    Ok(Judged::Send(permitted))
}

/// Home Assistant's token in a request.
async fn token_of(request: &Sanitized, gate: &Arc<Gate>, stages: &Stages) -> Result<AccessToken, Reason> {
    let first = token::verified(&Shown::Request(request), gate);
    let Err(NotVerified { unknown: Some(unknown), .. }) = first else { return first.map_err(|not| not.reason) };
    // Whoever makes one up waits as well: in as few places as those who have shown none.
    let most = stages.settings.limits.front_pending_websockets;
    let claim = Claim::new(Limit::FrontPendingWebsockets, Holder::from(request.client().ip()), most);
    let _waits = gate.services.budget.take(1, &[claim])?;
    Box::pin(token::written(gate, &unknown)).await;
    token::verified(&Shown::Request(request), gate).map_err(|not| not.reason)
}

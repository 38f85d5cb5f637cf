//! REST calls of users who are held: what they call is judged by its body, and of the answer they get what they may
//! read. The filter is the one that add-ons are held by (`entity_filter`).

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, RANGE,
    TRANSFER_ENCODING,
};
use http::{HeaderValue, Response};
use http_body_util::BodyExt as _;

use crate::addon_api::body::{Room, Unread};
use crate::authorization::Permitted;
use crate::budget::Holder;
use crate::entity_filter::{Access, RestCall, RestRefusal, Shape};
use crate::gate::request_log::RequestLog;
use crate::gate::stages::Stages;
use crate::gate::{Gate, Passed};
use crate::http::BufferLimits;
use crate::identity::User;
use crate::ids::GroupId;
use crate::refusal::Reason;
use crate::upstream::Answer;

/// Answers a call as far as its user may make it, and see of its answer.
pub(super) async fn answer(
    mut permitted: Permitted,
    gate: &Arc<Gate>,
    stages: &Arc<Stages>,
    request_log: &mut RequestLog,
) -> Result<Passed, Reason> {
    let user = Arc::clone(permitted.user().ok_or(Reason::UnknownUser)?);
    request_log.knows_user(&user);
    let request = permitted.routed().request();
    let below = request.path().strip_prefix("/api").ok_or(Reason::PathNeedsAdmin)?;
    let call = RestCall::of_browser(request.method(), below, request.query()).map_err(reason)?;
    let limits = BufferLimits { budget: &gate.services.budget, limits: &stages.settings.limits };
    let within = permitted.within().cloned();
    let may = |entity: &str, access: Access| may(gate, &user, within.as_ref(), entity, access);
    let request = permitted.routed_mut().request_mut();
    let body = request.buffer_body(limits, Holder::User(user.id.shared())).await?;
    if let Some(judged) = call.judge(&body, &may).map_err(reason)? {
        // Written anew from what was judged: Home Assistant might read the bytes that came in another way.
        request.replace_body(Bytes::from(judged.to_string()));
        request.set_header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    // What is packed or a part cannot be read here.
    for name in [ACCEPT_ENCODING, CONTENT_ENCODING, RANGE, IF_NONE_MATCH, IF_MODIFIED_SINCE] {
        request.remove_header(&name);
    }
    request_log.note_sent();
    let answer = stages.upstreams.send_to_filter(permitted).await?;
    let room = Room::of_user(&gate.services.budget, &user.id, &stages.settings.limits);
    seen(answer, call.shape(), &room, &may).await
}

/// Whether this user may do this with this entity at this moment, within this group where they show a pass.
pub(super) fn may(gate: &Gate, user: &User, within: Option<&GroupId>, entity: &str, access: Access) -> bool {
    let home = gate.services.home.load();
    let directory = home.directory().load();
    directory.rights_within(user, within).is_some_and(|rights| rights.check(entity, access.key()).is_permit())
}

/// What the user gets of an answer. What cannot be read they do not get.
async fn seen(
    answer: Answer,
    shape: Shape,
    room: &Room,
    may: &(dyn Fn(&str, Access) -> bool + Sync),
) -> Result<Passed, Reason> {
    let (parts, body) = answer.response.into_parts();
    let held = room.read_within(body, LARGEST_ANSWER, ANSWER).await.map_err(|unread| match unread {
        Unread::NoRoom(refused) => Reason::from(refused),
        Unread::TooSlow => Reason::AddonSlow,
        Unread::TooLarge | Unread::Broken | Unread::Cut => Reason::AddonBroken,
    })?;
    let is_plain = !parts.headers.contains_key(CONTENT_ENCODING);
    let text = std::str::from_utf8(&held.bytes).ok().filter(|_| is_plain).unwrap_or_default();
    let told = if parts.status.is_success() {
        shape.read(text, &may).ok_or(Reason::AddonBroken)?
    } else {
        Shape::failure(text, &may)
    };
    let mut page = Response::new(Bytes::from(told).into());
    *page.status_mut() = parts.status;
    page.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(Passed::Own(page))
}

/// Reads a short answer whole, and gives its head back for a page of ours.
pub(super) async fn read_whole(answer: Answer, limit: usize) -> Result<(Response<()>, Bytes), Reason> {
    let (parts, mut body) = answer.response.into_parts();
    let reading = async {
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Reason::AddonBroken)?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            if data.len() > limit.saturating_sub(bytes.len()) {
                return Err(Reason::AddonBroken);
            }
            bytes.extend_from_slice(data);
        }
        Ok(bytes.freeze())
    };
    let bytes = tokio::time::timeout(ANSWER, reading).await.map_err(|_| Reason::AddonSlow)??;
    let mut head = Response::from_parts(parts, ());
    for name in [CONTENT_LENGTH, TRANSFER_ENCODING, ETAG] {
        head.headers_mut().remove(name);
    }
    Ok((head, bytes))
}

fn reason(refusal: RestRefusal) -> Reason {
    match refusal {
        RestRefusal::NotListed => Reason::PathNeedsAdmin,
        RestRefusal::NotPermitted | RestRefusal::Service(_) => Reason::EntityDenied,
        RestRefusal::NotJson => Reason::BodyNotJson,
        RestRefusal::TooHeavy => Reason::JudgedBodyTooLarge,
    }
}

/// An answer that must be read to be filtered: the states of a large home are a few megabytes.
const LARGEST_ANSWER: usize = 64 * 1024 * 1024;

/// How long the whole answer may take.
const ANSWER: Duration = Duration::from_mins(5);

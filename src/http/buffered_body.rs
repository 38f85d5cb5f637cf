//! A body that was read before its request goes on: held in memory whole, and sent on as it came.
//!
//! Rules judge by its bytes. What is sent on then has the same bytes, and the same `Content-Length` or none, as it
//! would have had unread. One request holds at most what its reader allows, all together and those of one user what the
//! budget has for them, and each for a bounded time.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt as _;

use super::body::{BodyError, RequestBody};
use super::min_rate::MinRate;
use super::sanitize::Sanitized;
use crate::budget::{Budget, Claim, Holder, Limit, Permit};
use crate::config::Limits;
use crate::connection::ClientBody;
use crate::refusal::Reason;

/// The limits and the count of bodies that are held.
#[derive(Debug, Clone, Copy)]
pub struct BufferLimits<'a> {
    /// Where its bytes are counted.
    pub budget: &'a Arc<Budget>,
    /// How many there may be, and for how long they may be on their way.
    pub limits: &'a Limits,
}

impl Sanitized {
    /// Reads the body and keeps it, so that it can be judged and then sent on: as many bytes and for as long as the
    /// limits say, counted for its user, or for its address before there is one. Reading is what tells a client that
    /// waits for it to go on (RFC 9110 section 10.1.1).
    pub async fn buffer_body(&mut self, limits_of_buffer: BufferLimits<'_>, holder: Holder) -> Result<Bytes, Reason> {
        let limit = u64::try_from(limits_of_buffer.limits.judged_body_size).unwrap_or(u64::MAX);
        // When reading fails, the request keeps an empty body and never a half-read one.
        let body = std::mem::replace(self.body_mut(), ClientBody::empty());
        let length = body.size_hint().exact();
        // Refused by its length alone, before a byte is read.
        if length.is_some_and(|length| length > limit) {
            return Err(Reason::JudgedBodyTooLarge);
        }
        let (body, _) = RequestBody::new(body, limit, MinRate::of_upload(limits_of_buffer.limits));
        // A deadline for the whole besides the minimum rate: at that rate a body could occupy its share of memory for
        // hours (S-157).
        let reading =
            tokio::time::timeout(limits_of_buffer.limits.judged_body_timeout, collect(body, limits_of_buffer, holder));
        let (bytes, counted) = reading.await.map_err(|_| Reason::BodyTimeout)??;
        // With the length or without, as it came: an add-on must not see from it that a rule has read the body.
        *self.body_mut() = ClientBody::buffered(bytes.clone(), length.is_some(), Some(counted));
        Ok(bytes)
    }
}

async fn collect(
    mut body: RequestBody,
    limits_of_buffer: BufferLimits<'_>,
    holder: Holder,
) -> Result<(Bytes, Permit), Reason> {
    let claims = [
        Claim::new(Limit::JudgedBytes, Holder::All, limits_of_buffer.limits.judged_bytes),
        Claim::new(Limit::JudgedBytesPerUser, holder, limits_of_buffer.limits.judged_bytes_per_user),
    ];
    // A body that has not begun takes memory too: its request waits.
    let mut room = SMALLEST;
    let mut counted = limits_of_buffer.budget.take(room, &claims)?;
    // Copied: pieces of a byte each would keep the buffers alive that they were read into.
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| match error {
            BodyError::TooLarge => Reason::JudgedBodyTooLarge,
            BodyError::Stalled => Reason::BodyTimeout,
            BodyError::Broken(_) | BodyError::Abandoned => Reason::MalformedRequest,
        })?;
        bytes.extend_from_slice(frame.data_ref().map_or(&[], |data| data));
        // By capacity and not by length: what the buffer has grown to is what memory it takes.
        let more = bytes.capacity().saturating_sub(room);
        counted.grow(more, &claims)?;
        room = room.saturating_add(more);
    }
    Ok((bytes.freeze(), counted))
}

/// What a held body is counted as at least.
const SMALLEST: usize = 4 * 1024;

//! The end of a tunnel that neither side asked for: a close frame to each, where it can stand, and then the end.
//!
//! Nothing of what the sides still say goes on to the other. A side that is in the middle of a frame, or takes nothing,
//! is cut without a word.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::tunnel_over::TunnelOver;
use super::tunnel_side::Side;
use super::websocket_frames::{close, close_masked};
use crate::entropy;
use crate::refusal::Reason;

/// What the browser is told (RFC 6455 section 7.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CloseFrame {
    code: u16,
    reason: &'static str,
}

/// 1001: the endpoint is "going away". It is also what a browser says to the add-on when its page is left, and the
/// add-on need not know more.
const GOING_AWAY: u16 = 1001;
/// 1008: a message that violates a policy; a generic code when there is no more suitable one.
const POLICY: u16 = 1008;

impl CloseFrame {
    /// What there is to say; nothing when a side ended by itself.
    pub(super) fn after(why: TunnelOver) -> Option<Self> {
        let (code, reason) = match why {
            TunnelOver::Closed | TunnelOver::Broken => return None,
            TunnelOver::Idle => (GOING_AWAY, "idle for too long"),
            // Whoever may go on may open it anew at once, as with a server that restarts.
            TunnelOver::Cut(Some(Reason::Stopping | Reason::AttributesChanged) | None) => (GOING_AWAY, "going away"),
            TunnelOver::Cut(Some(Reason::UnknownRoute)) => (GOING_AWAY, "no longer here"),
            // One text for everything about who the user is, as in our answers: the status tells no more either.
            TunnelOver::Cut(Some(reason)) if reason.row().status == http::StatusCode::UNAUTHORIZED => {
                (POLICY, "session ended")
            }
            TunnelOver::Cut(Some(_)) => (POLICY, "not allowed any more"),
        };
        Some(Self { code, reason })
    }
}

/// Says it to both and ends the connections.
pub(super) async fn say(close_frame: CloseFrame, client: Side, addon: Side) {
    let to_client = close(close_frame.code, close_frame.reason);
    // Towards the add-on we are the client, and a client's frames are masked (RFC 6455 section 5.1).
    let to_addon = close_masked(GOING_AWAY, "", entropy::random::<4>());
    // Side by side: one that takes nothing must not use up the other's time.
    tokio::join!(last(client, &to_client), last(addon, &to_addon));
}

/// The last frame, the end of our side, and a moment for the other's. What still comes is thrown away: bytes that are
/// unread when a connection is closed make the kernel throw away what was sent, the frame included.
async fn last(side: Side, frame: &[u8]) {
    let Side { mut from, mut to, frames } = side;
    let parting = async {
        // Within a frame of theirs our bytes would be payload, so that side is cut without a close frame (S-100).
        if frames.may_close() && to.write_all(frame).await.is_ok() && to.flush().await.is_ok() {
            let _ = to.shutdown().await;
            let mut thrown_away = [0; 1024];
            while from.read(&mut thrown_away).await.is_ok_and(|read| read > 0) {}
        }
    };
    // Whether it worked changes nothing: the connection is dropped either way.
    let _ = tokio::time::timeout(MOMENT, parting).await;
}

/// What the other side gets to answer: an end is seen within a second.
const MOMENT: Duration = Duration::from_millis(300);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_ended_by_itself_needs_no_word_and_policy_is_told_apart_from_leaving() {
        let code = |why| CloseFrame::after(why).map(|close_frame| close_frame.code);
        assert_eq!([code(TunnelOver::Closed), code(TunnelOver::Broken)], [None, None]);
        for why in
            [Reason::SessionEnded, Reason::InactiveUser, Reason::AccessDenied, Reason::AdminOnly, Reason::NotLocal]
        {
            assert_eq!(code(TunnelOver::Cut(Some(why))), Some(POLICY), "{why:?}");
        }
        for why in [None, Some(Reason::Stopping), Some(Reason::UnknownRoute)] {
            assert_eq!(code(TunnelOver::Cut(why)), Some(GOING_AWAY), "{why:?}");
        }
        assert_eq!(code(TunnelOver::Idle), Some(GOING_AWAY));
    }
}

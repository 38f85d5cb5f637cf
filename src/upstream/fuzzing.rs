//! Fuzz targets: the frames of WebSockets that pass, and what add-ons say in the headers of their answers.

pub(crate) use super::response::fuzzing::answer_headers;
use super::websocket_frames::{Frames, close, close_masked};

/// However bytes are cut into pieces, a frame of ours is said to fit where RFC 6455 has the end of one, and nowhere
/// else; a close frame is the last.
pub(crate) fn websocket_frames(bytes: &[u8]) {
    let Some((piece, bytes)) = bytes.split_first() else { return };
    let piece = usize::from(*piece).saturating_add(1);
    let mut frames = Frames::default();
    let mut passed = 0_usize;
    for part in bytes.chunks(piece) {
        frames.pass(part);
        passed = passed.saturating_add(part.len());
        let so_far = bytes.get(..passed).unwrap_or_default();
        assert_eq!(frames.may_close(), may_close(so_far), "after {passed} bytes");
    }
    let mut whole = Frames::default();
    whole.pass(bytes);
    assert_eq!(whole.may_close(), frames.may_close());
    if whole.may_close() {
        whole.pass(&close(1001, ""));
        assert!(!whole.may_close());
        frames.pass(&close_masked(1008, "", [1, 2, 3, 4]));
        assert!(!frames.may_close());
    }
}

/// The same by a reader that has all of it at once.
fn may_close(mut bytes: &[u8]) -> bool {
    while let [first, second, rest @ ..] = bytes {
        if first & 0x0f == 8 {
            return false;
        }
        let digits = match second & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some((digits, rest)) = rest.split_at_checked(digits) else { return false };
        let length = match digits {
            [] => u64::from(second & 0x7f),
            digits => digits.iter().fold(0, |length, digit| length << 8 | u64::from(*digit)),
        };
        let key = if second & 0x80 == 0 { 0 } else { 4 };
        // A length of 64 bits with the first one set is none.
        let length = Some(length).filter(|length| length >> 63 == 0).and_then(|length| length.checked_add(key));
        let length = length.and_then(|length| usize::try_from(length).ok());
        let Some(rest) = length.and_then(|length| rest.get(length..)) else { return false };
        bytes = rest;
    }
    bytes.is_empty()
}

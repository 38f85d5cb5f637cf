//! Where the frames of a WebSocket begin and end, and the one frame that we say ourselves: the last (RFC 6455).
//!
//! Follows the bytes that were passed on in one direction, and says whether a frame of ours could stand behind them.
//! Nothing is copied, unmasked or judged: what the two sides say to each other is theirs.

/// The place in a stream of frames.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Frames {
    place: FrameState,
    closed: bool,
}

/// RFC 6455 section 5.2.
#[derive(Debug, Clone, Copy, Default)]
enum FrameState {
    /// Before the first byte of a frame.
    #[default]
    Between,
    /// Before the byte of the mask bit and the short length.
    Length,
    /// Within a long length: how many bytes of it are missing.
    LongLength { missing: u8, so_far: u64, masked: bool },
    /// Within the masking key and the payload: how many bytes of them are missing.
    Payload(u64),
    /// A length that no frame can have.
    Lost,
}

impl Frames {
    /// Takes note of bytes that were passed on.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while let Some((byte, rest)) = bytes.split_first() {
            // Payload is skipped in one step: byte by byte, a large download would cost a pass over all of it.
            if let FrameState::Payload(missing) = self.place {
                let here = usize::try_from(missing).unwrap_or(usize::MAX).min(bytes.len());
                bytes = bytes.get(here..).unwrap_or_default();
                self.place = payload(missing.saturating_sub(u64::try_from(here).unwrap_or(u64::MAX)));
                continue;
            }
            bytes = rest;
            self.place = match self.place {
                FrameState::Between => {
                    // Noted at the frame's first byte: even a close frame that is not whole yet leaves no place for
                    // ours.
                    self.closed |= byte & OPCODE == CLOSE;
                    FrameState::Length
                }
                FrameState::Length => after_length(*byte),
                FrameState::LongLength { missing, so_far, masked } => {
                    longer(missing, so_far << 8 | u64::from(*byte), masked)
                }
                other @ (FrameState::Payload(_) | FrameState::Lost) => other,
            };
        }
    }

    /// Whether another frame may stand here: not within one, and not behind the last.
    ///
    /// RFC 6455 section 5.5.1: the application MUST NOT send any more data frames after sending a Close frame. Section
    /// 5.4: control frames may be injected in the middle of a fragmented message.
    pub(super) fn may_close(self) -> bool {
        matches!(self.place, FrameState::Between) && !self.closed
    }
}

fn after_length(byte: u8) -> FrameState {
    let (masked, length) = (byte & MASKED != 0, byte & !MASKED);
    match length {
        126 => FrameState::LongLength { missing: 2, so_far: 0, masked },
        127 => FrameState::LongLength { missing: 8, so_far: 0, masked },
        // A short length is a length with nothing missing behind this byte.
        short => longer(1, u64::from(short), masked),
    }
}

/// RFC 6455 section 5.2: the most significant bit of a length of 64 bits MUST be 0.
fn longer(missing: u8, so_far: u64, masked: bool) -> FrameState {
    // The key counts with the payload: for where the frame ends, they are alike.
    let key = if masked { MASKING_KEY } else { 0 };
    match (missing, so_far.checked_add(key)) {
        (2.., _) => FrameState::LongLength { missing: missing.saturating_sub(1), so_far, masked },
        (_, Some(rest)) if so_far >> 63 == 0 => payload(rest),
        // We have lost the place, and a frame of ours would land in the middle of theirs. It is a state that nothing
        // leaves.
        _ => FrameState::Lost,
    }
}

fn payload(missing: u64) -> FrameState {
    if missing == 0 { FrameState::Between } else { FrameState::Payload(missing) }
}

/// The last frame of a server: final, not masked.
pub(super) fn close(code: u16, reason: &str) -> Vec<u8> {
    let mut frame = vec![FINAL | CLOSE, length_of(reason)];
    frame.extend(code.to_be_bytes().iter().chain(reason.as_bytes()));
    frame
}

/// The last frame of a client. RFC 6455 section 5.3: the masking key is a value that the server cannot know.
pub(super) fn close_masked(code: u16, reason: &str, key: [u8; 4]) -> Vec<u8> {
    let mut frame = vec![FINAL | CLOSE, MASKED | length_of(reason)];
    frame.extend(key);
    let payload = code.to_be_bytes();
    frame.extend(payload.iter().chain(reason.as_bytes()).zip(key.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// RFC 6455 section 5.5: the payload of a control frame has 125 bytes or less.
fn length_of(reason: &str) -> u8 {
    u8::try_from(reason.len().saturating_add(2)).ok().filter(|length| *length <= 125).expect("our reasons are short")
}

const FINAL: u8 = 0x80;
const OPCODE: u8 = 0x0f;
const CLOSE: u8 = 0x8;
const MASKED: u8 = 0x80;
const MASKING_KEY: u64 = 4;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn frame(opcode: u8, masked: bool, payload: usize) -> Vec<u8> {
        let mask = if masked { MASKED } else { 0 };
        let mut frame = vec![opcode];
        match payload {
            0..126 => frame.push(mask | u8::try_from(payload).unwrap()),
            126..0x1_0000 => {
                frame.push(mask | 0x7e);
                frame.extend(u16::try_from(payload).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask | 0x7f);
                frame.extend(u64::try_from(payload).unwrap().to_be_bytes());
            }
        }
        frame.extend(vec![0x88; payload + if masked { 4 } else { 0 }]);
        frame
    }

    fn passed(bytes: &[u8]) -> Frames {
        let mut frames = Frames::default();
        frames.pass(bytes);
        frames
    }

    proptest! {
        #[test]
        fn a_frame_ends_where_its_length_says_however_it_is_cut(
            sizes in prop::collection::vec((prop_oneof![0..200usize, 65_000..66_000usize], any::<bool>()), 1..6),
            piece in 1..3000usize,
        ) {
            let mut frames = Frames::default();
            for (size, masked) in sizes {
                let bytes = frame(0x02, masked, size);
                let (most, last) = bytes.split_at(bytes.len() - 1);
                for piece in most.chunks(piece) {
                    frames.pass(piece);
                    prop_assert!(!frames.may_close());
                }
                frames.pass(last);
                prop_assert!(frames.may_close());
            }
        }
    }

    #[test]
    fn behind_a_close_frame_there_is_no_other() {
        assert!(!passed(&close(1000, "")).may_close());
        assert!(!passed(&[close(1000, ""), frame(0x81, false, 1)].concat()).may_close());
        assert!(!passed(&[0x88]).may_close());
        assert!(passed(&frame(0x89, true, 0)).may_close(), "a ping is not the last");
        assert!(passed(&frame(0x01, false, 1)).may_close(), "between two fragments of a message");
    }

    #[test]
    fn a_length_that_cannot_be_is_never_at_its_end() {
        let impossible = [&[0x82, 127, 0x80][..], &[0; 7], &[0; 100]].concat();
        assert!(!passed(&impossible).may_close());
        let huge = [&[0x82, 0xff, 0x7f][..], &[0xff; 7], &[0; 100]].concat();
        assert!(!passed(&huge).may_close());
    }

    #[test]
    fn the_last_frame_is_one() {
        assert_eq!(close(1008, "ab"), [0x88, 4, 0x03, 0xf0, b'a', b'b']);
        assert_eq!(close_masked(1001, "", [1, 2, 3, 4]), [0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe9 ^ 2]);
        assert!(!passed(&close(1008, &"x".repeat(123))).may_close());
    }
}

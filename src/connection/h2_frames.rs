//! A budget for HTTP/2 frames that carry nothing: PING, SETTINGS, `RST_STREAM`, `WINDOW_UPDATE`, PRIORITY, empty DATA,
//! and what has no name yet.
//!
//! It follows the bytes of a connection in both directions and says when the peer has sent more such frames than what
//! it was served explains. h2 answers PING and SETTINGS and forgets the others, without a limit (CVE-2019-9511 to
//! 9518), so each would cost its sender less than us. Only the nine bytes of each frame's head are looked at, and
//! nothing is kept.

use std::time::Duration;

use tokio::time::Instant;

/// The frames of one connection.
#[derive(Debug)]
pub(super) struct FrameBudget {
    received: FrameHeads,
    sent: FrameHeads,
    /// What is left. A frame costs [`FRAME`] units. It falls below nothing by what one read brings.
    left: i64,
    most: i64,
    refilled: Instant,
    last_stream: u32,
}

impl FrameBudget {
    /// A budget of this many frames, which fills up again within [`WINDOW`].
    pub(super) fn new(frames: u32) -> Self {
        let most = i64::from(frames).saturating_mul(FRAME);
        Self {
            received: FrameHeads::after(PREFACE),
            sent: FrameHeads::after(0),
            left: most,
            most,
            refilled: Instant::now(),
            last_stream: 0,
        }
    }

    /// Whether the budget lasts for what was received.
    pub(super) fn receives(&mut self, bytes: &[u8]) -> bool {
        let Self { received, left, last_stream, most, .. } = self;
        received.pass(bytes, |head| match head.kind {
            // Content earns: uploads come with window updates and measuring PINGs, and a body that moves is held to the
            // limits on bodies.
            DATA if head.content() > 0 => *left = left.saturating_add(head.content()).min(*most),
            // How a body ends whose length was not known before. There is one for each stream, and streams are limited.
            DATA if head.flags & END_STREAM != 0 => {}
            // What opens streams has limits of its own: how many are open, and how many were reset.
            HEADERS => *last_stream = head.stream.max(*last_stream),
            // CONTINUATION among them (CVE-2024-27316), and kinds that have no name yet, which RFC 9113 section 4.1 has
            // every endpoint ignore.
            _ => *left = left.saturating_sub(FRAME),
        });
        // The clock is asked only when the budget is spent, not for every read.
        self.left >= 0 || self.refill()
    }

    /// What we send is what the peer asked for, and explains frames about it: window updates, cancellations, measuring.
    pub(super) fn sends(&mut self, bytes: &[u8]) {
        let Self { sent, left, most, .. } = self;
        sent.pass(bytes, |head| {
            if matches!(head.kind, DATA | HEADERS) {
                *left = left.saturating_add(EXPLAINED.saturating_add(head.length)).min(*most);
            }
        });
    }

    /// A GOAWAY frame with `ENHANCE_YOUR_CALM`, where one can stand: not in the middle of a frame of ours.
    ///
    /// RFC 9113 section 10.5: an endpoint MAY treat activity that is suspicious as a connection error of type
    /// `ENHANCE_YOUR_CALM`.
    pub(super) fn goaway(&self) -> Option<[u8; 17]> {
        let mut frame = [0, 0, 8, GOAWAY, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, ENHANCE_YOUR_CALM];
        let last = frame.get_mut(9..13)?;
        last.copy_from_slice(&self.last_stream.to_be_bytes());
        // In the middle of a frame of ours these bytes would be read as its payload.
        self.sent.between_frames().then_some(frame)
    }

    /// Fills up by what time has brought. The clock is asked here alone, and that is rarely.
    fn refill(&mut self) -> bool {
        let now = Instant::now();
        // A window at most: an idle hour earns no more than a full budget.
        let passed = now.saturating_duration_since(self.refilled).min(WINDOW).as_millis();
        let window = WINDOW.as_millis();
        let most = u128::try_from(self.most).unwrap_or_default();
        let earned = most.saturating_mul(passed).checked_div(window).unwrap_or_default();
        self.refilled = now;
        self.left = self.left.saturating_add(i64::try_from(earned).unwrap_or(self.most)).min(self.most);
        self.left >= 0
    }
}

/// The heads of frames in a stream of bytes (RFC 9113 section 4.1), wherever reads and writes have cut it.
#[derive(Debug)]
struct FrameHeads {
    head: [u8; HEAD],
    have: usize,
    skip: usize,
}

/// What the head of a frame says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    length: i64,
    kind: u8,
    flags: u8,
    stream: u32,
}

impl Head {
    /// How much of a DATA frame is content for certain. How much of a padded one is padding stands behind its head, and
    /// is at most 256 bytes with its own length (RFC 9113 section 6.1): a frame of nothing else earns nothing (S-212).
    fn content(self) -> i64 {
        if self.flags & PADDED == 0 { self.length } else { self.length.saturating_sub(MOST_PADDING) }
    }
}

impl FrameHeads {
    fn after(skip: usize) -> Self {
        Self { head: [0; HEAD], have: 0, skip }
    }

    fn pass(&mut self, mut bytes: &[u8], mut each: impl FnMut(Head)) {
        loop {
            let skipped = self.skip.min(bytes.len());
            // Payloads are skipped without a look, across as many reads as they take.
            self.skip -= skipped;
            bytes = bytes.get(skipped..).unwrap_or_default();
            if bytes.is_empty() {
                return;
            }
            let room = self.head.get_mut(self.have..).unwrap_or_default();
            let taken = room.len().min(bytes.len());
            let (now, rest) = bytes.split_at_checked(taken).unwrap_or((bytes, &[]));
            // A head may be cut anywhere by reads: its bytes are gathered until there are nine.
            room.iter_mut().zip(now).for_each(|(to, from)| *to = *from);
            (self.have, bytes) = (self.have + taken, rest);
            if self.have == HEAD {
                let [a, b, c, kind, flags, stream @ ..] = self.head;
                let length = u32::from_be_bytes([0, a, b, c]);
                (self.have, self.skip) = (0, usize::try_from(length).unwrap_or(usize::MAX));
                let stream = u32::from_be_bytes(stream) & STREAM_ID;
                each(Head { length: length.into(), kind, flags, stream });
            }
        }
    }

    fn between_frames(&self) -> bool {
        self.have == 0 && self.skip == 0
    }
}

/// Within this time the budget fills up again.
pub(super) const WINDOW: Duration = Duration::from_secs(10);

/// What one frame costs. A byte of content earns one unit.
const FRAME: i64 = 256;

/// What each frame of an answer explains: gRPC's libraries measure the line with a PING for each piece of data, and
/// there are clients that open two windows for each.
const EXPLAINED: i64 = 4 * FRAME;

const HEAD: usize = 9;
/// The bytes that a client begins with (RFC 9113 section 3.4).
const PREFACE: usize = 24;
/// The highest bit of a stream's number is reserved.
const STREAM_ID: u32 = u32::MAX >> 1;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const PADDED: u8 = 8;
const MOST_PADDING: i64 = 256;
const ENHANCE_YOUR_CALM: u8 = 11;

#[cfg(test)]
mod tests {
    use super::*;

    const PING: u8 = 6;

    fn frame(kind: u8, flags: u8, stream: u8, length: usize) -> Vec<u8> {
        let [.., a, b, c] = length.to_be_bytes();
        [vec![a, b, c, kind, flags, 0, 0, 0, stream], vec![7; length]].concat()
    }

    fn begun(frames: u32) -> FrameBudget {
        let mut budget = FrameBudget::new(frames);
        assert!(budget.receives(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
        budget
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_frames_without_content_and_not_one_more() {
        for (kind, length) in [(2, 5), (3, 4), (4, 0), (PING, 8), (8, 4), (9, 1), (0, 0), (200, 16_000)] {
            let mut budget = begun(5);
            let one = frame(kind, 0, 1, length);
            assert!(budget.receives(&one.repeat(5)), "{kind}");
            assert!(!budget.receives(&one), "{kind}");
            assert_eq!(budget.goaway().map(|bytes| bytes[16]), Some(11));
        }
        let mut budget = begun(5);
        assert!(!budget.receives(&frame(PING, 1, 0, 8).repeat(6)), "in one read");
    }

    #[tokio::test(start_paused = true)]
    async fn s212_a_frame_of_nothing_but_padding_has_no_content() {
        let padding = frame(0, 8, 1, 256);
        let mut budget = begun(5);
        assert!(budget.receives(&padding.repeat(5)));
        assert!(!budget.receives(&padding));
        let mut budget = begun(5);
        for _ in 0..100 {
            assert!(budget.receives(&frame(0, 8, 1, 1024)), "content with padding is content");
            assert!(budget.receives(&frame(PING, 0, 0, 8).repeat(3)));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn it_fills_up_within_its_window() {
        let mut budget = begun(10);
        let one = frame(PING, 0, 0, 8);
        assert!(budget.receives(&one.repeat(10)));
        tokio::time::advance(WINDOW / 2).await;
        assert!(budget.receives(&one.repeat(1)));
        assert!(budget.receives(&one.repeat(4)));
        assert!(!budget.receives(&one));
    }

    #[tokio::test(start_paused = true)]
    async fn frames_are_found_wherever_a_read_ends() {
        let bytes = [frame(HEADERS, 4, 3, 100), frame(0, 0, 3, 10), frame(PING, 0, 0, 8), frame(8, 0, 3, 4)].concat();
        let seen = |sizes: usize| {
            let mut heads = FrameHeads::after(0);
            let mut seen = Vec::new();
            bytes
                .chunks(sizes)
                .for_each(|chunk| heads.pass(chunk, |head| seen.push((head.kind, head.stream, head.length))));
            assert!(heads.between_frames());
            seen
        };
        for size in 1..=bytes.len() {
            assert_eq!(seen(size), [(1, 3, 100), (0, 3, 10), (PING, 0, 8), (8, 3, 4)], "{size}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_transferred_explains_frames_about_it() {
        let mut budget = begun(4);
        let update = frame(8, 0, 1, 4);
        for _ in 0..100 {
            budget.sends(&frame(0, 0, 1, 100));
            assert!(budget.receives(&update.repeat(4)), "a client that opens its windows");
            assert!(budget.receives(&frame(0, 0, 1, 1024)));
            assert!(budget.receives(&update.repeat(4)), "an upload");
        }
        // What we say of pings and settings explains nothing.
        budget.sends(&frame(PING, 1, 0, 8).repeat(100));
        budget.sends(&frame(4, 1, 0, 0).repeat(100));
        assert!(!budget.receives(&update.repeat(9)));
    }

    #[tokio::test(start_paused = true)]
    async fn in_the_middle_of_a_frame_of_ours_nothing_can_be_said() {
        let mut budget = begun(1);
        assert!(budget.receives(&frame(HEADERS, 5, 7, 3)));
        assert_eq!(budget.goaway().map(|bytes| bytes[12]), Some(7), "the last stream");
        budget.sends(&frame(0, 0, 1, 100)[..50]);
        assert_eq!(budget.goaway(), None);
    }
}

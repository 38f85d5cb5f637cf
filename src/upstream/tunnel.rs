//! A WebSocket after its handshake: bytes both ways until one side ends, nothing moves for too long, or it is cut.
//!
//! Of the bytes only the ends of frames are followed, so that a tunnel that is cut can be closed with a frame of our
//! own.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::close_frame::{self, CloseFrame};
use super::pool::TunnelSlot;
use super::tunnel_over::TunnelOver;
use super::tunnel_side::Side;
use super::websocket_frames::Frames;
use crate::connection::InFlightGuard;
use crate::exchanges::Open;

/// Both sides of a tunnel that is about to open.
#[derive(Debug)]
pub struct Tunnel {
    client: OnUpgrade,
    addon: OnUpgrade,
    open: Open,
    idle: Duration,
    /// What it takes up while it lives: its place at the add-on, and its connection's time.
    _held: (TunnelSlot, InFlightGuard),
}

/// What went through a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TunnelEnd {
    /// Bytes from the client to the add-on.
    pub sent: u64,
    /// Bytes from the add-on to the client.
    pub received: u64,
    /// Which side ended it, or why we did.
    pub why: TunnelOver,
}

impl Tunnel {
    pub(super) fn new(
        client: OnUpgrade,
        addon: OnUpgrade,
        open: Open,
        idle: Duration,
        held: (TunnelSlot, InFlightGuard),
    ) -> Self {
        Self { client, addon, open, idle, _held: held }
    }

    /// Carries bytes until it ends.
    pub async fn run(self) -> TunnelEnd {
        // `_held` is bound and not dropped here: its places are given back when the tunnel has ended.
        let Self { client, addon, open, idle: limit, _held } = self;
        let flow = Flow::default();
        let start = Instant::now();
        // The handshake is answered, but a side may never come: hyper resolves these when each connection has switched,
        // and a client need not take its 101. The wait is bounded, so that a tunnel that never opens holds no place.
        let upgraded = tokio::select! {
            upgraded = async { tokio::try_join!(client, addon) } => upgraded.map_err(|_| TunnelOver::Broken),
            () = open.cut() => Err(TunnelOver::Cut(open.exchange().why())),
            () = idle(&flow, start, limit.min(ARRIVAL)) => Err(TunnelOver::Idle),
        };
        let why = match upgraded {
            Ok((client, addon)) => Sides::new(client, addon).run(&open, &flow, start, limit).await,
            Err(why) => why,
        };
        let (sent, received) = (flow.sent.load(Ordering::Relaxed), flow.received.load(Ordering::Relaxed));
        TunnelEnd { sent, received, why }
    }
}

/// Carries bytes between two sides that are open, both at the end of a frame, until one ends.
pub async fn carry(client: Upgraded, addon: Upgraded, open: &Open, idle: Duration) -> TunnelEnd {
    let flow = Flow::default();
    let why = Sides::new(client, addon).run(open, &flow, Instant::now(), idle).await;
    let (sent, received) = (flow.sent.load(Ordering::Relaxed), flow.received.load(Ordering::Relaxed));
    TunnelEnd { sent, received, why }
}

#[derive(Debug, Default)]
struct Flow {
    sent: AtomicU64,
    received: AtomicU64,
    // Milliseconds after the tunnel's start.
    last: AtomicU64,
}

struct Sides {
    client: Side,
    addon: Side,
}

impl Sides {
    fn new(client: Upgraded, addon: Upgraded) -> Self {
        Self { client: Side::new(client), addon: Side::new(addon) }
    }

    async fn run(mut self, open: &Open, flow: &Flow, start: Instant, limit: Duration) -> TunnelOver {
        let why = tokio::select! {
            // The end of it first: not a byte goes on after it.
            biased;
            () = open.cut() => TunnelOver::Cut(open.exchange().why()),
            () = idle(flow, start, limit) => TunnelOver::Idle,
            why = self.carry(flow, start) => why,
        };
        // Only after the copying has been dropped: a frame of ours between two of its writes would tear a frame of
        // theirs.
        if let Some(close_frame) = CloseFrame::after(why) {
            close_frame::say(close_frame, self.client, self.addon).await;
        }
        why
    }

    async fn carry(&mut self, flow: &Flow, start: Instant) -> TunnelOver {
        let Self { client, addon } = self;
        let moved = |counter: &AtomicU64, bytes: usize| {
            counter.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
            // Relaxed: the counters are for the log, and the idle check reads the time alone.
            flow.last.store(millis(start), Ordering::Relaxed);
        };
        let up = copy(&mut client.from, &mut addon.to, &mut addon.frames, |bytes| moved(&flow.sent, bytes));
        let down = copy(&mut addon.from, &mut client.to, &mut client.frames, |bytes| moved(&flow.received, bytes));
        // RFC 6455 section 7.1.1: both sides close TCP after their close frames, so after one side's end the other gets
        // a moment for its last bytes.
        let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
        // RFC 6455 section 5.5.1: a side that gets a close frame answers with one, which comes over the other
        // direction.
        let ended = tokio::select! {
            ended = &mut up => ended.and(last_words(&mut down).await),
            ended = &mut down => ended.and(last_words(&mut up).await),
        };
        if ended.is_ok() { TunnelOver::Closed } else { TunnelOver::Broken }
    }
}

async fn last_words(other: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    // A side that does not close in time is no error: how the tunnel ended was decided by the first one.
    tokio::time::timeout(LAST_WORDS, other).await.unwrap_or(Ok(()))
}

/// How long a side may take to come to a tunnel that both have agreed on.
const ARRIVAL: Duration = Duration::from_secs(30);

/// How long a side may go on after the other has ended.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Bytes that one direction of a tunnel holds.
const BUFFER: usize = 16 * 1024;

async fn copy<R, W>(from: &mut R, to: &mut W, frames: &mut Frames, moved: impl Fn(usize)) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            // The end of one direction is passed on as such. The other may still bring the answer to a close frame.
            return to.shutdown().await;
        }
        let mut rest = buffer.get(..read).unwrap_or_default();
        while !rest.is_empty() {
            let written = to.write(rest).await?;
            if written == 0 {
                return Err(io::ErrorKind::WriteZero.into());
            }
            // Noted in one step with the writing: a cut between the two would take the middle of a frame for its end.
            let (passed, left) = rest.split_at_checked(written).unwrap_or((rest, &[]));
            frames.pass(passed);
            rest = left;
        }
        // Messages are small and the other side waits for each: TLS and hyper would otherwise hold the last bytes of
        // one back.
        to.flush().await?;
        // Counted when the other side has taken it: a sender alone, with a reader that takes nothing, must not keep a
        // tunnel from idling out.
        moved(read);
    }
}

async fn idle(flow: &Flow, start: Instant, limit: Duration) {
    loop {
        let last = start + Duration::from_millis(flow.last.load(Ordering::Relaxed));
        // Looked at again after each sleep, because bytes moved the limit while it slept.
        if last.elapsed() >= limit {
            return;
        }
        tokio::time::sleep_until(last + limit).await;
    }
}

fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

//! A WebSocket after its handshake: bytes both ways until one side ends, nothing moves for too long, or it is cut.
//!
//! The bytes are not looked at.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::Instant;

use super::pool::TunnelPlace;
use crate::authorization::Open;
use crate::http::Serving;

/// Both sides of a tunnel that is about to open.
#[derive(Debug)]
pub struct Tunnel {
    client: OnUpgrade,
    addon: OnUpgrade,
    open: Open,
    idle: Duration,
    /// What it takes up while it lives: its place at the add-on, and its connection's time.
    _held: (TunnelPlace, Serving),
}

/// What went through a tunnel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TunnelEnd {
    /// Bytes from the client to the add-on.
    pub sent: u64,
    /// Bytes from the add-on to the client.
    pub received: u64,
    /// Why it ended.
    pub why: TunnelOver,
}

/// Why a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TunnelOver {
    /// One side closed it.
    Closed,
    /// A side never came, or broke off.
    Broken,
    /// Nothing moved for too long.
    Idle,
    /// It was cut: see the exchange for the reason.
    Cut(Option<crate::refusal::Reason>),
}

impl Tunnel {
    pub(super) fn new(
        client: OnUpgrade,
        addon: OnUpgrade,
        open: Open,
        idle: Duration,
        held: (TunnelPlace, Serving),
    ) -> Self {
        Self { client, addon, open, idle, _held: held }
    }

    /// Carries bytes until it ends.
    pub async fn run(self) -> TunnelEnd {
        let flow = Flow::default();
        let start = Instant::now();
        let why = tokio::select! {
            why = carry(self.client, self.addon, &flow, start) => why,
            () = self.open.cut() => TunnelOver::Cut(self.open.exchange().why()),
            () = idle(&flow, start, self.idle) => TunnelOver::Idle,
        };
        let (sent, received) = (flow.sent.load(Ordering::Relaxed), flow.received.load(Ordering::Relaxed));
        TunnelEnd { sent, received, why }
    }
}

#[derive(Debug, Default)]
struct Flow {
    sent: AtomicU64,
    received: AtomicU64,
    // Milliseconds after the tunnel's start.
    last: AtomicU64,
}

async fn carry(client: OnUpgrade, addon: OnUpgrade, flow: &Flow, start: Instant) -> TunnelOver {
    let Ok((client, addon)) = tokio::try_join!(client, addon) else { return TunnelOver::Broken };
    let (mut from_client, mut to_client) = tokio::io::split(TokioIo::new(client));
    let (mut from_addon, mut to_addon) = tokio::io::split(TokioIo::<Upgraded>::new(addon));
    let moved = |counter: &AtomicU64, bytes: usize| {
        counter.fetch_add(u64::try_from(bytes).unwrap_or_default(), Ordering::Relaxed);
        flow.last.store(millis(start), Ordering::Relaxed);
    };
    let up = copy(&mut from_client, &mut to_addon, |bytes| moved(&flow.sent, bytes));
    let down = copy(&mut from_addon, &mut to_client, |bytes| moved(&flow.received, bytes));
    // RFC 6455 section 7.1.1: both sides close TCP after their close frames, so one side's end leaves the other a moment
    // to say its last bytes.
    let (mut up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
    let ended = tokio::select! {
        ended = &mut up => ended.and(last_words(&mut down).await),
        ended = &mut down => ended.and(last_words(&mut up).await),
    };
    if ended.is_ok() { TunnelOver::Closed } else { TunnelOver::Broken }
}

async fn last_words(other: impl Future<Output = io::Result<()>>) -> io::Result<()> {
    tokio::time::timeout(LAST_WORDS, other).await.unwrap_or(Ok(()))
}

const LAST_WORDS: Duration = Duration::from_secs(5);

/// Bytes that one direction of a tunnel holds.
const BUFFER: usize = 16 * 1024;

async fn copy<R, W>(from: &mut R, to: &mut W, moved: impl Fn(usize)) -> io::Result<()>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let mut buffer = vec![0; BUFFER];
    loop {
        let read = from.read(&mut buffer).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        to.write_all(buffer.get(..read).unwrap_or_default()).await?;
        to.flush().await?;
        moved(read);
    }
}

async fn idle(flow: &Flow, start: Instant, limit: Duration) {
    loop {
        let last = start + Duration::from_millis(flow.last.load(Ordering::Relaxed));
        if last.elapsed() >= limit {
            return;
        }
        tokio::time::sleep_until(last + limit).await;
    }
}

fn millis(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

//! One connection: HTTP/1.1 or HTTP/2, as ALPN has settled it, until it ends, is idle for too long, or the process
//! stops.
//!
//! The handler is called once for each request. There is no other loop: what differs between browsers, Home Assistant
//! and add-ons is said by the connection's type.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures_util::stream::{FuturesUnordered, StreamExt as _};
use http::header::{CONNECTION, UPGRADE};
use http::{HeaderValue, Request, Response, StatusCode, Version};
use hyper::body::{Body, Incoming};
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio_util::sync::CancellationToken;

use super::abort::StreamExecutor;
use super::body::ClientBody;
use super::entry_point::ConnectionInfo;
use super::h2_frames::FrameBudget;
use super::http1::{Plain, PlainConnection, Rewound};
use super::line_ends::LineEnds;
use super::lingering::{ByteInspector, LingeringStream};
use super::opened::{Connection, Opened};
use super::timeouts::{InFlightGuard, IoLimits, IoTimeouts, Switch};
use super::unread::UnreadBody;
use crate::config::Limits;
use crate::tls::Protocol;

/// A request as it arrived.
#[derive(Debug)]
pub struct Arrived<V = ConnectionInfo> {
    /// The request, as it was read.
    pub request: Request<ClientBody>,
    /// What is true of every request on its connection.
    pub connection_info: V,
    /// Keeps the connection from counting as idle.
    pub serving: InFlightGuard,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The peer closed it, it was idle or timed out, or the process stops.
    Ordinarily,
    /// The peer had sent more frames without content than its budget.
    Flooded,
}

/// Serves a connection of any kind to its end. `stop` lets open requests finish and takes no more.
pub async fn serve<C, H, F, B>(connection: C, limits: &Limits, stop: CancellationToken, handler: H) -> Ended
where
    C: Connection,
    H: Fn(Arrived<C::ConnectionInfo>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let Opened { stream, connection_info, protocol, first_request } = connection.open();
    let timeouts = IoTimeouts::new(first_request);
    // Over HTTP/2 there is no pause between requests that ends with a head: any frame would begin it, a PING included.
    let head = if protocol == Protocol::Http1 { limits.header_timeout } else { limits.idle_timeout };
    let io_limits = IoLimits { head, idle: limits.idle_timeout, blocked: limits.unread_timeout };
    // A set of one: it is polled when it is woken and not whenever the connection is, which is several times a request,
    // and whether to stop is asked of a lock that all connections share.
    let mut aside = FuturesUnordered::from_iter([async {
        tokio::select! {
            () = stop.cancelled() => Aside::End,
            () = timeouts.passes(io_limits) => Aside::End,
            () = timeouts.abort_handle().aborted() => Aside::Abort,
        }
    }]);
    // Three servers, one way to end: they share no trait. What comes out is how the connection ended, if by itself.
    macro_rules! drive {
        ($pinned:expr) => {{
            let mut connection = $pinned;
            let ended = tokio::select! {
                // The connection first: an answer that can be finished now is finished before it is told to end.
                biased;
                ended = connection.as_mut() => Some(ended),
                said = aside.next() => match said {
                    // Dropped in the middle of its answer, so that the client sees it break off and never takes it for
                    // complete.
                    Some(Aside::Abort) => return Ended::Ordinarily,
                    Some(Aside::End) | None => None,
                },
            };
            if ended.is_some() {
                ended
            } else {
                // Over HTTP/1.1 the answer that is under way is the last one; over HTTP/2 a GOAWAY is sent (RFC 9113
                // section 6.8) and open streams may end.
                connection.as_mut().graceful_shutdown();
                tokio::select! {
                    ended = connection.as_mut() => Some(ended),
                    // The idle limit shrinks and the others stay: what is open may take its time, and what is idle gets
                    // a second.
                    () = timeouts.passes(IoLimits { idle: LAST_WORDS, ..io_limits }) => None,
                    () = timeouts.abort_handle().aborted() => None,
                }
            }
        }};
    }
    let arrivals = Arrivals { handler: Arc::new(handler), connection_info, timeouts: Arc::clone(&timeouts) };
    match protocol {
        Protocol::Http1 => {
            let stream = LingeringStream::new(stream, &timeouts, ByteInspector::None);
            let plain = arrivals.clone();
            let mut connection = PlainConnection::new(stream, move |request| plain.answer(request), limits.header_size);
            match drive!(Pin::new(&mut connection)) {
                Some(Ok(Plain::Odd(read))) => {
                    let stream = Rewound::new(read, connection.into_stream().into_inner());
                    let lines = ByteInspector::Http1(Box::new(LineEnds::new()));
                    let io = TokioIo::new(LingeringStream::new(stream, &timeouts, lines));
                    let service = service_fn(move |request| arrivals.serve(request));
                    note(drive!(Box::pin(http1_builder(limits).serve_connection(io, service).with_upgrades())));
                }
                ended => note(ended),
            }
        }
        Protocol::Http2 => {
            let frames = ByteInspector::Http2(Box::new(FrameBudget::new(limits.http2_control_frames)));
            let io = TokioIo::new(LingeringStream::new(stream, &timeouts, frames));
            let service = service_fn(move |request| arrivals.serve(request));
            // Boxed, as hyper's over HTTP/1.1: what is not there takes no room in the task of a connection.
            note(drive!(Box::pin(http2_builder(limits).serve_connection(io, service))));
        }
    }
    if timeouts.was_flooded() { Ended::Flooded } else { Ended::Ordinarily }
}

/// What hands the requests of a connection to the handler.
struct Arrivals<H, V> {
    handler: Arc<H>,
    connection_info: V,
    timeouts: Arc<IoTimeouts>,
}

impl<H, V: Clone> Clone for Arrivals<H, V> {
    fn clone(&self) -> Self {
        Self {
            handler: Arc::clone(&self.handler),
            connection_info: self.connection_info.clone(),
            timeouts: Arc::clone(&self.timeouts),
        }
    }
}

impl<H, F, B, V> Arrivals<H, V>
where
    H: Fn(Arrived<V>) -> F,
    F: Future<Output = Response<B>>,
    V: Clone,
{
    /// The answer to a plain request.
    fn answer(&self, request: Request<ClientBody>) -> F {
        let serving = self.timeouts.serving(false);
        (self.handler)(Arrived { request, connection_info: self.connection_info.clone(), serving })
    }

    /// The answer to a request as hyper gives it.
    fn serve(
        &self,
        request: Request<Incoming>,
    ) -> impl Future<Output = Result<Response<B>, Infallible>> + use<H, F, B, V> {
        // Counted before the handler runs: the connection must not pass for idle between the head and the first poll.
        let serving = self.timeouts.serving(sends_on(&request));
        let (handler, connection_info) = (Arc::clone(&self.handler), self.connection_info.clone());
        let (unread, switches) = (UnreadBody::of(&request), switches(&request).then(|| Arc::clone(&self.timeouts)));
        let request = request.map(|incoming| ClientBody::arrived(incoming, unread.clone()));
        // hyper moves what it is given several times, and the way of a request is some kilobytes of states.
        Box::pin(async move {
            let arrived = Arrived { request, connection_info, serving: serving.on_stream() };
            Ok(settled(handler(arrived).await, switches, unread).await)
        })
    }
}

/// An answer that can go out: what was still on its way behind the head will neither hide it nor be taken for a head.
async fn settled<B>(
    mut response: Response<B>,
    switches: Option<Arc<IoTimeouts>>,
    unread: Option<UnreadBody>,
) -> Response<B> {
    if let Some(timeouts) = switches {
        let made = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        // Set before the head of the answer is written. Bytes that hyper has buffered behind a declined upgrade would
        // otherwise be read as the next request, past the check of line ends.
        if timeouts.answers_switch(if made { Switch::Made } else { Switch::Declined }) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    if let Some(unread) = unread {
        // Before hyper gets the answer: with it the stream ends, and a reset for the unread body might overtake it.
        unread.forget().await;
    }
    response
}

/// Whether the head asks to switch protocols.
fn switches(request: &Request<Incoming>) -> bool {
    request.version() != Version::HTTP_2 && request.headers().contains_key(UPGRADE)
}

/// Whether a body is on its way behind the head. A tunnel's bytes are not one, and must not be thrown away.
fn sends_on(request: &Request<Incoming>) -> bool {
    !request.body().is_end_stream() && !request.headers().contains_key(UPGRADE)
}

/// What ends a connection that does not end by itself.
enum Aside {
    /// It is to end when what is open has ended.
    End,
    /// It is to end at once.
    Abort,
}

/// How long an idle connection that was told to end may take to do so.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn note<T, E: std::error::Error>(ended: Option<Result<T, E>>) {
    if let Some(Err(error)) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

pub(super) fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // [`IoTimeouts`] watches the connection instead: hyper's own limit is a timer for every request.
        .header_read_timeout(None)
        // A client that closes its sending side is taken to be gone: nothing is computed for an answer that nobody
        // awaits.
        .half_close(false)
        .max_header_size(limits.header_size)
        .max_buf_size(limits.header_size.max(SMALLEST_BUFFER));
    // Told a number, hyper makes room for each request anew: the limits up to its own are ours to hold.
    if limits.header_count > HYPERS_HEADER_COUNT {
        builder.max_headers(limits.header_count);
    }
    builder
}

/// What hyper reads at most when it is not told otherwise.
const HYPERS_HEADER_COUNT: usize = 100;
/// hyper refuses a smaller one.
const SMALLEST_BUFFER: usize = 64 * 1024;

fn http2_builder(limits: &Limits) -> http2::Builder<StreamExecutor> {
    let mut builder = http2::Builder::new(StreamExecutor);
    builder
        .timer(TokioTimer::new())
        // Streams that are open together. Those that are opened and reset at once (CVE-2023-44487) are bounded by h2's
        // own limit and by the frame budget.
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        // A phone that left the network sends no end. Without PINGs its open stream would hold the connection for ever.
        .keep_alive_interval(limits.idle_timeout / 2)
        .keep_alive_timeout(limits.header_timeout)
        // RFC 8441: WebSockets over HTTP/2.
        .enable_connect_protocol();
    builder
}

/// What one upload may have under way: enough for a local network, small enough that a hundred of them are no attack.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What one slow reader's answer may hold.
const SEND_BUFFER: usize = 256 * 1024;

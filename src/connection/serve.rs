//! One connection: HTTP/1.1 or HTTP/2, as ALPN has settled it, until it ends, is idle for too long, or the process stops.
//!
//! In comes a [`Connection`] of any listener, out come its requests, one call of the handler each. There is no other loop:
//! what differs between browsers, Home Assistant and add-ons is said by the connection's type.

use std::future::Future;
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

use super::abort::Streams;
use super::body::ClientBody;
use super::entry_point::Via;
use super::h2_frames::FrameBudget;
use super::line_ends::LineEnds;
use super::lingering::{Felt, Watched};
use super::opened::{Connection, Opened};
use super::timeouts::{Pulse, PulseLimits, Serving, Switch};
use super::unread::Unread;
use crate::config::Limits;
use crate::tls::Protocol;

/// A request as it arrived.
#[derive(Debug)]
pub struct Arrived<V = Via> {
    /// The request, as hyper read it.
    pub request: Request<ClientBody>,
    /// Its connection.
    pub via: V,
    /// Keeps the connection from counting as idle.
    pub serving: Serving,
}

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As connections do.
    Ordinarily,
    /// The peer had sent more frames without content than its budget.
    Flooded,
}

/// Serves a connection to its end, whoever it is of. `stop` lets open requests finish and takes no more.
pub async fn serve<C, H, F, B>(connection: C, limits: &Limits, stop: CancellationToken, handler: H) -> Ended
where
    C: Connection,
    H: Fn(Arrived<C::Via>) -> F + Send + Sync + 'static,
    F: Future<Output = Response<B>> + Send + 'static,
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: std::error::Error + Send + Sync + 'static,
{
    let Opened { stream, via, protocol, first_head } = connection.open();
    let pulse = Pulse::new(first_head);
    let head = if protocol == Protocol::Http1 { limits.header_timeout } else { limits.idle_timeout };
    let pulse_limits = PulseLimits { head, idle: limits.idle_timeout, blocked: limits.unread_timeout };
    let io = TokioIo::new(Felt::new(stream, &pulse, watched(protocol, limits)));
    let (counted, handler) = (Arc::clone(&pulse), Arc::new(handler));
    let service = service_fn(move |request: Request<Incoming>| {
        let serving = counted.serving(sends_on(&request));
        let (handler, via) = (Arc::clone(&handler), via.clone());
        let (unread, switches) = (Unread::of(&request), switches(&request).then(|| Arc::clone(&counted)));
        let request = request.map(|incoming| ClientBody::arrived(incoming, unread.clone()));
        // hyper moves what it is given several times, and the way of a request is some kilobytes of states.
        Box::pin(async move {
            let arrived = Arrived { request, via, serving: serving.on_stream() };
            Ok::<_, std::convert::Infallible>(settled(handler(arrived).await, switches, unread).await)
        })
    });
    // A set of one: it is polled when it is woken and not whenever the connection is, which is several times a request,
    // and whether to stop is asked of a lock that all connections share.
    let mut aside = FuturesUnordered::from_iter([async {
        tokio::select! {
            () = stop.cancelled() => Aside::End,
            () = pulse.passes(pulse_limits) => Aside::End,
            () = pulse.line().hung_up() => Aside::HangUp,
        }
    }]);
    // Two protocols, one way to end: hyper's connection types share no trait.
    macro_rules! drive {
        ($connection:expr) => {{
            let mut connection = std::pin::pin!($connection);
            let ended = tokio::select! {
                biased;
                ended = connection.as_mut() => Some(ended),
                said = aside.next() => match said {
                    Some(Aside::HangUp) => return Ended::Ordinarily,
                    Some(Aside::End) | None => None,
                },
            };
            match ended {
                Some(ended) => note(ended),
                None => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        ended = connection.as_mut() => note(ended),
                        () = pulse.passes(PulseLimits { idle: LAST_WORDS, ..pulse_limits }) => {}
                        () = pulse.line().hung_up() => {}
                    }
                }
            }
        }};
    }
    match protocol {
        Protocol::Http1 => drive!(http1_builder(limits).serve_connection(io, service).with_upgrades()),
        Protocol::Http2 => drive!(http2_builder(limits).serve_connection(io, service)),
    }
    if pulse.was_flooded() { Ended::Flooded } else { Ended::Ordinarily }
}

/// What is looked at in the bytes of a connection.
fn watched(protocol: Protocol, limits: &Limits) -> Watched {
    match protocol {
        Protocol::Http1 => Watched::Http1(Box::new(LineEnds::new())),
        Protocol::Http2 => Watched::Http2(Box::new(FrameBudget::new(limits.http2_control_frames))),
    }
}

/// An answer that can go out: what was still on its way behind the head will neither hide it nor be taken for a head.
async fn settled<B>(mut response: Response<B>, switches: Option<Arc<Pulse>>, unread: Option<Unread>) -> Response<B> {
    if let Some(pulse) = switches {
        let made = response.status() == StatusCode::SWITCHING_PROTOCOLS;
        if pulse.answers_switch(if made { Switch::Made } else { Switch::Declined }) {
            response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        }
    }
    if let Some(unread) = unread {
        unread.forget().await;
    }
    response
}

/// Whether the head asks to switch protocols.
fn switches(request: &Request<Incoming>) -> bool {
    request.version() != Version::HTTP_2 && request.headers().contains_key(UPGRADE)
}

/// Whether more is on its way behind the head, that is a body: a tunnel's bytes are nobody's to forget.
fn sends_on(request: &Request<Incoming>) -> bool {
    !request.body().is_end_stream() && !request.headers().contains_key(UPGRADE)
}

/// What is said to a connection from the side.
enum Aside {
    /// To end when what is open has ended.
    End,
    /// To end at once.
    HangUp,
}

/// How long an idle connection that was told to end may take to do so.
const LAST_WORDS: Duration = Duration::from_secs(1);

fn note(ended: Result<(), hyper::Error>) {
    if let Err(error) = ended {
        tracing::debug!(%error, "connection ended");
    }
}

fn http1_builder(limits: &Limits) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // The pulse of the connection is watched instead: hyper's own limit is a timer for every request.
        .header_read_timeout(None)
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

fn http2_builder(limits: &Limits) -> http2::Builder<Streams> {
    let mut builder = http2::Builder::new(Streams);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.http2_streams)
        .max_header_list_size(u32::try_from(limits.header_size).unwrap_or(u32::MAX))
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(limits.idle_timeout / 2)
        .keep_alive_timeout(limits.header_timeout)
        .enable_connect_protocol();
    builder
}

/// What one upload may have under way: enough for a local network, small enough that a hundred of them are no attack.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 1024 * 1024;
/// What one slow reader's answer may hold.
const SEND_BUFFER: usize = 256 * 1024;

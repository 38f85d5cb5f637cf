//! Home Assistant, or a real Supervisor, asked with a token of ours that no add-on sees.
//!
//! It sends a request that was judged, and streams the answer. Of the add-on's headers only those pass that are listed:
//! no name of a host, no cookie and no token of its own ever goes along with ours (S-109), and redirections are not
//! followed.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONNECTION, HOST, InvalidHeaderValue};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use super::answer::AnswerBody;
use crate::config::SecretText;
use crate::config::Trust;
use crate::dial::{DialError, Dialer, Wire};
use crate::exchanges::CutBodyError;
use crate::ids::Address;

/// A server that we call with a token of ours: Home Assistant, or a real Supervisor behind us.
#[derive(Debug)]
pub struct Peer {
    dialer: Dialer,
    host: HeaderValue,
    token: SecretText,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// No connection came about.
    #[error("it cannot be reached")]
    Dial(#[from] DialError),
    /// Not HTTP, or broken off.
    #[error("no answer came")]
    Http(#[from] hyper::Error),
    /// The head of the answer took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The target of the request, or the token, is not what HTTP can carry.
    #[error("the request cannot be written")]
    Request(#[from] http::Error),
    /// It answers, and not with what was asked for.
    #[error("it answers with status {0}")]
    Status(StatusCode),
    /// The body broke off, or is larger than it may be.
    #[error("its answer could not be read")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

pub(super) struct PeerRequest<B> {
    pub(super) method: Method,
    /// Path and query, in normal form.
    pub(super) target: String,
    pub(super) headers: HeaderMap,
    pub(super) body: B,
    /// Whether our token goes along: what needs none gets none.
    pub(super) with_token: bool,
    /// How long the head of the answer may take.
    pub(super) within: Duration,
}

impl Peer {
    /// Asks nothing yet. `authority` is what stands in `Host`.
    pub fn new(address: Address, trust: Trust, authority: &str, token: SecretText) -> Result<Self, InvalidHeaderValue> {
        Ok(Self { dialer: Dialer::new(address, trust, DIAL), host: HeaderValue::from_str(authority)?, token })
    }

    /// A stream to it, for a WebSocket.
    pub(super) async fn dial(&self) -> Result<Box<dyn Wire>, DialError> {
        self.dialer.dial().await
    }

    /// What stands in `Host`.
    pub(super) fn host(&self) -> &HeaderValue {
        &self.host
    }

    pub(super) fn token(&self) -> &SecretText {
        &self.token
    }

    /// What stands at a path of ours, asked for with our token: at most `limit` bytes, all of them within `within`.
    pub(crate) async fn get(&self, path: &str, limit: usize, within: Duration) -> Result<Bytes, PeerError> {
        let asked = PeerRequest {
            method: Method::GET,
            target: path.to_owned(),
            headers: HeaderMap::new(),
            body: Empty::<Bytes>::new(),
            with_token: true,
            within,
        };
        let read = async {
            let answer = self.ask(asked).await?;
            if answer.status() != StatusCode::OK {
                return Err(PeerError::Status(answer.status()));
            }
            let body = Limited::new(answer.into_body(), limit).collect().await.map_err(PeerError::Body)?;
            Ok(body.to_bytes())
        };
        tokio::time::timeout(within, read).await.unwrap_or(Err(PeerError::TimedOut(within)))
    }

    /// Asks, and returns when the head of the answer is there. The body is read as fast as it is taken.
    pub(super) async fn ask<B>(&self, asked: PeerRequest<B>) -> Result<Response<AnswerBody>, PeerError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let within = asked.within;
        tokio::time::timeout(within, self.exchange(asked)).await.unwrap_or(Err(PeerError::TimedOut(within)))
    }

    async fn exchange<B>(&self, asked: PeerRequest<B>) -> Result<Response<AnswerBody>, PeerError>
    where
        B: Body<Data = Bytes> + Send + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let mut request = Request::builder().method(asked.method).uri(asked.target).body(Box::pin(asked.body))?;
        *request.headers_mut() = asked.headers;
        request.headers_mut().insert(HOST, self.host.clone());
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        if asked.with_token {
            let mut bearer =
                HeaderValue::from_str(&format!("Bearer {}", self.token.reveal())).map_err(http::Error::from)?;
            // So that no `Debug` of the request shows our token.
            bearer.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, bearer);
        }
        let stream = self.dialer.dial().await?;
        let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Ends with the body: the connection must not be read further when nobody takes the answer any more.
        let driver = AbortOnDropHandle::new(tokio::spawn(connection));
        let (head, body) = sender.send_request(request).await?.into_parts();
        let body = Driven { body, _sender: sender, _driver: driver };
        Ok(Response::from_parts(head, AnswerBody::new(body.map_err(|error| CutBodyError::Broken(error.into())))))
    }
}

/// The headers of `from` that are in `names`, as they are.
pub(super) fn only(from: &HeaderMap, names: &[&'static str]) -> HeaderMap {
    let mut kept = HeaderMap::new();
    for name in names {
        for value in from.get_all(*name) {
            kept.append(*name, value.clone());
        }
    }
    kept
}

/// An answer with `headers` of the peer's and its body.
pub(super) fn relay(answer: Response<AnswerBody>, names: &[&'static str]) -> Response<AnswerBody> {
    let (head, body) = answer.into_parts();
    let mut relayed = Response::new(body);
    // A status that the peer's own 1xx or 101 would be is none that an add-on asked for.
    *relayed.status_mut() = if head.status.is_informational() { StatusCode::BAD_GATEWAY } else { head.status };
    *relayed.headers_mut() = only(&head.headers, names);
    relayed
}

/// A body together with the task that reads it; dropped, the connection ends.
struct Driven<S> {
    body: Incoming,
    _sender: S,
    _driver: AbortOnDropHandle<hyper::Result<()>>,
}

impl<S: Unpin> Body for Driven<S> {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// How long connecting may take, TLS handshake included.
const DIAL: Duration = Duration::from_secs(5);

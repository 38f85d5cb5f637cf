//! One request over HTTP/1.1 on a connection of its own, with bounds on what comes back: for servers that are asked a
//! few times a day.

use bytes::Bytes;
use http::header::{CONNECTION, HOST};
use http::uri::PathAndQuery;
use http::{HeaderValue, Request, Response, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use super::{DialError, Dialer};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// No connection came about.
    #[error("the server cannot be reached")]
    Dial(#[from] DialError),
    /// It speaks another protocol, or broke off before its answer.
    #[error("no HTTP with the server")]
    Http(#[from] hyper::Error),
    /// The answer has no end, or a sudden one.
    #[error("an answer that is too large or broke off")]
    Body(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Asks for an absolute URL, and reads the whole answer, whose body has `largest` bytes at most.
///
/// It has no limit of its own on the time: dropped, it leaves no connection behind.
pub async fn exchange<B>(dialer: &Dialer, request: Request<B>, largest: usize) -> Result<Response<Bytes>, ExchangeError>
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut parts, body) = request.into_parts();
    let authority = parts.uri.authority().map(ToString::to_string).unwrap_or_default();
    // The name was read as a host before it could be dialled, so that a header can hold it.
    let host = HeaderValue::from_str(&authority).unwrap_or(HeaderValue::from_static("localhost"));
    parts.headers.insert(HOST, host);
    parts.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let target = parts.uri.path_and_query().cloned().unwrap_or(PathAndQuery::from_static("/"));
    parts.uri = Uri::from(target);
    let stream = dialer.dial().await?;
    let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
    // Ends with this call, also when it times out: no connection is left behind.
    let _driven = AbortOnDropHandle::new(tokio::spawn(connection));
    let (parts, body) = sender.send_request(Request::from_parts(parts, body)).await?.into_parts();
    let body = Limited::new(body, largest).collect().await.map_err(ExchangeError::Body)?.to_bytes();
    Ok(Response::from_parts(parts, body))
}

/// The head of an answer.
const HEAD: usize = 64 * 1024;

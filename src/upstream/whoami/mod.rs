//! `builtin:whoami`: an add-on in this process that shows a request as an add-on sees it.
//!
//! It is reached as any other add-on is, over HTTP/1.1 on a pair of pipes, so that what it shows has gone the whole
//! way. `/ws` is a WebSocket echo, `/events` a clock of server-sent events.

mod echo;
mod events;
mod page;
mod words;

use std::convert::Infallible;

use bytes::Bytes;
use http::header::{ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, UPGRADE};
use http::{Request, Response};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::DuplexStream;

type WhoamiBody = BoxBody<Bytes, Infallible>;

/// A connection to the built-in add-on; a task of its own serves it.
pub(super) fn connect() -> DuplexStream {
    let (ours, theirs) = tokio::io::duplex(PIPE);
    tokio::spawn(async move {
        let connection = http1::Builder::new().serve_connection(TokioIo::new(theirs), service_fn(answer));
        if let Err(error) = connection.with_upgrades().await {
            tracing::debug!(%error, "connection to whoami ended");
        }
    });
    ours
}

const PIPE: usize = 64 * 1024;

async fn answer(mut request: Request<Incoming>) -> Result<Response<WhoamiBody>, Infallible> {
    if request.headers().contains_key(UPGRADE) {
        return Ok(echo::accept(&mut request));
    }
    let response = match request.uri().path() {
        "/events" => events::stream(),
        "/whoami.js" => text("text/javascript; charset=utf-8", page::SCRIPT),
        "/whoami.css" => text("text/css; charset=utf-8", page::style()),
        _ => show(request).await,
    };
    Ok(response)
}

/// The request: as a page for people, as JSON for programs, as it was on the wire for all others.
async fn show(request: Request<Incoming>) -> Response<WhoamiBody> {
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let (head, body) = request.into_parts();
    let mut length = 0_u64;
    let mut body = body;
    while let Some(Ok(frame)) = body.frame().await {
        length =
            length.saturating_add(frame.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX)));
    }
    if accept.contains("text/html") {
        let mut response = text("text/html; charset=utf-8", page::html(&head, length));
        response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(page::POLICY));
        response
    } else if accept.contains("application/json") {
        text("application/json", page::json(&head, length))
    } else {
        text("text/plain; charset=utf-8", page::plain(&head, length))
    }
}

fn text(content_type: &'static str, content: impl Into<Bytes>) -> Response<WhoamiBody> {
    let mut response = Response::new(Full::new(content.into()).boxed());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

//! The operations listener: health, readiness and metrics over plain HTTP/1.1.
//!
//! It answers GET and HEAD for `/healthz`, `/readyz` and `/metrics`. It is a listener of its own, loopback by default,
//! and shows no secret and nothing about a user (S-130). It shares no limit with the listener that browsers reach, so
//! that it still answers when that one is full.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::readiness::Readiness;
use crate::telemetry::Metrics;

/// Answers until `stop`. It is stopped last, so that draining can be watched.
pub async fn serve(listener: TcpListener, readiness: Readiness, metrics: Arc<Metrics>, stop: CancellationToken) {
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file descriptors, most likely: without a pause this would be a busy loop.
                warn!(%error, "the operations listener could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        // Closed at once and not queued: a monitor that hangs must not keep others waiting.
        let Ok(place) = Arc::clone(&places).try_acquire_owned() else {
            debug!("the operations listener is full");
            continue;
        };
        let (readiness, metrics, stop) = (readiness.clone(), Arc::clone(&metrics), stop.clone());
        tokio::spawn(async move {
            let _place = place;
            tokio::select! {
                () = stop.cancelled() => {}
                _ended = timeout(CONNECTION_TIMEOUT, connection(stream, readiness, metrics)) => {}
            }
        });
    }
}

/// One request and its answer: without keep-alive nobody holds a place for longer than that takes.
async fn connection(stream: TcpStream, readiness: Readiness, metrics: Arc<Metrics>) {
    let service = service_fn(|request: Request<Incoming>| {
        let answer = answer(request.method(), request.uri().path(), &readiness, &metrics);
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .keep_alive(false)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        debug!(%error, "a connection to the operations listener broke off");
    }
}

fn answer(method: &Method, path: &str, readiness: &Readiness, metrics: &Metrics) -> Response<Full<Bytes>> {
    if method != Method::GET && method != Method::HEAD {
        let mut refusal = respond(StatusCode::METHOD_NOT_ALLOWED, PLAIN, "only GET and HEAD\n");
        refusal.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return refusal;
    }
    match path {
        "/healthz" => respond(StatusCode::OK, PLAIN, "ok\n"),
        "/readyz" => {
            let state = readiness.state();
            let status = if state.is_ready() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            let mut picture = json!(state);
            if let Some(parts) = picture.as_object_mut() {
                parts.insert("ready".to_owned(), Value::Bool(state.is_ready()));
                let errors = readiness.certificate_errors();
                if !errors.is_empty() {
                    parts.insert("certificate_errors".to_owned(), json!(errors));
                }
                if let Some(note) = readiness.configuration_note() {
                    parts.insert("configuration_note".to_owned(), json!(note));
                }
            }
            respond(status, "application/json", format!("{picture}\n"))
        }
        "/metrics" => match metrics.encode() {
            Ok(text) => respond(StatusCode::OK, OPEN_METRICS, text),
            Err(_) => respond(StatusCode::INTERNAL_SERVER_ERROR, PLAIN, "the metrics could not be written\n"),
        },
        _ => respond(StatusCode::NOT_FOUND, PLAIN, "not found\n"),
    }
}

/// hyper leaves the body out of the answer to a HEAD and keeps its length (RFC 9110 section 9.3.2).
fn respond(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

const PLAIN: &str = "text/plain; charset=utf-8";

/// `OpenMetrics` 1.0, section "text format".
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Connections at the same time; more are closed at once.
const CONNECTIONS: usize = 32;

/// How long the head of a request may take, from the accepted connection on.
const HEADER_TIMEOUT: Duration = Duration::from_secs(5);

/// How long a connection may take in all, whichever side is slow.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(15);

/// Bytes of a request's head.
const HEAD_SIZE: usize = 16 * 1024;

/// After an accept that failed.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::super::readiness::{DirectoryState, ListenersState, SessionStoreState};
    use super::*;
    use crate::telemetry::LogFormat;
    use crate::telemetry::Telemetry;
    use std::net::SocketAddr;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    async fn started() -> (SocketAddr, Readiness, CancellationToken) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, readiness, stop) =
            (listener.local_addr().unwrap(), Readiness::default(), CancellationToken::new());
        let metrics = Telemetry::captured(LogFormat::Text).0.metrics;
        tokio::spawn(serve(listener, readiness.clone(), metrics, stop.clone()));
        (address, readiness, stop)
    }

    async fn ask(address: SocketAddr, request_line: &str) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(format!("{request_line} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        timeout(Duration::from_secs(10), stream.read_to_string(&mut answer)).await.expect("an end").unwrap();
        answer
    }

    #[tokio::test]
    async fn readiness_follows_its_parts() {
        let (address, readiness, _stop) = started().await;
        let before = ask(address, "GET /readyz").await;
        assert!(before.starts_with("HTTP/1.1 503 "), "{before}");
        assert!(before.contains(r#""directory":"absent""#) && before.contains(r#""ready":false"#), "{before}");

        readiness.set_directory(DirectoryState::Good);
        readiness.set_session_store(SessionStoreState::Degraded);
        readiness.set_listeners(ListenersState::Open);
        let ready = ask(address, "GET /readyz").await;
        assert!(ready.starts_with("HTTP/1.1 200 "), "{ready}");
        assert!(ready.contains(r#""session_store":"degraded""#) && ready.contains(r#""ready":true"#), "{ready}");
        assert!(ready.contains(r#""registries":"absent""#), "it is ready without the registries: {ready}");

        readiness.set_draining();
        assert!(ask(address, "GET /readyz").await.starts_with("HTTP/1.1 503 "));
        assert!(ask(address, "GET /healthz").await.starts_with("HTTP/1.1 200 "));
    }

    #[tokio::test]
    async fn metrics_are_open_metrics_and_all_else_is_refused() {
        let (address, ..) = started().await;
        let metrics = ask(address, "GET /metrics").await;
        assert!(metrics.contains("content-type: application/openmetrics-text; version=1.0.0"), "{metrics}");
        assert!(metrics.contains("# UNIT vestibule_request_duration_seconds seconds\n"), "{metrics}");
        assert!(metrics.ends_with("# EOF\n"), "{metrics}");
        let head = ask(address, "HEAD /healthz").await;
        assert!(head.starts_with("HTTP/1.1 200 ") && head.ends_with("\r\n\r\n"), "{head}");
        assert!(ask(address, "GET /").await.starts_with("HTTP/1.1 404 "));
        assert!(ask(address, "GET /healthz/").await.starts_with("HTTP/1.1 404 "));
        assert!(ask(address, "POST /healthz").await.starts_with("HTTP/1.1 405 "));
    }

    #[tokio::test]
    async fn the_thirty_third_connection_is_closed_and_a_place_comes_free() {
        let (address, ..) = started().await;
        let mut held = Vec::new();
        for _ in 0..CONNECTIONS {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        let mut surplus = TcpStream::connect(address).await.unwrap();
        let closed = timeout(Duration::from_secs(10), surplus.read(&mut [0; 1])).await.expect("an end");
        assert!(matches!(closed, Ok(0) | Err(_)));
        drop(held);
        let freed = async {
            loop {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut answer = Vec::new();
                let sent = stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").await;
                if sent.is_ok() && stream.read_to_end(&mut answer).await.is_ok() && answer.starts_with(b"HTTP/1.1 200")
                {
                    return;
                }
            }
        };
        timeout(Duration::from_secs(10), freed).await.expect("a place comes free");
    }

    #[tokio::test(start_paused = true)]
    async fn a_head_that_never_ends_is_cut_after_five_seconds() {
        let (client, server) = (TcpListener::bind("127.0.0.1:0").await.unwrap(), Readiness::default());
        let metrics = Telemetry::captured(LogFormat::Text).0.metrics;
        let mut slow = TcpStream::connect(client.local_addr().unwrap()).await.unwrap();
        slow.write_all(b"GET /healthz HTTP/1.1\r\n").await.unwrap();
        let (stream, _) = client.accept().await.unwrap();
        let started = tokio::time::Instant::now();
        connection(stream, server, metrics).await;
        let took = started.elapsed();
        assert!((HEADER_TIMEOUT..HEADER_TIMEOUT + Duration::from_secs(1)).contains(&took), "{took:?}");
    }
}

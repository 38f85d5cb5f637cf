//! Our server beside hyper's: the same bytes in, the same request for the handler, the same answer for the client. What
//! ours does not take is hyper's anyway.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::stream;
use http::header::{CONNECTION, CONTENT_LENGTH, ETAG, HeaderValue, SET_COOKIE};
use http::{Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, DuplexStream};

use super::{Plain, PlainConnection};
use crate::config::Limits;
use crate::connection::serve::http1_builder;

type Answer = Response<BoxBody<Bytes, io::Error>>;

/// A request as the handler gets it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    line: String,
    headers: Vec<(String, Vec<u8>)>,
}

/// What a client gets, answer by answer.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Got {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    rest: Vec<u8>,
}

const PATHS: &[&str] = &[
    "/sized",
    "/pieces",
    "/empty",
    "/unsized",
    "/unsized-empty",
    "/said",
    "/short",
    "/long",
    "/broken",
    "/no-content",
    "/not-modified",
    "/reset-content",
    "/closes",
    "/lines",
    "/strange-status",
];

/// The body is not what its head says, or breaks off.
const BREAKING: &[&str] = &["/short", "/long", "/broken"];

/// Each path has an answer of its own kind.
fn answer(path: &str) -> Answer {
    let pieces = |pieces: &[&'static str], end: Option<io::Error>| {
        let frames =
            pieces.iter().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))).collect::<Vec<_>>();
        StreamBody::new(stream::iter(frames.into_iter().chain(end.map(Err)))).boxed()
    };
    let sized =
        |text: &'static str| Full::new(Bytes::from_static(text.as_bytes())).map_err(|never| match never {}).boxed();
    let mut answer = Response::new(match path {
        "/empty" | "/no-content" | "/not-modified" | "/reset-content" => sized(""),
        "/unsized" | "/pieces" | "/said" | "/short" | "/long" => pieces(&["one ", "", "two"], None),
        "/unsized-empty" => pieces(&[], None),
        "/broken" => pieces(&["one "], Some(io::Error::other("it broke"))),
        _ => sized("body"),
    });
    let length = match path {
        "/said" => Some("7"),
        "/short" => Some("8"),
        "/long" => Some("3"),
        "/not-modified" => Some("123"),
        _ => None,
    };
    answer.headers_mut().extend(length.map(|length| (CONTENT_LENGTH, HeaderValue::from_static(length))));
    let status = match path {
        "/no-content" => 204,
        "/not-modified" => 304,
        "/reset-content" => 205,
        "/strange-status" => 299,
        _ => 200,
    };
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    if path == "/lines" {
        answer.headers_mut().append(SET_COOKIE, HeaderValue::from_static("a=1"));
        answer.headers_mut().append(SET_COOKIE, HeaderValue::from_static("b=2"));
        answer.headers_mut().insert(ETAG, HeaderValue::from_static("\"e\""));
    }
    if path == "/closes" {
        answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    }
    answer
}

fn seen<B>(request: &Request<B>) -> Seen {
    let headers = request.headers().iter().map(|(name, value)| (name.to_string(), value.as_bytes().to_vec())).collect();
    Seen { line: format!("{} {} {:?}", request.method(), request.uri(), request.version()), headers }
}

/// Writes these bytes in pieces, and reads everything that comes back.
async fn client(mut stream: DuplexStream, bytes: Vec<u8>, piece: usize) -> Vec<u8> {
    for piece in bytes.chunks(piece) {
        if stream.write_all(piece).await.is_err() {
            break;
        }
        tokio::task::yield_now().await;
    }
    let mut got = Vec::new();
    // Not closed for writing: a client that closes its side is taken to be gone.
    let _ = tokio::time::timeout(std::time::Duration::from_secs(5), stream.read_to_end(&mut got)).await;
    got
}

async fn hypers(bytes: Vec<u8>, piece: usize) -> (Vec<Seen>, Vec<u8>) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let all = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&all);
    let service = service_fn(move |request: Request<hyper::body::Incoming>| {
        kept.lock().push(seen(&request));
        let answer = answer(request.uri().path());
        async move { Ok::<_, Infallible>(answer) }
    });
    let served = http1_builder(&Limits::default()).serve_connection(TokioIo::new(far), service);
    let (_, got) = tokio::join!(served, client(near, bytes, piece));
    let seen = all.lock().clone();
    (seen, got)
}

/// The same by our server, and whether it took all of it.
async fn ours(bytes: Vec<u8>, piece: usize) -> (Vec<Seen>, Vec<u8>, bool) {
    let (near, far) = tokio::io::duplex(1 << 16);
    let all = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&all);
    let handler = move |request: Request<_>| {
        kept.lock().push(seen(&request));
        let answer = answer(request.uri().path());
        async move { answer }
    };
    let served = async {
        let mut connection = PlainConnection::new(far, handler, Limits::default().header_size);
        matches!((&mut connection).await, Ok(Plain::Ended) | Err(_))
    };
    let (took_all, got) = tokio::join!(served, client(near, bytes, piece));
    let seen = all.lock().clone();
    (seen, got, took_all)
}

/// The answers, each with the bytes that follow its head.
fn answers(bytes: &[u8]) -> Vec<Got> {
    let mut all = Vec::new();
    let mut left = bytes;
    while !left.is_empty() {
        let mut lines = [httparse::EMPTY_HEADER; 32];
        let mut parsed = httparse::Response::new(&mut lines);
        let Ok(httparse::Status::Complete(head)) = parsed.parse(left) else {
            all.push(Got { status: 0, headers: Vec::new(), rest: left.to_vec() });
            break;
        };
        let line = |line: &httparse::Header<'_>| (line.name.to_ascii_lowercase(), line.value.to_vec());
        let mut headers: Vec<_> = parsed.headers.iter().map(line).filter(|(name, _)| name != "date").collect();
        headers.sort();
        let after = &left[head..];
        let next = after.windows(9).position(|window| window == b"HTTP/1.1 ").unwrap_or(after.len());
        all.push(Got { status: parsed.code.unwrap(), headers, rest: after[..next].to_vec() });
        left = &after[next..];
    }
    all
}

/// Whether a client would take an answer for whole.
fn is_whole(got: &Got) -> bool {
    let said = |wanted: &str| got.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.clone());
    match said("content-length") {
        Some(length) => String::from_utf8(length).unwrap().parse::<usize>().unwrap() <= got.rest.len(),
        None => got.rest.ends_with(b"0\r\n\r\n"),
    }
}

/// The last request says that it is the last one, in a way that ours leaves to hyper, or gets an answer that says so.
fn requests(method: &str, path: &str) -> Vec<u8> {
    format!(
        "{method} {path} HTTP/1.1\r\nHost: a.test\r\nCookie: a=1; b=2\r\nX-One: 1\r\nx-one: 2\r\n\r\n\
         GET /closes?{path} HTTP/1.1\r\nhost: b.test\r\nConnection: keep-alive\r\n\r\n"
    )
    .into_bytes()
}

#[tokio::test(start_paused = true)]
async fn a_plain_request_and_its_answer_are_the_same_to_hypers_server_and_to_ours() {
    let mut compared = 0;
    for method in ["GET", "HEAD", "POST", "DELETE", "PROPFIND"] {
        for path in PATHS {
            for piece in [1, 50, 10_000] {
                let (seen_by_hyper, from_hyper) = hypers(requests(method, path), piece).await;
                let (seen_by_us, from_us, took_all) = ours(requests(method, path), piece).await;
                let what = format!("{method} {path} {piece}");
                assert!(took_all, "{what}");
                assert_eq!(seen_by_us.first(), seen_by_hyper.first(), "{what}");
                let (from_us, from_hyper) = (answers(&from_us), answers(&from_hyper));
                if method != "HEAD" && BREAKING.contains(path) {
                    // How much of it comes through depends on what is written when it breaks. None of it is whole.
                    assert!(from_us.len() <= 1 && !from_us.iter().any(is_whole), "{what} {from_us:?}");
                    continue;
                }
                assert_eq!((seen_by_us, &from_us), (seen_by_hyper, &from_hyper), "{what}");
                compared += from_us.len();
            }
        }
    }
    assert!(compared > 300, "{compared}");
}

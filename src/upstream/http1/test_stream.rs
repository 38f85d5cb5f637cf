//! An add-on for tests, in memory: it says what it was told to, in the pieces that it was told to, once it was asked.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf as _, Bytes};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::connection::{Http1Connection, SendError};
use super::outgoing::OutgoingRequest;
use crate::connection::{ClientBody, MessageFraming};
use crate::http::{MinRate, RequestBody};
use crate::upstream::request_headers::RequestHeaders;

/// What it does behind its last piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Closes,
    StaysOpen,
    Resets,
}

#[derive(Debug)]
pub(super) struct TestStream {
    pieces: VecDeque<Bytes>,
    end: End,
    /// All that was written to it.
    written: Arc<Mutex<Vec<u8>>>,
    /// How much of a write it takes at most, and after how many bytes it takes no more.
    write_size: usize,
    deaf_after: usize,
    reader: Option<Waker>,
}

impl TestStream {
    pub(super) fn new(pieces: impl IntoIterator<Item = Bytes>, end: End) -> Self {
        let (written, pieces) = (Arc::default(), pieces.into_iter().filter(|piece| !piece.is_empty()).collect());
        Self { pieces, end, written, write_size: usize::MAX, deaf_after: usize::MAX, reader: None }
    }

    pub(super) fn taking(self, write_size: usize) -> Self {
        Self { write_size, ..self }
    }

    pub(super) fn deaf_after(self, deaf_after: usize) -> Self {
        Self { deaf_after, ..self }
    }

    pub(super) fn written(&self) -> Arc<Mutex<Vec<u8>>> {
        Arc::clone(&self.written)
    }
}

impl AsyncRead for TestStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        // Nothing before it was asked, or had stopped listening.
        if self.written.lock().is_empty() && self.deaf_after > 0 {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let end = self.end;
        match (self.pieces.front_mut(), end) {
            (Some(piece), _) => {
                let some = piece.split_to(piece.len().min(buf.remaining()));
                buf.put_slice(&some);
                if piece.is_empty() {
                    self.pieces.pop_front();
                }
                Poll::Ready(Ok(()))
            }
            (None, End::Closes) => Poll::Ready(Ok(())),
            (None, End::Resets) => Poll::Ready(Err(ErrorKind::ConnectionReset.into())),
            (None, End::StaysOpen) => Poll::Pending,
        }
    }
}

impl AsyncWrite for TestStream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let mut written = self.written.lock();
        let room = self.deaf_after.saturating_sub(written.len()).min(self.write_size);
        let all: Vec<u8> = bufs.iter().flat_map(|buf| buf.iter().copied()).collect();
        let mut some = all.as_slice().take(room);
        let count = some.remaining();
        if count == 0 {
            return Poll::Ready(Err(ErrorKind::BrokenPipe.into()));
        }
        written.extend_from_slice(some.copy_to_bytes(count).as_ref());
        drop(written);
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What came of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// No head that could be believed.
    Refused,
    /// A head, and a body that broke off.
    Broken(StatusCode),
    Whole(StatusCode, HeaderMap, Vec<u8>),
}

/// A request as it leaves for an add-on; with a body, its framing is said as `send.rs` does.
pub(super) fn request(method: &Method, body: ClientBody, headers: &[(&'static str, &'static str)]) -> OutgoingRequest {
    let (body, _) = RequestBody::new(body, u64::MAX, MinRate::idle(std::time::Duration::MAX));
    let (mut passed, mut framing) = (HeaderMap::new(), MessageFraming::None);
    for (name, value) in headers {
        match *name {
            "content-length" => framing = MessageFraming::Length(value.parse().unwrap()),
            "transfer-encoding" => framing = MessageFraming::Chunked,
            name => {
                passed.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), HeaderValue::from_static(value));
            }
        }
    }
    OutgoingRequest::new(
        (method.clone(), &PathAndQuery::from_static("/a?b")),
        RequestHeaders::in_test(passed),
        framing,
        body,
    )
}

/// Sends a request without a body, and reads all of its answer.
pub(super) async fn exchange(connection: &mut Http1Connection, method: &Method) -> Outcome {
    let request = request(method, ClientBody::empty(), &[("host", "a.test")]);
    match connection.send(request.into()).await {
        Err(SendError::Failed(_)) => Outcome::Refused,
        Err(SendError::Unsent(_)) => panic!("it was sent"),
        Ok(response) => {
            let mut body = Vec::new();
            loop {
                match std::future::poll_fn(|cx| connection.poll_answer(cx)).await {
                    None => return Outcome::Whole(response.status(), response.headers().clone(), body),
                    Some(Ok(data)) => body.extend_from_slice(&data),
                    Some(Err(_)) => return Outcome::Broken(response.status()),
                }
            }
        }
    }
}

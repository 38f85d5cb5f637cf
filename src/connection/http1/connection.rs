//! A connection of a client as long as its requests are plain.

use std::error::Error;
use std::future::Future;
use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body::Body;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::message_writer::{MessageWriter, Persistence};
use super::request_head::{HeadReader, Read};
use super::response_writer::{ResponseWriter, Written};
use crate::connection::ClientBody;

/// Takes plain requests from a stream, one after the other, and answers them.
pub(in crate::connection) struct PlainConnection<S, H, F, B> {
    stream: S,
    handler: H,
    header_size: usize,
    /// What was read and is no part of a request yet.
    unread: Vec<u8>,
    head: HeadReader,
    message: MessageWriter,
    persistence: Persistence,
    method: Method,
    state: State<F, B>,
}

enum State<F, B> {
    Reading,
    /// Boxed for each request, so that an idle connection takes no room for one.
    Answering(Pin<Box<F>>),
    Writing(ResponseWriter<B>),
    /// The end is said, and the client's is waited for where that is due.
    Closing,
}

/// How a connection of plain requests ended.
#[derive(Debug)]
pub(in crate::connection) enum Plain {
    /// It is closed.
    Ended,
    /// What came is for hyper, with these bytes before what follows.
    Odd(Vec<u8>),
}

impl<S, H, F, B> PlainConnection<S, H, F, B>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<ClientBody>) -> F + Unpin,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes>,
    B::Error: Error,
{
    /// On a stream of which nothing was read, with heads of so many bytes at most.
    pub(in crate::connection) fn new(stream: S, handler: H, header_size: usize) -> Self {
        Self {
            stream,
            handler,
            header_size,
            unread: Vec::new(),
            head: HeadReader::default(),
            message: MessageWriter::default(),
            persistence: Persistence::KeepAlive,
            method: Method::GET,
            state: State::Reading,
        }
    }

    /// The answer that is under way is the last one.
    pub(in crate::connection) fn graceful_shutdown(mut self: Pin<&mut Self>) {
        self.persistence = Persistence::Close;
    }

    /// The stream, for who goes on where this has ended.
    pub(in crate::connection) fn into_stream(self) -> S {
        self.stream
    }

    /// The next request, or nothing when there will be none.
    fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Option<Read>>> {
        loop {
            // Before what is here is looked at: a request that was sent behind the last one is not begun any more.
            if self.persistence == Persistence::Close {
                return Poll::Ready(Ok(None));
            }
            match self.head.read(&mut self.unread, self.header_size) {
                Read::Incomplete => {}
                read => return Poll::Ready(Ok(Some(read))),
            }
            if ready!(self.poll_read(cx))? == 0 {
                return Poll::Ready(Ok(None));
            }
        }
    }

    /// Reads once, by way of the stack: a connection that waits holds no buffer.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut room = [MaybeUninit::uninit(); ROOM];
        let mut read = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read))?;
        self.unread.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    /// Whether the client has closed its side, while its answer is waited for: it is taken to be gone, and nothing is
    /// computed for an answer that nobody awaits. Behind a request that was sent in advance the end is not seen.
    fn is_gone(&mut self, cx: &mut Context<'_>) -> bool {
        self.unread.is_empty() && matches!(self.poll_read(cx), Poll::Ready(Ok(0) | Err(_)))
    }

    /// Gives the room of a long head back.
    fn rest(&mut self) {
        if self.unread.is_empty() && self.unread.capacity() > KEPT {
            self.unread = Vec::new();
        }
        self.message.release();
    }
}

impl<S, H, F, B> Future for PlainConnection<S, H, F, B>
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Fn(Request<ClientBody>) -> F + Unpin,
    F: Future<Output = Response<B>>,
    B: Body<Data = Bytes>,
    B::Error: Error,
{
    type Output = io::Result<Plain>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        for _ in 0..ROUNDS {
            match &mut this.state {
                State::Reading => match ready!(this.poll_request(cx))? {
                    Some(Read::Plain(request)) => {
                        this.method = request.method().clone();
                        this.state = State::Answering(Box::pin((this.handler)(*request)));
                    }
                    Some(Read::Odd | Read::Incomplete) => {
                        return Poll::Ready(Ok(Plain::Odd(std::mem::take(&mut this.unread))));
                    }
                    None => this.state = State::Closing,
                },
                State::Answering(answer) => match answer.as_mut().poll(cx) {
                    Poll::Ready(response) => {
                        let writer = ResponseWriter::new(response, &this.method, this.persistence, &mut this.message);
                        this.state = State::Writing(writer);
                    }
                    Poll::Pending if this.is_gone(cx) => return Poll::Ready(Ok(Plain::Ended)),
                    Poll::Pending => return Poll::Pending,
                },
                State::Writing(writer) => match writer.poll(cx, &mut this.stream, &mut this.message) {
                    Poll::Ready(Written::Whole(persistence)) => {
                        if persistence == Persistence::Close {
                            this.persistence = Persistence::Close;
                        }
                        this.state = State::Reading;
                        this.rest();
                    }
                    // Not shut down: the client sees it break off.
                    Poll::Ready(Written::Broken) => return Poll::Ready(Ok(Plain::Ended)),
                    Poll::Pending if this.is_gone(cx) => return Poll::Ready(Ok(Plain::Ended)),
                    Poll::Pending => return Poll::Pending,
                },
                State::Closing => {
                    ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
                    return Poll::Ready(Ok(Plain::Ended));
                }
            }
        }
        // The rest in another turn: requests that were sent in advance must not keep others from theirs.
        cx.waker().wake_by_ref();
        Poll::Pending
    }
}

/// What one read takes at most. Heads are smaller, and one that is larger takes several.
const ROOM: usize = 4 * 1024;
/// A buffer of this size stays between two requests.
const KEPT: usize = 2 * 1024;
/// States in one turn.
const ROUNDS: usize = 64;

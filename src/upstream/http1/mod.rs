//! HTTP/1.1 with an add-on: our own client's side of it, strict.
//!
//! In come a stream and a request, out come the head of the answer and the bytes of its body. All of it is one state
//! machine, polled by the request's own task: no second task is woken, and the buffers stay with the connection.
//! What it must never do: take bytes behind one answer for another, an answer that broke off for a whole one, or send a
//! request twice (S-58).

mod body_decoder;
mod body_framing;
mod chunked_decoder;
mod connection;
#[cfg(test)]
mod differential_tests;
mod error;
mod outgoing;
mod read_buffer;
mod request_writer;
mod response_parser;
#[cfg(test)]
mod test_stream;
#[cfg(test)]
mod tests;
mod uploading;

pub(super) use connection::{Http1Connection, SendError, UnsentRequest};
pub use error::Http1Error;
pub(super) use outgoing::{OutgoingRequest, framing_line};
pub(super) use uploading::UploadingAnswer;

//! HTTP/1.1 with a client, for plain requests: our own server's side of it.
//!
//! In come a stream and a handler, out go answers. A plain request is a whole head of HTTP/1.1 with nothing behind it:
//! no body, no other protocol asked for, nothing expected and nothing said of the connection but that it stays. Of
//! anything else not a byte is judged here: hyper gets the stream with all that was read, and keeps it. So there is one
//! reader of bodies and one judge of odd heads, and framing cannot be read in two ways.
//! What it must never do: take a head for plain that hyper would not, or end an answer cleanly that broke off.

mod connection;
mod date;
#[cfg(test)]
mod differential_tests;
mod head_lines;
mod message_writer;
mod request_head;
mod response_writer;
mod rewound;

pub(super) use connection::{Plain, PlainConnection};
pub use head_lines::HeadLines;
pub use message_writer::{MessageFraming, MessageWriter, Persistence, WrongLength, push_line};
pub(super) use rewound::Rewound;

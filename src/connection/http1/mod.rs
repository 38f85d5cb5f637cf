//! HTTP/1.1 as it is written, to clients and to add-ons.

mod message_writer;

pub use message_writer::{MessageFraming, MessageWriter, WrongLength};

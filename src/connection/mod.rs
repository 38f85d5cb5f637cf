//! A connection's life: what is spoken over it, its timeouts, how it ends, and the loop that takes requests from it.
//!
//! Every [`Connection`], of whichever listener, gives its requests ([`Arrived`]), each with the [`EntryPoint`] that it
//! came by. There is no second loop: browsers, Home Assistant and add-ons are served by [`serve`], over HTTP/1.1 by our
//! own server as long as requests are plain, and else by hyper. Nothing here reads what a request says.

mod abort;
mod body;
mod entry_point;
mod h2_frames;
mod http1;
mod line_ends;
mod lingering;
mod opened;
mod serve;
mod timeouts;
mod unread;

pub use abort::AbortHandle;
pub use body::ClientBody;
pub use entry_point::{ConnectionInfo, EntryPoint};
pub use http1::{HeadLines, MessageFraming, MessageWriter, Persistence, WrongLength, push_line};
pub use opened::{Connection, Opened};
pub use serve::{Arrived, Ended, serve};
pub use timeouts::InFlightGuard;

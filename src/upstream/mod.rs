//! The add-on's side: pool, connect, headers in, bytes through, tunnel for WebSocket.
//!
//! A [`Permitted`](crate::authorization::Permitted) request is the only thing that can be sent. The add-on's answer is
//! confined to what it may say. Bodies are streamed, never collected; a request is sent twice only where not a byte of
//! the first was.

mod answer;
mod answer_source;
mod assertion;
mod compression;
mod connect;
mod connection_auth;
mod close_frame;
mod websocket_frames;
mod grpc;
mod grpc_call;
mod health;
mod http1;
mod pool;
mod prepare;
mod request_headers;
mod response;
mod said_lines;
mod send;
mod http2_connection;
mod identity_headers;
mod idle;
mod open_count;
mod opened_websocket;
mod outgoing_head;
mod host_override;
mod tunnel;
mod tunnel_over;
mod tunnel_side;
mod unanswered;
mod upgrade_connection;
mod upstreams;
mod websocket;
mod websocket_call;
mod whoami;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub use answer::{AnswerBody, AnswerError};
pub use assertion::{KeyError, Keyring};
pub use health::{Condition, Fault};
pub use http1::Http1Error;
pub use opened_websocket::{HeldPlaces, OpenedWebSocket};
pub use send::Answer;
pub use tunnel::{Tunnel, TunnelEnd, carry};
pub use tunnel_over::TunnelOver;
pub use unanswered::UpstreamError;
pub use upstreams::{Means, Upstreams};

#[cfg(test)]
mod tests {
    use crate::config::Addon;
    use crate::ids::Upstream;
    use std::sync::Arc;

    /// An add-on whose name alone matters.
    pub(super) fn addon(slug: &str) -> Arc<Addon> {
        Arc::new(Addon::new(slug.parse().unwrap(), Upstream::Whoami))
    }
}

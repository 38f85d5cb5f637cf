//! The add-on's side: pool, connect, headers in, bytes through, tunnel for WebSocket.
//!
//! A [`Permitted`](crate::authorization::Permitted) request is the only thing that can be sent. The add-on's answer is
//! confined to what it may say. Bodies are streamed, never collected; a request is sent twice only where not a byte of
//! the first was.

mod answer;
mod assertion;
mod connect;
mod connection_auth;
mod close_frame;
mod websocket_frames;
mod grpc;
mod grpc_call;
mod health;
mod half_closed;
mod http1_connection;
mod pool;
mod request_headers;
mod response;
mod send;
mod http2_connection;
mod host_override;
mod tunnel;
mod tunnel_over;
mod tunnel_side;
mod upstreams;
mod websocket;
mod whoami;

pub use answer::{AnswerBody, AnswerError};
pub use assertion::{KeyError, Keyring};
pub use health::{Condition, Fault};
pub use send::Answer;
pub use tunnel::{Tunnel, TunnelEnd};
pub use tunnel_over::TunnelOver;
pub use upstreams::{Means, Upstreams};

#[cfg(test)]
mod tests {
    use crate::config::{
        Access, Addon, AddonProtocol, DisplayNameEncoding, Framing, IdentityHeaders, PrefixMode, Transport, Trust,
    };
    use crate::ids::Upstream;
    use std::sync::Arc;

    /// An add-on whose name alone matters.
    pub(super) fn addon(slug: &str) -> Arc<Addon> {
        Arc::new(Addon {
            manifest: None,
            rights: <_>::default(),
            entities: None,
            entity_messages: std::collections::BTreeSet::new(),
            entry: String::new(),
            options: <_>::default(),
            slug: slug.parse().unwrap(),
            title: slug.to_owned(),
            icon: String::new(),
            upstream: Upstream::Whoami,
            protocol: AddonProtocol::Http,
            trust: Trust::System,
            path: None,
            host: None,
            prefix: PrefixMode::Strip,
            prefix_headers: Vec::new(),
            identity_headers: IdentityHeaders {
                id: "x-remote-user-id".parse().unwrap(),
                name: "x-remote-user-name".parse().unwrap(),
                display_name: "x-remote-user-display-name".parse().unwrap(),
            },
            display_name: DisplayNameEncoding::Utf8,
            pass_headers: Vec::new(),
            headers: Vec::new(),
            framing: Framing::AsIs,
            access: Access::default(),
            protect: None,
            assertion: false,
            tokens: false,
            allow_missing_origin: false,
            transport: Transport::default(),
            upstream_host: None,
            rewrite_addresses: true,
            probe: None,
            cors: None,
        })
    }
}

//! A WebSocket in which we speak ourselves, in the place of an add-on: what its handshake is answered, and what comes
//! of it.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;

use crate::authorization::Refused;
use crate::identity::User;
use crate::upstream::TunnelEnd;

/// A WebSocket whose handshake is answered, and what is said in it.
pub(super) struct OwnSocket {
    pub(super) response: Response<Full<Bytes>>,
    pub(super) talk: Pin<Box<dyn Future<Output = SocketEnd> + Send>>,
}

/// How it ended, and for whom.
pub(super) struct SocketEnd {
    pub(super) end: TunnelEnd,
    pub(super) user: Option<Arc<User>>,
    /// Why its first message was refused, if it was.
    pub(super) refused: Option<Refused>,
}

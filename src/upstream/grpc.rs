//! Calls to an add-on that speaks gRPC: HTTP/2 on the add-on's side too, and trailers in both directions, through a
//! filter.
//!
//! The rest of the way is that of every request: who asks is known, may, and is told to the add-on in headers.

use http::{Request, Response};
use hyper::body::Incoming;

use super::answer_source::AnswerSource;
use super::grpc_call::GrpcCall;
use super::http2_connection::{Http2Connection, Stream};
use super::pool::{HeldSlot, PoolError};
use super::prepare::Call;
use super::send::Answer;
use crate::http::RequestBody;
use crate::refusal::Reason;

impl Call<'_> {
    /// Makes the call and relays its answer.
    pub(super) async fn call(self, request: Box<Request<RequestBody>>, grpc: GrpcCall) -> Result<Answer, Reason> {
        // A place as any request has: streams of a shared connection cost the add-on as much as connections do.
        let place = self.place().await?;
        let (head, incoming) = self.ask_shared(request).await?.into_parts();
        Ok(self.relay(head, AnswerSource::Hyper(incoming), HeldSlot::Request(place), Some(grpc)))
    }

    /// Sends the request over the connection that there is, or a new one; again only where not a byte of it was sent.
    async fn ask_shared(&self, mut request: Box<Request<RequestBody>>) -> Result<Response<Incoming>, Reason> {
        let pool = &self.upstream.pool;
        let shared = pool.shared().of(&self.user);
        loop {
            let mut stream = pool.stream(&shared).await.map_err(|error| self.failed(&error))?;
            // An older connection may just have been closed by the add-on. A new one that refuses would refuse again,
            // without an end.
            let retry = stream.used;
            match self.answered(stream.send(*request)).await {
                Ok(Ok(response)) => return Ok(response),
                Ok(Err(unsent)) if retry => {
                    shared.forget();
                    request = unsent;
                }
                Ok(Err(_)) => return Err(Reason::AddonDown),
                Err(reason) => {
                    // A connection on which nothing comes any more is not one for the next call.
                    if reason == Reason::AddonSlow {
                        shared.forget();
                    }
                    return Err(reason);
                }
            }
        }
    }
}

impl super::pool::Pool {
    /// The connection that all calls of a user share, made when there is none. Who waits for another's dialling waits
    /// as for a place.
    async fn stream(&self, shared: &Http2Connection) -> Result<Stream, PoolError> {
        if let Some(stream) = shared.stream() {
            return Ok(stream);
        }
        let dialling = tokio::time::timeout(self.patience(), shared.dialling.lock());
        let _dialling = dialling.await.map_err(|_| PoolError::Dialling)?;
        // Asked again behind the lock: the call that held it may have made the connection.
        if let Some(stream) = shared.stream() {
            return Ok(stream);
        }
        let stream = Stream::open(self.wire().await?).await.map_err(PoolError::Handshake)?;
        shared.keep(&stream);
        Ok(stream)
    }
}

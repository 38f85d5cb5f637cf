//! An HTTP/1.1 connection to an add-on that is to become a tunnel, by hyper, which knows how to hand a stream on.

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::unanswered::Unanswered;
use crate::dial::Wire;
use crate::http::RequestBody;

/// A connection for one handshake.
pub(super) struct UpgradeConnection(SendRequest<RequestBody>);

impl UpgradeConnection {
    /// Begins HTTP on a new stream; a task of its own drives it from now on.
    pub(super) async fn open(stream: Box<dyn Wire>) -> hyper::Result<Self> {
        let mut builder = http1::Builder::new();
        builder.max_header_size(ANSWER_HEAD).max_buf_size(READ_BUFFER);
        let (sender, connection) = builder.handshake(TokioIo::new(stream)).await?;
        tokio::spawn(async move {
            if let Err(error) = connection.with_upgrades().await {
                tracing::debug!(%error, "connection to an add-on ended");
            }
        });
        Ok(Self(sender))
    }

    /// Sends the handshake and waits for the head of its answer.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, Unanswered<Box<Request<RequestBody>>>> {
        self.0.try_send_request(request).await.map_err(|mut failed| match failed.take_message() {
            Some(request) => Unanswered::Unsent(Box::new(request)),
            None => Unanswered::Sent(failed.into_error().into()),
        })
    }
}

/// The largest head of an answer: some add-ons send long `Content-Security-Policy` and `Set-Cookie` lines.
const ANSWER_HEAD: usize = 64 * 1024;
/// What the answer to a declined handshake may hold while its reader is slow.
const READ_BUFFER: usize = 128 * 1024;

//! The connections of add-ons: plain HTTP/1.1.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::service::AddonApi;
use crate::listener::{PlainListener, PlainStream};

impl AddonApi {
    /// Answers what comes on this address until `stop`.
    pub async fn serve(self: Arc<Self>, listener: PlainListener, stop: CancellationToken) {
        while let Some((stream, from)) = stop.run_until_cancelled(listener.accept()).await {
            let (api, stop) = (Arc::clone(&self), stop.clone());
            tokio::spawn(async move { stop.run_until_cancelled(connection(stream, from, api)).await });
        }
    }
}

async fn connection(stream: PlainStream, from: Option<SocketAddr>, api: Arc<AddonApi>) {
    let service = service_fn(move |request| {
        let api = Arc::clone(&api);
        async move { Ok::<_, Infallible>(api.answer(request, from).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .max_buf_size(HEAD_SIZE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        debug!(%error, "a connection of an add-on broke off");
    }
}

/// From the first byte of a head to its last.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);

/// Bytes of a head.
const HEAD_SIZE: usize = 32 * 1024;

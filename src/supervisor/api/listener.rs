//! The connections of add-ons: plain HTTP/1.1.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio_util::sync::CancellationToken;
use tracing::debug;

use super::service::AddonApi;
use crate::http::Line;
use crate::listener::{PlainListener, PlainStream};

impl AddonApi {
    /// Answers what comes on this address until `stop`.
    pub async fn serve(self: Arc<Self>, listener: PlainListener, stop: CancellationToken) {
        while let Some((stream, from)) = stop.run_until_cancelled(listener.accept()).await {
            let (api, stop) = (Arc::clone(&self), stop.clone());
            tokio::spawn(async move {
                let _open = api.telemetry.metrics.open_api_connection();
                stop.run_until_cancelled(connection(stream, from, api)).await
            });
        }
    }
}

async fn connection(stream: PlainStream, from: Option<SocketAddr>, api: Arc<AddonApi>) {
    let limits = api.configured().settings.limits.clone();
    let line = Line::default();
    let of_answers = line.clone();
    let service = service_fn(move |request| {
        let (api, line) = (Arc::clone(&api), of_answers.clone());
        async move { Ok::<_, Infallible>(api.answer(request, from, line).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.header_timeout)
        .max_header_size(limits.header_size)
        .max_buf_size(limits.header_size.max(SMALLEST_BUFFER))
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let served = tokio::select! {
        served = connection => served,
        // An answer that was cut, and whose reader keeps it from ending.
        () = line.hung_up() => return,
    };
    if let Err(error) = served {
        debug!(%error, "a connection of an add-on broke off");
    }
}

/// The HTTP library panics with less than 8 KiB; credentials and options fit in one read of this.
const SMALLEST_BUFFER: usize = 32 * 1024;

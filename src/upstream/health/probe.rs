//! The probe: a request of our own that an add-on answers while it is well.
//!
//! It carries no user, no session and nothing that a client said, on a connection of its own that is closed afterwards;
//! it counts in no limit and no metric of requests. What came of it goes to [`Health`] alone.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, HeaderValue, USER_AGENT};
use http::{Request, Response, Uri};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout};

use super::{Fault, Health};
use crate::config::Probe;
use crate::upstream::pool::Pool;

/// When an add-on is asked next.
#[derive(Debug)]
pub(in crate::upstream) struct Timetable {
    next: parking_lot::Mutex<Instant>,
    interval: Duration,
}

impl Timetable {
    /// The first time is at once.
    pub(in crate::upstream) fn new(interval: Duration) -> Self {
        Self { next: parking_lot::Mutex::new(Instant::now()), interval }
    }

    /// Whether it is time; if so, the next time is an interval from now.
    pub(in crate::upstream) fn is_due(&self) -> bool {
        let now = Instant::now();
        let mut next = self.next.lock();
        let due = *next <= now;
        if due {
            // From now and not from the last time: after a pause of the process there is one probe and not a burst.
            *next = now + self.interval;
        }
        due
    }
}

/// Asks the add-on and notes what came of it.
pub(in crate::upstream) async fn ask(pool: &Pool, probe: &Probe, host: HeaderValue, health: &Health) {
    match timeout(probe.timeout, answer(pool, &probe.path, host)).await {
        Err(_) => health.failed(Fault::Silent),
        Ok(Err(fault)) => health.failed(fault),
        Ok(Ok(response)) if response.status().is_server_error() => health.failed(Fault::Failing),
        Ok(Ok(_)) => health.recovered(),
    }
}

/// The head of the answer. The rest is not waited for: the connection ends with it.
async fn answer(pool: &Pool, path: &Uri, host: HeaderValue) -> Result<Response<Incoming>, Fault> {
    // Outside every limit of the pool: an add-on that is busy is not down.
    let stream = pool.dial().await.map_err(|_| Fault::Unreachable)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(|_| Fault::Broken)?;
    let mut request = Request::new(Empty::<Bytes>::new());
    *request.uri_mut() = path.clone();
    let headers = request.headers_mut();
    headers.insert(HOST, host);
    headers.insert(USER_AGENT, HeaderValue::from_static(concat!("vestibule-probe/", env!("CARGO_PKG_VERSION"))));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
    let mut sending = std::pin::pin!(sender.send_request(request));
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        biased;
        answer = &mut sending => answer.map_err(|_| Fault::Broken),
        // The connection may end with the answer's last byte; the answer is there then as well.
        _ = &mut connection => sending.await.map_err(|_| Fault::Broken),
    }
}

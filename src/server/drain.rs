//! The end: no new connections, and what is open, tunnels included, has a time to finish.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::Server;
use super::signals::Signals;
use crate::exchanges::OpenExchanges;
use crate::operations::notify;
use crate::refusal::{Decision, Reason};

/// Lets open requests and tunnels finish, until nothing is open, the time is over, or a second signal says so.
pub(super) async fn drain(server: &Arc<Server>, mut signals: Signals) {
    notify::stopping();
    // Before the listeners close: a load balancer is to hear of it while the last connections still come in.
    server.readiness.set_draining();
    let exchanges = &server.gate.services().exchanges;
    let limit = server.gate.stages().settings.limits.drain_timeout;
    tracing::info!(?limit, open = exchanges.len(), "draining");
    // A client that comes now is refused at once and tries elsewhere, instead of getting a connection that takes no
    // request.
    server.listeners().close();
    server.drain.cancel();
    // A tracker that is closed can become empty for good, which is what the wait below waits for.
    server.connections.close();
    tokio::select! {
        () = finished(exchanges, Instant::now() + limit) => {}
        () = signals.stop() => tracing::warn!("told again: not waiting any longer"),
    }
    // By the same way as any other review, so that what is cut here ends as broken and with a close frame.
    let cut = exchanges.review(|_| Decision::Deny(Reason::Stopping)).len();
    if cut > 0 {
        tracing::info!(cut, "open exchanges cut");
    }
    // A tunnel is no longer a connection's: what is said last on it is an exchange that is still open.
    let last_words = finished(exchanges, Instant::now() + LAST_WORDS);
    let (ended, ()) = tokio::join!(tokio::time::timeout(LAST_WORDS, server.connections.wait()), last_words);
    if ended.is_err() {
        tracing::warn!(connections = server.connections.len(), "connections that did not end are closed");
    }
}

async fn finished(exchanges: &OpenExchanges, deadline: Instant) {
    // Looked at and not notified of: the list is on the way of every request, and a drain may end 50 ms late.
    while !exchanges.is_empty() && Instant::now() < deadline {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// So late a drain may notice that everything has ended.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// How long answers that were cut may take to leave the process.
const LAST_WORDS: Duration = Duration::from_secs(2);

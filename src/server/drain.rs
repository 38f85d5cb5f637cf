//! The end: no new connections, open requests finish, then tunnels are closed, all within a time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{Server, triggers};
use crate::authorization::{Decision, Exchange};
use crate::operations::notify;
use crate::refusal::Reason;

/// Lets open requests finish and closes tunnels, until nothing is open, the time is over, or a second signal says so.
pub(super) async fn drain(server: &Arc<Server>) {
    notify::stopping();
    server.readiness.set_draining();
    let limit = server.gate.stages().settings.limits.drain_timeout;
    tracing::info!(?limit, open = server.gate.services().exchanges.len(), "draining");
    server.listeners().close();
    server.drain.cancel();
    server.connections.close();
    tokio::select! {
        () = finished(server, Instant::now() + limit) => {}
        () = triggers::impatience() => tracing::warn!("told again: not waiting any longer"),
    }
    cut(server, |_| true);
    if tokio::time::timeout(LAST_WORDS, server.connections.wait()).await.is_err() {
        tracing::warn!(connections = server.connections.len(), "connections that did not end are closed");
    }
}

/// Tunnels end only when somebody ends them, so they wait for the requests and nobody waits for them.
async fn finished(server: &Server, deadline: Instant) {
    let exchanges = &server.gate.services().exchanges;
    while exchanges.requests() > 0 && Instant::now() < deadline {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
    cut(server, Exchange::is_tunnel);
}

fn cut(server: &Server, which: impl Fn(&Exchange) -> bool) {
    let stopping = |exchange: &Exchange| {
        if which(exchange) { Decision::Deny(Reason::Stopping) } else { Decision::Permit }
    };
    let cut = server.gate.services().exchanges.review(stopping).len();
    if cut > 0 {
        tracing::info!(cut, "open exchanges cut");
    }
}

const BETWEEN_LOOKS: Duration = Duration::from_millis(50);
/// For answers that were cut to leave the process.
const LAST_WORDS: Duration = Duration::from_secs(2);

//! The connections to one add-on: a cap, a bounded wait, and the idle ones kept for the next request.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::connect::Connector;
use super::http1::Http1Connection;
use super::http2_connection::Http2Connections;
use super::idle::{IdleConnections, OLDEST_IDLE};
use super::upgrade_connection::UpgradeConnection;
use crate::budget::{Budget, Claim, Holder, Limit, Permit, Queue, Refused};
use crate::config::Addon;
use crate::dial::{DialError, Wire};
use crate::ids::UserId;
use crate::telemetry::{AddonMetrics, OpenGauge};
use crate::workers;

/// The connections to one add-on.
#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    addon: Arc<Addon>,
    budget: Arc<Budget>,
    idle: IdleConnections,
    shared: Http2Connections,
    metrics: AddonMetrics,
}

/// A place among the add-on's connections, in the user's share, held until the answer's last byte.
#[derive(Debug)]
pub(super) struct PoolSlot {
    _permit: Permit,
    _counted: OpenGauge,
}

/// A place among the add-on's tunnels, held until the tunnel ends.
#[derive(Debug)]
pub(super) struct TunnelSlot {
    _permit: Permit,
}

/// What an answer holds at the add-on until its last byte.
#[derive(Debug)]
pub(super) enum HeldSlot {
    /// A place among the requests.
    Request(#[expect(dead_code, reason = "it is given back when it is dropped")] PoolSlot),
    /// A place among the WebSockets: the add-on has declined the handshake, and its answer has a connection all the
    /// same.
    Declined(#[expect(dead_code, reason = "it is given back when it is dropped")] TunnelSlot),
}

/// Why there is no connection for a request.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// All places, or those of the user, were taken for longer than the add-on's `queue_timeout`.
    #[error("no place at the add-on")]
    Busy(#[from] Refused),
    /// Another request's attempt to make the one connection took longer than that.
    #[error("the connection to the add-on takes its time")]
    Dialling,
    /// A new connection did not come about.
    #[error("cannot reach the add-on")]
    Connect(#[from] DialError),
    /// A new connection ended before it could be used.
    #[error("the add-on hung up")]
    Handshake(#[source] hyper::Error),
}

impl Pool {
    /// The connections to this add-on, none yet, for so many workers.
    pub(super) fn new(addon: &Arc<Addon>, metrics: AddonMetrics, budget: &Arc<Budget>, workers: usize) -> Self {
        let (addon, budget, connector) = (Arc::clone(addon), Arc::clone(budget), Connector::new(addon));
        let idle = IdleConnections::new(workers, addon.transport.connections, metrics.upstream_idle.clone());
        Self { connector, addon, budget, idle, shared: Http2Connections::default(), metrics }
    }

    /// A place for this user, at once or after a bounded wait.
    pub(super) async fn place(&self, user: &UserId) -> Result<PoolSlot, PoolError> {
        let (addon, budget) = (&self.addon, &self.budget);
        let of_user =
            Claim::new(Limit::AddonConnectionsPerUser, self.user_here(user), addon.transport.connections_per_user);
        let of_all =
            Claim::new(Limit::AddonConnections, Holder::Addon(addon.slug.clone()), addon.transport.connections);
        let claims = [of_user, of_all];
        let permit = match budget.take_at_once(&claims) {
            Some(permit) => permit,
            // Boxed, as few requests wait: its states would lie in every request's future.
            None => Box::pin(self.wait_for_place(claims)).await?,
        };
        Ok(PoolSlot { _permit: permit, _counted: self.metrics.upstream_in_use() })
    }

    /// The user's share first: a request that waits for it holds no place that others could use.
    async fn wait_for_place(&self, [of_user, of_all]: [Claim; 2]) -> Result<Permit, PoolError> {
        let transport = &self.addon.transport;
        // One deadline for both waits: a long wait for the user's share leaves less for the add-on's.
        let begun = Instant::now();
        let queue = |limit, longest| Queue {
            limit,
            longest,
            patience: transport.queue_timeout.saturating_sub(begun.elapsed()),
        };
        let share = queue(Limit::AddonQueuePerUser, transport.queue_per_user);
        let mut permit = self.budget.take_in_turn(&of_user, share).await.map_err(|refused| self.refused(refused))?;
        // Those who have a place in their share are few enough: none of them is sent away before the time is over.
        permit.merge(self.budget.take_in_turn(&of_all, queue(Limit::AddonConnections, usize::MAX)).await?);
        Ok(permit)
    }

    /// A kept connection, if there is one. Whether it is still good is looked at when a request is sent on it.
    pub(super) fn idle(&self) -> Option<Http1Connection> {
        self.idle.take()
    }

    /// A new stream to the add-on that no metric counts: for health probes.
    pub(super) async fn dial(&self) -> Result<Box<dyn Wire>, DialError> {
        self.connector.connect().await
    }

    pub(super) async fn fresh(&self) -> Result<Http1Connection, PoolError> {
        // Before the dial: another worker that asks meanwhile must find it counted.
        let counted = self.idle.count();
        let stream = self.wire().await?;
        Ok(Http1Connection::new(stream, workers::current().unwrap_or_default(), counted))
    }

    /// A new stream to the add-on, counted.
    pub(super) async fn wire(&self) -> Result<Box<dyn Wire>, PoolError> {
        let stream = self.dial().await?;
        self.metrics.upstream_opened.inc();
        Ok(stream)
    }

    /// The connections that calls share, where the add-on speaks gRPC.
    pub(super) fn shared(&self) -> &Http2Connections {
        &self.shared
    }

    /// How long a request waits for a connection that another one is making.
    pub(super) fn patience(&self) -> Duration {
        self.addon.transport.queue_timeout
    }

    /// A new connection of this user's that is to become a tunnel. Tunnels live for days, so they have places of their
    /// own, and nobody waits for one.
    pub(super) async fn tunnel(&self, user: &UserId) -> Result<(UpgradeConnection, TunnelSlot), PoolError> {
        let addon = &self.addon;
        let claims = [
            Claim::new(Limit::AddonWebsocketsPerUser, self.user_here(user), addon.transport.websockets_per_user),
            Claim::new(Limit::AddonWebsockets, Holder::Addon(addon.slug.clone()), addon.transport.websockets),
        ];
        // Taken before dialling, so that a user at their limit costs the add-on no connection.
        let permit = self.budget.take(1, &claims)?;
        let stream = self.wire().await?;
        let connection = UpgradeConnection::open(stream).await.map_err(PoolError::Handshake)?;
        Ok((connection, TunnelSlot { _permit: permit }))
    }

    /// Names the refusal of a user whose share is as large as the whole after the add-on's limit.
    fn refused(&self, refused: Refused) -> PoolError {
        // With one user's share as large as the whole, the operator has set no share: the refusal is named after the
        // limit that they know.
        let is_all = self.addon.transport.connections_per_user >= self.addon.transport.connections;
        let spent = refused == Refused(Limit::AddonConnectionsPerUser);
        PoolError::Busy(if spent && is_all { Refused(Limit::AddonConnections) } else { refused })
    }

    fn user_here(&self, user: &UserId) -> Holder {
        Holder::UserAt(user.shared(), self.addon.slug.clone())
    }

    /// Takes a connection back after the last byte of its answer, if it can be used again.
    pub(super) fn give_back(&self, mut connection: Http1Connection) {
        if connection.is_reusable() {
            // Only a connection that was read to the end comes here reusable: bytes of an old answer would be read as
            // the beginning of the next one.
            self.idle.keep(connection);
        }
    }

    /// Closes what has been idle for too long, or was closed by the add-on, and gives back the buffers of the rest.
    pub(super) fn prune(&self) {
        self.idle.prune();
        self.shared.prune(OLDEST_IDLE);
    }
}

impl std::fmt::Debug for Http1Connection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http1Connection").field("used", &self.was_used()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::LogFormat;
    use crate::telemetry::Telemetry;

    fn pool() -> Pool {
        let (telemetry, _) = Telemetry::captured(LogFormat::Text);
        let addon = crate::upstream::tests::addon("a");
        let metrics = telemetry.metrics.addon(&addon.slug);
        Pool::new(&addon, metrics, &Budget::new(), 1)
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_was_idle_for_too_long_is_not_used_and_not_kept() {
        let pool = pool();
        let given_back = || async {
            let connection = pool.fresh().await.unwrap();
            pool.give_back(connection);
            pool.metrics.upstream_idle.get()
        };
        assert_eq!(given_back().await, 1);
        assert!(pool.idle().is_some(), "at once");
        assert_eq!(given_back().await, 1);
        tokio::time::advance(OLDEST_IDLE.saturating_sub(Duration::from_secs(1))).await;
        pool.prune();
        assert_eq!(pool.metrics.upstream_idle.get(), 1, "it may still come in useful");
        tokio::time::advance(Duration::from_secs(2)).await;
        assert!(pool.idle().is_none(), "too old to be used");
        assert_eq!(given_back().await, 1);
        tokio::time::advance(OLDEST_IDLE).await;
        pool.prune();
        assert_eq!(pool.metrics.upstream_idle.get(), 0, "and closed without being asked for");
    }

    async fn made_by(worker: usize, idle: &IdleConnections) -> Http1Connection {
        Http1Connection::new(pool().dial().await.unwrap(), worker, idle.count())
    }

    /// A list for each of two workers, of an add-on that may have so many connections, and one that the other worker
    /// has made: a test is no worker, and counts as the first.
    async fn with_one_of_the_other_worker(most: usize) -> IdleConnections {
        let idle = IdleConnections::new(2, most, prometheus_client::metrics::gauge::Gauge::default());
        idle.keep(made_by(1, &idle).await);
        idle
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_takes_anothers_connection_now_and_then() {
        let idle = with_one_of_the_other_worker(2).await;
        let borrowed = idle.take().expect("the first time");
        assert!(idle.take().is_none(), "there is one");
        idle.keep(borrowed);
        assert!(idle.take().is_none(), "at once again: it needs one of its own");
        tokio::time::advance(Duration::from_millis(2)).await;
        assert!(idle.take().is_some(), "a while later");
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_takes_anothers_connection_whenever_the_addon_has_all_it_may_have() {
        let idle = with_one_of_the_other_worker(1).await;
        for _ in 0..3 {
            let borrowed = idle.take().expect("another one would be too many");
            idle.keep(borrowed);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_worker_takes_its_own_connection_first() {
        let idle = with_one_of_the_other_worker(2).await;
        idle.keep(made_by(0, &idle).await);
        assert_eq!(idle.take().map(|connection| connection.worker()), Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_that_speaks_for_somebody_is_not_kept() {
        let pool = pool();
        let mut connection = pool.fresh().await.unwrap();
        connection.use_once();
        pool.give_back(connection);
        assert!(pool.idle().is_none());
    }
}

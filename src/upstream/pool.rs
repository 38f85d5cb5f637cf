//! The connections to one add-on: a cap, a bounded wait, and the idle ones kept for the next request.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::connect::{ConnectError, Connector};
use super::link::Link;

/// The connections to one add-on.
#[derive(Debug)]
pub(super) struct Pool {
    connector: Connector,
    places: Arc<Semaphore>,
    wait: Duration,
    idle: Mutex<Vec<Link>>,
}

/// A place among the add-on's connections, held until the answer's last byte.
pub(super) type Place = OwnedSemaphorePermit;

/// Why no connection was to be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    /// All places were taken for longer than the add-on's `queue_timeout`.
    #[error("all connections to the add-on are busy")]
    Busy,
    /// A new connection did not come about.
    #[error("cannot reach the add-on")]
    Connect(#[from] ConnectError),
    /// A new connection ended before it could be used.
    #[error("the add-on hung up")]
    Handshake(#[source] hyper::Error),
}

impl Pool {
    pub(super) fn new(connector: Connector, connections: usize, wait: Duration) -> Self {
        let places = Arc::new(Semaphore::new(connections.min(Semaphore::MAX_PERMITS)));
        Self { connector, places, wait, idle: Mutex::default() }
    }

    /// A place, at once or after a bounded wait.
    pub(super) async fn place(&self) -> Result<Place, PoolError> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let waiting = Arc::clone(&self.places).acquire_owned();
        match tokio::time::timeout(self.wait, waiting).await {
            Ok(Ok(place)) => Ok(place),
            Ok(Err(_)) | Err(_) => Err(PoolError::Busy),
        }
    }

    /// The connection that was used last and is still good, if there is one: the others may age.
    pub(super) fn idle(&self) -> Option<Link> {
        loop {
            let mut link = self.lock().pop()?;
            if link.idle_since.elapsed() < OLDEST_IDLE && link.is_reusable() {
                return Some(link);
            }
        }
    }

    /// A new connection.
    pub(super) async fn fresh(&self) -> Result<Link, PoolError> {
        let stream = self.connector.connect().await?;
        Link::open(stream).await.map_err(PoolError::Handshake)
    }

    /// A new connection that is to become a tunnel. It needs no place: tunnels live for days.
    pub(super) async fn tunnel(&self) -> Result<Link, PoolError> {
        let stream = self.connector.connect().await?;
        Link::open_for_upgrade(stream).await.map_err(PoolError::Handshake)
    }

    /// Takes a connection back after the last byte of its answer, if it can be used again.
    pub(super) fn give_back(&self, mut link: Link) {
        if link.is_reusable() {
            link.idle_since = Instant::now();
            self.lock().push(link);
        }
    }

    /// Closes what has been idle for too long, or was closed by the add-on.
    pub(super) fn prune(&self) {
        let mut idle = self.lock();
        idle.retain_mut(|link| link.idle_since.elapsed() < OLDEST_IDLE && link.is_reusable());
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Link>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Common add-on servers keep an idle connection for 5 seconds or more; a closed one is noticed before it is used.
const OLDEST_IDLE: Duration = Duration::from_secs(60);

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("used", &self.used).finish_non_exhaustive()
    }
}

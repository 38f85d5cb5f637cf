//! The connections to one add-on that are kept for the next request, in a list for each worker.
//!
//! A connection is watched by the runtime on which it was made. On another worker it works as well, but every byte that
//! comes wakes two threads. So a worker keeps its own and takes those first; what it does without one is decided here.

use std::time::Duration;

use parking_lot::{Mutex, MutexGuard};
use prometheus_client::metrics::gauge::Gauge;
use tokio::time::Instant;

use super::http1::Http1Connection;
use super::open_count::{OpenConnections, OpenCount};
use crate::workers;

/// The kept connections to one add-on.
#[derive(Debug)]
pub(super) struct IdleConnections {
    lists: Box<[WorkerList]>,
    /// Connections to the add-on, kept and in use.
    open: OpenConnections,
    most: usize,
    idle: Gauge,
}

/// The list of one worker, on cache lines of its own.
#[derive(Debug, Default)]
#[repr(align(128))]
struct WorkerList(Mutex<IdleList>);

#[derive(Debug, Default)]
struct IdleList {
    connections: Vec<Http1Connection>,
    /// When this worker last took a connection of another one.
    borrowed: Option<Instant>,
}

impl IdleConnections {
    /// None yet, for so many workers, of an add-on that may have `most` connections.
    pub(super) fn new(workers: usize, most: usize, idle: Gauge) -> Self {
        let lists = std::iter::repeat_with(WorkerList::default).take(workers.max(1)).collect();
        Self { lists, open: OpenConnections::default(), most, idle }
    }

    /// A connection: one of this worker's own, or one of another worker's when it is better than a
    /// new one.
    pub(super) fn take(&self) -> Option<Http1Connection> {
        let own = self.place(workers::current().unwrap_or_default());
        self.pop(own).or_else(|| self.borrow(own))
    }

    /// Keeps a connection for the worker that made it.
    pub(super) fn keep(&self, mut connection: Http1Connection) {
        connection.rest();
        // Counted before the lock is given back: whoever takes it could count it down first.
        let mut list = self.list(self.place(connection.worker()));
        list.connections.push(connection);
        self.idle.inc();
    }

    /// Closes what has been idle for too long, or was closed by the add-on, and gives back the buffers of the rest.
    pub(super) fn prune(&self) {
        for list in &self.lists {
            let mut list = list.0.lock();
            let before = list.connections.len();
            list.connections.retain_mut(rests_well);
            let closed = before.saturating_sub(list.connections.len());
            self.idle.dec_by(i64::try_from(closed).unwrap_or(i64::MAX));
        }
    }

    /// Counts a connection that is about to be made.
    pub(super) fn count(&self) -> OpenCount {
        self.open.count()
    }

    /// The connection of this worker's list that was used last: the others may age.
    fn pop(&self, place: usize) -> Option<Http1Connection> {
        loop {
            let connection = {
                let mut list = self.list(place);
                let connection = list.connections.pop()?;
                self.idle.dec();
                connection
            };
            // After the lock is given back: dropping a connection closes it, and others want the list meanwhile.
            if connection.idle_since().elapsed() < OLDEST_IDLE {
                return Some(connection);
            }
        }
    }

    /// A connection of another worker. A worker with few requests saves the add-on a connection in this way; one that
    /// would do so again at once has enough to do for a connection of its own, unless the add-on has all it may have.
    fn borrow(&self, own: usize) -> Option<Http1Connection> {
        let is_full = self.open.len() >= self.most;
        if !is_full && self.list(own).borrowed.is_some_and(|at| at.elapsed() < BETWEEN_LOANS) {
            return None;
        }
        let others = (0..self.lists.len()).filter(|place| *place != own);
        let connection = others.into_iter().find_map(|place| self.pop(place))?;
        self.list(own).borrowed = Some(Instant::now());
        Some(connection)
    }

    /// A reload may have changed the number of lists, and the number of workers stays.
    fn place(&self, worker: usize) -> usize {
        worker.checked_rem(self.lists.len()).unwrap_or_default()
    }

    fn list(&self, place: usize) -> MutexGuard<'_, IdleList> {
        self.lists.get(place).expect("`place` gives places of lists").0.lock()
    }
}

impl Drop for IdleConnections {
    fn drop(&mut self) {
        // The number is the add-on's: after a reload that has changed its settings, other lists count on.
        let closed: usize = self.lists.iter_mut().map(|list| list.0.get_mut().connections.len()).sum();
        self.idle.dec_by(i64::try_from(closed).unwrap_or(i64::MAX));
    }
}

/// Whether a kept connection is still good.
fn rests_well(connection: &mut Http1Connection) -> bool {
    let idle_for = connection.idle_since().elapsed();
    // Not at once: a connection that is used all the time would allocate them for each request.
    if idle_for >= AT_REST {
        connection.release_buffers();
    }
    idle_for < OLDEST_IDLE && connection.is_reusable()
}

/// Common add-on servers keep an idle connection for 5 seconds or more; a closed one is noticed before it is used.
pub(super) const OLDEST_IDLE: Duration = Duration::from_mins(1);

/// After so long, a connection is no longer one that is used all the time.
const AT_REST: Duration = Duration::from_secs(1);

/// A worker that borrows more often makes a connection of its own.
const BETWEEN_LOANS: Duration = Duration::from_millis(1);

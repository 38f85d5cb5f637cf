//! The threads that connections are served on: one for each core, with a runtime of its own.
//!
//! In come accepted connections, each to be served by the worker that has the least to do ([`Workers::least_loaded`]).
//! A connection stays with its worker to its end, and so does what its requests begin: a task that is spawned there
//! runs there, and a connection to an add-on that was made there is kept there. Nothing moves between cores but what
//! all of them share. A worker must never block: what takes a disk or a long computation goes to [`spawn_blocking`].
//!
//! Everything else (the operations listener, the control socket, reviews, what follows Home Assistant and Redis) runs
//! on the process's main runtime, which answers however busy the workers are.

mod blocking;
mod current;
mod threads;

use std::sync::atomic::{AtomicUsize, Ordering};

use prometheus_client::metrics::gauge::Gauge;
use tokio::runtime::Handle;

pub use blocking::spawn_blocking;
pub use current::current;
pub use threads::WorkerThreads;

/// All workers, to give connections to.
#[derive(Debug)]
pub struct Workers {
    all: Vec<Worker>,
    /// Which of those that have equally little to do is next.
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Worker {
    handle: Handle,
    connections: Gauge,
}

/// A connection's place at a worker, counted until this is dropped.
#[derive(Debug)]
#[must_use = "it counts until it is dropped"]
pub struct WorkerSlot {
    handle: Handle,
    connections: Gauge,
}

impl Workers {
    /// A place at the worker that has the least to do.
    pub fn least_loaded(&self) -> WorkerSlot {
        // Without taking turns all of a few idle connections would be the first worker's.
        let turn = self.turn.fetch_add(1, Ordering::Relaxed).checked_rem(self.all.len()).unwrap_or_default();
        let in_turn = self.all.iter().cycle().skip(turn).take(self.all.len());
        let worker = in_turn.min_by_key(|worker| worker.load()).expect("there is one worker at least");
        worker.connections.inc();
        WorkerSlot { handle: worker.handle.clone(), connections: worker.connections.clone() }
    }
}

impl Worker {
    /// What it has to do: each connection is a task, and so is each open stream of HTTP/2 and each WebSocket. One busy
    /// HTTP/2 connection therefore weighs as much as the connections that its streams would be over HTTP/1.1.
    fn load(&self) -> usize {
        self.handle.metrics().num_alive_tasks()
    }
}

impl WorkerSlot {
    /// The runtime of the worker.
    pub fn handle(&self) -> &Handle {
        &self.handle
    }
}

impl Drop for WorkerSlot {
    fn drop(&mut self) {
        self.connections.dec();
    }
}

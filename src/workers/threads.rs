//! The workers' threads: started before the first address is bound, and ended when all has been drained.

use std::io;
use std::sync::atomic::AtomicUsize;
use std::thread::{self, JoinHandle};

use prometheus_client::metrics::gauge::Gauge;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::sync::CancellationToken;

use super::{Worker, Workers, blocking, current};

/// The threads. Dropped, they end, and what still runs on them is dropped.
#[derive(Debug)]
pub struct WorkerThreads {
    threads: Vec<JoinHandle<()>>,
    stop: CancellationToken,
}

impl WorkerThreads {
    /// Starts so many workers. `main` is the runtime that takes what blocks, and `connections` the number that counts a
    /// worker's connections.
    pub fn start(workers: usize, main: &Handle, connections: impl Fn(usize) -> Gauge) -> io::Result<(Self, Workers)> {
        let mut this = Self { threads: Vec::with_capacity(workers), stop: CancellationToken::new() };
        let mut all = Vec::with_capacity(workers);
        for number in 0..workers {
            // Nothing of ours blocks there; should a library want to, one thread has to do.
            let runtime = Builder::new_current_thread().enable_all().max_blocking_threads(1).build()?;
            all.push(Worker { handle: runtime.handle().clone(), connections: connections(number) });
            let (main, stop) = (main.clone(), this.stop.clone());
            let work = move || run(number, runtime, main, &stop);
            this.threads.push(thread::Builder::new().name(format!("worker-{number}")).spawn(work)?);
        }
        Ok((this, Workers { all, turn: AtomicUsize::new(0) }))
    }
}

fn run(number: usize, runtime: Runtime, main: Handle, stop: &CancellationToken) {
    current::become_worker(number);
    blocking::send_to(main);
    runtime.block_on(stop.cancelled());
    // Drops all tasks here and waits for no other thread: a look-up of a name may take half a minute.
    runtime.shutdown_background();
}

impl Drop for WorkerThreads {
    fn drop(&mut self) {
        self.stop.cancel();
        for thread in self.threads.drain(..) {
            // A thread that has panicked is gone as well, and the log has said why.
            let _ended = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workers::{current, spawn_blocking};

    fn main_runtime() -> Runtime {
        Builder::new_multi_thread().worker_threads(1).thread_name("main").enable_all().build().unwrap()
    }

    /// What `work` gives on the worker that has the least to do.
    fn on_worker<T: Send + 'static>(
        main: &Runtime,
        workers: &Workers,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, tokio::task::JoinError> {
        let worker = workers.least_loaded();
        let task = worker.handle().spawn(work);
        main.block_on(task)
    }

    #[test]
    fn a_task_stays_on_its_worker_and_what_blocks_does_not() {
        let main = main_runtime();
        let (_threads, workers) = WorkerThreads::start(2, main.handle(), |_| Gauge::default()).unwrap();
        let names = async {
            let name = || thread::current().name().unwrap_or_default().to_owned();
            let spawned = tokio::spawn(async move { (name(), current()) }).await.unwrap();
            let blocking = spawn_blocking(move || (name(), current())).await.unwrap();
            (name(), spawned, blocking)
        };
        let (here, spawned, blocking) = on_worker(&main, &workers, names).unwrap();
        let number = spawned.1.unwrap();
        assert_eq!((here, spawned.0), (format!("worker-{number}"), format!("worker-{number}")));
        assert_eq!(blocking, ("main".to_owned(), None));
    }

    #[test]
    fn s132_a_worker_survives_a_task_that_panics() {
        let main = main_runtime();
        let (_threads, workers) = WorkerThreads::start(1, main.handle(), |_| Gauge::default()).unwrap();
        assert!(on_worker(&main, &workers, async { panic!("on purpose") }).unwrap_err().is_panic());
        assert_eq!(on_worker(&main, &workers, async { current() }).unwrap(), Some(0));
    }

    #[test]
    fn the_end_of_the_threads_drops_what_still_runs_on_them() {
        let main = main_runtime();
        let connections = Gauge::default();
        let (threads, workers) = WorkerThreads::start(1, main.handle(), |_| connections.clone()).unwrap();
        let worker = workers.least_loaded();
        let handle = worker.handle().clone();
        let task = handle.spawn(async move {
            std::future::pending::<()>().await;
            drop(worker);
        });
        assert_eq!(connections.get(), 1);
        drop(threads);
        assert_eq!(connections.get(), 0);
        assert!(main.block_on(task).unwrap_err().is_cancelled());
        assert!(main.block_on(handle.spawn(async {})).is_err(), "and it takes nothing more");
    }
}

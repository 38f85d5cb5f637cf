//! Work that blocks a thread: a password check, a file, a look-up of a name.
//!
//! All of it runs on the main runtime's pool of threads, from whichever worker it comes. With pools of the workers'
//! own, the number of threads would grow with the number of cores.

use std::cell::RefCell;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

thread_local! {
    static MAIN: RefCell<Option<Handle>> = const { RefCell::new(None) };
}

/// Runs `work` on a thread where it may block.
pub fn spawn_blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    MAIN.with_borrow(|main| match main {
        Some(main) => main.spawn_blocking(work),
        // Not a worker: the runtime that this runs on is the main one, or a test's.
        None => Handle::current().spawn_blocking(work),
    })
}

/// Sends what blocks on this thread, which is a worker's, to the main runtime.
pub(super) fn send_to(main: Handle) {
    MAIN.set(Some(main));
}

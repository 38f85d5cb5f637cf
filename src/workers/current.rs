//! Which worker a thread is: what is kept for each worker is found by this number.

use std::cell::Cell;

thread_local! {
    static CURRENT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The number of the worker whose thread this is, counted from 0; `None` on any other thread.
pub fn current() -> Option<usize> {
    CURRENT.get()
}

/// Makes this thread the one of a worker.
pub(super) fn become_worker(number: usize) {
    CURRENT.set(Some(number));
}

//! Waiting for something that another process does: asked again and again until a deadline, never slept for.

use std::thread;
use std::time::Duration;

use super::stopwatch::Stopwatch;

/// How long anything may take before a test gives up: generous, because it costs nothing when all goes well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Asks until there is an answer, and panics with `what` when there is none in [`PATIENCE`].
pub(crate) fn eventually<T>(what: &str, ask: impl FnMut() -> Option<T>) -> T {
    soon(PATIENCE, ask).unwrap_or_else(|| panic!("waited {PATIENCE:?} for {what}"))
}

/// Asks until there is an answer or `deadline` has passed by the [`Stopwatch`].
pub(crate) fn soon<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let start = Stopwatch::start();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if start.elapsed() > deadline {
            return None;
        }
        thread::sleep(STEP);
    }
}

/// The pause between two questions, so that polling leaves the processor to the one who is waited for.
const STEP: Duration = Duration::from_millis(10);

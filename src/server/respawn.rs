//! A background task that must not end before the process does.

use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// Runs a task until `stop`. Where it panics or returns before that, logs an error and spawns it anew after a pause:
/// what it looked after would otherwise come to an end that nobody notices.
pub(super) async fn respawned<F>(name: &'static str, stop: CancellationToken, task: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // A task of its own, so that its panic ends nothing else.
        let ended = AbortOnDropHandle::new(tokio::spawn(task())).await;
        if stop.is_cancelled() {
            return;
        }
        let how = if ended.is_err() { "panicked" } else { "returned" };
        tracing::error!(task = name, "a background task {how}; it begins anew in {} minutes", PAUSE.as_secs() / 60);
        if stop.run_until_cancelled(tokio::time::sleep(PAUSE)).await.is_none() {
            return;
        }
    }
}

/// What panicked once may do so again at once, and a server of others may be asked each time.
const PAUSE: Duration = Duration::from_mins(10);

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_panics_or_returns_begins_anew_and_ends_with_the_process() {
        let (stop, begun, start) = (CancellationToken::new(), Arc::new(AtomicUsize::new(0)), Instant::now());
        let (ends, count) = (stop.clone(), Arc::clone(&begun));
        let task = move || {
            let (stop, time) = (ends.clone(), count.fetch_add(1, Ordering::Relaxed));
            async move {
                match time {
                    0 => panic!("no such time"),
                    1 => {}
                    _ => stop.cancel(),
                }
            }
        };
        respawned("a test", stop.clone(), task).await;
        assert_eq!(begun.load(Ordering::Relaxed), 3);
        assert_eq!(start.elapsed(), PAUSE * 2);
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_does_not_wait_for_the_pause() {
        let (stop, start) = (CancellationToken::new(), Instant::now());
        let ends = stop.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_secs(1)).await;
            ends.cancel();
        });
        respawned("a test", stop, || async {}).await;
        assert_eq!(start.elapsed(), Duration::from_secs(1));
    }
}

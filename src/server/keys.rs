//! The keys of signed identities: opened with a configuration that wants them, and looked after while it is in force.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Server;
use crate::clock::Clock;
use crate::config::Settings;
use crate::telemetry::chain;
use crate::upstream::{KeyError, Keyring};
use crate::workers::spawn_blocking;

/// The keyring of this configuration, when an add-on wants one; the one of before where nothing about it has changed.
/// Blocks.
pub(super) fn open(
    settings: &Settings,
    clock: &Clock,
    before: Option<&Arc<Keyring>>,
) -> Result<Option<Arc<Keyring>>, KeyError> {
    if !settings.addons.iter().any(|addon| addon.headers.assertion) {
        return Ok(None);
    }
    let same = before.filter(|keyring| *keyring.settings() == settings.assertion);
    match same {
        // One keyring for one folder: two of them would make and remove keys side by side.
        Some(keyring) => Ok(Some(Arc::clone(keyring))),
        None => Keyring::open(settings.assertion.clone(), clock.clone()).map(Arc::new).map(Some),
    }
}

/// Has the keys take turns. What fails is said and tried again: the keys in memory go on signing.
pub(super) async fn rotate_keys(server: Arc<Server>) {
    let mut ticks = tokio::time::interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while server.stop.run_until_cancelled(ticks.tick()).await.is_some() {
        let Some(keyring) = server.gate.stages().keyring().cloned() else { continue };
        // A turn that panicked is in the log by the panic itself, and the next tick tries again.
        if let Ok(Err(error)) = spawn_blocking(move || keyring.turn()).await {
            tracing::error!(error = %chain(&error), "the keys of signed identities cannot be looked after");
        }
    }
}

/// Far more often than keys take turns, so that proxies that share them see each other's soon.
const EVERY: Duration = Duration::from_secs(20);

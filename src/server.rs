//! The process: builds the stages, serves, swaps the stages on reload, and drains on stop.
//!
//! Nothing is accepted before everything that can be wrong has been looked at, and no reload changes anything before
//! all of it is known to be right.

mod addon_api;
mod build;
mod certificates;
mod client_auth;
mod commands;
mod confirmation;
mod connections;
mod drain;
mod banner;
mod keys;
mod listeners;
mod logging;
mod presence;
mod reload;
mod report;
mod respawn;
mod restart;
mod review;
#[cfg(feature = "redis-store")]
mod shared_orders;
mod signals;
mod stapling;
mod this_world;
mod trial;
mod triggers;

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub use build::StartError;
pub(crate) use logging::log_settings;
pub use reload::ReloadError;
pub(crate) use reload::log_lines;
pub use this_world::ThisWorld;
pub use trial::{Start, StartChoiceError, choose};

use crate::acme::Renewer;
use crate::addon_api::AddonApi;
use crate::gate::Gate;
use crate::listener::{ConnectionLimiter, ListenerTrust, LogLimiter};
use crate::operations::activation::Inherited;
use crate::operations::{Readiness, control, health, notify};
use crate::revocation::Stapler;
use crate::telemetry::Telemetry;
use crate::tls::Handshaker;
use crate::workers::Workers;
use build::Bound;
use listeners::Listeners;
use reload::ReloadState;
use signals::Signals;

/// A process that serves.
pub struct Server {
    file: PathBuf,
    gate: Arc<Gate>,
    api: Arc<AddonApi>,
    handshaker: Arc<Handshaker>,
    renewer: Arc<Renewer>,
    stapler: Stapler,
    connection_limiter: Arc<ConnectionLimiter>,
    floods: LogLimiter,
    refused_certificates: LogLimiter,
    listeners: Mutex<Listeners>,
    home_assistant_trust: ListenerTrust,
    state: tokio::sync::Mutex<ReloadState>,
    readiness: Readiness,
    workers: Workers,
    connections: TaskTracker,
    /// No new connections, no new requests on the old ones.
    drain: CancellationToken,
    /// The tasks behind the requests end.
    stop: CancellationToken,
    started: crate::clock::Timestamp,
}

/// Serves until a signal says stop and everything open has ended.
pub async fn run(
    file: PathBuf,
    start: Start,
    telemetry: Telemetry,
    inherited: Inherited,
    workers: Workers,
) -> Result<(), StartError> {
    // Before anything else: a SIGTERM during the start would otherwise end the process without any of its own doing.
    let mut signals = Signals::new().map_err(StartError::Signals)?;
    let trial = start.trial.clone();
    let built = build::build(file.clone(), start, telemetry, inherited, workers).await;
    let (server, bound) = built.inspect_err(|error| {
        // One that another vestibule is serving, or that a start by hand was wrong about, is not over for it.
        if !matches!(error, StartError::Control(_)) {
            confirmation::end_at_start(&file, trial);
        }
    })?;
    let server = Arc::new(server);
    let mut tasks = server.background(bound);
    server.readiness.set_listeners(crate::operations::ListenersState::Open);
    // Once before the first connection, so that readiness and gauges never show a state that nobody has looked at.
    server.report();
    let mut state = server.state.lock().await;
    server.watch_home(&mut state);
    server.follow_states(&server.gate.stages().settings, &mut state);
    drop(state);
    server.trial_at_start().await;
    if let Some(telling) = presence::teller(&server).await {
        tasks.spawn(telling);
    }
    server.begin_accepting();
    banner::say(&server);
    notify::ready("serving");
    triggers::until_stopped(&server, &mut signals).await;
    drain::drain(&server, signals).await;
    // After draining: these tasks still store the sessions of the last requests and give tokens back.
    server.stop.cancel();
    while tasks.join_next().await.is_some() {}
    tracing::info!("stopped");
    Ok(())
}

impl Server {
    /// The tasks that run beside the requests.
    fn background(self: &Arc<Self>, bound: Bound) -> JoinSet<()> {
        // Each of these ends with `stop` or with `drain`, and the process waits for all of them.
        let mut tasks = JoinSet::new();
        let services = self.gate.services();
        tasks.spawn(Arc::clone(&services.sessions).run(self.stop.clone()));
        tasks.spawn(Arc::clone(&services.token_store).run(Arc::clone(&services.sessions), self.stop.clone()));
        let (token_store, telemetry) = (Arc::clone(&services.token_store), services.telemetry.clone());
        tasks.spawn(token_store.follow(Arc::clone(&services.sessions), telemetry, self.stop.clone()));
        tasks.spawn(notify::watchdog(self.stop.clone()));
        tasks.spawn(report::keep_reviewing(Arc::clone(self)));
        tasks.spawn(report::keep_keys(Arc::clone(self)));
        tasks.spawn(keys::rotate_keys(Arc::clone(self)));
        let server = Arc::clone(self);
        let ordering = move || certificates::keep_ordered(Arc::clone(&server));
        tasks.spawn(respawn::respawned("ordering certificates", self.drain.clone(), ordering));
        let server = Arc::clone(self);
        let stapling = move || stapling::keep_stapled(Arc::clone(&server));
        tasks.spawn(respawn::respawned("asking OCSP responders", self.drain.clone(), stapling));
        if let Some(listener) = bound.operations {
            let metrics = Arc::clone(&services.telemetry.metrics);
            tasks.spawn(health::serve(listener, self.readiness.clone(), metrics, self.stop.clone()));
        }
        if let Some(listener) = bound.home_assistant {
            tasks.spawn(connections::accept_home_assistant(Arc::clone(self), listener));
        }
        if let Some(listener) = bound.addons {
            tasks.spawn(connections::accept_addons(Arc::clone(self), listener));
        }
        let server = Arc::clone(self);
        let handler = move |request| commands::answer(Arc::clone(&server), request);
        tasks.spawn(control::serve(bound.control, handler, self.stop.clone()));
        tasks
    }
}

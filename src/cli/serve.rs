//! `vestibule serve`: read, start, serve, drain.

use std::path::Path;
use std::time::Duration;

use super::output::{Exit, Output};
use crate::clock::Clock;
use crate::config;
use crate::operations::activation;
use crate::operations::sandbox::Sandbox;
use crate::server::{self, StartChoiceError};
use crate::telemetry::{self, chain};
use crate::workers::WorkerThreads;

/// Serves this configuration until a signal says stop; with `trial`, it is taken back unless it is confirmed in time.
pub(super) fn serve(file: &Path, trial: Option<Duration>) -> Exit {
    // The environment is read before there are threads that could change it.
    let inherited = match activation::inherited() {
        Ok(inherited) => inherited,
        Err(error) => return fail(&chain(&error)),
    };
    // Outside of the runtime: it asks Home Assistant on a runtime of its own, which panics within another.
    let world = server::ThisWorld(config::Purpose::Serve);
    let start = match server::choose(file, trial, &world, Clock::System.now()) {
        Ok(start) => start,
        Err(StartChoiceError::Mistakes(found)) => {
            Output::with_standard_streams(|output| output.notice(&found.render(output.styling())));
            return Exit::Mistaken;
        }
        Err(error) => return fail(&chain(&error)),
    };
    let loaded = &start.loaded;
    // Before there are threads of ours: those that are started from here on are held as well.
    let sandbox = Sandbox::enter(&loaded.settings);
    let telemetry = match telemetry::start(&server::log_settings(&loaded.settings.log)) {
        Ok(telemetry) => telemetry,
        Err(error) => return fail(&chain(&error)),
    };
    // Bound to the end of this function: what the log still holds is written however it is left.
    let _flush = telemetry.flush_at_end();
    sandbox.log();
    if loaded.warnings.warnings() > 0 {
        server::log_lines(&loaded.warnings);
    }
    // Two threads: requests are the workers', and what else there is must not wait for one long task.
    let mut main = tokio::runtime::Builder::new_multi_thread();
    let runtime = match main.worker_threads(2).thread_name("vestibule").enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&error),
    };
    let metrics = &telemetry.metrics;
    let started = WorkerThreads::start(loaded.settings.limits.workers, runtime.handle(), |worker| {
        metrics.worker_connections(worker)
    });
    // Dropped before the main runtime: what still runs on the workers may wait for a thread of that one.
    let (_threads, workers) = match started {
        Ok(started) => started,
        Err(error) => return fail(&error),
    };
    match runtime.block_on(server::run(file.to_owned(), start, telemetry, inherited, workers)) {
        Ok(()) => Exit::Done,
        Err(error) => fail(&chain(&error)),
    }
}

fn fail(why: &dyn std::fmt::Display) -> Exit {
    Output::with_standard_streams(|output| output.notice(&format!("error: {why}\n")));
    Exit::Failed
}

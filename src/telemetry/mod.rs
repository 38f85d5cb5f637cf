//! What the process says about itself: log lines, access lines, audit lines and metrics.
//!
//! Lines go to stderr and numbers to `/metrics`. It must never block a stage, never show a secret (tokens, cookies,
//! passwords, signed parameters: S-83), never let a client write a line of its own (S-128), and never count by
//! something that a client chooses (S-130).

mod access;
mod audit;
mod audit_event;
mod audit_tap;
mod captured;
mod chain;
mod escape;
mod events;
mod line;
mod metrics;
mod redact;
mod reset_outcome;
mod sign_in_outcome;
mod sink;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tracing_subscriber::filter::{EnvFilter, LevelFilter, ParseError};

pub use access::{AccessEntry, AccessLog};
pub use audit::AuditLog;
pub use audit_event::{AuditEvent, Revoked, TrialStep};
pub use audit_tap::{Notable, Notables};
pub use captured::Captured;
pub use chain::{Chain, chain};
pub use metrics::{
    AcmeGauges, AddonMetrics, Announced, ConnectionRefusal, Durations, Handshake, Metrics, OpenGauge, OrderResult,
    ReloadResult, Traffic, UpstreamFailure,
};
pub use redact::{ApiCallPath, redacted};
pub use reset_outcome::ResetOutcome;
pub use sign_in_outcome::SignInOutcome;

use crate::clock::Clock;
use events::FilterHandle;
use sink::Sink;

/// The handle that stages get; cheap to clone.
#[derive(Debug, Clone)]
pub struct Telemetry {
    /// One line for every request.
    pub access: AccessLog,
    /// One line for everything that somebody may have to account for.
    pub audit: AuditLog,
    /// The numbers.
    pub metrics: Arc<Metrics>,
    sink: Sink,
    filter: Option<FilterHandle>,
}

/// Why the log could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// `[log] filter` is no filter.
    #[error("`{filter}` is not a log filter")]
    Filter {
        /// What the configuration says.
        filter: String,
        /// What is wrong with it.
        source: ParseError,
    },
    /// The operating system gave no thread.
    #[error("the log's thread could not be started")]
    Thread(#[source] io::Error),
    /// Somebody has set up `tracing` before.
    #[error("a log is set up already")]
    Twice(#[source] tracing::subscriber::SetGlobalDefaultError),
    /// `tracing` is no longer there to take a new filter.
    #[error("the log's filter could not be changed")]
    Reload(#[source] tracing_subscriber::reload::Error),
}

/// How the log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogSettings<'a> {
    /// Text or JSON.
    pub format: LogFormat,
    /// A `tracing` filter, as in `info,vestibule::http=debug`.
    pub filter: &'a str,
    /// One access line a request.
    pub access: bool,
}

/// The form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One line of text, for people to read.
    Text,
    /// One JSON object a line.
    Json,
}

/// Sets up the log for the whole process, on stderr. Once, before other threads say anything.
pub fn start(log: &LogSettings<'_>) -> Result<Telemetry, TelemetryError> {
    let filter = parse(log.filter)?;
    let sink = Sink::start(io::stderr(), log.format, Clock::System).map_err(TelemetryError::Thread)?;
    let (subscriber, handle) = events::subscriber(&sink, filter);
    tracing::subscriber::set_global_default(subscriber).map_err(TelemetryError::Twice)?;
    log_panics(sink.clone());
    Ok(Telemetry::over(sink, log.access, Some(handle)))
}

impl Telemetry {
    /// Takes over a new `[log]`: the filter and whether there are access lines. A new format waits for the next start.
    pub fn reload(&self, log: &LogSettings<'_>) -> Result<(), TelemetryError> {
        // Parsed before anything is changed, so that a bad filter leaves everything as it was.
        let filter = parse(log.filter)?;
        if let Some(handle) = &self.filter {
            handle.reload(filter).map_err(TelemetryError::Reload)?;
        }
        self.access.switch(log.access);
        Ok(())
    }

    /// A guard that flushes, for a second at most, when it goes out of scope: for `main`, which may leave by `?`.
    pub fn flush_at_end(&self) -> FlushAtEnd {
        FlushAtEnd(self.sink.clone())
    }

    fn over(sink: Sink, access: bool, filter: Option<FilterHandle>) -> Self {
        let metrics = Arc::new(Metrics::new(sink.dropped().clone()));
        Self {
            access: AccessLog::new(sink.clone(), access),
            audit: AuditLog::new(sink.clone(), metrics.dropped_announcements()),
            metrics,
            sink,
            filter,
        }
    }
}

/// Flushes the log when it goes out of scope.
#[derive(Debug)]
#[must_use = "it flushes when it is dropped"]
pub struct FlushAtEnd(Sink);

impl Drop for FlushAtEnd {
    fn drop(&mut self) {
        self.0.flush(Duration::from_secs(1));
    }
}

/// The filter that `[log] filter` asks for. A level alone is about vestibule: libraries say at `error` what no peer can
/// provoke, and below that a line for every odd frame of anybody's. Who wants to hear them names them.
fn parse(filter: &str) -> Result<EnvFilter, TelemetryError> {
    let of_ours = |part: &str| match part.trim().parse::<LevelFilter>() {
        Ok(level) => format!("{OURS}={level}"),
        Err(_) => part.to_owned(),
    };
    let parts = filter.split(',').filter(|part| !part.trim().is_empty()).map(of_ours);
    let settled: Vec<_> = std::iter::once(LevelFilter::ERROR.to_string()).chain(parts).collect();
    EnvFilter::try_new(settled.join(",")).map_err(|source| TelemetryError::Filter { filter: filter.to_owned(), source })
}

/// The target of every line of ours begins with it.
const OURS: &str = "vestibule";

/// A panic is an event like others, so that it neither tears a line nor passes by the log; and it is written at once,
/// since nobody knows what comes after it.
fn log_panics(sink: Sink) {
    std::panic::set_hook(Box::new(move |panic| {
        let message = panic.payload_as_str().unwrap_or("(no message)");
        let at = panic.location().map(ToString::to_string).unwrap_or_default();
        let thread = std::thread::current();
        tracing::error!(thread = thread.name().unwrap_or("?"), at, "panic: {message}");
        sink.flush(Duration::from_millis(200));
    }));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_that_is_none_is_refused_with_its_text() {
        let error = parse("vestibule=loud").unwrap_err();
        assert_eq!(error.to_string(), "`vestibule=loud` is not a log filter");
        assert!(parse("info,vestibule::http=debug").is_ok());
    }

    #[test]
    fn a_level_alone_is_about_vestibule_and_a_library_is_heard_when_it_is_named() {
        let said = |filter: &str| {
            let (_telemetry, captured) = Telemetry::captured(LogFormat::Text);
            captured.with_events(filter, || {
                tracing::warn!(target: "h2::proto::ping_pong", "a peer sent a frame");
                tracing::error!(target: "h2::proto", "broken");
                tracing::debug!(target: "vestibule::http", "ours");
            });
            captured
                .lines()
                .iter()
                .map(|line| line.rsplit(": ").next().unwrap_or_default().to_owned())
                .collect::<Vec<_>>()
        };
        assert_eq!(said("info"), ["broken"]);
        for loud in ["debug", "DEBUG", "4", "trace", " debug "] {
            assert_eq!(said(loud), ["broken", "ours"], "{loud}");
        }
        assert_eq!(said("debug,h2=warn"), ["a peer sent a frame", "broken", "ours"]);
        assert_eq!(said("h2=off,debug"), ["ours"]);
        assert_eq!(said(""), ["broken"]);
    }

    /// What is set up for a whole process is tested in one of its own: the tests below run this one.
    #[test]
    #[ignore = "run by another test, which reads its stderr"]
    fn child() {
        let log = LogSettings { format: LogFormat::Json, filter: "info", access: true };
        let telemetry = start(&log).unwrap();
        assert!(matches!(start(&log), Err(TelemetryError::Twice(_))));
        tracing::debug!("too quiet");
        telemetry.reload(&LogSettings { filter: "debug", ..log }).unwrap();
        tracing::debug!("loud enough now");
        telemetry.audit.write(&AuditEvent::Reload { error: None });
        let _end = telemetry.flush_at_end();
        let _ = std::thread::spawn(|| panic!("two\nlines")).join();
    }

    #[test]
    fn a_process_writes_all_its_lines_even_those_of_a_panic() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        let output = child.args(["--exact", "telemetry::tests::child", "--ignored", "--quiet"]).output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let [debug, audit, panic] = &lines[..] else { panic!("{log}") };
        assert_eq!(debug["message"], "loud enough now");
        assert_eq!((&audit["event"], &audit["result"]), (&"reload".into(), &"success".into()));
        assert_eq!((&panic["level"], &panic["message"]), (&"ERROR".into(), &"panic: two\nlines".into()));
        assert!(panic["at"].as_str().unwrap().contains("telemetry/mod.rs:"), "{panic}");
    }

    #[test]
    fn a_reload_switches_the_access_log() {
        let (telemetry, _captured) = Telemetry::captured(LogFormat::Text);
        assert!(telemetry.access.is_on());
        telemetry.reload(&LogSettings { format: LogFormat::Text, filter: "warn", access: false }).unwrap();
        assert!(!telemetry.access.is_on());
        let bad = telemetry.reload(&LogSettings { format: LogFormat::Text, filter: "a=b=c", access: true });
        assert!(bad.is_err() && !telemetry.access.is_on());
    }
}

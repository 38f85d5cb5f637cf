//! A log that is kept in memory: for tests, of this module and of others.
//!
//! It keeps what the sink writes, and installs nothing global.

use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;

use super::sink::Sink;
use super::{Telemetry, events};
use crate::clock::Clock;
use crate::telemetry::LogFormat;

/// The lines of a [`Telemetry::captured`].
#[derive(Debug, Clone)]
pub struct Captured {
    sink: Sink,
    bytes: Shelf,
}

impl Captured {
    /// All lines so far, without their ends.
    pub fn lines(&self) -> Vec<String> {
        self.sink.flush(Duration::from_secs(10));
        let bytes = self.bytes.0.lock();
        String::from_utf8_lossy(&bytes).split_terminator('\n').map(str::to_owned).collect()
    }

    /// Runs `work` with its `tracing` events (those of this thread that `filter` lets through) captured too.
    pub fn with_events<T>(&self, filter: &str, work: impl FnOnce() -> T) -> T {
        let filter = super::parse(filter).expect("a test's filter is one");
        tracing::subscriber::with_default(events::subscriber(&self.sink, filter).0, work)
    }
}

impl Telemetry {
    /// Telemetry that installs nothing global and keeps its lines in memory.
    pub fn captured(format: LogFormat) -> (Self, Captured) {
        Self::captured_at(format, Clock::System)
    }

    /// The same, on a clock of the caller's.
    pub fn captured_at(format: LogFormat, clock: Clock) -> (Self, Captured) {
        let bytes = Shelf::default();
        let sink = Sink::start(bytes.clone(), format, clock).expect("a test may start a thread");
        (Self::over(sink.clone(), true, None), Captured { sink, bytes })
    }
}

#[derive(Debug, Clone, Default)]
struct Shelf(Arc<Mutex<Vec<u8>>>);

impl Write for Shelf {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

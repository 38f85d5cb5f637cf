//! `tracing`'s events, written through the sink.
//!
//! Its lines look like those of the access log. A value in an event may come from anybody, so each line is escaped as a
//! whole (S-128).

use std::io;

use tracing::{Metadata, Subscriber};
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
use tracing_subscriber::layer::{Layer as _, SubscriberExt as _};
use tracing_subscriber::registry::Registry;
use tracing_subscriber::{fmt, reload};

use super::escape::{EscapeContext, push_escaped};
use super::sink::Sink;
use crate::clock::Clock;
use crate::telemetry::LogFormat;

/// The filter of a running subscriber.
pub(super) type FilterHandle = reload::Handle<EnvFilter, Registry>;

/// A subscriber that writes through `sink`, and the handle to change its filter.
pub(super) fn subscriber(sink: &Sink, filter: EnvFilter) -> (impl Subscriber + Send + Sync + use<>, FilterHandle) {
    let (filter, handle) = reload::Layer::new(filter);
    let layer = fmt::layer()
        .with_writer(EventWriter(sink.clone()))
        .with_timer(WallClock(sink.clock().clone()))
        // Colours are control characters, and would be escaped with all others.
        .with_ansi(false)
        // Those are printed to stderr directly, past the sink, and could land in the middle of a line.
        .log_internal_errors(false);
    let layer = match sink.format() {
        LogFormat::Text => layer.boxed(),
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    (Registry::default().with(filter).with(layer), handle)
}

/// Makes a writer for each event; the formatter hands each one its whole line at once.
struct EventWriter(Sink);

impl<'a> MakeWriter<'a> for EventWriter {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter(&self.0)
    }

    fn make_writer_for(&'a self, _: &Metadata<'_>) -> LineWriter<'a> {
        LineWriter(&self.0)
    }
}

struct LineWriter<'a>(&'a Sink);

impl io::Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        // Only the line feed at the end is the formatter's. Any other came with a value, and is escaped.
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        self.0.append(|out, _| {
            push_escaped(out, text, EscapeContext::LogLine);
            out.push(b'\n');
        });
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The same time, written the same way, as in all other lines.
struct WallClock(Clock);

impl FormatTime for WallClock {
    fn format_time(&self, writer: &mut Writer<'_>) -> std::fmt::Result {
        write!(writer, "{}", self.0.now())
    }
}

#[cfg(test)]
mod tests {
    use crate::clock::{Clock, Timestamp};
    use crate::telemetry::LogFormat;
    use crate::telemetry::Telemetry;

    #[test]
    fn an_event_is_one_line_whatever_its_values() {
        for format in [LogFormat::Text, LogFormat::Json] {
            let (_telemetry, captured) = Telemetry::captured(format);
            let evil = "a\r\nb \u{1b}[2J\u{2028}\u{202e}\u{9b}\"c\"";
            captured.with_events("info", || tracing::info!(name = %evil, other = ?evil, "it is {evil}"));
            let lines = captured.lines();
            assert_eq!(lines.len(), 1, "{lines:?}");
            assert!(!lines[0].chars().any(|c| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c)), "{lines:?}");
            if format == LogFormat::Json {
                let json: serde_json::Value = serde_json::from_str(&lines[0]).unwrap();
                assert_eq!(json["name"], evil);
                assert_eq!(json["message"], format!("it is {evil}"));
            }
        }
    }

    #[test]
    fn an_event_looks_like_the_other_lines() {
        let clock = Clock::manual(Timestamp::from_millis(1_795_323_000_005));
        let (_telemetry, captured) = Telemetry::captured_at(LogFormat::Text, clock);
        captured.with_events("vestibule=debug", || {
            tracing::debug!(target: "vestibule::route", addon = "z2m", "added");
            tracing::trace!(target: "vestibule::route", "not wanted");
        });
        assert_eq!(captured.lines(), ["2026-11-22T04:50:00.005Z DEBUG vestibule::route: added addon=\"z2m\""]);
    }
}

//! The configuration's `[log]` in the words of what writes the log, which knows no configuration.

use crate::config::{self, Log};
use crate::telemetry::{LogFormat, LogSettings};

/// What `[log]` asks for.
pub(crate) fn log_settings(log: &Log) -> LogSettings<'_> {
    let format = match log.format {
        config::LogFormat::Text => LogFormat::Text,
        config::LogFormat::Json => LogFormat::Json,
    };
    LogSettings { format, filter: &log.filter, access: log.access }
}

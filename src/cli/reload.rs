//! `vestibule reload`: at once, on trial, confirmed or taken back.

use std::time::Duration;

use clap::{ArgGroup, Args};

use crate::config;
use crate::operations::control::Request;

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["trial", "confirm", "take_back"])))]
pub(super) struct Reload {
    /// Go back to the last confirmed configuration after this time, unless `reload --confirm` comes first.
    ///
    /// From `1s` to `24h`. Until then whatever the file becomes is on trial, so give this command before you change it.
    #[arg(long, value_name = "TIME", value_parser = trial_length)]
    trial: Option<Duration>,
    /// Keep the configuration that is on trial.
    #[arg(long)]
    confirm: bool,
    /// Go back to the last confirmed configuration now.
    #[arg(long)]
    take_back: bool,
}

impl Reload {
    /// The question to the running process.
    pub(super) fn request(&self) -> Request {
        match self.trial {
            Some(length) => trial(length),
            None if self.confirm => Request::Confirm {},
            None if self.take_back => Request::TakeBack {},
            None => Request::Reload {},
        }
    }
}

/// The question that puts what the file becomes on trial.
pub(super) fn trial(length: Duration) -> Request {
    Request::Trial { length: u64::try_from(length.as_millis()).unwrap_or(u64::MAX) }
}

pub(super) fn trial_length(text: &str) -> Result<Duration, &'static str> {
    let bounds = Duration::from_secs(1)..=Duration::from_hours(24);
    let length = config::parse_time(text).filter(|length| bounds.contains(length));
    length.ok_or("expected a time from 1s to 24h, as in 5m")
}

//! `vestibule front`: what passes at Home Assistant's front for those who are held, path by path and type by type, and
//! a trial of it.

use std::time::Duration;

use clap::Subcommand;

use super::output::{Exit, Output};
use super::reload::trial_length;
use crate::authorization::front_rules;
use crate::entity_filter::message_types;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Front {
    /// The paths and the types of messages that pass for those who are no administrators, each with its rule.
    Rules,
    /// Have what the file becomes on trial, as `reload --trial` does: give this, then write the front into it.
    ///
    /// `reload --confirm` keeps it. Without that in time, the configuration of before is in force again.
    Try {
        /// For how long, from `1s` to `24h`.
        #[arg(long = "for", value_name = "TIME", default_value = "10m", value_parser = trial_length)]
        length: Duration,
    },
}

/// Prints both tables. What is in neither is for administrators alone.
pub(super) fn rules(output: &mut Output<'_>) -> Exit {
    for (methods, path, rule) in front_rules() {
        output.result(&format!("{} {path}  {rule}", methods.join(" ")));
    }
    output.result("any /api/hassio_ingress/{}/{*rest}  whoever may open the add-on, with a session of the browser's");
    for (kind, rule) in message_types::of_the_front() {
        output.result(&format!("{kind}  {rule}"));
    }
    output.result("everything else  administrators alone");
    Exit::Done
}

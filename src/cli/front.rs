//! `vestibule front rules`: what passes at Home Assistant's front for those who are held, path by path and type by
//! type.

use clap::Subcommand;

use super::output::{Exit, Output};
use crate::authorization::front_rules;
use crate::entity_filter::message_types;

#[derive(Debug, Clone, Copy, Subcommand)]
pub(super) enum Front {
    /// The paths and the types of messages that pass for those who are no administrators, each with its rule.
    Rules,
}

/// Prints both tables. What is in neither is for administrators alone.
pub(super) fn rules(output: &mut Output<'_>) -> Exit {
    for (methods, path, rule) in front_rules() {
        output.result(&format!("{} {path}  {rule}", methods.join(" ")));
    }
    for (kind, rule) in message_types::of_the_front() {
        output.result(&format!("{kind}  {rule}"));
    }
    output.result("everything else  administrators alone");
    Exit::Done
}

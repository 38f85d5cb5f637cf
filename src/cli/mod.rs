//! The command line: `vestibule [--config FILE]
//! serve|check|init|doctor|explain|sessions|rate|addons|certificates|reload|why|status`.
//!
//! Commands speak to a running vestibule over its control socket and never touch its files; `check`, `explain`, `rate`
//! and what `addons` shows need none: they read the configuration and Home Assistant's files themselves.

mod addons;
mod arguments;
mod as_addon;
mod backup;
mod certificates;
mod check;
mod doctor;
mod explain;
mod front;
mod init;
mod keys;
mod manual;
mod output;
mod page;
mod passes;
mod rate;
mod reload;
mod remote;
mod serve;
mod why;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser as _;

pub use check::{check, check_as_json};
use output::Format;
pub use output::{Exit, Output};

use crate::backup::Absolute;
use crate::config::Purpose;
use crate::operations::control::Request;
use crate::server::ThisWorld;
use arguments::{Addons, Arguments, Command};
use front::Front;

/// Runs the command that the process was started with.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            // `--help` and `--version` are errors to clap, and no mistakes.
            let mistaken = error.use_stderr();
            let _ = error.print();
            return if mistaken { Exit::Mistaken.into() } else { Exit::Done.into() };
        }
    };
    let (file, new_file) = (arguments.config(), arguments.new_config());
    run(arguments.command.unwrap_or(Command::Serve { trial: None }), &file, &new_file).into()
}

fn run(command: Command, file: &Path, new_file: &Path) -> Exit {
    // What is asked of the running process.
    let ask = |request, json| remote::run(file, &request, Format::of_flag(json));
    match command {
        // Without the locks of the streams: they would be held for as long as it serves, and the log is written to one
        // of them.
        Command::Serve { trial } => serve::serve(file, trial),
        Command::Check { json } => {
            let world = ThisWorld(Purpose::Check);
            Output::with_standard_streams(|output| match Format::of_flag(json) {
                Format::Text => check(file, &world, output),
                Format::Json => check_as_json(file, &world, output),
            })
        }
        Command::Init(given) => Output::with_standard_streams(|output| init::init(new_file, given, output)),
        Command::Doctor { json } => {
            Output::with_standard_streams(|output| doctor::doctor(file, Format::of_flag(json), output))
        }
        Command::Explain(asked) => {
            Output::with_standard_streams(|output| explain::explain(file, asked.asked(), output))
        }
        Command::Sessions(command) => {
            let json = command.as_json();
            ask(command.request(), json)
        }
        Command::Rate(asked) => {
            Output::with_standard_streams(|output| rate::run(file, &asked.rated(), Format::of_flag(asked.json), output))
        }
        Command::Addons(command) => Output::with_standard_streams(|output| match command {
            Addons::List { json } => addons::list(file, Format::of_flag(json), output),
            Addons::Show { slug, json } => addons::show(file, &slug, Format::of_flag(json), output),
            Addons::Compose { slug, arch } => addons::compose(file, &slug, arch.as_deref(), output),
            Addons::Options { slug } => addons::options(file, &slug, output),
            Addons::Protect { slug, state } => addons::protect(file, slug, state == "on", output),
            Addons::Token { slug, rotate, env } => addons::token(file, slug, rotate, env, output),
        }),
        Command::Front(Front::Try { length }) => ask(reload::trial(length), false),
        Command::Front(Front::Rules) => Output::with_standard_streams(front::rules),
        Command::Keys(command) => {
            let json = command.as_json();
            ask(command.request(), json)
        }
        Command::Passes(command) => {
            let json = command.as_json();
            ask(command.request(), json)
        }
        Command::Bans(command) => {
            let json = command.as_json();
            ask(command.request(), json)
        }
        Command::Certificates(command) => {
            let json = command.json;
            ask(command.request(), json)
        }
        Command::Reload(asked) => ask(asked.request(), false),
        Command::Why { id, json } => ask(Request::Why { id }, json),
        Command::Status { json } => ask(Request::Status {}, json),
        Command::AsAddon(asked) => as_addon::serve(*asked),
        Command::Backup(asked) => Output::with_standard_streams(|output| backup::backup(file, &asked, output)),
        Command::Restore { file: from, passphrase_file, absolute } => {
            let absolute = if absolute { Absolute::Any } else { Absolute::Named };
            Output::with_standard_streams(|output| backup::restore(file, &from, &passphrase_file, absolute, output))
        }
        Command::Health => remote::health(file),
        Command::Completions { shell } => Output::with_standard_streams(|output| manual::completions(shell, output)),
        Command::Man { to: Some(folder), .. } => {
            Output::with_standard_streams(|output| manual::all_pages(&folder, output))
        }
        Command::Man { command, to: None } => {
            Output::with_standard_streams(|output| manual::page(command.as_deref(), output))
        }
    }
}

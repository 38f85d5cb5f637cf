//! `vestibule completions` and `vestibule man`: what packages put beside the binary.

use std::path::Path;

use clap::CommandFactory as _;
use clap_complete::Shell;
use clap_mangen::Man;

use super::arguments::Arguments;
use super::output::{Exit, Output};

/// The completions of a shell.
pub(super) fn completions(shell: Shell, output: &mut Output<'_>) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "vestibule", &mut script);
    output.result(String::from_utf8_lossy(&script).trim_end());
    Exit::Done
}

/// The manual page of all, or of one command.
pub(super) fn page(command: Option<&str>, output: &mut Output<'_>) -> Exit {
    let mut all = Arguments::command();
    // Fills in what commands inherit, `--config` among it.
    all.build();
    let named = command.unwrap_or("vestibule");
    let page = if command.is_none() { Some(&all) } else { all.find_subcommand(named) };
    let Some(page) = page else {
        let known: Vec<_> = all.get_subcommands().map(clap::Command::get_name).collect();
        let (named, known) = (named.escape_debug(), known.join(", "));
        output.notice(&format!("error: there is no command `{named}`\nhint: the commands are {known}\n"));
        return Exit::Mistaken;
    };
    let mut troff = Vec::new();
    match Man::new(page.clone()).render(&mut troff) {
        Ok(()) => output.result(String::from_utf8_lossy(&troff).trim_end()),
        Err(error) => {
            output.notice(&format!("error: {error}\n"));
            return Exit::Failed;
        }
    }
    Exit::Done
}

/// A file for each command in a folder, named as `man` looks for them: `vestibule-sessions-list.1`.
pub(super) fn all_pages(folder: &Path, output: &mut Output<'_>) -> Exit {
    let written = std::fs::create_dir_all(folder)
        .and_then(|()| clap_mangen::generate_to(Arguments::command().disable_help_subcommand(true), folder));
    match written {
        Ok(()) => Exit::Done,
        Err(error) => {
            output.notice(&format!("error: the manual pages cannot be written into {}: {error}\n", folder.display()));
            Exit::Failed
        }
    }
}

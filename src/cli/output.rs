//! What commands say to people: results on the one stream, everything else on the other.
//!
//! The only module of the crate that writes to the standard streams; a reader that went away (`vestibule check | head
//! -1`) must not end the command with a panic, so that errors of writing are let go.

use crate::diagnostic::Styling;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// The streams of a command.
pub struct Output<'a> {
    out: &'a mut dyn Write,
    err: &'a mut dyn Write,
    styling: Styling,
}

impl<'a> Output<'a> {
    /// Results go to `out`, the rest to `err`; `styling` is for `err`.
    pub fn new(out: &'a mut dyn Write, err: &'a mut dyn Write, styling: Styling) -> Self {
        Self { out, err, styling }
    }

    /// Runs a command on the process's own streams. Colours are for terminals, unless `NO_COLOR` says otherwise
    /// (no-color.org: any value but the empty one).
    pub fn with_standard_streams<T>(command: impl FnOnce(&mut Output<'_>) -> T) -> T {
        let (mut out, mut err) = (io::stdout().lock(), io::stderr().lock());
        let colours = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let styling = if colours && err.is_terminal() { Styling::Ansi } else { Styling::Plain };
        command(&mut Output::new(&mut out, &mut err, styling))
    }

    /// What the second stream shows.
    pub fn styling(&self) -> Styling {
        self.styling
    }

    /// A line of the result.
    pub fn result(&mut self, line: &str) {
        let _ = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
    }

    /// Text for people: mistakes, warnings, what comes next.
    pub fn notice(&mut self, text: &str) {
        let _ = write!(self.err, "{text}").and_then(|()| self.err.flush());
    }
}

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// Lines of text, for people to read.
    Text,
    /// For programs: `--json`.
    Json,
}

impl Format {
    /// The form that the flag `--json` asks for.
    pub(super) const fn of_flag(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }
}

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1: it could not be done.
    Failed,
    /// 2: what the operator wrote is wrong, on the command line or in the configuration.
    Mistaken,
    /// 3: `explain` says no.
    Denied,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        match exit {
            Exit::Done => Self::SUCCESS,
            Exit::Failed => Self::from(1),
            Exit::Mistaken => Self::from(2),
            Exit::Denied => Self::from(3),
        }
    }
}

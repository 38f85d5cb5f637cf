//! `vestibule explain`: in come a user, an entity and an access key, out comes what the policies of Home Assistant's
//! groups and of the configured ones decide, and the whole reason.
//!
//! It reads Home Assistant's files itself, so that it needs no running vestibule. The decision is the permission
//! engine's alone, which never looks at whether a user is active (spec/permissions.md section 1); who is refused before
//! any policy is asked (section 6, point 2) is said beside it. It must never permit where it could not look: without
//! the registries everything is denied.

mod answer;
mod cases;
mod groups;
mod home;
mod question;
mod reason;
mod registered;
mod text;

use std::path::{Path, PathBuf};

use home::Home;
pub(super) use question::Question;

use super::output::{Exit, Output};
use crate::config::{self, Surroundings};

/// What is to be explained.
pub(super) enum Asked {
    /// One question, answered in words or as JSON.
    One { question: Question, json: bool },
    /// A file of questions, `-` for standard input.
    Cases(PathBuf),
}

/// Explains by the home of this configuration.
pub(super) fn explain(file: &Path, asked: &Asked, output: &mut Output<'_>) -> Exit {
    let settings = match config::load(file, &Surroundings::default()) {
        Ok(loaded) => loaded.settings,
        Err(found) => {
            output.notice(&found.render(output.styled()));
            return Exit::Mistaken;
        }
    };
    let home = match Home::read(&settings) {
        Ok(Some(home)) => home,
        Ok(None) => {
            output.notice(
                "error: the configuration names no folder of Home Assistant, and no API tells the policies of groups\n",
            );
            return Exit::Mistaken;
        }
        Err(problems) => {
            for problem in &problems {
                output.notice(&format!("error: {problem}: {}\n", problem.reason()));
            }
            return Exit::Mistaken;
        }
    };
    match asked {
        Asked::One { question, json } => one(&home, question, *json, output),
        Asked::Cases(path) => cases::run(&home, path, output),
    }
}

fn one(home: &Home, question: &Question, json: bool, output: &mut Output<'_>) -> Exit {
    if !home.knows(&question.user) {
        output.notice(&format!("error: {}\n", reason::unknown_user(&question.user)));
        return Exit::Mistaken;
    }
    let answer = home.answer(question);
    output.result(&if json { answer.to_json() } else { text::of(&answer) });
    if answer.is_permit() { Exit::Done } else { Exit::Denied }
}

//! `vestibule explain`: what is decided about a user and an entity with an access key, or a user and a request, with
//! the whole reason.
//!
//! It reads the configuration and Home Assistant's files itself, so that it needs no running vestibule. The decision
//! about an entity is the permission engine's alone, which never looks at whether a user is active (spec/permissions.md
//! section 1); who is refused before any policy is asked (section 6, point 2) is said beside it. The decision about a
//! request is the gate's, as far as it can be known without one. It must never permit where it could not look: without
//! the registries everything about an entity is denied.

mod arguments;
mod cases;
mod text;

use std::path::{Path, PathBuf};

pub(super) use arguments::Explain;

use super::output::{Exit, Format, Output};
use crate::clock::Clock;
use crate::config::{self, FilesAlone};
use crate::explain::{Case, Home, Question, RequestQuestion, Simulator, unknown_user};

/// What is to be explained.
pub(super) enum ExplainArguments {
    /// One question, answered in words or as JSON. The body of a request stands in a file.
    One { case: Box<Case>, body: Option<PathBuf>, format: Format },
    /// A file of questions, `-` for standard input.
    Cases(PathBuf),
}

/// Explains by the home of this configuration.
pub(super) fn explain(file: &Path, asked: ExplainArguments, output: &mut Output<'_>) -> Exit {
    let settings = match config::load(file, &FilesAlone) {
        Ok(loaded) => loaded.settings,
        Err(found) => {
            output.notice(&found.render(output.styling()));
            return Exit::Mistaken;
        }
    };
    let simulator = match Home::read(&settings) {
        Ok(Some(home)) => Simulator::new(home, &settings, Some(Clock::System.now())),
        Ok(None) => {
            output.notice(
                "error: the configuration names no folder of Home Assistant, and no API tells the policies of groups
",
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
        ExplainArguments::Cases(path) => cases::run(&simulator, &path, output),
        ExplainArguments::One { case, body, format } => match *case {
            Case::Entity(question) => about_entity(&simulator, &question, format, output),
            Case::Request(question) => match with_body(question, body.as_deref()) {
                Ok(question) => about_request(&simulator, &question, format, output),
                Err(error) => mistaken(&error, output),
            },
        },
    }
}

fn about_entity(simulator: &Simulator, question: &Question, format: Format, output: &mut Output<'_>) -> Exit {
    if !simulator.home().knows(&question.user) {
        return mistaken(&unknown_user(&question.user), output);
    }
    let answer = match simulator.answer(question) {
        Ok(answer) => answer,
        Err(error) => return mistaken(&error.to_string(), output),
    };
    output.result(&match format {
        Format::Json => answer.to_json(),
        Format::Text => text::of(&answer),
    });
    if answer.is_permit() { Exit::Done } else { Exit::Denied }
}

fn about_request(simulator: &Simulator, question: &RequestQuestion, format: Format, output: &mut Output<'_>) -> Exit {
    if !simulator.home().knows(&question.user) {
        return mistaken(&unknown_user(&question.user), output);
    }
    let answer = match simulator.decide(question) {
        Ok(answer) => answer,
        Err(error) => return mistaken(&error.to_string(), output),
    };
    output.result(&match format {
        Format::Json => answer.to_json(),
        Format::Text => text::of_request(&answer),
    });
    if answer.is_permit() { Exit::Done } else { Exit::Denied }
}

fn with_body(question: RequestQuestion, file: Option<&Path>) -> Result<RequestQuestion, String> {
    let Some(file) = file else { return Ok(question) };
    let body = std::fs::read_to_string(file).map_err(|error| format!("cannot read {}: {error}", file.display()))?;
    Ok(RequestQuestion { body: Some(body), ..question })
}

fn mistaken(what: &str, output: &mut Output<'_>) -> Exit {
    output.notice(&format!("error: {what}\n"));
    Exit::Mistaken
}

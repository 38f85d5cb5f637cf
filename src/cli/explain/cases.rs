//! Many questions at once: one JSON line in answer to each JSON line, in their order.
//!
//! A line that is no question is answered too, so that the answers keep their places, and makes the command end with a
//! mistake.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde_json::json;

use crate::cli::output::{Exit, Output};
use crate::explain::{Case, Simulator};
use crate::telemetry::chain;

/// Answers every line of the file.
pub(super) fn run(simulator: &Simulator, path: &Path, output: &mut Output<'_>) -> Exit {
    if path == Path::new("-") {
        return answer_all(simulator, io::stdin().lock(), path, output);
    }
    match File::open(path) {
        Ok(file) => answer_all(simulator, BufReader::new(file), path, output),
        Err(error) => {
            output.notice(&format!("error: cannot open {}: {error}\n", path.display()));
            Exit::Mistaken
        }
    }
}

fn answer_all(simulator: &Simulator, lines: impl BufRead, path: &Path, output: &mut Output<'_>) -> Exit {
    let mut malformed = 0_u64;
    for (line, number) in lines.split(b'\n').zip(1_u64..) {
        let line = match line {
            Ok(line) => line,
            Err(error) => {
                output.notice(&format!("error: cannot read {} beyond line {number}: {error}\n", path.display()));
                return Exit::Failed;
            }
        };
        let answered = match Case::parse(&line) {
            Ok(Case::Entity(question)) => {
                simulator.answer(&question).map(|answer| answer.to_json()).map_err(|error| error.to_string())
            }
            Ok(Case::Request(question)) => {
                simulator.decide(&question).map(|answer| answer.to_json()).map_err(|error| error.to_string())
            }
            Err(error) => Err(chain(&error).to_string()),
        };
        let answer = answered.unwrap_or_else(|error| {
            malformed = malformed.saturating_add(1);
            json!({"line": number, "error": error}).to_string()
        });
        output.result(&answer);
    }
    if malformed == 0 { Exit::Done } else { Exit::Mistaken }
}

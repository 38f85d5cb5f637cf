//! `vestibule addons protect` and `vestibule addons token`: the running vestibule does it.

use std::path::Path;

use crate::cli::output::{Exit, Output};
use crate::cli::remote;
use crate::operations::control::{Answer, Request};

/// Switches an add-on's protection.
pub(crate) fn protect(file: &Path, slug: String, protected: bool, output: &mut Output<'_>) -> Exit {
    let answer = match remote::answer(file, &Request::AddonsProtect { slug, protected }, output) {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    match answer {
        Answer::Protection { slug, protected, changed } => {
            let (state, was) = (if protected { "on" } else { "off" }, if changed { "" } else { " already" });
            output.result(&format!("{slug}: protection is{was} {state}"));
            if changed {
                output.notice("its calls are judged by that at once; what its container may, when it is made anew\n");
            }
            Exit::Done
        }
        other => remote::show(other, output),
    }
}

/// Makes a token and prints it, as it is or as lines of an environment file.
pub(crate) fn token(file: &Path, slug: String, rotate: bool, env: bool, output: &mut Output<'_>) -> Exit {
    let answer = match remote::answer(file, &Request::AddonsToken { slug, rotate }, output) {
        Ok(answer) => answer,
        Err(exit) => return exit,
    };
    match answer {
        Answer::TokenMade { token } if env => {
            for name in ["SUPERVISOR_TOKEN", "HASSIO_TOKEN"] {
                output.result(&format!("{name}={}", token.reveal()));
            }
            Exit::Done
        }
        Answer::TokenMade { token } => {
            output.result(token.reveal());
            Exit::Done
        }
        other => remote::show(other, output),
    }
}

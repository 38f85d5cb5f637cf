//! Whether each `[[test]]` is decided as the operator expects. Deciding is done by the code that serves.

use std::error::Error;

use super::one_line;
use crate::config::config_test::{ConfigTest, Outcome};
use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Findings;
use crate::config::resolve::{Case, Expected};
use crate::config::settings::Settings;
use crate::config::world::{Purpose, World};

/// Tries the cases when all else is right: what is decided with settings that cannot be used says nothing.
pub(super) fn run(cases: &[Case], settings: &Settings, world: &dyn World, findings: &mut Findings) {
    if cases.is_empty() || findings.has_mistakes() {
        return;
    }
    let tests: Vec<ConfigTest> = cases.iter().map(|case| case.config_test.clone()).collect();
    match world.decide(settings, &tests) {
        None => {}
        Some(Ok(outcomes)) => cases.iter().zip(&outcomes).for_each(|(case, outcome)| judge(case, outcome, findings)),
        Some(Err(error)) => cannot_be_tried(cases, &*error, world.purpose(), findings),
    }
}

fn judge(case: &Case, outcome: &Outcome, findings: &mut Findings) {
    let (word, why) = match outcome {
        Outcome::Permit(_) if case.expected == Expected::Permit => return,
        Outcome::Deny(_) if case.expected == Expected::Deny => return,
        Outcome::Permit(why) => ("permitted", why),
        Outcome::Deny(why) => ("denied", why),
        Outcome::Mistaken(why) => {
            let bad = Diagnostic::mistake(case.at.clone(), format!("this test cannot be decided: {why}"));
            findings.add(bad.label("in this test").hint("mend the test, or take it out"));
            return;
        }
    };
    let expected = match case.expected {
        Expected::Permit => "permit",
        Expected::Deny => "deny",
    };
    let fails = Diagnostic::mistake(case.expect.clone(), format!("a test fails: {word}, because {why}"));
    let hint =
        "mend the rules or the policies, or say what is expected now; `vestibule explain` shows the whole reason";
    findings.add(fails.label(format!("expected \"{expected}\"")).hint(hint));
}

/// Whoever serves goes on: it must be possible to start while Home Assistant writes its files, and nobody is let in by
/// what cannot be read. Whoever asks whether they hold is told that there is none.
fn cannot_be_tried(cases: &[Case], error: &(dyn Error + 'static), purpose: Purpose, findings: &mut Findings) {
    let Some(first) = cases.first() else { return };
    let message = format!("the tests cannot be tried: {}", one_line(error));
    let away = match purpose {
        Purpose::Serve => Diagnostic::warning(first.at.clone(), message),
        Purpose::Check => Diagnostic::mistake(first.at.clone(), message),
    };
    findings.add(away.label("this one and all others").hint("make Home Assistant's files readable for vestibule"));
}

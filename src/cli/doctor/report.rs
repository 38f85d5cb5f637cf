//! What `doctor` has found: one line a finding, or JSON.

use serde::Serialize;
use serde_json::json;

use crate::cli::check::count;
use crate::cli::output::{Exit, Format, Output};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Severity {
    /// It is as it should be.
    Ok,
    /// It may be meant so.
    Warning,
    /// Something does not work.
    Error,
}

#[derive(Debug, Serialize)]
struct Finding {
    severity: Severity,
    about: String,
    message: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    hint: String,
}

/// Everything that was looked at, in order.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: Vec<Finding>,
}

impl Report {
    /// It is as it should be.
    pub(super) fn good(&mut self, about: &str, message: impl Into<String>) {
        self.add(Severity::Ok, about, message, "");
    }

    /// It may be meant so.
    pub(super) fn warn(&mut self, about: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Warning, about, message, hint);
    }

    /// Something does not work.
    pub(super) fn fail(&mut self, about: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.add(Severity::Error, about, message, hint);
    }

    pub(super) fn add(&mut self, severity: Severity, about: &str, message: impl Into<String>, hint: impl Into<String>) {
        let (about, message, hint) = (about.to_owned(), message.into(), hint.into());
        self.findings.push(Finding { severity, about, message, hint });
    }

    /// Shows all of it.
    pub(super) fn show(&self, format: Format, output: &mut Output<'_>) -> Exit {
        let (errors, warnings) = (self.count(Severity::Error), self.count(Severity::Warning));
        match format {
            Format::Json => {
                let findings = &self.findings;
                let answer = json!({ "ok": errors == 0, "errors": errors, "warnings": warnings, "findings": findings });
                output.result(&answer.to_string());
            }
            Format::Text => {
                self.findings.iter().for_each(|finding| output.result(&line(finding)));
                output.result(&format!("{}, {}", count(errors, "error"), count(warnings, "warning")));
            }
        }
        if errors == 0 { Exit::Done } else { Exit::Failed }
    }

    fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

/// What others say (a certificate, an add-on) may hold anything; a terminal gets none of its control characters.
fn line(finding: &Finding) -> String {
    let severity = match finding.severity {
        Severity::Ok => "ok",
        Severity::Warning => "warning",
        Severity::Error => "error",
    };
    let hint = if finding.hint.is_empty() { String::new() } else { format!("; hint: {}", finding.hint) };
    let line = format!("{severity}: {}: {}{hint}", finding.about, finding.message);
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

//! `vestibule doctor`: looks at everything that usually goes wrong and says what to do. Begins with what `check` says
//! of the configuration, and goes on with what only a look at the house can tell: Home Assistant and its clock, the
//! names of hosts, what browsers are shown, and the add-ons, by themselves and through a vestibule that runs. It
//! changes nothing, but for sessions of seconds that it makes for its own requests and ends.

mod addons;
mod home;
mod hosts;
mod report;
mod revocation;
mod routes;

use std::path::Path;

use super::output::{Exit, Format, Output};
use crate::config::{self, Diagnostics, Purpose, Settings};
use crate::operations::control::{self, Answer, Request, StatusReport};
use crate::server::ThisWorld;
use report::{Report, Severity};

/// Looks at all of it.
pub(super) fn doctor(file: &Path, format: Format, output: &mut Output<'_>) -> Exit {
    let mut report = Report::default();
    let settings = match config::load(file, &ThisWorld(Purpose::Check)) {
        Ok(loaded) => {
            told(&loaded.warnings, &mut report);
            report.good("configuration", format!("{} can be used", file.display()));
            loaded.settings
        }
        Err(found) => {
            told(&found, &mut report);
            report.show(format, output);
            return Exit::Mistaken;
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output.notice(&format!("error: {error}\n"));
            return Exit::Failed;
        }
    };
    let running = process(&settings, &mut report);
    runtime.block_on(async {
        home::look(&settings, &mut report).await;
        hosts::look(&settings, running.as_ref(), &mut report).await;
        addons::look(&settings, &mut report).await;
        match &running {
            Some(status) => routes::look(&settings, status, &mut report).await,
            None => report.warn("routes", "not tried, since no vestibule runs", "start it, and call `doctor` again"),
        }
    });
    report.show(format, output)
}

/// What `check` says, one line each.
fn told(found: &Diagnostics, report: &mut Report) {
    for finding in found.findings() {
        let severity = if finding.severity == "error" { Severity::Error } else { Severity::Warning };
        let about = finding.line.map_or_else(|| finding.file.to_string(), |line| format!("{}:{line}", finding.file));
        report.add(severity, &about, finding.message, finding.hint);
    }
}

/// The vestibule that serves this configuration, if one does.
fn process(settings: &Settings, report: &mut Report) -> Option<StatusReport> {
    match control::ask(&settings.listen.control, &Request::Status {}) {
        Ok(Answer::Status(status)) => {
            let about = "process";
            if status.ready {
                report.good(about, format!("vestibule {} runs (process {}) and is ready", status.version, status.pid));
            } else {
                report.fail(
                    about,
                    "vestibule runs and is not ready",
                    "`vestibule status` and its log say what is missing",
                );
            }
            if status.version != env!("CARGO_PKG_VERSION") {
                report.warn(about, format!("version {} runs, and this is another one", status.version), "restart it");
            }
            Some(status)
        }
        Ok(_) => None,
        Err(error) => {
            report.warn("process", error.to_string(), error.hint());
            None
        }
    }
}

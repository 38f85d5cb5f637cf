//! Commands to a running vestibule.

use std::path::Path;

use super::output::{Exit, Output};
use crate::clock::Timestamp;
use crate::config;
use crate::operations::control::{Answer, Request, SessionLine, StatusReport, ask};

/// Asks the vestibule that serves this configuration, and shows its answer.
pub(super) fn run(file: &Path, request: &Request) -> Exit {
    Output::with_standard_streams(|output| {
        let socket = match config::control_socket(file) {
            Ok(socket) => socket,
            Err(found) => {
                output.notice(&found.render(output.styled()));
                return Exit::Mistaken;
            }
        };
        match ask(&socket, request) {
            Ok(answer) => show(answer, output),
            Err(error) => {
                output.notice(&format!("error: {}\nhint: {}\n", crate::telemetry::chain(&error), error.hint()));
                Exit::Failed
            }
        }
    })
}

fn show(answer: Answer, output: &mut Output<'_>) -> Exit {
    match answer {
        Answer::Sessions { sessions, more } => {
            for session in &sessions {
                output.result(&line(session));
            }
            if more > 0 {
                output.notice(&format!("and {more} more\n"));
            }
        }
        Answer::SessionMade { cookie, .. } => output.result(cookie.reveal()),
        Answer::Revoked { count } => output.result(&format!("{count} revoked")),
        Answer::Reloaded { remarks } => {
            output.result("reloaded");
            for remark in &remarks {
                output.notice(&format!("note: {remark}\n"));
            }
        }
        Answer::Status(status) => output.result(&report(&status)),
        Answer::Failed { message } => {
            output.notice(&format!("error: {message}\n"));
            return Exit::Failed;
        }
    }
    Exit::Done
}

fn line(session: &SessionLine) -> String {
    let user = session.user_name.as_deref().unwrap_or(&session.user_id);
    let addon = session.addon.as_deref().map(|addon| format!(" addon={addon}")).unwrap_or_default();
    let client = session.client.as_deref().unwrap_or("-");
    format!(
        "{} user={} user_id={} by={} client={client} created={} seen={} expires={}{addon}",
        session.id,
        user.escape_debug(),
        session.user_id,
        session.made_by,
        Timestamp::from_millis(session.created),
        Timestamp::from_millis(session.last_seen),
        Timestamp::from_millis(session.expires),
    )
}

fn report(status: &StatusReport) -> String {
    format!(
        "vestibule {} (pid {}) since {}\nconfiguration: {}\nlistening on: {}\nsessions: {}\nstate: {:?}\n{}",
        status.version,
        status.pid,
        Timestamp::from_millis(status.started),
        status.config,
        status.listens.join(", "),
        status.sessions,
        status.state,
        if status.ready { "ready" } else { "not ready" },
    )
}

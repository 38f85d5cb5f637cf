//! Whether a certificate was revoked: what its OCSP responder and its revocation lists say, where it names any.

use std::path::Path;

use super::report::Report;
use crate::clock::{Clock, Timestamp};
use crate::revocation::{AskError, ask_responder, fetch_list};
use crate::telemetry::chain;
use crate::tls::{Issued, RevocationStatus, Sources};

/// Asks whom the certificate names.
pub(super) async fn look(file: &Path, sources: &Sources, report: &mut Report) {
    if !sources.names_any() {
        return;
    }
    let about = file.display().to_string();
    let issued = match Issued::read(file) {
        Ok(issued) => issued,
        Err(error) => {
            let hint = "a chain has the intermediates of its authority behind the certificate (`fullchain.pem`)";
            return report.warn(&about, format!("whether it was revoked cannot be asked: {error}"), hint);
        }
    };
    let now = || Clock::System.now();
    if let Some(responder) = &sources.responder {
        let answer = ask_responder(responder, &issued, now).await;
        let said = answer.map(|(response, _)| (response.status, Some(response.next_update)));
        judge(&about, &format!("its OCSP responder {responder}"), said, report);
    }
    for list in &sources.lists {
        let said = fetch_list(list, &issued, now).await.map(|verdict| (verdict.status, verdict.next_update));
        judge(&about, &format!("the revocation list {list}"), said, report);
    }
}

fn judge(about: &str, who: &str, said: Result<(RevocationStatus, Option<Timestamp>), AskError>, report: &mut Report) {
    match said {
        Ok((RevocationStatus::Good, until)) => {
            let until = until.map(|until| format!(", until {until}")).unwrap_or_default();
            report.good(about, format!("{who} says that it was not revoked{until}"));
        }
        Ok((RevocationStatus::Revoked(since), _)) => {
            let hint = "browsers refuse it sooner or later: order or install another one, with another key";
            report.fail(about, format!("{who} says that it was revoked on {since}"), hint);
        }
        Err(error) => {
            let hint = "is the way out to it open, and this machine's clock right? Browsers may ask it, too";
            report.warn(about, format!("{who} gives no answer that counts: {}", chain(&error)), hint);
        }
    }
}

//! Home Assistant's token, as a request or a first message shows it, by the refresh tokens of this moment.
//!
//! Home Assistant writes its file of them a second after somebody has signed in, and the browser shows its new token at
//! once. So a token whose refresh token is not known waits for the file, for a little.

use std::time::Duration;

use crate::gate::{Gate, issuer};
use crate::http::Sanitized;
use crate::refusal::Reason;
use crate::session::{AccessToken, home_token, verified_text};

/// What shows a token.
pub(super) enum Shown<'s> {
    /// A request.
    Request(&'s Sanitized),
    /// The first message of a WebSocket.
    Text(&'s str),
}

/// Why there is no token.
pub(super) struct NotVerified {
    pub(super) reason: Reason,
    /// The refresh token that it names, where there is none of this id.
    pub(super) unknown: Option<String>,
}

impl From<Reason> for NotVerified {
    fn from(reason: Reason) -> Self {
        Self { reason, unknown: None }
    }
}

/// Verifies what is shown.
pub(super) fn verified(shown: &Shown<'_>, gate: &Gate) -> Result<AccessToken, NotVerified> {
    let snapshot = gate.services.home.load().snapshot().ok_or(Reason::NoDirectory)?;
    let mut unknown = None;
    let find = |id: &str| {
        let found = issuer(&snapshot, id);
        unknown = found.is_none().then(|| id.to_owned());
        found
    };
    let now = gate.services.clock.now();
    let token = match shown {
        Shown::Request(request) => home_token(request, find, now),
        Shown::Text(text) => verified_text(text, find, now),
    };
    token.map_err(|reason| NotVerified { reason, unknown })
}

/// Waits until Home Assistant has written down this refresh token, and no longer than that takes.
pub(super) async fn written(gate: &Gate, unknown: &str) {
    let home = gate.services.home.load_full();
    // Before the look, or what is written in between would be missed.
    let mut changes = home.directory().subscribe();
    let is_known = || home.snapshot().is_some_and(|snapshot| issuer(&snapshot, unknown).is_some());
    let known = async { while !is_known() && changes.changed().await.is_ok() {} };
    let _unknown = tokio::time::timeout(WRITTEN, known).await;
}

/// Home Assistant writes after a second, and we read a moment later.
const WRITTEN: Duration = Duration::from_secs(4);

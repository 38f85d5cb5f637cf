//! Whether it is Home Assistant that calls.

use http::HeaderMap;

use crate::config::HomeAssistantDoor;
use crate::refusal::Reason;
use crate::supervisor::api::token;
use crate::supervisor::kept::Kept;
use crate::supervisor::tokens::TokenDigest;

/// Home Assistant, by its token: nobody else gets one of these.
#[derive(Debug)]
pub struct Caller(());

/// Whose call this is, by the headers that it came with. Any other token is nobody's here, an add-on's among them (case 1),
/// even if an operator has written one into the file.
pub fn caller(headers: &HeaderMap, door: Option<&HomeAssistantDoor>, kept: &Kept) -> Result<Caller, Reason> {
    let shown = token(headers).ok_or(Reason::NoSession)?;
    let ours = TokenDigest::of(door.ok_or(Reason::BadToken)?.token.reveal().as_bytes());
    let is_it = TokenDigest::of(shown.as_bytes()).is(&ours) && kept.addon_of(shown.as_bytes()).is_none();
    if is_it { Ok(Caller(())) } else { Err(Reason::BadToken) }
}

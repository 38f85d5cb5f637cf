//! Whether it is Home Assistant that calls.

use http::HeaderMap;

use crate::addon_api::token;
use crate::addon_rights::state::AddonStates;
use crate::addon_rights::tokens::TokenDigest;
use crate::config::IngressApi;
use crate::exchanges::Subject;
use crate::refusal::{Decision, Reason};

/// Home Assistant, by its token. There is no other way to make one. Kept as long as its call is open, so that it can be
/// asked again.
#[derive(Debug)]
pub struct HomeAssistantCaller {
    token: TokenDigest,
}

/// Whose call this is, by the headers that it came with. Any other token is unknown here, an add-on's among them (case
/// 1), even if an operator has written one into the file.
pub fn caller(
    headers: &HeaderMap,
    entry_point: Option<&IngressApi>,
    addon_states: &AddonStates,
) -> Result<HomeAssistantCaller, Reason> {
    let shown = token(headers).ok_or(Reason::NoSession)?;
    let caller = HomeAssistantCaller { token: TokenDigest::of(shown.as_bytes()) };
    caller.admit_again(entry_point, addon_states).into_result().map(|()| caller)
}

impl HomeAssistantCaller {
    /// Whether the token is Home Assistant's at this moment.
    pub fn admit_again(&self, entry_point: Option<&IngressApi>, addon_states: &AddonStates) -> Decision {
        let ours = entry_point.map(|entry_point| TokenDigest::of(entry_point.token.reveal().as_bytes()));
        let is_it = ours.is_some_and(|ours| self.token.is(&ours)) && addon_states.addon_with(&self.token).is_none();
        if is_it { Decision::Permit } else { Decision::Deny(Reason::BadToken) }
    }
}

impl Subject for HomeAssistantCaller {
    fn user(&self) -> &'static str {
        ""
    }

    fn addon(&self) -> &'static str {
        ""
    }
}

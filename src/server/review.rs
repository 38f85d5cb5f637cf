//! Looks again at everything that is open: requests, and the calls, streams and WebSockets of add-ons.

use super::Server;
use crate::addon_api::AddonCall;
use crate::ingress_api::HomeAssistantCaller;
use crate::refusal::{Decision, Reason};

impl Server {
    /// Cuts what may no longer go on. Says whether anything was cut.
    pub(super) fn review(&self) -> bool {
        let stages = self.gate.stages();
        let (entry_point, addon_states) =
            (stages.settings.supervisor.ingress_api.as_ref(), &self.gate.services().addon_states);
        self.gate.review(|exchange| {
            // The gate judges browsers' exchanges, and hands on those whose subject it does not know.
            if let Some(call) = exchange.subject_as::<AddonCall>() {
                self.api.admit_again(call)
            } else if let Some(caller) = exchange.subject_as::<HomeAssistantCaller>() {
                caller.admit_again(entry_point, addon_states)
            } else {
                // What cannot be judged may not go on.
                Decision::Deny(Reason::UnknownRoute)
            }
        })
    }
}

//! The one beat on which everything that is open is looked at again: requests, and the calls, streams and WebSockets of
//! add-ons.

use super::Server;
use crate::addon_api::AddonCall;
use crate::ingress_api::Caller;
use crate::refusal::{Decision, Reason};

impl Server {
    /// Cuts what may no longer go on. Says whether anything was cut.
    pub(super) fn review(&self) -> bool {
        let stages = self.gate.stages();
        let (door, kept) = (stages.settings.supervisor.home_assistant_door.as_ref(), &self.gate.services().kept);
        self.gate.review(|exchange| {
            if let Some(call) = exchange.subject_as::<AddonCall>() {
                self.api.admit_again(call)
            } else if let Some(caller) = exchange.subject_as::<Caller>() {
                caller.admit_again(door, kept)
            } else {
                // What nobody can judge may not go on.
                Decision::Deny(Reason::UnknownRoute)
            }
        })
    }
}

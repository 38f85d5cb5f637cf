//! What Home Assistant asks of its Supervisor's ingress, at an entry point of its own.
//!
//! Home Assistant makes the Supervisor's calls there with its token, and gets sessions for its users, which open that
//! entry point alone. What its pages then ask of add-ons goes the way of every other request, by the
//! [`IngressKey`](crate::addon_rights::ingress_key::IngressKey)'s token of an add-on and the session's cookie. No
//! session is made without a user whom Home Assistant has at this moment (docs/design/supervisor.md sections 1.2, 1.12
//! and 10.1).

mod caller;
mod calls;

pub use caller::{HomeAssistantCaller, caller};
pub use calls::Calls;

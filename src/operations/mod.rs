//! What operators and their service manager see of the process: health, the control socket, systemd.
//!
//! In come the states of the parts and the operator's commands, out go answers on a listener of its own, on a socket
//! that only the owner can open, and to systemd. Nothing here is reachable from where browsers are, and nothing here
//! decides about a request.

pub mod activation;
pub mod control;
pub mod health;
pub mod notify;
mod readiness;

pub use readiness::{ApiState, DirectoryState, ListenersState, Readiness, ReadinessState, SessionStoreState};

//! What operators and their service manager see of the process: health, the control socket, systemd.
//!
//! It answers on a listener of its own and on a socket that only the owner can open, and tells systemd. What the
//! process gives up before it serves is here as well. Nothing here is reachable from where browsers are, and nothing
//! here decides about a request.

pub mod activation;
pub mod control;
pub mod health;
pub mod listening;
pub mod notify;
mod readiness;
pub mod sandbox;

pub use readiness::{
    ApiState, CertificatesState, ConfigurationState, DirectoryState, ListenersState, Readiness, ReadinessState,
    SessionStoreState,
};

//! The add-on API, as add-ons know it from Home Assistant's Supervisor.
//!
//! Add-ons call it with their tokens on a listener of its own, which no browser reaches. We answer, or Home Assistant
//! does, or a real Supervisor behind us. An add-on is judged by its role before anything is looked at, and of what it
//! sends only the listed parts go along with a token of ours.

mod addon_call;
mod admission;
mod answer;
mod api;
mod caller;
mod auth;
pub(crate) mod body;
pub(crate) mod core;
mod credentials;
pub mod envelope;
mod followed;
mod local;
mod peer;
mod message_filter;
mod service;
mod token;
mod upstream;

pub use addon_call::AddonCall;
pub use answer::ServedBody;
pub use api::{AddonApi, Configured};
pub(crate) use local::{ShownOptions, info, panels};
pub use peer::{Peer, PeerError};
pub(crate) use token::token;

//! The add-on API, as add-ons know it from Home Assistant's Supervisor.
//!
//! On a listener of its own, which no browser reaches, come an add-on's calls with its token; out come answers of ours,
//! of Home Assistant or of a real Supervisor behind us. An add-on is judged by its role before anything is looked at,
//! and nothing that it sends but the listed parts rides on a token of ours.

mod addon_call;
mod admission;
mod answer;
mod api;
mod caller;
mod auth;
mod body;
mod core;
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
pub(crate) use local::{info, panels};
pub use peer::Peer;
pub(crate) use token::token;

//! Home Assistant's own HTTP and WebSocket API for those who sign in there (spec/permissions.md section 4).
//!
//! Calls give tokens and users, or an [`ApiError`]. Every wait and every size has a bound: Home Assistant may be slow,
//! half started, or not Home Assistant at all. It must never let a token reach a log, never believe an address that an
//! answer names, and never take an answer that it does not understand for a yes.
//!
//! Reading order: `error`, `client` (one call), `api_health` (how it goes, for the operator), `discovery`, `pkce`,
//! `tokens`, `socket`, `current_user`, `grant` (from a code to a user), `login_flow` (a password checked there),
//! `change_password`; and, for a home whose files cannot be read, `subscriber`, `people` and `registries`;
//! `entity_states` for what conditions ask for.

mod announce;
mod error;
mod client;
mod api_health;
mod discovery;
mod pkce;
mod tokens;
mod socket;
mod current_user;
mod grant;
mod login_flow;
mod change_password;
mod discovery_cache;
mod people;
mod registries;
mod subscriber;
mod entity_states;

pub use api_health::ApiHealth;
pub use client::Api;
pub use error::{ApiError, Refusal};
pub use grant::{CodeGrant, Granted, LoginConnection};
pub use login_flow::PasswordAnswer;
pub use pkce::Verifier as PkceVerifier;
pub(super) use subscriber::{Subject, Subscriber};
pub use tokens::Tokens;

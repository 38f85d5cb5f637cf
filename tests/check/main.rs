//! `vestibule check` and the configuration behind it: what an operator wrote wrong is shown, all of it, at its place,
//! and with a hint; what is secret is never shown.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy.toml allows them in tests, and clippy knows only the functions with `#[test]` as tests, not the harness"
)]

mod acme;
mod addon_api;
mod addons;
mod answers;
mod api_alone;
#[path = "../support/client_authority.rs"]
#[allow(dead_code, reason = "every test binary uses its own part of the harness")]
mod client_authority;
mod client_certificates;
mod conditions;
mod file;
mod front;
mod groups;
mod harness;
mod ingress_api;
mod keys;
mod manifests;
mod mistakes;
mod options;
mod people;
mod presence;
mod protect;
mod public;
mod secrets;
mod sections;
mod shipped;
mod signatures;
mod attributes;
mod starts;

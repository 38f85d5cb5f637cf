//! vestibule: an ingress reverse proxy with identity headers for the web UIs of Home Assistant add-ons.
//!
//! The way of a request, and the order in which to read this crate:
//!
//! ```text
//!  browser
//!     |            accept, limits, PROXY protocol
//!  listener        -> Connection
//!     |            handshake with a deadline, SNI -> certificate, ALPN
//!  tls             -> Secured
//!     |            the loop of h1 or h2, timeouts, floods, the way it ends
//!  connection      -> Arrived
//!     |            one valid target, one authority; hop-by-hop and reserved names taken out
//!  http            -> Sanitized
//!     |            host and prefix -> add-on; a pure look-up
//!  route           -> Routed
//!     |            cookie -> digest -> live session
//!  session         -> Authenticated
//!     |            session -> the user as Home Assistant has them at this moment
//!  identity        -> Identified
//!     |            add-on access, local-only, protected paths -> entity permissions
//!  authorization   -> Permitted
//!     |            pool, connect, headers in, bytes through, tunnel for WebSocket
//!  upstream        -> the add-on
//! ```
//!
//! [`gate`] is this diagram as one function, and [`server`] the process around it: it builds the stages, swaps them on
//! reload, and drains on stop. What is permitted and goes on stands in [`exchanges`]. Beside the way stand
//! [`permission`], Home Assistant's engine for entities, which `identity` compiles and `authorization` asks;
//! [`conditions`], whether where, when and in which state something is asked for is right; [`home_assistant`], which
//! reads its files; [`presence`], what its users are told; [`sign_in`], which makes sessions; [`pages`], what we say
//! ourselves; [`acme`], which orders certificates; [`revocation`], which asks whether they were revoked; [`dial`],
//! which makes connections out; [`explain`], why something is decided as it is; [`refusal`], why and how a request is
//! refused; [`addon_rights`], what add-ons may do besides showing a web UI; [`addon_api`], what they call,
//! [`entity_filter`], which holds them to the entities of a policy, and [`ingress_api`], what Home Assistant calls;
//! [`config`], the one file that the operator edits, [`manifest`], those of add-ons that it names, and [`diagnostic`],
//! how what is wrong in either is shown; [`budget`], the places and bytes that peers may take, each counted;
//! [`telemetry`], logs and numbers; [`operations`], health, the control socket and systemd; [`backup`], what must be
//! kept when a machine is lost; [`as_addon`], how it runs as an add-on; [`cli`], the commands; and [`clock`] and
//! [`entropy`], the only sources of time and of random bytes, with [`secret`], what nobody may see. [`workers`] are the
//! threads that serve connections; `atomic_file` writes files whole or not at all, and `decimal` writes numbers;
//! [`icons`] are the pictures that are embedded. Below all of it stand [`ids`]: users, add-ons, entities, hosts and
//! addresses, each with its parser. `fuzzing`, which no release has, lists what `fuzz/` tries.

pub mod listener;
pub mod tls;
pub mod connection;
pub mod http;
pub mod route;
pub mod session;
pub mod identity;
pub mod authorization;
pub mod upstream;

pub mod exchanges;

pub mod explain;
pub mod gate;
pub mod server;

pub mod icons;
pub mod ids;
pub mod permission;
pub mod conditions;
pub mod home_assistant;
pub mod presence;
pub mod sign_in;
pub mod addon_rights;
pub mod entity_filter;
pub mod addon_api;
pub mod ingress_api;
pub mod acme;
pub mod revocation;
pub mod dial;
pub mod pages;
pub mod refusal;
pub mod config;
pub mod manifest;
pub mod diagnostic;
pub mod budget;
pub mod telemetry;
pub mod operations;
pub mod backup;
pub mod as_addon;
pub mod cli;
pub mod clock;
mod atomic_file;
mod decimal;
pub mod entropy;
pub mod secret;
pub mod workers;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;

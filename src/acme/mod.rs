//! Orders certificates by ACME (RFC 8555) and renews them.
//!
//! In comes what the configuration orders, out come files, each with a certificate and its key, which `tls` shows. A
//! file is replaced by a better one or not at all: what was ordered last and can be used stays, whatever the server,
//! the network or a hook does. It must never order without need (what is stored and good is used, also after a
//! restart), never ask a server again and again that says no, and never let a key be read by anybody else.
//!
//! Read on in this order: `schedule` (when), `renewer` (what is due, and what became of it), `order` (one order from
//! its beginning to the certificate), `respond` (how a name is shown to be ours) with `dns_hook` and `http_tokens`,
//! `account`, `client` (the way to the server).

mod account;
mod client;
mod dns_hook;
mod dns_update;
mod error;
mod http_tokens;
mod order;
mod renewer;
mod respond;
mod schedule;
mod signing_request;
mod store;

pub use dns_hook::HookError;
pub use dns_update::UpdateError;
pub use error::{AcmeError, Refusal};
pub use http_tokens::HttpTokens;
pub use renewer::{Look, Ordered, Renewer, Step};
pub use schedule::longest_order;

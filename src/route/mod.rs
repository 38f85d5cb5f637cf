//! Host and prefix to add-on: a pure look-up.
//!
//! A [`Sanitized`](crate::http::Sanitized) request becomes a [`Routed`] one, unless the path is our own or leads
//! nowhere. By which entry point it came decides which routes there are. The path that is looked up is the path that
//! was sent, and the path that the add-on gets is that path less the prefix: nothing here decodes or rewrites a byte.

mod addon_route;
mod by_token;
mod front_tokens;
mod routed;
mod table;
mod transfer;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub use addon_route::{FoundBy, Route};
pub use by_token::HOME_ASSISTANTS;
pub use front_tokens::FrontTokens;
pub use routed::Routed;
pub use table::{Destination, Location, OWN, Routes, is_own};
pub use transfer::{DESTINATION, Transfer};

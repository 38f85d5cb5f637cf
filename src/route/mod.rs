//! Host and prefix to add-on: a pure look-up.
//!
//! In comes a [`Sanitized`](crate::http::Sanitized) request, out comes a [`Routed`] one, or word that the path is ours
//! or nobody's. By which entry point it came decides which routes there are. The path that is looked up is the path
//! that was sent, and the path that the add-on gets is that path less the prefix: nothing here decodes or rewrites a
//! byte.

mod addon_route;
mod by_token;
mod routed;
mod table;
mod transfer;

pub use addon_route::{FoundBy, Route};
pub use by_token::HOME_ASSISTANTS;
pub use routed::Routed;
pub use table::{Destination, Location, OWN, Routes, is_own};
pub use transfer::{DESTINATION, Transfer};

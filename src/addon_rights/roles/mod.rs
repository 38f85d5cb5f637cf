//! Which add-on may ask the API what.
//!
//! A path in normal form ([`ApiPath`]) and who asks for it give a [`Ruling`] with its reason. Pure data and look-ups:
//! what an allowed request is answered with is decided elsewhere. A path that is not in normal form never gets this
//! far, because it is no [`ApiPath`].

mod path;
mod ruling;
mod table;

pub use path::{ApiPath, ApiVersion, NotNormal};
pub use ruling::{Basis, Caller, Refusal, Ruling, rule};

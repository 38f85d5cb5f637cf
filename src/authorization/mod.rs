//! Whether this user may do this: add-on access, local-only, whose will the request is.
//!
//! In comes an [`Identified`](crate::identity::Identified) request, out comes a [`Permitted`] one or the [`Reason`] of a
//! refusal. What is missing or unknown is a refusal. Nothing here reads or writes a byte of the request.
//!
//! [`Reason`]: crate::refusal::Reason

mod access;
mod court;
mod open;
mod permitted;
pub mod protect;

pub(crate) use access::is_own_will;
pub use access::{Decision, may_enter, may_open, may_stay};
pub use court::{Court, Refused, may_go_on};
pub use open::{Exchange, Open, OpenExchanges};
pub use permitted::Permitted;

//! Whether this user may do this: add-on access, local-only, whose will the request is, and what its path needs.
//!
//! In comes an [`Identified`](crate::identity::Identified) request, out comes a [`Permitted`] one or why it is [`Refused`].
//! What is missing or unknown is a refusal. Nothing here changes a byte of the request; a body is read only where a rule
//! judges by it, and goes on as it came.
//!
//! Reading order: `access` (who may come in and open what), `protect` (what paths need), `open` (what goes on), `court`
//! (where the two meet), `permitted`.

mod access;
mod court;
mod cors;
mod open;
mod permitted;
pub mod protect;

pub(crate) use access::is_own_will;
pub use access::{Decision, may_enter, may_open, may_stay};
pub use cors::{admitted, cors_of};
pub use court::{Court, Refused, may_go_on};
pub use open::{Exchange, Open, OpenExchanges};
pub use permitted::Permitted;

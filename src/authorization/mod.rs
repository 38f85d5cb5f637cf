//! Whether this user may do this: add-on access, local-only, whose will the request is, and what its path needs.
//!
//! An [`Authenticated`](crate::session::Authenticated) request becomes a [`Permitted`] one or is [`Refused`]. What is
//! missing or unknown is a refusal. Nothing here changes a byte of the request; a body is read only where a rule judges
//! by it, and goes on as it came.
//!
//! Reading order: `admission` (the one decision), `access` (who may come in and open what), `protect` (what paths
//! need), `front` (what those of Home Assistant itself need), `proof` (what they have proved beside), `user_attributes`
//! (what the add-on is told of the user), `rates` (how often); then who has it decided: `permitted` (requests),
//! `admitted` (what is open), `supposed` (those who only ask).

mod access;
mod admission;
mod admitted;
mod answers;
mod certified;
mod cors;
mod front;
mod named;
mod permitted;
mod proof;
pub mod protect;
mod question;
mod rates;
mod user_attributes;
mod supposed;
mod why;

pub(crate) use access::{Act, judge_own_will};
pub use access::{is_listed_for, may_enter};
pub(crate) use admission::not_counting;
pub use admitted::{Admitted, Moment};
pub use answers::Answers;
pub use certified::is_backed;
pub use cors::{admitted, cors_of};
pub use front::{FrontRule, front_rules};
pub use named::is_called;
pub(crate) use permitted::PermittedParts;
pub use permitted::{AuthorizationContext, Description, Entrant, Permitted, Refused};
pub use proof::{Proof, SupposedProof};
pub use rates::Counting;
pub use supposed::{Supposed, Supposition};
pub use user_attributes::UserAttributes;

pub use crate::refusal::Decision;

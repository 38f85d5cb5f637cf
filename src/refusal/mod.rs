//! Why a request is refused, and what each reason is answered with.
//!
//! A [`Reason`] has a status, a title, a log level and a metric label, all from one table. What is said here to a
//! client must never help an attacker; what is said to the operator is the whole truth.

mod decision;
mod reason;

pub use decision::Decision;
pub use reason::{Action, Reason, Row};

//! What we say ourselves: sign-in, start page, refusals, and the style of all three.
//!
//! Every page forbids itself to be framed, cached, or to load anything from elsewhere (S-82, S-93, S-94); everything
//! that a client wrote is escaped by the template. Nothing here decides anything.

mod asset;
mod document;
mod not_me;
mod onward;
mod refusal;
mod sign_in;
mod start;

pub use asset::asset;
pub use document::{Page, away, json, plain, redirect, see_other};
pub use not_me::{NotMe, not_me};
pub use onward::onward;
pub use refusal::{Audience, AwayAddon, Circumstances, SECOND_FACTOR, refusal};
pub use sign_in::{SignInPage, SignInWay, StepUpPage, sign_in, step_up};
pub use start::{StartAddon, start};

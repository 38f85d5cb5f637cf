//! What we say ourselves: sign-in, the launcher, a user's account, refusals, the operator's pages, and the look of all
//! of them.
//!
//! In come facts, out come pages in the language of their reader. Every page forbids itself to be framed, cached, or to
//! load anything from elsewhere (S-82, S-93, S-94); everything that a client wrote is escaped by the template. Nothing
//! here decides anything.
//!
//! `language` and `texts` are the words, `site`, `colour` and `asset` the look, `context` what every page is given, and
//! `response`
//! and `document` the headers that every page has.

mod account;
mod asset;
mod colour;
mod context;
mod document;
mod language;
mod launcher;
mod not_me;
mod onward;
pub mod operator;
mod refusal;
mod refusal_words;
mod response;
mod sign_in;
mod site;
mod texts;

pub use account::{AccountKind, AccountNotice, AccountPage, OwnSession, account};
pub use context::PageContext;
pub use document::shielded_json;
pub use language::{LANGUAGE_COOKIE, Language};
pub use launcher::{Tile, Viewer, launcher};
pub use not_me::{NotMe, not_me};
pub use onward::onward;
pub use refusal::{Audience, AwayAddon, Circumstances, SECOND_FACTOR, access_asked, refusal};
pub use response::{Page, away, json, plain, redirect, see_other};
pub use sign_in::{EndedBecause, SignInNotice, SignInPage, SignInWay, StepUpPage, sign_in, step_up};
pub use site::Site;

//! The pages and flows that make and end a session.
//!
//! In comes a request for a page under `/.vestibule`, out comes a page, and a session where the password was right. It
//! never says whether it was the name or the password that was wrong, never sends anybody to another site, and never
//! takes a session that was there before for the one that signing in makes (S-74).

mod form;
mod form_token;
mod guard;
mod hand_over;
mod password;
mod return_to;

pub use form_token::FORM_COOKIE;
pub use guard::{Budget, Guard};
pub use hand_over::{Challenge, HAND_OVER_COOKIE, HandOver, HandOvers, Nonce};
pub use password::{PasswordSignIn, sign_in_page};
pub use return_to::{HAND_OVER, ReturnTo, sign_in_address, wanted_return};

//! The pages and flows that make and end a session.
//!
//! They are the pages under `/.vestibule`. A session is made where the password was right, Home Assistant said who it
//! is, or a client certificate did. It never says whether it was the name or the password that was wrong, never sends
//! anybody to another site than Home Assistant's, and never takes a session that was there before for the one that
//! signing in makes (S-74).

mod account;
mod certificate;
mod form;
mod form_token;
mod guard;
mod not_me;
mod pending_store;
mod cross_host_ticket;
mod return_to;
mod page;
mod session_ending;
mod session_maker;
mod step_up;
mod password;
mod oauth;

pub use account::AccountFlow;
pub use certificate::CertificateSignIn;
pub use cross_host_ticket::{Challenge, CrossHostTicket, CrossHostTickets, Nonce, TICKET_COOKIE};
pub use form_token::FORM_COOKIE;
pub use guard::{Attempts, Ban, Budget, Guard, Turned, Whose};
pub use not_me::NotMeFlow;
pub use oauth::{OAUTH_COOKIE, OAuthLogin, OAuthLogins, TokenStore};
pub use page::{Ticked, sign_in_page};
pub use password::{PasswordSignIn, Purpose};
pub use return_to::{HAND_OVER, ReturnTo, sign_in_address, wanted_return};
pub use session_ending::{EndedSessions, SessionEnding};
pub use step_up::{StepUpWish, Whose as WhosePage, is_same_user, step_up_page, way_to_sign_in};

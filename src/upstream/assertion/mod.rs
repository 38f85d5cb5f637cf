//! The user's identity, signed: `X-Remote-User-Assertion`, for add-ons that want to know that it was vestibule that
//! said so.
//!
//! It says who the user is at this moment, as a JSON Web Token (RFC 7519) of Ed25519 (RFC 8037) that is good for a
//! minute at that add-on alone. It is kept for the next requests, so that a request costs a look into a map. The keys
//! stand in a folder, take turns, and their public halves are published. Nothing of the session is in it.

mod key;
mod keyring;
mod signer;

pub use key::KeyError;
pub use keyring::Keyring;
pub(super) use signer::AssertionSigner;

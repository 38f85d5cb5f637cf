//! Asks whether our certificates were revoked: the OCSP responder that a certificate names, whose answer then goes with
//! the certificate in the handshake, and the revocation lists that it names, for the operator.
//!
//! Certificates come in and verdicts go out. What counts as an answer is judged in `tls`. A responder that is slow,
//! away or wrong keeps no handshake waiting and no certificate from being shown.

mod ask;
mod stapler;

pub use ask::{AskError, ask_responder, fetch_list};
pub use stapler::{Stapler, Stapling, Told};

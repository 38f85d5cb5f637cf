//! What was permitted and still goes on, in one registry: every open answer, upload, stream and tunnel of the browsers'
//! side, of Home Assistant's entry point and of the add-on API. It is reviewed whenever sessions, users, tokens or the
//! configuration change, and twice a second besides; what may no longer go on is cut (S-99, S-103, S-104).
//!
//! What a request was admitted for is its [`Subject`]; an [`Open`] holds it on the list. The registry knows nothing of
//! users, tokens or rules: the reviewer says of each subject whether it is still admitted.
//!
//! Reading order: `registry`, `exchange`, `body` (bodies that end with their exchange).

mod registry;
mod exchange;
mod body;

pub use body::{CutBody, CutBodyError, CutUpload};
pub use exchange::{Exchange, Open, Subject};
pub use registry::OpenExchanges;

//! Keys for programs: who holds one asks in a user's name, at one add-on, by the methods and paths that the operator
//! named, from the networks that they named, until a day that they named.
//!
//! A key is shown once, when it is made. What is kept is its SHA-256, and what is looked up is that: no key is stored,
//! logged or compared. Keys lie where sessions lie: in memory, in a file beside theirs, or in Redis.
//!
//! Reading order: `token` (the key and where a request shows it), `record` (what it is held to), `document` (all of
//! them as they are kept), `store`, `keys`.

mod document;
mod keys;
mod record;
mod store;
mod token;

pub use document::DocumentError as KeyDocumentError;
pub use keys::{ApiKeys, Found, KeyError};
pub use record::{ApiKey, BadBounds, KeyBounds, NewKey, Pass};
pub use store::KeyStoreError;
pub use token::ApiKeyToken;
pub(super) use token::Shown;

//! Sessions: who has signed in, until when.
//!
//! The token in our cookie leads to the live [`Session`] that it stands for, or to nothing. The way in is
//! [`Sessions::look_up`]: one digest and one look into a map in memory. It never waits for a disk.
//!
//! This stage never stores, logs or compares a token, only its SHA-256; never lets a session live past its limits,
//! whatever the clock does; never says that a session is revoked before the disk says so too; and never loses sessions
//! without a word. The memory is the truth and the file a copy of it, written by one thread of its own. Only a store
//! that several proxies share is asked, and only about a session that is not known here.
//!
//! Read on in this order: `token`, `lifetime`, `rotation`, `live`, `sessions`, `remembered`, `family`, `revoke`; then,
//! for the disk, `writer`, `file`, `recovery`, and for several proxies `shared`.

mod api_key;
mod authenticate;
mod credential;
mod bearer;
mod access_token;
mod home_token;
mod token;
mod rotation;
mod remembered;
mod ingress_token;
mod cookie;
mod lifetime;
mod limits;
mod user_agent;
mod device;
mod record;
mod live;
mod table;
mod sessions;
mod summary;
mod family;
mod revoke;
mod upkeep;
mod store;
mod writer;
mod file;
mod file_error;
#[cfg(feature = "redis-store")]
mod shared;
mod recently_ended;
mod recovery;
mod store_error;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub use access_token::{AccessToken, Issuer};
pub use api_key::{
    ApiKey, ApiKeyToken, ApiKeys, BadBounds, Found as FoundKey, KeyBounds, KeyDocumentError, KeyError, KeyStoreError,
    NewKey, Pass,
};
pub use authenticate::{
    Authenticated, Unauthenticated, bears_token, remove_keys, session_of, shown_key, shown_token, shows_token,
};
pub use cookie::SessionCookie;
pub use credential::{Credential, CredentialKind};
pub use file_error::FileError;
pub use home_token::{home_token, is_signed, shows_home_token, verified_text};
pub use ingress_token::IngressToken;
pub use lifetime::{Lifetimes, SKEW, SessionState};
pub use live::Session;
pub use recently_ended::{EndedBy, EndedSession};
pub use record::{MadeBy, NewSession};
pub use recovery::Notice;
pub use revoke::RevokeError;
pub use rotation::Carrier;
pub use sessions::{OpenError, Sessions};
#[cfg(feature = "redis-store")]
pub use shared::{BlobName, Change, SealedBlobs, SealedNotes, SharedError, SharedKv};
pub use store_error::{Health, StoreAway, StoreError};
pub use summary::Summary;
pub use token::{BadSessionId, SessionDigest, SessionId, SessionToken};
pub use user_agent::UserAgent;

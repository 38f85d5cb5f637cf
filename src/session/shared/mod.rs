//! One session table for several proxies, in Redis or Valkey.
//!
//! Sessions hold on every node. What a node knows it serves from its memory; Redis is asked for a session that the node
//! does not know, and told of every one that is made, ended, or seen for the first time in a minute. What one node
//! ends, the others hear at once, and those that were away hear it before anything else when they are back.
//!
//! It must never bring back what was ended, whoever writes late; never believe an entry that it cannot read or whose
//! seal is broken; and never wait for Redis where this node knows the session.
//!
//! # Why nothing that was ended comes back
//! An entry is replaced by the word [`ENDED`] and keeps it for longer than the session could have lived. The script
//! that stores an entry refuses where that word stands, and stores the time of a sighting only where an entry stands.
//! Each node remembers what it ended or heard of for as long, and says it again to a Redis that has lost its memory,
//! before it stores there what it still holds.
//!
//! Read on in this order: `entry`, `scripts`, `ended`, `cache`, `link`, `catch_up`, `store`, `of_user`; then what else
//! proxies share, `shared_kv`, `sealed_blobs` and `sealed_notes`.

mod catch_up;
mod ended;
mod entry;
mod error;
mod cache;
mod keys;
mod link;
mod shared_kv;
mod of_user;
mod sealed_blobs;
mod sealed_notes;
mod scripts;
mod store;
#[cfg(feature = "fuzzing")]
pub(super) mod fuzzing;

pub use error::SharedError;
pub use scripts::Change;
pub use sealed_blobs::{BlobName, SealedBlobs};
pub use sealed_notes::SealedNotes;
pub use shared_kv::SharedKv;
pub(super) use store::SharedStore;

/// What stands in the place of an entry whose session was ended.
const ENDED: &[u8] = b"ended";

/// Keys in one command: enough to be quick, few enough that Redis does something else in between.
const AT_ONCE: usize = 500;

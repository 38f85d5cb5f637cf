//! A refusal, as the control socket tells of it.

use serde::{Deserialize, Serialize};

/// A request that was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusalLine {
    /// Its id.
    pub id: String,
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The label of the reason.
    pub reason: String,
    /// The status of the answer.
    pub status: u16,
    /// All of why, in a sentence.
    pub why: String,
    /// Who it was, by the name to sign in with.
    pub user: Option<String>,
    /// Which program's key.
    pub key: Option<String>,
    /// The id of the session.
    pub session: Option<String>,
    /// The slug of the add-on.
    pub addon: Option<String>,
    /// Where from.
    pub client: String,
    /// The method.
    pub method: String,
    /// The host that it named.
    pub host: String,
    /// Path and query, without secrets.
    pub target: String,
    /// Whether its user has asked for access.
    #[serde(default)]
    pub asks_access: bool,
}

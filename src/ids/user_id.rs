//! Who somebody is, for ever, and which groups there are.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

/// The id of a user: 1 to 128 visible ASCII characters, so that it can always be sent in a header. Home Assistant's own
/// are 32 hexadecimal digits.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserId(Arc<str>);

/// Not a user id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a user id is 1 to 128 visible ASCII characters")]
pub struct BadUserId;

impl FromStr for UserId {
    type Err = BadUserId;

    fn from_str(text: &str) -> Result<Self, BadUserId> {
        let ok = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        if ok { Ok(Self(text.into())) } else { Err(BadUserId) }
    }
}

impl UserId {
    /// Who counts where a request is everybody's to send: all of them together, as one user does.
    pub fn anybody() -> Self {
        Self("anybody".into())
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same text, not copied.
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The id of a group, as the files have it: any text.
pub type GroupId = Arc<str>;

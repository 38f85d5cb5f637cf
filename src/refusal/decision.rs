//! A decision: permitted, or refused for a reason, and nothing in between.

use super::reason::Reason;

/// What was decided, and nothing in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Refused, for this reason.
    Deny(Reason),
    /// It may go on.
    Permit,
}

impl Decision {
    /// The same as a `Result`, for `?`.
    pub fn into_result(self) -> Result<(), Reason> {
        match self {
            Self::Deny(reason) => Err(reason),
            Self::Permit => Ok(()),
        }
    }

    /// This decision, and when it permits the next one.
    #[must_use]
    pub fn and(self, next: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Deny(_) => self,
            Self::Permit => next(),
        }
    }
}

//! What becomes of an answer: the user's as it is, or what a filter leaves of it.

/// What becomes of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// The user gets it as it is.
    Whole,
    /// The user gets what they may read of it: nothing else may be sent on than what the filter leaves.
    Filtered,
}

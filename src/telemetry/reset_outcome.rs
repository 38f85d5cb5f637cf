//! How an add-on's attempt to give somebody a new password ended.

/// The labels are stable: they stand in the audit log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResetOutcome {
    /// Home Assistant has changed it.
    Success,
    /// No user has this name, or more than one could be meant.
    UnknownUser,
    /// The owner or another administrator, whom no add-on may touch.
    Administrator,
    /// The user was made by Home Assistant for itself.
    SystemUser,
    /// The user is deactivated.
    InactiveUser,
    /// The new password is empty.
    EmptyPassword,
    /// The add-on has asked too often.
    TooManyAttempts,
    /// Home Assistant said no: the token is not its owner's, most likely.
    RefusedThere,
    /// Home Assistant could not be asked, or did not answer.
    Unavailable,
}

impl ResetOutcome {
    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::UnknownUser => "unknown_user",
            Self::Administrator => "administrator",
            Self::SystemUser => "system_user",
            Self::InactiveUser => "inactive_user",
            Self::EmptyPassword => "empty_password",
            Self::TooManyAttempts => "too_many_attempts",
            Self::RefusedThere => "refused_there",
            Self::Unavailable => "unavailable",
        }
    }
}

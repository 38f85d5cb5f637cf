//! How an attempt to sign in can end.

/// How an attempt to sign in ended. The labels are stable: they stand in the audit log and in the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SignInOutcome {
    /// It made a session.
    Success,
    /// No user has this name.
    UnknownUser,
    /// The password is wrong.
    WrongPassword,
    /// The user has a second factor, which this way to sign in cannot ask for.
    SecondFactor,
    /// The password is right, and the code of the user's authenticator app is asked for as well.
    CodeMissing,
    /// The password is right, and the code is not, or was used before.
    WrongCode,
    /// Another user than the one who is signed in and was asked again.
    OtherUser,
    /// The user is deactivated.
    InactiveUser,
    /// The user was made by Home Assistant for itself.
    SystemUser,
    /// The user may only come from the local network.
    NotLocal,
    /// Too many attempts.
    TooManyAttempts,
    /// Whoever tries is banned for a while, after many attempts too many.
    Banned,
    /// The form's token is missing or not the browser's.
    BadFormToken,
    /// Somebody came back from Home Assistant's page with a state that is unknown, used, too old or another browser's.
    BadState,
    /// Home Assistant said no, or the person did on its page.
    RefusedThere,
    /// The users or the passwords cannot be read.
    Unavailable,
}

impl SignInOutcome {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::Success,
        Self::UnknownUser,
        Self::WrongPassword,
        Self::SecondFactor,
        Self::CodeMissing,
        Self::WrongCode,
        Self::OtherUser,
        Self::InactiveUser,
        Self::SystemUser,
        Self::NotLocal,
        Self::TooManyAttempts,
        Self::Banned,
        Self::BadFormToken,
        Self::BadState,
        Self::RefusedThere,
        Self::Unavailable,
    ];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::UnknownUser => "unknown_user",
            Self::WrongPassword => "wrong_password",
            Self::SecondFactor => "second_factor",
            Self::CodeMissing => "code_missing",
            Self::WrongCode => "wrong_code",
            Self::OtherUser => "other_user",
            Self::InactiveUser => "inactive_user",
            Self::SystemUser => "system_user",
            Self::NotLocal => "not_local",
            Self::TooManyAttempts => "too_many_attempts",
            Self::Banned => "banned",
            Self::BadFormToken => "bad_form_token",
            Self::BadState => "bad_state",
            Self::RefusedThere => "refused_there",
            Self::Unavailable => "unavailable",
        }
    }
}

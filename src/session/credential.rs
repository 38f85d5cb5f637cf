//! What a request is signed in with: a session, or one of Home Assistant's access tokens.

use std::sync::Arc;

use super::access_token::AccessToken;
use super::live::Session;
use crate::ids::UserId;

/// What proves whose request it is.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A live session: browsers.
    Session(Arc<Session>),
    /// A token that was verified: scripts and apps, at add-ons that take them.
    Token(Arc<AccessToken>),
}

/// The kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A session, which browsers show by themselves.
    Session,
    /// An access token, which a program has to show.
    Token,
}

impl Credential {
    /// The user whom it stands for.
    pub fn user(&self) -> &UserId {
        match self {
            Self::Session(session) => session.user(),
            Self::Token(token) => token.user(),
        }
    }

    /// The session, when it is one.
    pub fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Session(session) => Some(session),
            Self::Token(_) => None,
        }
    }

    /// Whether it is a session or a token.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Session(_) => CredentialKind::Session,
            Self::Token(_) => CredentialKind::Token,
        }
    }
}

impl CredentialKind {
    /// Whether a browser sends it by itself, whichever page made it ask. Then a page of another site could be behind a
    /// request, and `Origin` is checked. A token has to be put in by a program that knows it.
    pub fn is_ambient(self) -> bool {
        match self {
            Self::Session => true,
            Self::Token => false,
        }
    }
}

//! What a request is signed in with: a session, one of Home Assistant's access tokens, or a key.

use std::sync::Arc;

use super::access_token::AccessToken;
use super::api_key::{ApiKey, Pass};
use super::live::Session;
use crate::ids::UserId;

/// What proves whose request it is.
#[derive(Debug, Clone)]
pub enum Credential {
    /// A live session: browsers.
    Session(Arc<Session>),
    /// A token that was verified: scripts and apps, at add-ons that take them.
    Token(Arc<AccessToken>),
    /// A key that counts: programs, at the one add-on that it was made for.
    Key(Arc<ApiKey>),
}

/// The kinds of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialKind {
    /// A session, which browsers show by themselves.
    Session,
    /// An access token, which a program has to show.
    Token,
    /// A key, which a program has to show.
    Key,
}

impl Credential {
    /// The user whom it stands for.
    pub fn user(&self) -> &UserId {
        match self {
            Self::Session(session) => session.user(),
            Self::Token(token) => token.user(),
            Self::Key(key) => &key.about().user,
        }
    }

    /// The session, when it is one.
    pub fn session(&self) -> Option<&Arc<Session>> {
        match self {
            Self::Session(session) => Some(session),
            Self::Token(_) | Self::Key(_) => None,
        }
    }

    /// The key, when it is one.
    pub fn key(&self) -> Option<&Arc<ApiKey>> {
        match self {
            Self::Key(key) => Some(key),
            Self::Session(_) | Self::Token(_) => None,
        }
    }

    /// What it is held to besides, when it is a pass.
    pub fn pass(&self) -> Option<&Pass> {
        self.key().and_then(|key| key.about().pass.as_ref())
    }

    /// Whether it is a session, a token or a key.
    pub fn kind(&self) -> CredentialKind {
        match self {
            Self::Session(_) => CredentialKind::Session,
            Self::Token(_) => CredentialKind::Token,
            Self::Key(_) => CredentialKind::Key,
        }
    }
}

impl CredentialKind {
    /// Whether a browser sends it by itself, whichever page made it ask. Then a page of another site could be behind a
    /// request, and `Origin` is checked. A token has to be put in by a program that knows it.
    pub fn is_ambient(self) -> bool {
        match self {
            Self::Session => true,
            Self::Token | Self::Key => false,
        }
    }
}

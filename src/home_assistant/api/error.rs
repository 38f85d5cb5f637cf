//! What can be wrong with an answer of Home Assistant's API.

use std::time::Duration;

use http::StatusCode;
use tokio_tungstenite::tungstenite;

use crate::dial::DialError;

/// Why there is no answer that can be used.
#[derive(Debug, thiserror::Error)]
pub enum ApiError {
    /// No connection came about.
    #[error("it cannot be reached")]
    Dial(#[from] DialError),
    /// The connection ended in the middle, or it is not HTTP that is spoken there.
    #[error("the connection broke off")]
    Http(#[source] hyper::Error),
    /// It took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// There is more of it than an answer to this can have.
    #[error("an answer of more than {0} bytes")]
    TooLarge(usize),
    /// It answers 400 to a request with `X-Forwarded-For` (spec/permissions.md section 5).
    #[error("it answers 400 to X-Forwarded-For: vestibule is not among its trusted proxies")]
    Untrusted,
    /// Another status than the one that an answer to this has.
    #[error("it answers {0}")]
    Status(StatusCode),
    /// It understood and said no.
    #[error("it refuses: {0}")]
    Refused(Refusal),
    /// It answered something else than Home Assistant does.
    #[error("not an answer of Home Assistant's: {0}")]
    Garbage(&'static str),
    /// The WebSocket could not be opened, or broke off.
    #[error("the WebSocket broke off")]
    Socket(#[source] Box<tungstenite::Error>),
    /// The WebSocket was closed by Home Assistant, as it does when the token is revoked.
    #[error("the WebSocket was closed")]
    Closed,
}

/// A no that Home Assistant says in its own words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// 400: the code or the refresh token is not one (any more).
    #[error("invalid grant")]
    InvalidGrant,
    /// 403: the user may not sign in, or not from there.
    #[error("access denied")]
    AccessDenied,
    /// The WebSocket's `auth_invalid`: the access token is not one (any more).
    #[error("invalid token")]
    InvalidToken,
    /// The WebSocket's `unauthorized`: only an administrator may ask this.
    #[error("not an administrator's token")]
    Unauthorized,
    /// The WebSocket's word for a command that it does not know.
    #[error("unknown command")]
    UnknownCommand,
    /// A word that this version does not know.
    #[error("the request")]
    Other,
}

impl ApiError {
    /// What an operator can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Untrusted => {
                "in Home Assistant, add vestibule's address to the trusted proxies and switch on X-Forwarded-For, or set \
                 forward_address = false here"
            }
            Self::Dial(_) | Self::TimedOut(_) => "is Home Assistant running there, and can this machine reach it?",
            _ => "name the place where Home Assistant itself listens, as in \"http://127.0.0.1:8123\"",
        }
    }

    /// Whether Home Assistant itself said that the token, the code or the user is not good: asking again is of no use.
    /// Anything else may pass.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused(_))
    }
}

impl From<tungstenite::Error> for ApiError {
    fn from(error: tungstenite::Error) -> Self {
        use tungstenite::Error as E;
        match error {
            E::ConnectionClosed | E::AlreadyClosed => Self::Closed,
            other => Self::Socket(Box::new(other)),
        }
    }
}

//! A request with the user behind its session.

use std::sync::Arc;

use super::directory::{Directory, Health};
use super::user::User;
use crate::ids::UserId;
use crate::refusal::Reason;
use crate::route::Routed;
use crate::session::{Authenticated, Credential, Session};

/// An authenticated request and its user as the current snapshot has them.
#[derive(Debug)]
pub struct Identified {
    authenticated: Authenticated,
    user: Arc<User>,
}

impl Identified {
    /// The one way in: with the user whom [`user_behind`] found for its credential.
    pub fn new(authenticated: Authenticated, user: Arc<User>) -> Result<Self, Reason> {
        // A user who was looked up for one credential must not get into the request of another.
        if *authenticated.credential().user() != user.id {
            return Err(Reason::UnknownUser);
        }
        Ok(Self { authenticated, user })
    }

    /// The user, as the snapshot of the admission has them.
    pub fn user(&self) -> &Arc<User> {
        &self.user
    }

    /// What it is signed in with.
    pub fn credential(&self) -> &Credential {
        self.authenticated.credential()
    }

    /// The request and where it goes.
    pub fn routed(&self) -> &Routed {
        self.authenticated.routed()
    }

    pub(crate) fn into_parts(self) -> (Routed, Arc<User>) {
        (self.authenticated.into_routed(), self.user)
    }
}

/// The user of a session, a token or a key, as they are at this moment.
pub fn user_behind(credential: &Credential, directory: &Directory) -> Result<Arc<User>, Reason> {
    match credential {
        Credential::Session(session) => user_of(session, directory),
        Credential::Token(token) => known(token.user(), directory),
        // A key stands for itself: a new password does not end it, as it does not end Home Assistant's own tokens.
        Credential::Key(key) => known(&key.about().user, directory),
    }
}

/// The user of a session, as they are at this moment. A user who is not in the snapshot is nobody, and a session that
/// was made with another password than the user has now is over (S-75). So is one of a time when the user had none, or
/// when nobody here could see it: whether it is still the same nobody can say (S-190).
pub fn user_of(session: &Session, directory: &Directory) -> Result<Arc<User>, Reason> {
    let user = known(session.user(), directory)?;
    let same = session.password_digest() == user.password_digest.as_ref();
    if same { Ok(user) } else { Err(Reason::SessionEnded) }
}

fn known(id: &UserId, directory: &Directory) -> Result<Arc<User>, Reason> {
    if directory.health() == Health::Absent {
        return Err(Reason::NoDirectory);
    }
    directory.user(id).cloned().ok_or(Reason::UnknownUser)
}

//! Ending sessions before their time.
//!
//! Sessions end in memory first, at once, so that the next request is refused and open streams are cut; then on disk;
//! and only then is it said that they have ended. When the disk fails the error says that a restart could bring them
//! back, and the disk is tried again.

use std::sync::Arc;

use super::live::Session;
use super::recently_ended::{EndedBy, EndedSession};
use super::record::Foreign;
use super::sessions::Sessions;
use super::store_error::StoreError;
use super::token::{SessionDigest, SessionId, SessionToken};
use crate::ids::UserId;

/// Why a revocation is not done.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// There is no such session.
    #[error("there is no such session")]
    Unknown,
    /// The sessions have ended in this process; a restart before the store works again could bring them back, and other
    /// proxies on the same store have not heard of it.
    #[error("the sessions have ended here, but this is not stored yet")]
    NotOnDisk {
        /// Those that have ended.
        ended: Vec<Arc<Session>>,
        /// What the store says.
        #[source]
        why: Arc<StoreError>,
    },
}

impl Sessions {
    /// Ends the session of this name: an operator wants it.
    pub async fn revoke(&self, id: SessionId) -> Result<Vec<Arc<Session>>, RevokeError> {
        self.revoke_by(id, EndedBy::Operator).await
    }

    /// The same for whoever else wants it.
    pub async fn revoke_by(&self, id: SessionId, by: EndedBy) -> Result<Vec<Arc<Session>>, RevokeError> {
        // Gathered first, since another node may have made the session. A store that is away does not stop what is
        // known here from ending: the error comes at the end.
        let gathered = self.gather().await;
        let sessions = self.table.select(|session| session.id() == id);
        let foreign = self.take_foreign(|digest, _| digest.id() == id);
        // While the store is away it may be another node's, and is not called unknown.
        if sessions.is_empty() && foreign.is_empty() && gathered.is_ok() {
            return Err(RevokeError::Unknown);
        }
        self.end(sessions, foreign, gathered, by).await
    }

    /// Ends this one session: its user signs out (S-75).
    pub async fn sign_out(&self, session: &Arc<Session>) -> Result<(), RevokeError> {
        self.end(vec![Arc::clone(session)], Vec::new(), Ok(()), EndedBy::User).await.map(drop)
    }

    /// Ends the sign-in that this session came from: its parent, when it has one, and all that were made from that.
    pub async fn sign_out_everywhere(&self, session: &Arc<Session>) -> Result<(), RevokeError> {
        self.end_family(session, EndedBy::User).await
    }

    pub(super) async fn end_family(&self, session: &Arc<Session>, by: EndedBy) -> Result<(), RevokeError> {
        // `forget` takes all children along, so the parent alone would do; the session itself is named in case the
        // parent is gone.
        let parent = session.parent().and_then(|parent| self.table.get(&parent));
        self.end(parent.into_iter().chain([Arc::clone(session)]).collect(), Vec::new(), Ok(()), by).await.map(drop)
    }

    /// Ends all sessions of a user. Entries of the file that this version does not understand go with them when they
    /// are the user's, or when it cannot be told whose they are.
    pub async fn revoke_user(&self, user: &UserId) -> Result<Vec<Arc<Session>>, RevokeError> {
        let gathered = self.gather().await;
        let foreign = self.take_foreign(|_, entry| entry.user.as_ref().is_none_or(|owner| owner == user));
        self.end(self.table.of_user(user), foreign, gathered, EndedBy::Operator).await
    }

    /// Ends all sessions, and takes every entry out of the file.
    pub async fn revoke_all(&self) -> Result<Vec<Arc<Session>>, RevokeError> {
        let gathered = self.gather().await;
        let foreign = self.take_foreign(|_, _| true);
        self.end(self.table.select(|_| true), foreign, gathered, EndedBy::Operator).await
    }

    /// Ends the sessions known here for which `ends` says yes: those, say, whose user has another password since. Other
    /// proxies on the same store do the same with theirs.
    /// `ends` is asked while a part of the table is locked, and must not call back here.
    pub async fn end_where(&self, ends: impl FnMut(&Session) -> bool) -> Result<Vec<Arc<Session>>, RevokeError> {
        self.end(self.table.select(ends), Vec::new(), Ok(()), EndedBy::AccountChanged).await
    }

    /// What is known of the session that this token stood for.
    pub fn ended(&self, token: &SessionToken) -> Option<EndedSession> {
        let digest = token.digest();
        self.recently_ended.find(digest).or_else(|| {
            // It is over, and not swept yet.
            let session = self.table.get(&digest).filter(|session| self.is_over(session))?;
            Some(EndedSession { id: session.id(), user: session.user().clone(), by: EndedBy::Expired })
        })
    }

    fn take_foreign(&self, mut takes: impl FnMut(SessionDigest, &Foreign) -> bool) -> Vec<SessionDigest> {
        self.foreign().extract_if(|digest, entry| takes(*digest, entry)).map(|(digest, _)| digest).collect()
    }

    /// Even with nothing to end this asks the disk: an earlier revocation may not have reached it, and whoever repeats
    /// that one must not be told that all is well.
    async fn end(
        &self,
        ended: Vec<Arc<Session>>,
        foreign: Vec<SessionDigest>,
        gathered: Result<(), Arc<StoreError>>,
        by: EndedBy,
    ) -> Result<Vec<Arc<Session>>, RevokeError> {
        // Memory first: from here on no request passes, whatever the disk does.
        let ended = self.forget(ended, by);
        let digests = ended.iter().map(|session| session.digest()).chain(foreign).collect();
        // Both must have worked: where gathering failed, sessions that other proxies made may live on.
        match self.store.save(digests).await.and(gathered) {
            Ok(()) => Ok(ended),
            Err(why) => Err(RevokeError::NotOnDisk { ended, why }),
        }
    }
}

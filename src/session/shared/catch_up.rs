//! Bringing this node and Redis to one mind: after every connection, and once a minute.
//!
//! Redis is told what it was not told before, and every session that this node knows is compared with its entry. Ends
//! go first, ours to Redis and then Redis's to us; only then is anything written that keeps a session alive.
//!
//! What Redis does not have has ended, with one exception: a Redis that was started anew since may have lost it. Then
//! the node writes again what it holds, unless it was held for longer than an outage may last.

use std::sync::Arc;

use redis::aio::MultiplexedConnection;
use redis::{Cmd, pipe};

use super::ended::RedisRun;
use super::error::SharedError;
use super::keys::read;
use super::scripts::{self, SharedEntry, Stored, Storing};
use super::store::SharedStore;
use super::{AT_ONCE, ENDED};
use crate::session::lifetime::SessionState;
use crate::session::live::Session;
use crate::session::record::Record;
use crate::session::token::SessionDigest;

/// What is to be done about a session whose entry was read.
enum Verdict {
    /// Both know the same.
    Agreed,
    /// It has ended.
    Forget,
    /// Redis has lost it.
    MakeAgain,
    /// It was seen here later than Redis knows.
    Seen,
    /// It is over, by what both know.
    Over(Vec<u8>),
}

impl SharedStore {
    /// Compares everything.
    pub(super) async fn catch_up(
        &self,
        connection: &mut MultiplexedConnection,
        run: RedisRun,
    ) -> Result<(), SharedError> {
        self.cache.ended.prune(self.cache.clock.now());
        // Before anything is read: an entry whose end Redis has not heard of must not bring its session back.
        self.tell(connection, run).await?;
        // An entry that is missing in a Redis that forgets nothing has ended. Only a new run may have lost it, and
        // after an outage that was too long not even that is believed.
        let again = run == RedisRun::Another && self.may_go_on().is_ok();
        let sessions = self.cache.table.select(|_| true);
        let mut lost = 0_usize;
        // In pieces: Redis does one command at a time, and a single one over all sessions would make every other node
        // wait.
        for sessions in sessions.chunks(AT_ONCE) {
            let keys: Vec<_> = sessions.iter().map(|session| self.names.session(session.digest())).collect();
            let entries = read(connection, &keys).await?;
            let mut commands = Vec::new();
            for (session, entry) in sessions.iter().zip(entries) {
                let verdict = self.compare(session, entry.as_deref(), again);
                lost = lost.saturating_add(usize::from(matches!(verdict, Verdict::MakeAgain)));
                commands.extend(self.command(session, verdict));
            }
            self.carry_out(connection, commands).await?;
        }
        if lost > 0 {
            tracing::warn!(
                sessions = lost,
                "the session store had lost sessions that go on here: they are written again"
            );
        }
        Ok(())
    }

    /// Says what Redis does not know: ends, and sightings of the last moment.
    pub(super) async fn flush(&self, connection: &mut MultiplexedConnection) -> Result<(), SharedError> {
        self.tell(connection, RedisRun::Same).await?;
        // If the connection breaks now, these sightings are still newer than what is stored, and the next comparison
        // writes them.
        let due = self.take_due();
        for digests in due.chunks(AT_ONCE) {
            let sessions = digests.iter().filter_map(|digest| self.cache.table.get(digest));
            let commands = sessions.filter_map(|session| self.command(&session, Verdict::Seen)).collect();
            self.carry_out(connection, commands).await?;
        }
        Ok(())
    }

    async fn tell(&self, connection: &mut MultiplexedConnection, run: RedisRun) -> Result<(), SharedError> {
        for ended in self.cache.ended.to_tell(run).chunks(AT_ONCE) {
            let now = self.cache.clock.now();
            let mut pipeline = pipe();
            for (digest, until) in ended {
                let millis = millis(until.saturating_since(now));
                let channel = self.names.channel();
                pipeline.add_command(scripts::end(&self.names.session(*digest), *digest, &channel, millis));
            }
            // The script has nothing else to say; the answers are awaited because an error may be among them.
            let _zeros: Vec<i64> = pipeline.query_async(connection).await.map_err(SharedError::of)?;
            // After the answer: what was lost with the connection is then said again over the next one.
            self.cache.ended.told(&ended.iter().map(|(digest, _)| *digest).collect::<Vec<_>>());
        }
        Ok(())
    }

    fn compare(&self, session: &Session, entry: Option<&[u8]>, again: bool) -> Verdict {
        let live = |session: &Session| self.cache.state(session) != SessionState::Expired;
        let entry = match entry {
            // Only what is alive here: a session that is over by our own clock needs no entry to end.
            None if again && live(session) => return Verdict::MakeAgain,
            None | Some(ENDED) => return Verdict::Forget,
            Some(entry) => entry,
        };
        // Something without the key has written to Redis. Which state is true cannot be told, and one session less is
        // the safe mistake.
        let Ok(record) = self.seal.open(session.digest(), entry) else {
            tracing::error!(session = %session.id(), "the session store has an entry that is not ours: the session ends");
            return Verdict::Forget;
        };
        // Another node may have seen it later. Asked before its state, or it would idle out here while it is used
        // there.
        session.take_over(&record);
        match self.cache.state(session) {
            // With the entry that was read: if another node sees the session meanwhile, the entry differs and nothing
            // is ended.
            SessionState::Expired => Verdict::Over(entry.to_vec()),
            SessionState::Live | SessionState::Ahead if session.seen_since_stored() || is_newer(session, &record) => {
                Verdict::Seen
            }
            SessionState::Live | SessionState::Ahead => Verdict::Agreed,
        }
    }

    fn command(&self, session: &Arc<Session>, verdict: Verdict) -> Option<(Cmd, Arc<Session>)> {
        let command = match verdict {
            Verdict::Agreed => return None,
            Verdict::Forget => {
                self.cache.forget(session.digest());
                return None;
            }
            Verdict::MakeAgain => self.storing(session, Storing::Create),
            Verdict::Seen => self.storing(session, Storing::Update),
            Verdict::Over(entry) => {
                // Forgotten here in either case: if its entry has changed, the next request finds it in Redis and takes
                // it over again.
                self.cache.forget(session.digest());
                self.ending_if_unchanged(session.digest(), &entry)
            }
        };
        Some((command, Arc::clone(session)))
    }

    async fn carry_out(
        &self,
        connection: &mut MultiplexedConnection,
        commands: Vec<(Cmd, Arc<Session>)>,
    ) -> Result<(), SharedError> {
        if commands.is_empty() {
            return Ok(());
        }
        let mut pipeline = pipe();
        let mut sessions = Vec::with_capacity(commands.len());
        for (command, session) in commands {
            // The time goes along: the session may be seen again before Redis answers, and that sighting is not stored
            // then.
            sessions.push((session.last_seen(), session));
            pipeline.add_command(command);
        }
        let answers: Vec<i64> = pipeline.query_async(connection).await.map_err(SharedError::of)?;
        for ((seen, session), answer) in sessions.into_iter().zip(answers) {
            match Stored::of(answer) {
                Stored::Kept => session.stored(seen),
                // Another node has changed it since: the next comparison takes that over, and says the sighting again.
                Stored::Newer => {}
                // Ended by another node since we looked.
                Stored::Gone | Stored::Ended => self.cache.forget(session.digest()),
            }
        }
        Ok(())
    }

    /// The command that ends a session whose entry is still this one.
    pub(super) fn ending_if_unchanged(&self, digest: SessionDigest, entry: &[u8]) -> Cmd {
        let rest = self.cache.longest().saturating_since(self.cache.clock.now());
        scripts::end_if_unchanged(&self.names.session(digest), entry, millis(rest))
    }

    /// The command that stores what is known of a session.
    pub(super) fn storing(&self, session: &Session, storing: Storing) -> Cmd {
        self.storing_record(session, &session.record(), storing)
    }

    /// The same where the session is to be what this record says.
    pub(super) fn storing_record(&self, session: &Session, record: &Record, storing: Storing) -> Cmd {
        let end = session.ends(self.cache.limits().lifetimes);
        // Redis forgets by itself what no node will ask for any more, a little later than any node does.
        let rest = end.saturating_since(self.cache.clock.now()).saturating_add(self.propagation().saturating_mul(3));
        let (digest, longest) = (session.digest(), self.cache.longest().saturating_since(self.cache.clock.now()));
        let bytes = self.seal.close(digest, record);
        let revision = record.rotation.as_ref().map_or(0, |rotation| rotation.revision);
        let entry = SharedEntry { digest, bytes: &bytes, keep: millis(rest), storing, revision };
        scripts::store(&self.names, session.user(), &entry, millis(longest))
    }
}

fn millis(duration: std::time::Duration) -> u64 {
    // Redis refuses a time to live of nothing, and one that its own clock cannot add.
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).clamp(1, 10 * 366 * 86_400_000)
}

/// Whether our secrets are newer than those of the entry, as after a failover to a Redis that had not heard of them.
fn is_newer(session: &Session, record: &Record) -> bool {
    let theirs = record.rotation.as_ref().map_or(0, |rotation| rotation.revision);
    session.rotation().is_some_and(|ours| ours.revision > theirs)
}

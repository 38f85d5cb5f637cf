//! The one thread that touches the file of sessions.
//!
//! It is told the digests of sessions whose entry may differ from the table, writes one transaction for all that wait
//! at that moment, and then says that it is on disk. What fails stays in the dirty set, and is tried again with the
//! next request or after [`RETRY`], until it is on disk.
//!
//! The table is the truth and the dirty set says only *where* the file may differ from it. So nothing depends on the
//! order in which things failed: a session that was revoked is not in the table, and however late the disk comes back,
//! it cannot come back with it.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Duration;

use arc_swap::ArcSwap;
use tokio::sync::oneshot;
use tokio::time::timeout;

use super::file::{Change, SessionFile, StoredSession};
use super::file_error::FileError;
use super::live::Session;
use super::record::{Foreign, Record};
use super::recovery::{self, Notice, Opened};
use super::store_error::{Health, StoreError};
use super::table::Table;
use super::token::SessionDigest;
use crate::clock::Clock;

/// The handle that async code has.
#[derive(Debug)]
pub(super) struct Writer {
    requests: Sender<Request>,
    health: Arc<ArcSwap<Health>>,
    clock: Clock,
    patience: Duration,
}

#[derive(Debug)]
struct Request {
    digests: Vec<SessionDigest>,
    done: oneshot::Sender<Result<(), Arc<FileError>>>,
}

impl Writer {
    /// Starts the thread, has it open the file and fill the table, and waits for that.
    pub(super) fn start(file: SessionFile, table: Arc<Table>, clock: Clock) -> Result<(Self, Loaded), FileError> {
        let (requests, receiver) = channel();
        let (loaded, on_load) = channel();
        let health = Arc::new(ArcSwap::from_pointee(Health::Durable));
        let mut worker =
            Worker { file, table, clock: clock.clone(), dirty: HashSet::new(), health: Arc::clone(&health) };
        let work = move || {
            // In the thread and not before it starts: the file must be opened, locked and closed by the one that writes
            // it.
            let result = worker.load();
            // Sending fails when the caller has gone, and then there is nothing to write for.
            let go_on = result.is_ok();
            if loaded.send(result).is_ok() && go_on {
                worker.run(&receiver);
            }
        };
        let spawned = thread::Builder::new().name("sessions".to_owned()).spawn(work);
        spawned.map_err(|_| FileError::NoWriter)?;
        let loaded = on_load.recv().map_err(|_| FileError::NoWriter)??;
        Ok((Self { requests, health, clock, patience: PATIENCE }, loaded))
    }

    pub(super) fn health(&self) -> Health {
        Health::clone(&self.health.load())
    }

    /// Waits until what the table says of these sessions is on disk, but no longer than a person waits: a disk that
    /// hangs counts as one that fails, and the worker goes on trying.
    pub(super) async fn save(&self, digests: Vec<SessionDigest>) -> Result<(), Arc<FileError>> {
        let (done, on_done) = oneshot::channel();
        if self.requests.send(Request { digests, done }).is_err() {
            return Err(self.gave_up(FileError::NoWriter));
        }
        // Giving up the wait takes nothing back: the digests are in the channel, and the worker writes them when it
        // can.
        match timeout(self.patience, on_done).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(self.gave_up(FileError::NoWriter)),
            Err(_) => Err(self.gave_up(FileError::Slow)),
        }
    }

    /// Says what the worker cannot say, because it hangs or is gone.
    fn gave_up(&self, why: FileError) -> Arc<FileError> {
        let why = Arc::new(why);
        degrade(&self.health, &self.clock, &why);
        why
    }
}

/// What opening the file has brought besides the sessions in the table.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) foreign: Vec<(SessionDigest, Foreign)>,
    pub(super) notices: Vec<Notice>,
}

struct Worker {
    file: SessionFile,
    table: Arc<Table>,
    clock: Clock,
    /// One digest for each session that was made, seen or ended while the disk failed; empty while it does not.
    dirty: HashSet<SessionDigest>,
    health: Arc<ArcSwap<Health>>,
}

impl Worker {
    /// Opens the file and fills the table. Both happen here, before anything is written: a table that is not filled yet
    /// would have the file emptied.
    fn load(&mut self) -> Result<Loaded, FileError> {
        let Opened { entries, mut notices, trouble } = recovery::open(&mut self.file, self.clock.now())?;
        let mut foreign = Vec::new();
        for (digest, entry) in entries {
            match entry {
                Ok(record) => self.table.insert(Arc::new(Session::new(digest, record))),
                // Left in the file: a newer version that was rolled back finds its entries again.
                Err(entry) => foreign.push((digest, entry)),
            }
        }
        if !foreign.is_empty() {
            notices.push(Notice::NotUnderstood { count: foreign.len() });
        }
        if let Some(why) = trouble {
            notices.push(Notice::MemoryOnly { why: Arc::clone(&why) });
            self.health
                .store(Arc::new(Health::Degraded { since: self.clock.now(), why: Arc::new(StoreError::File(why)) }));
        }
        Ok(Loaded { foreign, notices })
    }

    fn run(mut self, requests: &Receiver<Request>) {
        loop {
            let first = match self.next(requests) {
                Ok(request) => Some(request),
                Err(RecvTimeoutError::Timeout) => None,
                Err(RecvTimeoutError::Disconnected) => break,
            };
            // Group commit: all requests that came while the last transaction was written share the next one.
            let mut waiting = Vec::new();
            // Without one, after the time-out, this is the retry of what failed.
            for request in first.into_iter().chain(requests.try_iter()) {
                self.dirty.extend(request.digests);
                waiting.push(request.done);
            }
            let outcome = self.flush();
            for done in waiting {
                // A caller that no longer waits is not told.
                let _gone = done.send(outcome.clone());
            }
        }
        // On this thread, because closing writes too.
        self.file.close();
    }

    fn next(&self, requests: &Receiver<Request>) -> Result<Request, RecvTimeoutError> {
        // With nothing to retry the thread sleeps until it is asked, and costs a home's small computer nothing.
        if is_degraded(&self.health) {
            requests.recv_timeout(RETRY)
        } else {
            requests.recv().map_err(|_| RecvTimeoutError::Disconnected)
        }
    }

    fn flush(&mut self) -> Result<(), Arc<FileError>> {
        let outcome = self.try_flush();
        match &outcome {
            Ok(()) if is_degraded(&self.health) => {
                tracing::warn!("the session file can be written again; everything is stored");
                self.health.store(Arc::new(Health::Durable));
            }
            Ok(()) => {}
            Err(why) => degrade(&self.health, &self.clock, why),
        }
        outcome
    }

    fn try_flush(&mut self) -> Result<(), Arc<FileError>> {
        // Asked before every write: on a file that was replaced or deleted a write succeeds, and nobody finds it again.
        if !self.file.is_open() {
            self.reopen()?;
        }
        // The table is asked now and not when the digest came: what was revoked since is a deletion here, never an old
        // record.
        let records: Vec<_> = self.dirty.iter().map(|digest| (*digest, self.table.get(digest))).collect();
        if records.is_empty() {
            return Ok(());
        }
        let mut stored = Vec::with_capacity(records.len());
        let mut batch: Vec<Change> = Vec::with_capacity(records.len());
        for (digest, session) in records {
            let record = session.as_ref().map(|session| session.record());
            batch.push((digest, record.as_ref().map(Record::encode)));
            stored.extend(session.zip(record));
        }
        self.file.write(&batch)?;
        for (session, record) in stored {
            session.stored(record.last_seen);
        }
        // Only after the write: a failure above leaves the set as it was, and nothing is lost with it.
        self.dirty.clear();
        Ok(())
    }

    /// Opens the file anew, after a failure or because another one stands in its place. Whatever it says, the table is
    /// the truth, so every session of either is dirty. Entries that we do not understand are not ours to change.
    fn reopen(&mut self) -> Result<(), Arc<FileError>> {
        let opened = recovery::open(&mut self.file, self.clock.now()).map_err(Arc::new)?;
        for notice in opened.notices {
            let error: &(dyn Error + 'static) = &notice;
            tracing::error!(error, "the session file was opened anew");
        }
        if let Some(trouble) = opened.trouble {
            return Err(trouble);
        }
        let understood = |entry: &StoredSession| entry.1.is_ok();
        self.dirty.extend(opened.entries.iter().filter(|entry| understood(entry)).map(|entry| entry.0));
        // Also those that the file may have: it may be an older one that was put back, and a revoked session in it must
        // go.
        self.dirty.extend(self.table.select(|_| true).iter().map(|session| session.digest()));
        Ok(())
    }
}

fn is_degraded(health: &ArcSwap<Health>) -> bool {
    matches!(**health.load(), Health::Degraded { .. })
}

/// Says once that sessions are not stored, until they are again.
fn degrade(health: &ArcSwap<Health>, clock: &Clock, why: &Arc<FileError>) {
    if is_degraded(health) {
        return;
    }
    let error: &(dyn Error + 'static) = &**why;
    tracing::error!(error, "sessions cannot be stored: they are served from memory, and storing them is tried again");
    let why = Arc::new(StoreError::File(Arc::clone(why)));
    health.store(Arc::new(Health::Degraded { since: clock.now(), why }));
}

/// How long a sign-in or a revocation waits for the disk.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long the disk is left alone after a failure when no request comes.
const RETRY: Duration = Duration::from_secs(2);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_disk_that_hangs_or_a_writer_that_is_gone_keeps_nobody_waiting() {
        let (requests, hangs) = channel();
        let health = Arc::new(ArcSwap::from_pointee(Health::Durable));
        let patience = Duration::from_millis(5);
        let writer = Writer { requests, health, clock: Clock::System, patience };
        assert!(matches!(*writer.save(Vec::new()).await.unwrap_err(), FileError::Slow));
        assert!(matches!(writer.health(), Health::Degraded { .. }));
        assert!(hangs.try_recv().is_ok(), "the request is there when it goes on");
        drop(hangs);
        assert!(matches!(*writer.save(Vec::new()).await.unwrap_err(), FileError::NoWriter));
    }
}

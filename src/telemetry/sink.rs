//! The one writer of the log: whole lines in, large writes out, and nobody ever waits for whoever reads them.
//!
//! One thread of its own writes to stderr what all threads log. A line is made in a buffer of the
//! thread that logs it and appended whole under a short lock, under which nothing but a copy is made: workers would
//! otherwise wait for each other's lines. The writing thread takes the buffer away and writes it without the lock. When
//! the reader stalls, the buffer fills to [`CAPACITY`], further lines are dropped and counted, and the count is logged
//! once there is room. It must never block a caller and never write half a line into another.

use std::cell::Cell;
use std::fmt;
use std::io::{self, Write};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex, MutexGuard};
use prometheus_client::metrics::counter::Counter;
use tracing::Level;

use super::line::{LineTime, LogLine};
use crate::clock::Clock;
use crate::telemetry::LogFormat;

/// A handle to the writer. When the last one goes, what is buffered is written, for one second at most.
#[derive(Debug, Clone)]
pub(super) struct Sink {
    owner: Arc<Owner>,
}

impl Sink {
    /// Starts the thread that writes to `out`.
    pub(super) fn start(out: impl Write + Send + 'static, format: LogFormat, clock: Clock) -> io::Result<Self> {
        let shared = Arc::new(Shared { format, clock, ..Shared::default() });
        let writer = Writer { shared: Arc::clone(&shared), out, torn: false, stamp: LineTime::default() };
        thread::Builder::new().name("log".to_owned()).spawn(move || writer.run())?;
        Ok(Self { owner: Arc::new(Owner(shared)) })
    }

    /// Appends the one line, or the lines, that `write` writes, each with its end.
    pub(super) fn append(&self, write: impl FnOnce(&mut Vec<u8>, &mut LineTime)) {
        // Taken out and not borrowed: a line that is logged while this one is made finds an empty buffer.
        let mut draft = DRAFT.take();
        draft.bytes.clear();
        write(&mut draft.bytes, &mut draft.stamp);
        self.append_bytes(&draft.bytes);
        if draft.bytes.capacity() <= LARGE {
            DRAFT.set(draft);
        }
    }

    fn append_bytes(&self, lines: &[u8]) {
        let shared = self.shared();
        let mut state = shared.lock();
        let before = state.bytes.len();
        // Dropped and counted, and never waited for: the caller may be in the middle of a request.
        if before.saturating_add(lines.len()) > CAPACITY {
            state.dropped = state.dropped.saturating_add(1);
            shared.dropped.inc();
            return;
        }
        state.bytes.extend_from_slice(lines);
        state.appended = state.appended.wrapping_add(1);
        let wake = before == 0 || (before < LARGE && state.bytes.len() >= LARGE);
        drop(state);
        // The thread sleeps only while there is nothing, or until there is much: other lines need not wake it.
        if wake {
            shared.work.notify_one();
        }
    }

    /// Waits until everything that was appended before is written, or for `patience`. True when all is written.
    /// Blocks: for the end of the process and for tests.
    pub(super) fn flush(&self, patience: Duration) -> bool {
        self.shared().flush(patience)
    }

    /// How lines look.
    pub(super) fn format(&self) -> LogFormat {
        self.shared().format
    }

    /// The time for lines that do not bring their own.
    pub(super) fn clock(&self) -> &Clock {
        &self.shared().clock
    }

    /// Counts the lines that were dropped.
    pub(super) fn dropped(&self) -> &Counter {
        &self.shared().dropped
    }

    fn shared(&self) -> &Shared {
        &self.owner.0
    }
}

/// What a thread makes its lines in.
#[derive(Default)]
struct Draft {
    bytes: Vec<u8>,
    stamp: LineTime,
}

thread_local! {
    static DRAFT: Cell<Draft> = Cell::default();
}

/// Ends the thread when the last handle goes.
#[derive(Debug)]
struct Owner(Arc<Shared>);

impl Drop for Owner {
    fn drop(&mut self) {
        // The thread is told to end and not joined: behind a reader that stalls it might never come to that.
        self.0.flush(LAST_PATIENCE);
        self.0.lock().closed = true;
        self.0.work.notify_one();
    }
}

#[derive(Debug)]
struct Shared {
    state: Mutex<SinkState>,
    /// Wakes the thread: there is something to write, or much, or somebody waits.
    work: Condvar,
    /// Wakes those who wait in `flush`.
    written: Condvar,
    format: LogFormat,
    clock: Clock,
    dropped: Counter,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            work: Condvar::new(),
            written: Condvar::new(),
            format: LogFormat::Text,
            clock: Clock::System,
            dropped: Counter::default(),
        }
    }
}

#[derive(Default)]
struct SinkState {
    bytes: Vec<u8>,
    /// Lines ever appended, and of those the ones whose fate is settled: written or lost.
    appended: u64,
    settled: u64,
    /// Lines dropped that nobody has been told of.
    dropped: u64,
    /// Somebody waits: do not gather more lines first.
    hurry: bool,
    closed: bool,
}

impl fmt::Debug for SinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("buffered", &self.bytes.len())
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, SinkState> {
        self.state.lock()
    }

    fn flush(&self, patience: Duration) -> bool {
        let mut state = self.lock();
        let goal = state.appended;
        state.hurry = true;
        self.work.notify_one();
        // By the sign of the difference, which is right also after the numbers have wrapped around.
        let unsettled = |state: &mut SinkState| goal.wrapping_sub(state.settled).cast_signed() > 0;
        !self.written.wait_while_for(&mut state, unsettled, patience).timed_out()
    }
}

/// What the thread owns.
struct Writer<W> {
    shared: Arc<Shared>,
    out: W,
    /// The last write failed, perhaps in the middle of a line.
    torn: bool,
    stamp: LineTime,
}

impl<W: Write> Writer<W> {
    fn run(mut self) {
        let mut batch = Vec::new();
        let mut last_write: Option<Instant> = None;
        loop {
            let Some((goal, dropped)) = self.next_batch(&mut batch, last_write) else { return };
            let lost = self.write(&batch).is_err();
            batch.clear();
            last_write = Some(Instant::now());
            let mut state = self.shared.lock();
            if lost {
                let lines = goal.wrapping_sub(state.settled).saturating_add(dropped);
                state.dropped = state.dropped.saturating_add(lines);
                // Without those that were dropped before: they were counted when it happened.
                self.shared.dropped.inc_by(lines.saturating_sub(dropped));
            }
            state.settled = goal;
            drop(state);
            self.shared.written.notify_all();
        }
    }

    /// Waits for lines, gathers for a moment when lines come fast, and takes them all: the number of the last one, and
    /// how many were dropped. `None` when it is over.
    fn next_batch(&mut self, batch: &mut Vec<u8>, last_write: Option<Instant>) -> Option<(u64, u64)> {
        let mut state = self.shared.lock();
        loop {
            // A loss is not worth a write of its own to a reader who is gone.
            if state.bytes.is_empty() && (state.dropped == 0 || self.torn) {
                if state.closed {
                    return None;
                }
                state.hurry = false;
                self.shared.work.wait(&mut state);
                continue;
            }
            let left = last_write.map_or(Duration::ZERO, |at| GATHER.saturating_sub(at.elapsed()));
            if left.is_zero() || state.hurry || state.closed || state.bytes.len() >= LARGE {
                break;
            }
            // Woken or not, everything is looked at again.
            let _timed_out = self.shared.work.wait_for(&mut state, left);
        }
        // Swapped and not copied: callers wait for this lock, and both buffers keep their room.
        std::mem::swap(batch, &mut state.bytes);
        let dropped = std::mem::take(&mut state.dropped);
        let goal = state.appended;
        drop(state);
        if dropped > 0 {
            let at = self.shared.clock.now();
            let mut line =
                LogLine::begin(batch, &mut self.stamp, self.shared.format, at, Level::WARN, "vestibule::telemetry");
            line.word("message", "log lines were dropped: nobody read them fast enough");
            line.number("dropped", dropped);
            line.end();
        }
        Some((goal, dropped))
    }

    fn write(&mut self, batch: &[u8]) -> io::Result<()> {
        if self.torn {
            // Half a line may be out already: it is ended, so that the next one is readable.
            self.write_all(b"\n")?;
            self.torn = false;
        }
        let result = self.write_all(batch).and_then(|()| self.out.flush());
        self.torn = result.is_err();
        result
    }

    /// Like `Write::write_all`, but waits when stderr is a pipe that somebody has made non-blocking.
    fn write_all(&mut self, mut rest: &[u8]) -> io::Result<()> {
        while !rest.is_empty() {
            match self.out.write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(RETRY),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Bytes that wait for a reader who stalls: a few thousand lines.
pub(super) const CAPACITY: usize = 1024 * 1024;

/// From this many bytes on, a write is not put off to gather more.
const LARGE: usize = 32 * 1024;

/// How long lines are gathered after a write before the next one.
const GATHER: Duration = Duration::from_millis(50);

/// Between two attempts at a non-blocking stderr that is full.
const RETRY: Duration = Duration::from_millis(5);

/// How long the last handle waits for the last lines.
const LAST_PATIENCE: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufRead, BufReader, PipeReader, pipe};

    const PATIENCE: Duration = Duration::from_secs(10);

    fn piped() -> (Sink, PipeReader) {
        let (reader, writer) = pipe().unwrap();
        (Sink::start(writer, LogFormat::Text, Clock::System).unwrap(), reader)
    }

    fn append(sink: &Sink, line: &str) {
        sink.append(|out, _| {
            out.extend_from_slice(line.as_bytes());
            out.push(b'\n');
        });
    }

    #[test]
    fn a_lone_line_is_written_without_anybody_asking() {
        let (sink, reader) = piped();
        let mut lines = BufReader::new(reader).lines();
        for line in ["first", "second"] {
            append(&sink, line);
            assert_eq!(lines.next().unwrap().unwrap(), line);
        }
    }

    #[test]
    fn nobody_waits_for_a_reader_that_stalls_and_the_loss_is_said() {
        let (sink, reader) = piped();
        let line = "x".repeat(1000);
        // Nobody reads before all of them are appended: whoever waited for a reader would wait for ever.
        for _ in 0..5000 {
            append(&sink, &line);
        }
        let dropped = sink.dropped().get();
        assert!((1000..4500).contains(&dropped), "{dropped}");
        assert!(!sink.flush(Duration::from_millis(1)));

        let read = thread::spawn(move || BufReader::new(reader).lines().map(Result::unwrap).collect::<Vec<_>>());
        assert!(sink.flush(PATIENCE));
        append(&sink, "after");
        drop(sink);
        let lines = read.join().unwrap();
        let said: u64 =
            lines.iter().filter_map(|l| l.split_once(" dropped=")).map(|(_, n)| n.parse::<u64>().unwrap()).sum();
        assert_eq!(said, dropped);
        assert_eq!(lines.iter().filter(|l| **l == line).count() as u64, 5000 - dropped);
        assert_eq!(lines.iter().filter(|l| *l == "after").count(), 1);
    }

    #[test]
    fn lines_of_many_threads_do_not_mix() {
        let (sink, reader) = piped();
        let threads: Vec<_> = ('a'..='d')
            .map(|letter| {
                let sink = sink.clone();
                thread::spawn(move || (0..500).for_each(|_| append(&sink, &letter.to_string().repeat(300))))
            })
            .collect();
        drop(sink);
        let lines: Vec<_> = BufReader::new(reader).lines().map(Result::unwrap).collect();
        for thread in threads {
            thread.join().unwrap();
        }
        assert_eq!(lines.len(), 2000);
        assert!(lines.iter().all(|line| line.len() == 300 && line.bytes().all(|b| b == line.as_bytes()[0])));
    }

    #[test]
    fn a_writer_that_fails_loses_lines_and_counts_them() {
        let (sink, reader) = piped();
        drop(reader);
        append(&sink, "lost");
        assert!(sink.flush(PATIENCE));
        assert!(sink.dropped().get() >= 1);
    }

    #[test]
    fn the_last_handle_writes_what_is_left() {
        let (sink, reader) = piped();
        append(&sink, "one");
        append(&sink, "two");
        drop(sink);
        assert_eq!(BufReader::new(reader).lines().map(Result::unwrap).collect::<Vec<_>>(), ["one", "two"]);
    }
}

//! The table: the peer's bytes beside the growth of memory.
//!
//! In comes a running program and a way to fill one of its readers, out comes a row. Every row has a program of its
//! own, since memory that was freed once is there for the next one and would not be seen to grow.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::support::Vestibule;

/// What one reader did.
#[derive(Debug)]
pub(crate) struct Row {
    reader: String,
    sent: u64,
    grown: u64,
    most: u64,
}

impl Row {
    /// And at most so many bytes, where ten times what was sent is more.
    pub(crate) fn at_most(self, bytes: u64) -> Self {
        Self { most: self.most.min(bytes.saturating_add(SLACK)), ..self }
    }

    /// So many bytes on top, for what is there before the first byte: connections, and their TLS sessions.
    pub(crate) fn besides(self, bytes: u64) -> Self {
        Self { most: self.most.saturating_add(bytes), ..self }
    }
}

/// How much memory a reader may take.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Bound {
    /// Ten times what the peer sent.
    TenTimes,
    /// The reader's own limit, in bytes, however often it is filled.
    Limit(u64),
}

/// Waits for the other tables: a program that is starved by its neighbours answers nobody in time.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static TABLE: Mutex<()> = Mutex::new(());
    TABLE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Fills a reader and measures. `fill` returns how many bytes the peer sent, once all of them were dealt with. The
/// program should have done the same with a small message before, so that the code itself is in memory.
pub(crate) fn row(reader: &str, bound: Bound, vestibule: &Vestibule, fill: impl FnOnce() -> usize) -> Row {
    let pid = vestibule.pid();
    // "5" makes the resident set of this moment the highest one (proc_pid_clear_refs(5)).
    fs::write(format!("/proc/{pid}/clear_refs"), "5").expect("the process is ours");
    let before = status(pid, "VmRSS:");
    let sent = u64::try_from(fill()).expect("a number of bytes");
    let grown = status(pid, "VmHWM:").saturating_sub(before);
    let most = match bound {
        Bound::TenTimes => sent.saturating_mul(10),
        Bound::Limit(bytes) => bytes,
    };
    Row { reader: reader.to_owned(), sent, grown, most: most.saturating_add(SLACK) }
}

/// Prints the table and fails for the rows that grew too much. Around the test harness: it is to be seen when all is
/// well.
#[track_caller]
pub(crate) fn judge(side: &str, rows: &[Row]) {
    let mut text = format!("\n{side:<58} {:>11} {:>11} {:>7} {:>11}\n", "sent", "grown", "times", "at most");
    for row in rows {
        let tenths = row.grown.saturating_mul(10) / row.sent.max(1);
        let times = format!("{}.{}", tenths / 10, tenths % 10);
        let (sent, grown, most) = (kib(row.sent), kib(row.grown), kib(row.most));
        let note = if row.grown > row.most { "  <-- too much" } else { "" };
        let _ = writeln!(text, "{:<58} {sent:>11} {grown:>11} {times:>7} {most:>11}{note}", row.reader);
    }
    std::io::stdout().write_all(text.as_bytes()).expect("standard output is open");
    let failed: Vec<_> = rows.iter().filter(|row| row.grown > row.most).map(|row| row.reader.as_str()).collect();
    assert!(failed.is_empty(), "memory grew too much: {failed:?}{text}");
}

/// A value of `/proc/PID/status`, in bytes.
pub(crate) fn status(pid: u32, name: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).expect("the process runs");
    let line = status.lines().find_map(|line| line.strip_prefix(name)).expect("the kernel says it");
    let kib: u64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
    kib * 1024
}

fn kib(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}

/// What a connection, a task and the pages that an allocator keeps may take whatever was sent.
const SLACK: u64 = 2 * 1024 * 1024;

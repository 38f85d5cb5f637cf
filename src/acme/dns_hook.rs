//! The operator's command that writes a TXT record and takes it away again.
//!
//! It is started without a shell, as `PROGRAM ARGUMENTS... present NAME VALUE`, and later with `cleanup` in the place
//! of `present`. It has a time, after which it and what it has started are killed. What it says on standard error is
//! for the operator.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::config::DnsHook;

/// Why a hook did not do what it should.
#[derive(Debug, thiserror::Error)]
pub enum HookError {
    /// It cannot be started, or watched.
    #[error("it cannot be run")]
    Run(#[from] io::Error),
    /// It says that it failed.
    #[error("{status}: {said}")]
    Failed {
        /// How it ended.
        status: ExitStatus,
        /// The last that it said on standard error.
        said: String,
    },
    /// It was killed.
    #[error("it took longer than {0:?} and was killed")]
    TimedOut(Duration),
}

/// What a hook is to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Present,
    Cleanup,
}

/// Runs the hook to its end.
pub(super) async fn run(hook: &DnsHook, action: Action, name: &str, value: &str) -> Result<(), HookError> {
    let mut command = Command::new(&hook.program);
    command.args(&hook.arguments).args([action.word(), name, value]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    // What the service manager gave us is for us: a hook could tell it that we are ready, or take a socket for its own.
    for ours in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] {
        command.env_remove(ours);
    }
    // A group of its own, so that what it has started is killed with it.
    let mut child = Group(command.process_group(0).spawn()?);
    let said = child.0.stderr.take();
    let (status, said) = tokio::time::timeout(hook.timeout, async {
        // Read while it runs: with a full pipe it would wait for us for ever.
        tokio::join!(child.0.wait(), last_words(said))
    })
    .await
    .map_err(|_| HookError::TimedOut(hook.timeout))?;
    let status = status?;
    if status.success() { Ok(()) } else { Err(HookError::Failed { status, said }) }
}

impl Action {
    fn word(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Cleanup => "cleanup",
        }
    }
}

/// A child that leads a group. Nothing of the group outlives it, however the wait for it ends.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // Its number is ours until it has been waited for; after that it may be another's.
        let pid = self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
        if let Some(pid) = pid {
            // A group that is gone needs no signal.
            let _gone = kill_process_group(pid, Signal::KILL);
        }
    }
}

/// The end of what is said, on one line.
async fn last_words(said: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut said) = said else { return String::new() };
    let (mut kept, mut piece) = (Vec::new(), [0; 1024]);
    // What cannot be read is not said.
    while let Ok(length @ 1..) = said.read(&mut piece).await {
        kept.extend_from_slice(piece.get(..length).unwrap_or_default());
        let surplus = kept.len().saturating_sub(LAST_WORDS);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).trim().replace(|c: char| c.is_control(), " ")
}

/// Bytes of standard error that are kept.
const LAST_WORDS: usize = 500;

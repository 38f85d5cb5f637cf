//! The operator's command that writes a TXT record and takes it away again.
//!
//! It is started without a shell, as `PROGRAM ARGUMENTS... present NAME VALUE`, and later with `cleanup` in the place
//! of `present`. It has a time, after which it and what it has started are killed. What it says on standard error is
//! for the operator.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::io::retry_on_intr;
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};
use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::{Child, Command};

use crate::config::DnsHook;
use crate::workers::spawn_blocking;

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
    let (stderr, mut said) = (child.0.stderr.take(), LastWords::default());
    {
        let ended = tokio::time::timeout(hook.timeout, child.ended());
        // Read while it runs: with a full pipe it would wait for us for ever.
        let (mut ended, mut reading) = (std::pin::pin!(ended), std::pin::pin!(said.read(stderr)));
        let ended = tokio::select! {
            ended = &mut ended => {
                if matches!(ended, Ok(Ok(()))) {
                    // What it has started may hold its standard error for ever.
                    let _silent = tokio::time::timeout(LINGER, reading).await;
                }
                ended
            }
            () = &mut reading => ended.await,
        };
        ended.map_err(|_| HookError::TimedOut(hook.timeout))??;
    }
    child.kill();
    let status = child.0.wait().await?;
    if status.success() { Ok(()) } else { Err(HookError::Failed { status, said: said.text() }) }
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

impl Group {
    /// Its number is ours until it has been waited for; after that it may be another's.
    fn pid(&self) -> Option<Pid> {
        self.0.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw)
    }

    /// Returns when the child has ended, which has not been waited for then: its group can still be killed.
    async fn ended(&self) -> io::Result<()> {
        let Some(pid) = self.pid() else { return Ok(()) };
        let options = WaitIdOptions::EXITED.union(WaitIdOptions::NOWAIT);
        let ended = spawn_blocking(move || retry_on_intr(|| waitid(WaitId::Pid(pid), options)).map(drop));
        ended.await.map_err(io::Error::other)?.map_err(Into::into)
    }

    fn kill(&self) {
        if let Some(pid) = self.pid() {
            // A group that is gone needs no signal.
            let _gone = kill_process_group(pid, Signal::KILL);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The end of what is said.
#[derive(Default)]
struct LastWords(Vec<u8>);

impl LastWords {
    async fn read(&mut self, said: Option<impl AsyncRead + Unpin>) {
        let Some(mut said) = said else { return };
        let mut piece = [0; 1024];
        // What cannot be read is not said.
        while let Ok(length @ 1..) = said.read(&mut piece).await {
            self.0.extend_from_slice(piece.get(..length).unwrap_or_default());
            let surplus = self.0.len().saturating_sub(LAST_WORDS);
            self.0.drain(..surplus);
        }
    }

    /// On one line.
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0).trim().replace(|c: char| c.is_control(), " ")
    }
}

/// How long standard error is read after the hook has ended.
const LINGER: Duration = Duration::from_secs(1);
/// Bytes of standard error that are kept.
const LAST_WORDS: usize = 500;

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Instant;

    use super::*;

    /// Runs this script with the path of a file as `$0`; what it writes there is the number of a process.
    async fn run_script(script: &str) -> (Result<(), HookError>, String) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let arguments = ["-c".to_owned(), script.to_owned(), file.display().to_string()].into();
        let timeout = Duration::from_mins(1);
        let hook = DnsHook { program: "/bin/sh".into(), arguments, timeout };
        let begun = Instant::now();
        let result = run(&hook, Action::Present, "name", "value").await;
        assert!(begun.elapsed() < timeout / 2, "it does not wait for what the hook has started");
        (result, fs::read_to_string(file).unwrap_or_default().trim().to_owned())
    }

    #[tokio::test]
    async fn what_a_hook_leaves_behind_is_killed_and_its_own_status_counts() {
        for (end, said) in [("exit 0", None), ("echo no zone >&2; exit 3", Some("exit status: 3: no zone"))] {
            let (result, pid) = run_script(&format!("sleep 1000 & echo $! >\"$0\"; {end}")).await;
            assert_eq!(result.err().map(|error| error.to_string()).as_deref(), said);
            let stat = format!("/proc/{pid}/stat");
            let deadline = Instant::now() + Duration::from_secs(20);
            // Gone, or waiting for its new parent to notice.
            while fs::read_to_string(&stat).is_ok_and(|stat| !stat.contains(") Z ")) {
                assert!(Instant::now() < deadline, "{pid} lives");
                tokio::task::yield_now().await;
            }
        }
    }

    #[tokio::test]
    async fn a_hook_that_closes_its_standard_error_is_waited_for() {
        let (result, done) = run_script("exec 2>&-; sleep 0.3; echo done >\"$0\"").await;
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(done, "done");
    }
}

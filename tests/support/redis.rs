//! A real redis-server for one test, in a folder of its own on a Unix socket (or on a port, for TLS): started, spoken
//! to, paused, killed and started again. There is no test without it: `.ci/run` installs it.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::patience::eventually;

/// A running redis-server and its folder.
pub(crate) struct Redis {
    folder: TempDir,
    arguments: Vec<String>,
    child: Child,
}

impl Redis {
    /// One without persistence: what it knew is lost when it is started again.
    pub(crate) fn start() -> Self {
        Self::start_with(&[])
    }

    /// One that keeps what it knows on disk, every write of it.
    pub(crate) fn start_durable() -> Self {
        Self::start_with(&["--appendonly", "yes", "--appendfsync", "always"])
    }

    /// One with more settings. `FOLDER` in them stands for its folder.
    pub(crate) fn start_with(settings: &[&str]) -> Self {
        Self::start_in(TempDir::new().expect("a temporary folder"), settings)
    }

    /// One in this folder, where its certificates may be.
    pub(crate) fn start_in(folder: TempDir, settings: &[&str]) -> Self {
        let place = folder.path().display().to_string();
        let fixed = ["--save", "", "--port", "0", "--unixsocket", "FOLDER/redis.sock", "--unixsocketperm", "700"];
        let fixed = fixed.into_iter().chain(["--dir", "FOLDER", "--logfile", "FOLDER/redis.log", "--daemonize", "no"]);
        let arguments = fixed.chain(settings.iter().copied()).map(|text| text.replace("FOLDER", &place)).collect();
        let child = spawn(&arguments);
        let this = Self { folder, arguments, child };
        this.await_start();
        this
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Sends it a signal by name, as in `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        assert!(status.expect("kill is installed").success(), "the signal {name} is delivered");
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("redis.sock")
    }

    /// As `[session] store` names it.
    pub(crate) fn url(&self) -> String {
        format!("redis+unix:{}", self.socket().display())
    }

    /// Says something to it, and gives what it answers.
    #[track_caller]
    pub(crate) fn say(&self, words: &[&str]) -> String {
        let output = self.cli().args(words).output().expect("redis-cli is installed");
        assert!(output.status.success(), "{words:?}: {output:?}");
        String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
    }

    fn cli(&self) -> Command {
        let mut command = Command::new("redis-cli");
        command.arg("-s").arg(self.socket()).stdin(Stdio::null());
        command
    }

    /// The keys that fit a pattern.
    pub(crate) fn keys(&self, pattern: &str) -> Vec<String> {
        let answer = self.say(&["--raw", "KEYS", pattern]);
        answer.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect()
    }

    /// Ends it without a word.
    pub(crate) fn kill_9(&mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
        let _gone = std::fs::remove_file(self.socket());
    }

    /// Starts it again in the same folder.
    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.arguments);
        self.await_start();
    }

    fn await_start(&self) {
        eventually("redis-server", || {
            UnixStream::connect(self.socket()).ok()?;
            let output = self.cli().arg("PING").output().expect("redis-cli is installed");
            let said = String::from_utf8_lossy(&output.stdout);
            (said.contains("PONG") || said.contains("NOAUTH")).then_some(())
        });
    }
}

/// Whether there is no redis-server here, so that a test of it is skipped with a word: a fresh clone needs none. With
/// `VESTIBULE_TOOLS=required`, as in CI, that fails.
#[track_caller]
#[allow(clippy::print_stderr, reason = "whoever reads the results must see what was not tested")]
pub(crate) fn redis_is_missing() -> bool {
    let mut command = Command::new("redis-server");
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let is_missing = !command.status().is_ok_and(|status| status.success());
    let required = std::env::var_os("VESTIBULE_TOOLS").is_some_and(|value| value == "required");
    assert!(!is_missing || !required, "redis-server is missing");
    if is_missing {
        eprintln!("skipped: redis-server is missing");
    }
    is_missing
}

fn spawn(arguments: &Vec<String>) -> Child {
    let mut command = Command::new("redis-server");
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("redis-server is installed")
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

//! The program under test: started in a folder of its own as an operator starts it, watched, signalled, and killed when
//! the test ends. Its standard error is kept and shown when the test fails.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

use super::ask::{Answer, Ask, Protocol};
use super::config_file::ConfigFile;
use super::h1::{self, RawClient};
use super::h2::H2Client;
use super::home::{self, Home};
use super::launch::{Captured, Extra, announced, clean, spawn};
use super::patience::{PATIENCE, eventually, soon};
use super::{certificate, form};

/// A running vestibule and its folder.
pub(crate) struct Vestibule {
    folder: TempDir,
    home: Home,
    config: ConfigFile,
    extra: Extra,
    child: Child,
    stderr: Captured,
    https: SocketAddr,
    operations: SocketAddr,
}

/// The name of our cookie.
pub(crate) const COOKIE: &str = "__Host-ingress_session";

impl Vestibule {
    /// Starts it with this configuration and waits until it is ready.
    pub(crate) fn start(configure: impl FnOnce(&mut ConfigFile)) -> Self {
        Self::start_at_home(configure, |_| {})
    }

    /// Starts it after the home and the configuration have been changed.
    pub(crate) fn start_at_home(configure: impl FnOnce(&mut ConfigFile), furnish: impl FnOnce(&Home)) -> Self {
        Self::start_with(configure, furnish, |_| Extra::default())
    }

    /// Starts it as a service manager would.
    pub(crate) fn start_with(
        configure: impl FnOnce(&mut ConfigFile),
        furnish: impl FnOnce(&Home),
        extra: impl FnOnce(&Path) -> Extra,
    ) -> Self {
        let mut this = Self::launch(configure, furnish, extra);
        this.await_ready();
        this
    }

    /// Starts it, and waits until it listens and no longer.
    pub(crate) fn start_unready(configure: impl FnOnce(&mut ConfigFile)) -> Self {
        let mut this = Self::launch(configure, |_| {}, |_| Extra::default());
        this.await_addresses();
        this
    }

    fn launch(
        configure: impl FnOnce(&mut ConfigFile),
        furnish: impl FnOnce(&Home),
        extra: impl FnOnce(&Path) -> Extra,
    ) -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        certificate::write_to(folder.path());
        let home = Home::copy_to(folder.path().join("home"));
        furnish(&home);
        let mut config = ConfigFile::default();
        configure(&mut config);
        fs::write(folder.path().join("config.toml"), config.to_toml()).expect("the folder is ours");
        let mut extra = extra(folder.path());
        let (child, stderr) = spawn(folder.path(), &mut extra);
        let nowhere = SocketAddr::from(([0, 0, 0, 0], 0));
        Self { folder, home, config, extra, child, stderr, https: nowhere, operations: nowhere }
    }

    /// Ends it without a word, as the kernel does when memory is short.
    pub(crate) fn kill_9(&mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }

    /// From the next start on, no file may grow beyond so many blocks of 512 bytes; `None` takes the limit away.
    pub(crate) fn limit_files(&mut self, blocks: Option<u32>) {
        self.extra.file_limit = blocks;
    }

    /// From the next start on, `serve` has these arguments.
    pub(crate) fn serve_with(&mut self, arguments: &[&str]) {
        self.extra.arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
    }

    /// Starts it again in the same folder, without waiting for anything.
    pub(crate) fn spawn_again(&mut self) {
        (self.child, self.stderr) = spawn(self.folder.path(), &mut self.extra);
    }

    /// Starts it again in the same folder.
    pub(crate) fn start_again(&mut self) {
        self.spawn_again();
        self.await_ready();
    }

    fn await_ready(&mut self) {
        self.await_addresses();
        eventually("readiness", || {
            if let Ok(Some(status)) = self.child.try_wait() {
                panic!("vestibule ended with {status} instead of starting:\n{}", self.stderr.text());
            }
            let answer = h1::plain(self.operations, &Ask::get("/readyz")).ok()?;
            (answer.status == 200).then_some(())
        });
    }

    fn await_addresses(&mut self) {
        // A socket that was handed over is announced by whoever made it, and may be named with another scheme.
        self.https = self.announced("https://");
        self.operations = self.announced("http://");
    }

    fn announced(&mut self, scheme: &str) -> SocketAddr {
        let found = soon(PATIENCE, || {
            let ended = self.child.try_wait().ok().flatten();
            let found = self.stderr.lines().iter().find_map(|line| announced(line, scheme));
            assert!(found.is_some() || ended.is_none(), "vestibule ended at start:\n{}", self.stderr.text());
            found
        });
        found.unwrap_or_else(|| panic!("no line names a {scheme} address:\n{}", self.stderr.text()))
    }

    /// Where browsers reach it.
    pub(crate) fn https(&self) -> SocketAddr {
        self.https
    }

    /// Where the operator reaches it.
    pub(crate) fn operations(&self) -> SocketAddr {
        self.operations
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file of its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The home whose users it serves.
    pub(crate) fn home(&self) -> &Home {
        &self.home
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by name, as in `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {}", self.child.id())).status();
        assert!(status.expect("a shell").success(), "the signal {name} is delivered");
    }

    /// The exit status, once it has ended; nothing while it runs.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("the child is ours")
    }

    /// Waits until it has ended by itself.
    pub(crate) fn await_end(&mut self, deadline: Duration) -> ExitStatus {
        soon(deadline, || self.ended()).unwrap_or_else(|| panic!("vestibule does not end:\n{}", self.stderr()))
    }

    /// Replaces `config.toml` in one step with a changed one.
    pub(crate) fn reconfigure(&mut self, change: impl FnOnce(&mut ConfigFile)) {
        change(&mut self.config);
        self.write_config(&self.config.to_toml());
    }

    /// Replaces `config.toml` in one step with this text.
    pub(crate) fn write_config(&self, text: &str) {
        home::replace(&self.path("config.toml"), text.as_bytes());
    }

    /// All that it has written to standard error.
    pub(crate) fn stderr(&self) -> String {
        self.stderr.text()
    }

    /// Waits for a line of standard error that has all these words in it.
    pub(crate) fn await_line(&self, words: &[&str]) -> String {
        eventually(&format!("a line with {words:?}"), || {
            self.stderr.lines().into_iter().find(|line| words.iter().all(|word| line.contains(word)))
        })
    }

    /// Runs a subcommand on the same configuration.
    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        let mut command = clean(env!("CARGO_BIN_EXE_vestibule"));
        command.arg("--config").arg(self.path("config.toml")).args(arguments);
        command.output().expect("the binary runs")
    }

    /// Runs a subcommand that must succeed and gives its standard output.
    #[track_caller]
    pub(crate) fn command_ok(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{stderr}", output.status);
        String::from_utf8(output.stdout).expect("the output is text")
    }

    /// A session of a user, as `name=value` for a `Cookie` line.
    #[track_caller]
    pub(crate) fn cookie(&self, user: &str) -> String {
        session_cookie(&self.command_ok(&["sessions", "new", "--user", user]))
    }

    /// A session of a user that is bound to one add-on.
    #[track_caller]
    pub(crate) fn bound_cookie(&self, user: &str, addon: &str) -> String {
        session_cookie(&self.command_ok(&["sessions", "new", "--user", user, "--addon", addon]))
    }

    /// Ends all sessions of a user, and returns once that has been acknowledged.
    #[track_caller]
    pub(crate) fn revoke(&self, user: &str) {
        self.command_ok(&["sessions", "revoke", "--user", user]);
    }

    /// Whether a session still opens what it once opened, judged by who vestibule says it is.
    pub(crate) fn is_live(&self, cookie: &str) -> bool {
        let answer = self.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(cookie));
        assert!(matches!(answer.status, 200 | 401 | 403), "{answer:#?}");
        answer.status == 200
    }

    /// Whether a session opens what it once opened, whoever is away meanwhile.
    pub(crate) fn is_live_at_all(&self, cookie: &str) -> bool {
        self.ask(Protocol::H1, &Ask::get("/.vestibule/session").cookie(cookie)).status == 200
    }

    /// Waits until a session is refused.
    #[track_caller]
    pub(crate) fn await_ended(&self, cookie: &str) {
        eventually("the end of the session", || (!self.is_live(cookie)).then_some(()));
    }

    /// Asks over a connection of its own.
    #[track_caller]
    pub(crate) fn ask(&self, protocol: Protocol, ask: &Ask) -> Answer {
        match protocol {
            Protocol::H1 => RawClient::connect(self.https).ask(ask),
            Protocol::H2 => H2Client::connect(self.https).ask(ask),
        }
    }

    /// Asks from another address of this machine, over HTTP/1.1.
    #[track_caller]
    pub(crate) fn ask_from(&self, source: IpAddr, ask: &Ask) -> Answer {
        RawClient::connect_from(source, self.https).ask(ask)
    }

    /// Asks the listener of the operator.
    pub(crate) fn ask_operations(&self, ask: &Ask) -> Answer {
        h1::plain(self.operations, ask).expect("the operations listener answers")
    }

    /// Signs in with the form, as a browser does, and gives the answer to the POST.
    #[track_caller]
    pub(crate) fn sign_in(&self, user: &str, password: &str) -> Answer {
        form::Form::open(self, LOOPBACK).submit(self, user, password)
    }
}

/// The address from which the tests come when they do not say otherwise.
pub(crate) const LOOPBACK: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

impl Drop for Vestibule {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("--- config.toml\n{}\n--- standard error of vestibule\n{}", self.config.to_toml(), self.stderr());
        }
    }
}

/// The cookie that `sessions new` printed: one line, the cookie alone.
#[track_caller]
fn session_cookie(stdout: &str) -> String {
    let cookie = stdout.strip_suffix('\n').unwrap_or(stdout);
    let token = cookie.strip_prefix(COOKIE).and_then(|rest| rest.strip_prefix('='));
    assert!(token.is_some_and(|token| !token.is_empty()), "`sessions new` prints the cookie alone: {stdout:?}");
    assert!(!cookie.contains(char::is_whitespace), "`sessions new` prints one line: {stdout:?}");
    cookie.to_owned()
}

//! How the program under test is started: its arguments, its environment, what a service manager hands over, and its
//! standard error, line by line.

use std::io::{self, BufRead, BufReader};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

/// What the service manager gives the process beside its arguments.
#[derive(Debug, Default)]
pub(crate) struct Extra {
    /// More environment.
    pub(crate) environment: Vec<(String, String)>,
    /// More arguments of `serve`.
    pub(crate) arguments: Vec<String>,
    /// A listening socket, handed over as systemd does: file descriptor 3, named by `LISTEN_FDS` and `LISTEN_PID`.
    pub(crate) socket: Option<OwnedFd>,
    /// No file may grow beyond so many blocks of 512 bytes: to the process that is what a full disk looks like.
    pub(crate) file_limit: Option<u32>,
}

/// The address in a line such as `listening https://127.0.0.1:8443`.
pub(crate) fn announced(line: &str, scheme: &str) -> Option<SocketAddr> {
    let (_, rest) = line.split_once("listening")?.1.split_once(scheme)?;
    let end = rest.find(|c: char| !(c.is_ascii_hexdigit() || "[]:.".contains(c))).unwrap_or(rest.len());
    rest.split_at(end).0.trim_end_matches(['.', ':']).parse().ok()
}

/// Starts `serve` on the `config.toml` of a folder.
pub(crate) fn spawn(folder: &Path, extra: &mut Extra) -> (Child, Captured) {
    let binary = env!("CARGO_BIN_EXE_vestibule");
    let mut script = String::new();
    if extra.socket.is_some() {
        // A child can be given a descriptor of ours only as its standard input; the shell moves it to 3 and becomes
        // vestibule, so that LISTEN_PID is right.
        script.push_str("exec 3<&0 0</dev/null; export LISTEN_PID=$$ LISTEN_FDS=1; ");
    }
    if let Some(blocks) = extra.file_limit {
        // The signal that goes with the limit is ignored, so that a write fails as it does on a full disk.
        script = format!("{script}trap '' XFSZ; ulimit -f {blocks}; ");
    }
    let mut command = if script.is_empty() {
        clean(binary)
    } else {
        let mut shell = clean("sh");
        shell.arg("-c").arg(script + r#"exec "$0" "$@""#).arg(binary);
        shell
    };
    command.stdin(match &extra.socket {
        Some(socket) => Stdio::from(socket.try_clone().expect("the descriptor is open")),
        None => Stdio::null(),
    });
    command.arg("serve").arg("--config").arg(folder.join("config.toml"));
    command.args(&extra.arguments);
    command.envs(extra.environment.iter().map(|(key, value)| (key, value)));
    command.stdout(Stdio::null()).stderr(Stdio::piped()).current_dir(folder);
    let mut child = command.spawn().expect("the binary runs");
    let captured = Captured::default();
    let (lines, stderr) = (captured.clone(), child.stderr.take().expect("it is piped"));
    thread::spawn(move || lines.read(BufReader::new(stderr)));
    (child, captured)
}

/// A command without what the environment of the test run could tell the program.
pub(crate) fn clean(program: &str) -> Command {
    let mut command = Command::new(program);
    for name in ["RUST_LOG", "NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES"] {
        command.env_remove(name);
    }
    command
}

/// Lines of standard error as they come.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<String>>>);

impl Captured {
    fn read(&self, stderr: impl io::Read) {
        for line in BufReader::new(stderr).split(b'\n').map_while(Result::ok) {
            self.0.lock().expect("nobody panics here").push(String::from_utf8_lossy(&line).into_owned());
        }
    }

    /// All lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().expect("nobody panics here").clone()
    }

    /// All of it as one text.
    pub(crate) fn text(&self) -> String {
        self.lines().join("\n")
    }
}

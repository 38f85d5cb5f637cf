//! The asker's side of the control socket: blocking, for the command line.
//!
//! A question gives the answer, or an error that says what to do about it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use zeroize::Zeroizing;

use super::{ANSWER_LIMIT, ANSWER_TIMEOUT, Answer, LINE_TIMEOUT, Request};

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// There is no socket, or nobody behind it.
    #[error("nothing listens at `{}`", path.display())]
    NobodyListens {
        /// Path of the control socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The socket is another user's.
    #[error("you may not open `{}`", path.display())]
    NotAllowed {
        /// Path of the control socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// No answer came in time.
    #[error("no answer came from `{}` in time", path.display())]
    Timeout {
        /// Path of the control socket.
        path: PathBuf,
    },
    /// The connection failed in some other way.
    #[error("could not talk to `{}`", path.display())]
    Broken {
        /// Path of the control socket.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The answer is not one of ours.
    #[error("the answer from `{}` was not understood", path.display())]
    NotUnderstood {
        /// Path of the control socket.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
}

impl AskError {
    /// What the operator can do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::NobodyListens { .. } => "is vestibule running, and with this configuration file?",
            Self::NotAllowed { .. } => "run this as root or as the user that runs vestibule",
            Self::Timeout { .. } => "the process may be overloaded: look at its log",
            Self::Broken { .. } => "the process may have ended just now: look at its log",
            Self::NotUnderstood { .. } => "the process that runs may be another version: restart it",
        }
    }
}

/// Asks the process that listens at `path`.
pub fn ask(path: &Path, request: &Request) -> Result<Answer, AskError> {
    let answer = exchange(path, request).map_err(|source| failed(path, source))?;
    serde_json::from_slice(&answer).map_err(|source| AskError::NotUnderstood { path: path.to_owned(), source })
}

fn exchange(path: &Path, request: &Request) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut stream = UnixStream::connect(path)?;
    stream.set_write_timeout(Some(LINE_TIMEOUT))?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT.saturating_add(MARGIN)))?;
    let mut line = serde_json::to_vec(request)?;
    line.push(b'\n');
    stream.write_all(&line)?;
    let mut answer = Zeroizing::new(Vec::new());
    BufReader::new(stream.take(ANSWER_LIMIT)).read_until(b'\n', &mut answer)?;
    // Closed without a word: the process has ended, or had no place for one more question.
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(answer) }
}

fn failed(path: &Path, source: io::Error) -> AskError {
    let path = path.to_owned();
    match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => AskError::NobodyListens { path, source },
        io::ErrorKind::PermissionDenied => AskError::NotAllowed { path, source },
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => AskError::Timeout { path },
        _ => AskError::Broken { path, source },
    }
}

/// Time that the way there and back may take on top.
const MARGIN: Duration = Duration::from_secs(2);

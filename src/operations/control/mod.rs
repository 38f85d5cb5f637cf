//! The control socket: what `vestibule sessions` and friends say to the running process.
//!
//! One JSON line from root or from the user that runs vestibule is answered with one JSON line. All others are turned
//! away twice: by the socket's mode, 0600, and by the credentials that the kernel vouches for. It must never be
//! reachable over a network, and an answer that holds a session's cookie is shown to nobody but the asker.

mod ask;
mod certificate_line;
mod refusal_line;
mod serve;
mod socket;

use std::fmt;
use std::time::Duration;

use crate::secret::Secret;
use serde::{Deserialize, Serialize};

pub use ask::{AskError, ask};
pub use certificate_line::{CertificateLine, CertificateOrigin, RevocationLine, RevocationWord};
pub use refusal_line::RefusalLine;
pub use serve::serve;
pub use socket::{ControlSocket, SocketError};

use super::readiness::ReadinessState;

/// What may be asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case", deny_unknown_fields)]
pub enum Request {
    /// Lists all live sessions.
    SessionsList {},
    /// A new session for a user.
    SessionsNew {
        /// The user's id or user name.
        user: String,
        /// The slug of the add-on it is bound to.
        addon: Option<String>,
    },
    /// An end to sessions.
    SessionsRevoke {
        /// The sessions that are to end.
        what: RevokeTarget,
    },
    /// Switch the protection of an add-on.
    AddonsProtect {
        /// The add-on's slug.
        slug: String,
        /// Whether it shall be protected.
        protected: bool,
    },
    /// A token for an add-on.
    AddonsToken {
        /// The add-on's slug.
        slug: String,
        /// Whether it may take the place of one that there is.
        rotate: bool,
    },
    /// A key for a program.
    KeysNew(KeyWish),
    /// All keys but passes.
    KeysList {},
    /// All keys that are passes.
    PassesList {},
    /// An end to a key.
    KeysRevoke {
        /// Its id.
        id: String,
    },
    /// Who is banned from signing in.
    BansList {},
    /// An end to bans; without an address, to all of them.
    BansLift {
        /// The address, or any of its /64.
        address: Option<String>,
        /// The user name; none is every name from there.
        user: Option<String>,
    },
    /// Which certificates are shown and on order.
    Certificates {},
    /// Order certificates now.
    CertificatesRenew {
        /// The name; none is all that are ordered.
        domain: Option<String>,
    },
    /// Read the configuration again.
    Reload {},
    /// Read the configuration again, and take it back unless it is confirmed.
    Trial {
        /// After how many milliseconds.
        length: u64,
    },
    /// Confirm the configuration that is on trial.
    Confirm {},
    /// Take back the configuration that is on trial.
    TakeBack {},
    /// Why a request was refused.
    Why {
        /// The id on its error page, or in the log.
        id: String,
    },
    /// How the process is.
    Status {},
}

/// Which sessions are to end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevokeTarget {
    /// The one with this id.
    One(String),
    /// All of the user with this id or user name.
    User(String),
    /// Every session of everybody.
    All,
}

/// The answer to a [`Request`], as one line of JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case", deny_unknown_fields)]
pub enum Answer {
    /// The answer to [`Request::SessionsList`].
    Sessions {
        /// The sessions, newest first.
        sessions: Vec<SessionLine>,
        /// How many more there are than fit an answer.
        more: u64,
        /// Why they are only those that the process that runs knows, when it could not ask the store.
        away: Option<String>,
    },
    /// The answer to [`Request::SessionsNew`].
    SessionMade {
        /// The cookie as `name=value`. It is a secret.
        cookie: Secret<String>,
        /// The session that was made.
        session: SessionLine,
    },
    /// The answer to [`Request::SessionsRevoke`], once it is on disk.
    Revoked {
        /// How many sessions ended.
        count: u64,
    },
    /// The answer to [`Request::AddonsProtect`], once it is on disk.
    Protection {
        /// The slug of the add-on.
        slug: String,
        /// Whether it is protected now.
        protected: bool,
        /// Whether it was not so before.
        changed: bool,
    },
    /// The answer to [`Request::AddonsToken`], once its digest is on disk.
    TokenMade {
        /// The token in clear; it is shown this once.
        token: Secret<String>,
    },
    /// The answer to [`Request::KeysNew`], once its digest is kept.
    KeyMade {
        /// The key in clear; it is shown this once.
        key: Secret<String>,
        /// Its id.
        id: String,
    },
    /// The answer to [`Request::KeysList`].
    Keys {
        /// The keys, newest first.
        keys: Vec<KeyLine>,
    },
    /// The answer to [`Request::BansList`].
    Bans {
        /// The bans, those that end last first.
        bans: Vec<BanLine>,
    },
    /// The answer to [`Request::BansLift`].
    Lifted {
        /// How many addresses and names begin anew.
        count: u64,
    },
    /// The answer to [`Request::Certificates`].
    Certificates {
        /// Those that are shown, in the order of the configuration, then those on order.
        certificates: Vec<CertificateLine>,
    },
    /// The answer to [`Request::CertificatesRenew`]: they are ordered from now on.
    Ordering {
        /// How many names there are.
        count: u64,
    },
    /// The answer to [`Request::Reload`], [`Request::Trial`] and [`Request::TakeBack`].
    Reloaded {
        /// What changed that needs a restart, and other remarks.
        remarks: Vec<String>,
    },
    /// The answer to [`Request::Confirm`], once it is on disk.
    Confirmed {},
    /// The answer to [`Request::Why`].
    Refusal(RefusalLine),
    /// The answer to [`Request::Status`].
    Status(StatusReport),
    /// It could not be done.
    Failed {
        /// Why, for people; may have several lines.
        message: String,
    },
}

impl Answer {
    /// It could not be done, and this is why.
    pub fn failed(why: impl fmt::Display) -> Self {
        Self::Failed { message: why.to_string() }
    }
}

/// A session as operators see it. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionLine {
    /// Its id: not the token, and of no use as one.
    pub id: String,
    /// The user's id in Home Assistant.
    pub user_id: String,
    /// The user's name, while they have one.
    pub user_name: Option<String>,
    /// The add-on it is bound to.
    pub addon: Option<String>,
    /// How it was made: `password`, `command_line`.
    pub made_by: String,
    /// The address it was made from.
    pub client: Option<String>,
    /// The browser's own words at sign-in; empty when it said none.
    pub user_agent: String,
    /// The device that it was made on, in words; nothing where no browser said anything.
    pub device: Option<String>,
    /// Whether the browser keeps it when it closes.
    pub remembered: bool,
    /// When it was made.
    pub created: u64,
    /// When it was last seen.
    pub last_seen: u64,
    /// When it ends if it is not seen again.
    pub expires: u64,
}

/// What an operator wants of a key, in their own words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyWish {
    /// What it is to be called.
    pub name: Option<String>,
    /// The slug of the add-on.
    pub addon: String,
    /// The user's id or user name.
    pub user: String,
    /// The methods.
    pub methods: Vec<String>,
    /// The paths, as the add-on sees them.
    pub paths: Vec<String>,
    /// The networks; everywhere when there is none.
    pub networks: Vec<String>,
    /// Whether it may open WebSockets.
    pub websockets: bool,
    /// For how many milliseconds it is good.
    pub lifetime: u64,
    /// The group that it is held to, as a pass; then it is for Home Assistant's front.
    pub group: Option<String>,
    /// The times of the week at which such a one counts; always when there is none.
    pub hours: Vec<String>,
}

/// A key as operators see it. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyLine {
    /// Its id: not the key, and of no use as one.
    pub id: String,
    /// What it is called.
    pub name: String,
    /// The user's id in Home Assistant.
    pub user_id: String,
    /// The user's name, while they have one.
    pub user_name: Option<String>,
    /// The add-on's slug.
    pub addon: String,
    /// The methods.
    pub methods: Vec<String>,
    /// The paths.
    pub paths: Vec<String>,
    /// The networks; everywhere when there is none.
    pub networks: Vec<String>,
    /// Whether it may open WebSockets.
    pub websockets: bool,
    /// The group that it is held to, when it is a pass.
    pub group: Option<String>,
    /// The times of the week at which such a one counts; always when there is none.
    pub hours: Vec<String>,
    /// `live`, `expired` or `revoked`.
    pub state: String,
    /// When it was made.
    pub created: u64,
    /// When it ends, or has ended.
    pub expires: u64,
    /// When it was last used.
    pub last_used: Option<u64>,
}

/// A ban as operators see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BanLine {
    /// The address, or the first one of its /64.
    pub address: String,
    /// The user name; none is every name from there.
    pub user: Option<String>,
    /// When it ends by itself, in milliseconds since 1970.
    pub until: u64,
}

/// How the process is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusReport {
    /// The version of the process that answers.
    pub version: String,
    /// The process id of the process that answers.
    pub pid: u32,
    /// When it started, in milliseconds since 1970.
    pub started: u64,
    /// The configuration file it serves.
    pub config: String,
    /// The addresses it listens on.
    pub listens: Vec<String>,
    /// How many sessions are live.
    pub sessions: u64,
    /// The state of its parts.
    pub state: ReadinessState,
    /// Whether it takes requests.
    pub ready: bool,
    /// What to do about the configuration in force, if anything.
    #[serde(default)]
    pub configuration_note: Option<String>,
    /// The add-ons, in the order of the configuration.
    pub addons: Vec<AddonLine>,
}

/// How an add-on was when it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddonLine {
    /// The add-on's slug.
    pub slug: String,
    /// How the add-on was when it was last heard of.
    pub state: AddonState,
    /// What was wrong, in one word, when it was down.
    pub why: Option<String>,
    /// Since when, in milliseconds since 1970.
    pub since: Option<u64>,
}

/// Whether an add-on answered the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddonState {
    /// Nobody has asked it anything yet.
    Unknown,
    /// It answered the last request or probe.
    Up,
    /// It could not be reached, or did not answer.
    Down,
}

/// Bytes of a request, with its line end.
const REQUEST_LIMIT: u64 = 64 * 1024;

/// Bytes of an answer, with its line end: room for ten thousand sessions in a list.
const ANSWER_LIMIT: u64 = 4 * 1024 * 1024;

/// How long either side may take to send its line.
const LINE_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the process may take to do what it is asked: a reload reads files, a revocation waits for the disk.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::net::UnixStream;
    use std::path::{Path, PathBuf};
    use tokio_util::sync::CancellationToken;

    struct Running {
        path: PathBuf,
        stop: CancellationToken,
        served: tokio::task::JoinHandle<()>,
        _folder: tempfile::TempDir,
    }

    async fn answer(request: Request) -> Answer {
        match request {
            Request::SessionsNew { user, .. } => {
                Answer::SessionMade { cookie: Secret::new(format!("name={user}")), session: line() }
            }
            Request::SessionsRevoke { what: RevokeTarget::All } => Answer::Revoked { count: 3 },
            Request::SessionsList {} => Answer::Sessions { sessions: vec![line(); 2000], more: 0, away: None },
            other => Answer::failed(format!("{other:?}")),
        }
    }

    fn line() -> SessionLine {
        SessionLine {
            id: "s1".into(),
            user_id: "u".into(),
            user_name: Some("zoë".into()),
            addon: None,
            made_by: "control".into(),
            client: None,
            user_agent: String::new(),
            device: None,
            remembered: false,
            created: 1,
            last_seen: 2,
            expires: 3,
        }
    }

    fn start() -> Running {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run/vestibule.sock");
        let (socket, stop) = (ControlSocket::bind(&path).unwrap(), CancellationToken::new());
        let served = tokio::spawn(serve(socket, answer, stop.clone()));
        Running { path, stop, served, _folder: folder }
    }

    async fn asking(path: &Path, request: Request) -> Result<Answer, AskError> {
        let path = path.to_owned();
        crate::workers::spawn_blocking(move || ask(&path, &request)).await.unwrap()
    }

    #[tokio::test]
    async fn a_question_gets_its_answer() {
        let running = start();
        let made = asking(&running.path, Request::SessionsNew { user: "zoë\n".into(), addon: None }).await.unwrap();
        assert_eq!(made, Answer::SessionMade { cookie: Secret::new("name=zoë\n".to_owned()), session: line() });
        assert!(!format!("{made:?}").contains("name="), "{made:?}");
        let revoked = asking(&running.path, Request::SessionsRevoke { what: RevokeTarget::All }).await.unwrap();
        assert_eq!(revoked, Answer::Revoked { count: 3 });
        let listed = asking(&running.path, Request::SessionsList {}).await.unwrap();
        assert!(matches!(listed, Answer::Sessions { sessions, .. } if sessions.len() == 2000));
        assert!(
            matches!(asking(&running.path, Request::Reload {}).await, Ok(Answer::Failed { message }) if message == "Reload")
        );
    }

    #[tokio::test]
    async fn nonsense_and_endless_questions_are_told_so() {
        let running = start();
        let endless = vec![b'x'; 70_000];
        for (sent, said) in [
            (&b"{\"ask\":\"dance\"}\n"[..], "dance"),
            (b"{\"ask\":\"status\",\"x\":1}\n", "x"),
            (b"\xff\n", "not understood"),
            (b"{}", "not understood"),
            (&endless, "longer than"),
        ] {
            let (path, sent) = (running.path.clone(), sent.to_vec());
            let told = crate::workers::spawn_blocking(move || {
                let mut stream = UnixStream::connect(path).unwrap();
                let _ = stream.write_all(&sent);
                let _ = stream.shutdown(std::net::Shutdown::Write);
                let mut told = String::new();
                stream.read_to_string(&mut told).unwrap();
                told
            });
            let told = told.await.unwrap();
            assert!(told.contains("\"failed\"") && told.contains(said) && told.ends_with("}\n"), "{told}");
        }
    }

    #[tokio::test]
    async fn the_socket_is_the_owners_alone_and_goes_when_it_ends() {
        let running = start();
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&running.path), 0o600);
        let parent = running.path.parent().unwrap();
        assert_eq!(mode(parent), 0o700);
        let names: BTreeSet<_> = parent.read_dir().unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names, BTreeSet::from(["vestibule.sock".into()]));
        running.stop.cancel();
        running.served.await.unwrap();
        assert!(!running.path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced_and_a_live_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let first = ControlSocket::bind(&path).unwrap();
        let second = ControlSocket::bind(&path).unwrap_err();
        assert!(matches!(second, SocketError::Live { .. }), "{second:?}");
        assert!(second.to_string().contains("another vestibule is running"), "{second}");
        drop(first);
        std::fs::write(&path, "not a socket").unwrap();
        assert!(matches!(ControlSocket::bind(&path).unwrap_err(), SocketError::NotASocket { .. }));
        assert_eq!(std::fs::read(&path).unwrap(), b"not a socket");
    }

    #[tokio::test]
    async fn a_socket_that_is_no_longer_ours_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let ours = ControlSocket::bind(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        let theirs = ControlSocket::bind(&path).unwrap();
        let inode = path.metadata().unwrap().ino();
        drop(ours);
        assert_eq!(path.metadata().unwrap().ino(), inode);
        drop(theirs);
        assert!(!path.exists());
    }

    #[test]
    fn asking_nobody_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.sock");
        let error = ask(&path, &Request::Status {}).unwrap_err();
        assert!(error.to_string().starts_with("nothing listens at "), "{error}");
        assert_eq!(error.hint(), "is vestibule running, and with this configuration file?");
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(matches!(ask(&path, &Request::Status {}).unwrap_err(), AskError::NobodyListens { .. }));
    }
}

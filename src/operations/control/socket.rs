//! The socket's file: made so that nobody else can ever open it, and taken away when it is still ours.
//!
//! Binds a path. It must never replace the socket of a process that lives, nor a file that is no socket.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::entropy::random;

/// A bound control socket. Dropping it removes its file, unless another has taken the place.
#[derive(Debug)]
pub struct ControlSocket {
    listener: tokio::net::UnixListener,
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// Why there is no control socket.
#[derive(Debug, thiserror::Error)]
pub enum SocketError {
    /// Somebody answers at the path.
    #[error("another vestibule is running: it listens at `{}`", path.display())]
    Live {
        /// Path of the control socket.
        path: PathBuf,
    },
    /// There is something else at the path.
    #[error("`{}` is in the way: it is not a socket", path.display())]
    NotASocket {
        /// Path of what lies there and is no socket of ours.
        path: PathBuf,
    },
    /// Making the socket failed at one of its steps.
    #[error("could not {step} `{}`", path.display())]
    Step {
        /// The step that failed, as in `make the folder`.
        step: &'static str,
        /// The path that the step was about.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl ControlSocket {
    /// Binds the socket. Needs a tokio runtime around it.
    ///
    /// There is no moment in which others could connect: the socket is made in a folder of mode 0700, gets its mode
    /// 0600 there, and is then moved to its place, over a stale one if need be.
    pub fn bind(path: &Path) -> Result<Self, SocketError> {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        private_folder().recursive(true).create(parent).map_err(step("make the folder", parent))?;
        refuse_to_replace(path)?;

        let private = parent.join(format!(".{:08x}", u32::from_ne_bytes(random())));
        private_folder().create(&private).map_err(step("make the folder", &private))?;
        let moved = bind_within(&private, path);
        // What is left in it, if anything, is a socket that did not make it to its place.
        let _gone = fs::remove_dir_all(&private);
        let listener = moved?;

        let file = fs::symlink_metadata(path).map_err(step("look at", path))?;
        Ok(Self { listener, path: path.to_owned(), device: file.dev(), inode: file.ino() })
    }

    pub(super) fn listener(&self) -> &tokio::net::UnixListener {
        &self.listener
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        // A successor may have bound the path already, and its socket is not ours to remove.
        let ours = |file: &fs::Metadata| (file.dev(), file.ino()) == (self.device, self.inode);
        if fs::symlink_metadata(&self.path).is_ok_and(|file| ours(&file)) {
            // What cannot be removed is stale and will be replaced at the next start.
            let _gone = fs::remove_file(&self.path);
        }
    }
}

/// Only a socket behind which nobody listens may be replaced.
fn refuse_to_replace(path: &Path) -> Result<(), SocketError> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(step("look at", path)(error)),
        Ok(file) if !file.file_type().is_socket() => return Err(SocketError::NotASocket { path: path.to_owned() }),
        Ok(_) => {}
    }
    match UnixStream::connect(path) {
        Ok(_) => Err(SocketError::Live { path: path.to_owned() }),
        // Refused means that no process has it open any more. Any other error leaves that open, and then nothing is
        // replaced.
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => Ok(()),
        Err(error) => Err(step("find out who listens at", path)(error)),
    }
}

fn bind_within(private: &Path, path: &Path) -> Result<tokio::net::UnixListener, SocketError> {
    // A short name: the path of a socket has 107 bytes at most (unix(7)).
    let there = private.join("s");
    let listener = UnixListener::bind(&there).map_err(step("bind a socket for", path))?;
    fs::set_permissions(&there, Permissions::from_mode(0o600)).map_err(step("protect", &there))?;
    fs::rename(&there, path).map_err(step("put a socket at", path))?;
    listener.set_nonblocking(true).map_err(step("listen at", path))?;
    tokio::net::UnixListener::from_std(listener).map_err(step("listen at", path))
}

fn private_folder() -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.mode(0o700);
    builder
}

fn step(step: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SocketError {
    move |source| SocketError::Step { step, path: path.to_owned(), source }
}

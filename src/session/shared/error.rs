//! What can go wrong with a store on the network.

use std::io;
use std::path::PathBuf;

use redis::RedisError;

/// Why the store is away.
#[derive(Debug, thiserror::Error)]
pub enum SharedError {
    /// It has not been connected to yet.
    #[error("the session store has not been reached yet")]
    NotYet,
    /// No connection can be made.
    #[error("the session store cannot be reached")]
    Connect(#[source] RedisError),
    /// It did not answer in time.
    #[error("the session store does not answer in time")]
    Slow,
    /// The connection broke, or was lost while something was read.
    #[error("the connection to the session store broke")]
    Lost,
    /// It answered with an error: it is full, a replica, or does not let us.
    #[error("the session store refuses")]
    Refused(#[source] RedisError),
    /// It answered with something that it never should.
    #[error("the session store answers nonsense")]
    Nonsense,
    /// Its authority's certificate cannot be read.
    #[error("the certificate {} cannot be read", path.display())]
    Authority {
        /// The file with the authority.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
}

impl SharedError {
    /// An error of the library, told apart by what an operator would do about it.
    pub(super) fn of(error: RedisError) -> Self {
        if error.is_timeout() {
            Self::Slow
        } else if error.is_connection_dropped() || error.is_io_error() {
            Self::Lost
        } else {
            Self::Refused(error)
        }
    }
}

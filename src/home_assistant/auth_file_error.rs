//! Why `.storage/auth` is refused.

use super::fields::FieldError;
use super::storage_file::StorageError;

/// Why an auth file is refused.
#[derive(Debug, thiserror::Error)]
pub enum AuthFileError {
    /// The file is no storage file that we understand.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// `data` itself.
    #[error("its `data` is not as Home Assistant writes it")]
    Data(#[source] FieldError),
    /// An entry of one of the lists.
    #[error("{list}[{index}] is not as Home Assistant writes it")]
    Entry {
        /// Which list.
        list: &'static str,
        /// Which entry, counted from zero.
        index: usize,
        /// What is wrong.
        source: FieldError,
    },
    /// A user names a group that is not there.
    #[error("users[{index}] is in the group `{group}`, which does not exist")]
    UnknownGroup {
        /// Which user, counted from zero.
        index: usize,
        /// The id that no group of the file has.
        group: String,
    },
    /// A credential or a refresh token of nobody.
    #[error("{list}[{index}] belongs to a user who does not exist")]
    UnknownUser {
        /// Which list.
        list: &'static str,
        /// Which entry, counted from zero.
        index: usize,
    },
}

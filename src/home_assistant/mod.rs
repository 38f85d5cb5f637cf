//! Home Assistant's own files, read fully or refused, and the passwords in them.
//!
//! The configuration folder is read into [`Snapshot`]s: the users for `identity`'s directory, the groups' policies for
//! `permission`, the refresh tokens, and the password file behind [`Verifier`]; and, apart from them, the registries of
//! entities, devices, areas and labels. [`HomeAssistant`] watches the folder, swaps each of the two in whole, and keeps
//! the last good copy, for a bounded time, while the files cannot be read. What is wrong with one holds nothing back in
//! the other. It must never grant more than Home Assistant would, never take a half-written file for the truth, never
//! write to the folder, and never let a hash, a key or a password reach a log.
//!
//! Reading order: `storage_file` and `fields` (any file), `auth_file` with `groups`, `datetime` and `refresh_token`,
//! `username`, `password_file`, `totp`, `second_factor`, `snapshot`; `file_set` and `reader` (files that are read
//! together), `user_files`, `registries` and `registry_files`, `snapshot_state` (what becomes of a reading),
//! `file_poller`; `time_zone`; `verifier`, `home`, `folder_watch`; `api`, `state_follower` (what conditions ask for),
//! and `follower` for a home whose files cannot be read.

pub mod api;
mod storage_file;
mod fields;
mod groups;
mod datetime;
mod refresh_token;
mod auth_file;
mod auth_file_error;
mod file_fault;
mod username;
mod password_file;
mod totp;
mod second_factor;
mod snapshot;
mod file_set;
mod reader;
mod user_files;
pub mod registries;
mod registry_files;
mod status;
mod snapshot_state;
mod file_poller;
mod verifier;
mod home;
mod folder_watch;
mod follower;
mod state_follower;
mod time_zone;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;

pub use auth_file::AuthFile;
pub use auth_file_error::AuthFileError;
pub use fields::FieldError;
pub use file_fault::{Fault, FileProblem};
pub use groups::Group;
pub use home::HomeAssistant;
pub use password_file::{PasswordFile, PasswordFileError};
pub use refresh_token::{JwtKey, RefreshToken, TokenType};
pub use registry_files::read_registries;
pub use second_factor::SecondFactorError;
pub use snapshot::Snapshot;
pub use status::{Condition, Status};
pub use storage_file::StorageError;
pub use time_zone::{has_time_zone, read_time_zone};
pub use totp::CodeOutcome;
pub use user_files::read_folder;
pub use username::one_spelling;
pub use verifier::{Outcome, Verifier};

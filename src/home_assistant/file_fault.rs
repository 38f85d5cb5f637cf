//! What can be wrong with a file of Home Assistant.

use super::api::ApiError;
use super::auth_file_error::AuthFileError;
use super::password_file::PasswordFileError;
use super::registries::RegistryError;
use super::second_factor::SecondFactorError;
use crate::telemetry::chain;
use std::io::{self};
use std::path::PathBuf;
use std::sync::Arc;
use zeroize::Zeroizing;

/// A file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot use {}", path.display())]
pub struct FileProblem {
    /// Which file.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

impl FileProblem {
    /// The fault and what is behind it, in one line.
    pub fn reason(&self) -> String {
        chain(&self.fault).to_string()
    }
}

/// What is wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// It is not there.
    #[error("it does not exist")]
    Missing,
    /// The last good copy had it. Home Assistant moves a broken file away and goes on without what was in it.
    #[error("it has disappeared (restart this program if that is as it should be)")]
    Disappeared,
    /// The operating system does not give it.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
    /// A folder, a pipe, a device.
    #[error("it is not a file")]
    NotAFile,
    /// Home Assistant's API does not tell it.
    #[error("Home Assistant cannot be asked")]
    Api(#[source] Arc<ApiError>),
    /// More than we read.
    #[error("it is larger than {} MiB", limit >> 20)]
    TooLarge {
        /// What we read, in bytes.
        limit: u64,
    },
    /// Home Assistant has begun anew, and whoever signs in first would be an administrator.
    #[error(
        "none of the {known} known users is in it any more: Home Assistant has started without its users, or this is \
         another home's file (restart this program to accept it)"
    )]
    UsersReplaced {
        /// How many users the last good copy has.
        known: usize,
    },
    /// `auth`
    #[error(transparent)]
    Auth(#[from] AuthFileError),
    /// `auth_provider.homeassistant`
    #[error(transparent)]
    Passwords(#[from] PasswordFileError),
    /// `auth_module.totp` or `auth_module.notify`
    #[error(transparent)]
    SecondFactor(#[from] SecondFactorError),
    /// One of the registries.
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

/// The bytes of a file, or why it cannot be read; none when it does not exist.
pub(super) type FileBytes = Result<Option<Zeroizing<Vec<u8>>>, Fault>;

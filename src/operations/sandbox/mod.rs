//! What the process gives up before it serves, so that whoever takes it over can do no more than it has to.
//!
//! In come the settings that are served, out comes what the kernel holds from then on: nothing is written but where
//! something is kept (Landlock), calls that a proxy never makes fail (seccomp), and no memory is written to a core
//! dump. It is entered before there are threads, since Landlock holds for the thread that asks and for those that it
//! starts. It must never keep anything from working that the settings ask for: with an operator's hook, which may do
//! anything, there is none.

mod files;
mod system_calls;

use std::path::{Path, PathBuf};

use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

use crate::config::{AcmeChallenge, ApiAddress, DnsWriter, SessionStore, Settings, Tls};
use crate::telemetry::chain;
pub use files::FilesError;
pub use system_calls::SystemCallsError;

/// What the process has given up.
#[derive(Debug)]
pub enum Sandbox {
    /// Nothing: the operator says so.
    Off,
    /// Nothing: a hook runs the operator's programs, which would be held as well.
    Hook,
    /// As much as the kernel can hold.
    Entered {
        /// Whether files are held. Without an error the kernel does not know Landlock, or only a part of it.
        files: Result<bool, FilesError>,
        /// Whether system calls are held.
        system_calls: Result<(), SystemCallsError>,
        /// Whether there are no core dumps.
        core_dumps: rustix::io::Result<()>,
    },
}

impl Sandbox {
    /// Gives up what these settings do not need.
    pub fn enter(settings: &Settings) -> Self {
        if !settings.sandbox {
            return Self::Off;
        }
        if runs_programs(settings) {
            return Self::Hook;
        }
        Self::Entered {
            core_dumps: leave_no_core(),
            files: files::hold(&places(settings)),
            // Last: Landlock is asked for with calls of its own.
            system_calls: system_calls::hold(),
        }
    }

    /// Says in the log what is not held.
    pub fn log(&self) {
        match self {
            Self::Off => tracing::info!("no sandbox: `sandbox` is false"),
            Self::Hook => tracing::info!("no sandbox: the program of `dns_hook` may need anything"),
            Self::Entered { files, system_calls, core_dumps } => {
                match files {
                    Ok(true) => {}
                    Ok(false) => tracing::info!("this kernel does not hold what is written to (Landlock)"),
                    Err(error) => tracing::warn!(error = %chain(error), "what is written to is not held (Landlock)"),
                }
                if let Err(error) = system_calls {
                    tracing::warn!(error = %chain(error), "system calls are not held (seccomp)");
                }
                if let Err(error) = core_dumps {
                    tracing::warn!(%error, "a crash may write memory to a core dump");
                }
            }
        }
    }
}

/// Whether a sandbox for the first settings does for the second as well.
pub fn does_for(old: &Settings, new: &Settings) -> bool {
    let is_held = |settings: &Settings| settings.sandbox && !runs_programs(settings);
    let held = places(old);
    is_held(old) == is_held(new)
        && (!is_held(new) || places(new).iter().all(|place| held.iter().any(|held| place.starts_with(held))))
}

fn runs_programs(settings: &Settings) -> bool {
    settings.tls.acme().is_some_and(|acme| runs_hook(&acme.challenge))
}

fn runs_hook(challenge: &AcmeChallenge) -> bool {
    match challenge {
        AcmeChallenge::Dns01(records) => matches!(records.writer, DnsWriter::Hook(_)),
        AcmeChallenge::TlsAlpn01 | AcmeChallenge::Http01 => false,
    }
}

/// The folders in which something is kept.
fn places(settings: &Settings) -> Vec<PathBuf> {
    let folder = |file: &Path| file.parent().map(Path::to_owned);
    let store = match &settings.session.store {
        SessionStore::File(file) => folder(file),
        SessionStore::Memory | SessionStore::Redis(_) => None,
    };
    let development = match &settings.tls {
        Tls::Development { folder } => Some(folder.clone()),
        Tls::Certificates(_) | Tls::Acme { .. } => None,
    };
    let socket = match &settings.supervisor.listen {
        Some(ApiAddress::Unix(path)) => folder(path),
        Some(ApiAddress::Tcp(_)) | None => None,
    };
    let ordered = settings.tls.acme().map(|acme| acme.state.clone());
    let kept = [settings.state_dir.clone(), settings.assertion.keys.clone()];
    let files = [folder(&settings.listen.control), folder(&settings.supervisor.state)];
    kept.into_iter().chain([store, development, socket, ordered].into_iter().chain(files).flatten()).collect()
}

/// A core dump would have every session's digest, keys and passwords under way in it. Of a process that is not dumpable
/// the kernel writes none and pipes none to a program that collects them; nor may another process of the same user read
/// its memory.
fn leave_no_core() -> rustix::io::Result<()> {
    // For whoever looks at limits. A service manager may have set it, and forbidden to change it.
    let _set = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(test)]
mod tests;

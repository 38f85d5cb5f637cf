//! What an add-on asks to be allowed: of the API, of Home Assistant, and of the machine it runs on.
//!
//! These are wishes. What of them is granted, `addon_rights::protection` says; nothing here does.

use std::fmt;
use std::str::FromStr;

use crate::diagnostic::findings::Explained;

/// All rights that a manifest or the configuration can ask for. The default asks for nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rights {
    /// `hassio_api`: the add-on API, as far as its role goes.
    pub hassio_api: bool,
    /// `hassio_role`
    pub role: Role,
    /// `homeassistant_api`: Home Assistant's own API.
    pub homeassistant_api: bool,
    /// `auth_api`: passwords of Home Assistant's users may be tried.
    pub auth_api: bool,
    /// `full_access`: every device of the machine.
    pub full_access: bool,
    /// `docker_api`: the container engine's socket.
    pub docker_api: bool,
    /// `host_network`
    pub host_network: bool,
    /// `host_pid`
    pub host_pid: bool,
    /// `host_ipc`
    pub host_ipc: bool,
    /// `host_uts`
    pub host_uts: bool,
    /// `host_dbus`
    pub host_dbus: bool,
    /// `privileged`: capabilities beyond a container's usual ones.
    pub privileged: Vec<Capability>,
    /// `kernel_modules`
    pub kernel_modules: bool,
    /// `apparmor`
    pub apparmor: AppArmor,
}

/// `hassio_role`. They are no chain: `backup` lacks what `homeassistant` has, and the other way round
/// (spec/supervisor.md section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Role {
    /// Every `info`.
    #[default]
    Default,
    /// Home Assistant itself.
    HomeAssistant,
    /// Backups.
    Backup,
    /// Nearly everything.
    Manager,
    /// Everything, protection mode among it.
    Admin,
}

impl Role {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Default, Self::HomeAssistant, Self::Backup, Self::Manager, Self::Admin];

    /// The word in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::HomeAssistant => "homeassistant",
            Self::Backup => "backup",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A capability that `privileged` may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "capabilities(7) documents them")]
pub enum Capability {
    Bpf,
    CheckpointRestore,
    DacReadSearch,
    IpcLock,
    NetAdmin,
    NetRaw,
    Perfmon,
    SysAdmin,
    SysModule,
    SysNice,
    SysPtrace,
    SysRawio,
    SysResource,
    SysTime,
}

impl Capability {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::Bpf,
        Self::CheckpointRestore,
        Self::DacReadSearch,
        Self::IpcLock,
        Self::NetAdmin,
        Self::NetRaw,
        Self::Perfmon,
        Self::SysAdmin,
        Self::SysModule,
        Self::SysNice,
        Self::SysPtrace,
        Self::SysRawio,
        Self::SysResource,
        Self::SysTime,
    ];

    /// The word in manifests: the name without `CAP_`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Bpf => "BPF",
            Self::CheckpointRestore => "CHECKPOINT_RESTORE",
            Self::DacReadSearch => "DAC_READ_SEARCH",
            Self::IpcLock => "IPC_LOCK",
            Self::NetAdmin => "NET_ADMIN",
            Self::NetRaw => "NET_RAW",
            Self::Perfmon => "PERFMON",
            Self::SysAdmin => "SYS_ADMIN",
            Self::SysModule => "SYS_MODULE",
            Self::SysNice => "SYS_NICE",
            Self::SysPtrace => "SYS_PTRACE",
            Self::SysRawio => "SYS_RAWIO",
            Self::SysResource => "SYS_RESOURCE",
            Self::SysTime => "SYS_TIME",
        }
    }

    /// Whether it costs a point of the rating (spec/supervisor.md section 3).
    pub const fn is_costly(self) -> bool {
        !matches!(self, Self::IpcLock | Self::SysNice | Self::SysResource | Self::SysTime)
    }
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `apparmor`, and `apparmor.txt` beside the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum AppArmor {
    /// `false`: no profile at all.
    Disabled,
    /// The container engine's own profile.
    #[default]
    Default,
    /// A profile made for the add-on, by its name.
    Profile(ProfileName),
}

/// The name of an AppArmor profile: letters, digits, `_`, `-` and `.`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileName(String);

/// The text cannot be the name of a profile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the name of a profile is 1 to 128 letters, digits, `_`, `-` or `.`")]
pub struct BadProfileName;

impl Explained for BadProfileName {
    fn expected(&self) -> &'static str {
        "expected the name of a profile"
    }

    fn hint(&self) -> String {
        "write the name behind `profile` in apparmor.txt".to_owned()
    }
}

impl FromStr for ProfileName {
    type Err = BadProfileName;

    fn from_str(text: &str) -> Result<Self, BadProfileName> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        let ok = (1..=128).contains(&text.len()) && text.bytes().all(legal);
        if ok { Ok(Self(text.to_owned())) } else { Err(BadProfileName) }
    }
}

impl ProfileName {
    /// As it stands behind `profile` in its file.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

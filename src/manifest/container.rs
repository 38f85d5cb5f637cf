//! What an add-on's container is made of: its image, and what of the machine it is to see.

use std::fmt;

/// What the manifest says of the container.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Container {
    /// `image`, with `{arch}` in it where it has one image for each machine; nothing when it is built on the spot.
    pub image: Option<String>,
    /// `ports`
    pub ports: Vec<Port>,
    /// `map`
    pub map: Vec<Folder>,
    /// `devices`
    pub devices: Vec<String>,
    /// `environment`
    pub environment: Vec<(String, String)>,
    /// `usb`, `uart`, `gpio`, `video` and `audio`, those that are asked for.
    pub hardware: Vec<Hardware>,
    /// `udev`: the machine's database of devices.
    pub udev: bool,
    /// `devicetree`
    pub devicetree: bool,
    /// `journald`: the machine's journal.
    pub journald: bool,
    /// `realtime`
    pub realtime: bool,
    /// `tmpfs`
    pub tmpfs: bool,
    /// `stdin`
    pub stdin: bool,
    /// `init`: the container engine's own init process.
    pub init: bool,
    /// `timeout`: seconds that it has to end.
    pub timeout: u16,
}

/// One entry of `ports`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Port {
    /// Inside the container.
    pub container: u16,
    /// Whether it speaks TCP or UDP.
    pub protocol: Protocol,
    /// On the machine; nothing when the mapping is switched off.
    pub host: Option<u16>,
}

/// What a port speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// TCP
    Tcp,
    /// UDP
    Udp,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        })
    }
}

/// Devices that have a key of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hardware {
    /// `usb`
    Usb,
    /// `uart`
    Uart,
    /// `gpio`
    Gpio,
    /// `video`
    Video,
    /// `audio`
    Audio,
}

impl Hardware {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Usb, Self::Uart, Self::Gpio, Self::Video, Self::Audio];

    /// The key in manifests that asks for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Usb => "usb",
            Self::Uart => "uart",
            Self::Gpio => "gpio",
            Self::Video => "video",
            Self::Audio => "audio",
        }
    }
}

/// One entry of `map`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// Which of the machine's folders it is.
    pub kind: FolderKind,
    /// Whether the add-on may not write to it.
    pub read_only: bool,
    /// Where it is in the container.
    pub path: String,
}

/// The folders that `map` may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FolderKind {
    /// `config`, the old name of `homeassistant_config`, in its old place.
    Config,
    /// Home Assistant's configuration.
    HomeAssistantConfig,
    /// The add-on's own configuration, for people.
    AddonConfig,
    /// Those of all add-ons.
    AllAddonConfigs,
    /// Certificates and their keys.
    Ssl,
    /// Add-ons that are built on the spot.
    Addons,
    /// Backups.
    Backup,
    /// What add-ons share.
    Share,
    /// Media.
    Media,
    /// The add-on's own data, which it has in any case.
    Data,
}

impl FolderKind {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Config,
        Self::HomeAssistantConfig,
        Self::AddonConfig,
        Self::AllAddonConfigs,
        Self::Ssl,
        Self::Addons,
        Self::Backup,
        Self::Share,
        Self::Media,
        Self::Data,
    ];

    /// The word in manifests.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Config => "config",
            Self::HomeAssistantConfig => "homeassistant_config",
            Self::AddonConfig => "addon_config",
            Self::AllAddonConfigs => "all_addon_configs",
            Self::Ssl => "ssl",
            Self::Addons => "addons",
            Self::Backup => "backup",
            Self::Share => "share",
            Self::Media => "media",
            Self::Data => "data",
        }
    }

    /// Where it is in the container, unless the manifest says otherwise.
    pub const fn usual_path(self) -> &'static str {
        match self {
            Self::Config | Self::AddonConfig => "/config",
            Self::HomeAssistantConfig => "/homeassistant",
            Self::AllAddonConfigs => "/addon_configs",
            Self::Ssl => "/ssl",
            Self::Addons => "/addons",
            Self::Backup => "/backup",
            Self::Share => "/share",
            Self::Media => "/media",
            Self::Data => "/data",
        }
    }
}

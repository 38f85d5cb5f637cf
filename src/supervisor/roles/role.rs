//! What an add-on may ask of the API, as its manifest says.

/// `hassio_role`: not a chain. Each of the middle three has what `default` has and something of its own; `manager` has
/// all of theirs, and `admin` everything (docs/design/supervisor.md section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ApiRole {
    /// Information only.
    #[default]
    Default,
    /// Home Assistant besides.
    HomeAssistant,
    /// Backups besides.
    Backup,
    /// All that does not loosen security.
    Manager,
    /// Everything.
    Admin,
}

impl ApiRole {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Default, Self::HomeAssistant, Self::Backup, Self::Manager, Self::Admin];

    /// As manifests write it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::HomeAssistant => "homeassistant",
            Self::Backup => "backup",
            Self::Manager => "manager",
            Self::Admin => "admin",
        }
    }
}

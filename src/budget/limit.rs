//! The names of the limits: each is a key of the configuration and a label of the metric of refusals.

/// A limit that something is counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Limit {
    /// Connections of browsers, all together.
    Connections,
    /// Connections of browsers from one address.
    ConnectionsPerAddress,
    /// Requests to one add-on at the same time.
    AddonConnections,
    /// Requests of one user to one add-on at the same time.
    AddonConnectionsPerUser,
    /// Requests of one user that wait for a place at one add-on.
    AddonQueuePerUser,
    /// WebSockets to one add-on.
    AddonWebsockets,
    /// WebSockets of one user to one add-on.
    AddonWebsocketsPerUser,
    /// Bytes of bodies that are held to be judged, all together.
    JudgedBytes,
    /// Bytes of bodies of one user that are held to be judged.
    JudgedBytesPerUser,
    /// Sign-in forms that are read or checked, all together.
    SignInForms,
    /// Sign-in forms from one address that are read or checked.
    SignInFormsPerAddress,
}

impl Limit {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::AddonConnections,
        Self::AddonConnectionsPerUser,
        Self::AddonQueuePerUser,
        Self::AddonWebsockets,
        Self::AddonWebsocketsPerUser,
        Self::JudgedBytes,
        Self::JudgedBytesPerUser,
        Self::SignInForms,
        Self::SignInFormsPerAddress,
    ];

    /// The stable label: the key under `[limits]`, or that of another table with the table's name before it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Connections => "connections",
            Self::ConnectionsPerAddress => "connections_per_address",
            Self::AddonConnections => "addon.connections",
            Self::AddonConnectionsPerUser => "addon.connections_per_user",
            Self::AddonQueuePerUser => "addon.queue_per_user",
            Self::AddonWebsockets => "addon.websockets",
            Self::AddonWebsocketsPerUser => "addon.websockets_per_user",
            Self::JudgedBytes => "judged_bytes",
            Self::JudgedBytesPerUser => "judged_bytes_per_user",
            Self::SignInForms => "sign_in_forms",
            Self::SignInFormsPerAddress => "sign_in_forms_per_address",
        }
    }
}

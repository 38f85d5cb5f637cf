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
    /// Requests to one add-on in a time.
    AddonRate,
    /// Requests of one user to one add-on in a time.
    AddonRatePerUser,
    /// Requests of one user to all add-ons in a time.
    RatePerUser,
    /// Answers that are compressed at the same time, all together.
    Compressions,
    /// Those of them that are one user's.
    CompressionsPerUser,
    /// Bytes of bodies that are held to be judged, all together.
    JudgedBytes,
    /// Bytes of bodies of one user that are held to be judged.
    JudgedBytesPerUser,
    /// Sign-in forms that are read or checked, all together.
    SignInForms,
    /// Sign-in forms from one address that are read or checked.
    SignInFormsPerAddress,
    /// Connections of add-ons to their API, all together.
    AddonApiConnections,
    /// Connections of add-ons to their API from one address.
    AddonApiConnectionsPerAddress,
    /// WebSockets of the add-on API from one address that have shown no token.
    AddonApiPendingWebsockets,
    /// WebSockets of one add-on to Home Assistant.
    SupervisorWebsockets,
    /// Calls of one add-on at the same time.
    AddonApiCalls,
    /// Bytes of bodies and answers that the add-on API reads whole, all together.
    AddonApiBytes,
    /// Bytes of bodies and answers of one add-on that its API reads whole.
    AddonApiBytesPerAddon,
    /// WebSockets at Home Assistant's front from one address that have shown no token.
    FrontPendingWebsockets,
    /// Bytes of messages and answers that the front reads whole, all together.
    FrontBytes,
    /// Bytes of messages and answers of one user that the front reads whole.
    FrontBytesPerUser,
    /// Connections of Home Assistant, all together.
    HomeAssistantConnections,
    /// Connections from one address to where Home Assistant reaches us.
    HomeAssistantConnectionsPerAddress,
}

impl Limit {
    /// Every limit, in the order of its number, by which refusals are counted.
    pub const ALL: [Self; 28] = [
        Self::Connections,
        Self::ConnectionsPerAddress,
        Self::AddonConnections,
        Self::AddonConnectionsPerUser,
        Self::AddonQueuePerUser,
        Self::AddonWebsockets,
        Self::AddonWebsocketsPerUser,
        Self::AddonRate,
        Self::AddonRatePerUser,
        Self::RatePerUser,
        Self::Compressions,
        Self::CompressionsPerUser,
        Self::JudgedBytes,
        Self::JudgedBytesPerUser,
        Self::SignInForms,
        Self::SignInFormsPerAddress,
        Self::AddonApiConnections,
        Self::AddonApiConnectionsPerAddress,
        Self::AddonApiPendingWebsockets,
        Self::SupervisorWebsockets,
        Self::AddonApiCalls,
        Self::AddonApiBytes,
        Self::AddonApiBytesPerAddon,
        Self::FrontPendingWebsockets,
        Self::FrontBytes,
        Self::FrontBytesPerUser,
        Self::HomeAssistantConnections,
        Self::HomeAssistantConnectionsPerAddress,
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
            Self::AddonRate => "addon.rate",
            Self::AddonRatePerUser => "addon.rate_per_user",
            Self::RatePerUser => "rate_per_user",
            Self::Compressions => "compressions",
            Self::CompressionsPerUser => "compressions_per_user",
            Self::JudgedBytes => "judged_bytes",
            Self::JudgedBytesPerUser => "judged_bytes_per_user",
            Self::SignInForms => "sign_in_forms",
            Self::SignInFormsPerAddress => "sign_in_forms_per_address",
            Self::AddonApiConnections => "addon_api_connections",
            Self::AddonApiConnectionsPerAddress => "addon_api_connections_per_address",
            Self::AddonApiPendingWebsockets => "addon_api_pending_websockets",
            Self::SupervisorWebsockets => "supervisor.websockets",
            Self::AddonApiCalls => "addon_api_calls",
            Self::AddonApiBytes => "addon_api_bytes",
            Self::AddonApiBytesPerAddon => "addon_api_bytes_per_addon",
            Self::FrontPendingWebsockets => "front_pending_websockets",
            Self::FrontBytes => "front_bytes",
            Self::FrontBytesPerUser => "front_bytes_per_user",
            Self::HomeAssistantConnections => "home_assistant_connections",
            Self::HomeAssistantConnectionsPerAddress => "home_assistant_connections_per_address",
        }
    }
}

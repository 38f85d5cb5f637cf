//! The limit that was reached, and what a request is told then.

use super::limit::Limit;
use crate::refusal::Reason;

/// The limit that was reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the limit `{}` is reached", .0.label())]
pub struct Refused(pub Limit);

/// Whether the share of one is spent or what there is for all. A connection is never told: it is closed.
impl From<Refused> for Reason {
    fn from(Refused(limit): Refused) -> Self {
        limit.into()
    }
}

impl From<Limit> for Reason {
    fn from(limit: Limit) -> Self {
        match limit {
            Limit::Connections
            | Limit::JudgedBytes
            | Limit::SignInForms
            | Limit::AddonApiConnections
            | Limit::AddonApiBytes
            | Limit::Compressions
            | Limit::FrontBytes
            | Limit::HomeAssistantConnections => Self::Overloaded,
            Limit::AddonConnections | Limit::AddonWebsockets => Self::AddonBusy,
            Limit::AddonRate | Limit::AddonRatePerUser | Limit::RatePerUser => Self::RateExceeded,
            Limit::ConnectionsPerAddress
            | Limit::AddonConnectionsPerUser
            | Limit::AddonQueuePerUser
            | Limit::AddonWebsocketsPerUser
            | Limit::CompressionsPerUser
            | Limit::JudgedBytesPerUser
            | Limit::SignInFormsPerAddress
            | Limit::AddonApiConnectionsPerAddress
            | Limit::AddonApiPendingWebsockets
            | Limit::SupervisorWebsockets
            | Limit::AddonApiCalls
            | Limit::AddonApiBytesPerAddon
            | Limit::FrontPendingWebsockets
            | Limit::FrontBytesPerUser
            | Limit::HomeAssistantConnectionsPerAddress => Self::ShareSpent,
        }
    }
}

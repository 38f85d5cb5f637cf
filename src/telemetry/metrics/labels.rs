//! The labels: every value is an add-on's slug or comes from an enum of ours.

use prometheus_client::encoding::EncodeLabelSet;

/// Why a connection of a client was closed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionRefusal {
    /// All connections together are at their limit.
    TooMany,
    /// Those of one address are at their limit.
    TooManyFromAddress,
    /// A listener that requires the PROXY protocol was reached by somebody who is not trusted. A header that is missing
    /// or malformed is a handshake that failed.
    ProxyProtocol,
}

impl ConnectionRefusal {
    pub(super) const ALL: [Self; 3] = [Self::TooMany, Self::TooManyFromAddress, Self::ProxyProtocol];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::TooMany => "too_many",
            Self::TooManyFromAddress => "too_many_from_address",
            Self::ProxyProtocol => "proxy_protocol",
        }
    }
}

/// How a TLS handshake ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Handshake {
    /// It ended with a connection.
    Success,
    /// It ended with an alert, or because the client left.
    Failure,
    /// It did not end in time.
    Timeout,
}

impl Handshake {
    pub(super) const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Timeout];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Timeout => "timeout",
        }
    }
}

/// How a reload of the configuration ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReloadResult {
    /// The new one holds.
    Success,
    /// The old one was kept.
    Failure,
}

impl ReloadResult {
    pub(super) const ALL: [Self; 2] = [Self::Success, Self::Failure];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// What became of an event for Home Assistant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Announced {
    /// It was told.
    Sent,
    /// It refused the event, or our token.
    Refused,
    /// It did not answer for too long, or too many waited.
    Dropped,
}

impl Announced {
    pub(super) const ALL: [Self; 3] = [Self::Sent, Self::Refused, Self::Dropped];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Refused => "refused",
            Self::Dropped => "dropped",
        }
    }
}

/// What went wrong with an add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UpstreamFailure {
    /// All its connections were in use for too long.
    Busy,
    /// It could not be connected to.
    Connect,
    /// It did not begin its answer in time.
    Timeout,
    /// What it answered is not HTTP.
    Broken,
    /// Its answer ended before its end.
    CutShort,
}

impl UpstreamFailure {
    pub(super) const ALL: [Self; 5] = [Self::Busy, Self::Connect, Self::Timeout, Self::Broken, Self::CutShort];

    /// The stable label.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Busy => "busy",
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Broken => "broken",
            Self::CutShort => "cut_short",
        }
    }
}

/// What became of a call of the add-on API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ApiOutcome {
    /// It was answered.
    Answered,
    /// Whoever called may not: 401 and 403.
    Refused,
    /// Too often, or too many at once: 429.
    Limited,
    /// Another mistake of the caller's.
    Mistaken,
    /// Nobody here can do it: 501.
    NotHere,
    /// Home Assistant, the Supervisor or we could not.
    Failed,
}

impl ApiOutcome {
    /// What this status says.
    pub(super) const fn of(status: u16) -> Self {
        match status {
            0..=399 => Self::Answered,
            401 | 403 => Self::Refused,
            429 => Self::Limited,
            400..=499 => Self::Mistaken,
            501 => Self::NotHere,
            _ => Self::Failed,
        }
    }

    /// The stable label.
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Refused => "refused",
            Self::Limited => "limited",
            Self::Mistaken => "mistaken",
            Self::NotHere => "not_here",
            Self::Failed => "failed",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct AddonLabel {
    pub(super) addon: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct AddonOutcomeLabel {
    pub(super) addon: String,
    pub(super) outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ClassLabel {
    pub(super) addon: String,
    pub(super) class: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct StateLabel {
    pub(super) addon: String,
    pub(super) state: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct KindLabel {
    pub(super) addon: String,
    pub(super) kind: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct WorkerLabel {
    pub(super) worker: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct WhyLabel {
    pub(super) why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LimitLabel {
    pub(super) limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ResultLabel {
    pub(super) result: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReasonLabel {
    pub(super) reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct OutcomeLabel {
    pub(super) outcome: &'static str,
}

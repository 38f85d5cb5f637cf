//! How a tunnel ended.

use crate::refusal::Reason;

/// Why a tunnel ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TunnelOver {
    /// One side closed it.
    Closed,
    /// A side never came, or broke off.
    Broken,
    /// Nothing moved for too long.
    Idle,
    /// It was cut: see the exchange for the reason.
    Cut(Option<Reason>),
}

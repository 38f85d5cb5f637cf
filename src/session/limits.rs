//! The limits of the moment, shared by all parts of this stage: a reload changes them for sessions that are there as
//! well.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;

use super::lifetime::{AllLifetimes, Lifetimes};

/// What the configuration says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) lifetimes: AllLifetimes,
    pub(super) per_user: usize,
    /// How long a store on the network may take to answer.
    #[cfg(feature = "redis-store")]
    pub(super) store_timeout: Duration,
    /// How long sessions that are known go on while it is away.
    #[cfg(feature = "redis-store")]
    pub(super) max_outage: Duration,
}

/// The limits of the moment; clones share them.
#[derive(Debug, Clone)]
pub(super) struct CurrentLimits(Arc<ArcSwap<Limits>>);

impl CurrentLimits {
    pub(super) fn new(settings: &crate::config::Session) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(Limits::of(settings))))
    }

    pub(super) fn get(&self) -> Limits {
        **self.0.load()
    }

    pub(super) fn replace(&self, settings: &crate::config::Session) {
        self.0.store(Arc::new(Limits::of(settings)));
    }
}

impl Limits {
    fn of(settings: &crate::config::Session) -> Self {
        // No API tells that a password was changed: where files do not, a session ends when one has to be typed again.
        let bounded = |idle, absolute: Duration| {
            let absolute = settings.password_timeout.map_or(absolute, |most| most.min(absolute));
            Lifetimes { idle, absolute }
        };
        let ordinary = bounded(settings.idle_timeout, settings.absolute_timeout);
        // Where no session is remembered any more, those that were made before live as all others do.
        let remembered = settings.remembered.map_or(ordinary, |limits| bounded(limits.idle, limits.absolute));
        let lifetimes = AllLifetimes { ordinary, remembered };
        Self {
            lifetimes,
            per_user: settings.per_user,
            #[cfg(feature = "redis-store")]
            store_timeout: settings.store_timeout,
            #[cfg(feature = "redis-store")]
            max_outage: settings.max_outage,
        }
    }
}

//! Whom a listener believes, shared with its connections: a reload counts from the next request on, also on connections
//! that were open before.

use std::sync::Arc;

use arc_swap::ArcSwap;

use crate::config::TrustedProxies;

/// The trusted proxies of one listener at this moment.
#[derive(Debug, Clone, Default)]
pub struct ListenerTrust(Arc<ArcSwap<TrustedProxies>>);

impl ListenerTrust {
    /// Trusts these proxies until [`Self::replace`] is called.
    pub fn new(trusted: TrustedProxies) -> Self {
        Self(Arc::new(ArcSwap::from_pointee(trusted)))
    }

    /// The proxies of the moment.
    pub fn current(&self) -> Arc<TrustedProxies> {
        self.0.load_full()
    }

    /// Trusts these from now on, and no others.
    pub fn replace(&self, trusted: TrustedProxies) {
        self.0.store(Arc::new(trusted));
    }
}

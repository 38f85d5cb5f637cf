//! What is known of Home Assistant over all configurations.

use std::sync::Arc;

use arc_swap::ArcSwap;

/// What is known of Home Assistant over all configurations.
#[derive(Debug)]
pub(in crate::addon_api) struct Core {
    /// The version that it said last.
    version: ArcSwap<String>,
}

impl Default for Core {
    fn default() -> Self {
        Self { version: ArcSwap::from_pointee(String::new()) }
    }
}

impl Core {
    /// The version that Home Assistant said last; empty before it was asked.
    pub(in crate::addon_api) fn version(&self) -> Arc<String> {
        self.version.load_full()
    }

    /// It says this one now.
    pub(super) fn keep_version(&self, version: String) {
        self.version.store(Arc::new(version));
    }
}

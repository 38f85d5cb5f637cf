//! How many HTTP/1.1 connections to one add-on are open, kept ones included and tunnels not.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The count; clones count together.
#[derive(Debug, Clone, Default)]
pub(super) struct OpenConnections(Arc<AtomicUsize>);

/// One of them, for as long as this lives.
#[derive(Debug)]
pub(super) struct OpenCount(OpenConnections);

impl OpenConnections {
    /// One more.
    pub(super) fn count(&self) -> OpenCount {
        self.0.fetch_add(1, Ordering::Relaxed);
        OpenCount(self.clone())
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl Drop for OpenCount {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

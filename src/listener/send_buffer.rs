//! How much of an answer the kernel may hold for one client, of whichever listener.

/// Bytes that may wait in the kernel for one client, on top of those in flight.
pub(super) const UNSENT: u32 = 128 * 1024;

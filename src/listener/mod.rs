//! Accepts browsers' connections, counts them, and learns where they come from.
//!
//! A socket is bound here or handed over by the service manager. It gives [`Connection`]s: bytes that nobody has read
//! yet, the addresses that they travel between, and a [`ConnectionSlot`] in the count of open connections. Programs of
//! the same home have addresses of their own, in the clear ([`AddonListener`], [`HomeAssistantListener`]). It never
//! ends for an error of `accept`, never believes a PROXY header from a peer that its listener does not trust, and never
//! waits for a peer while others stand in the queue: what a peer must send first is read in the connection's own task,
//! under the handshake's deadline.

mod accept;
mod connection;
mod proxy;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod connection_limiter;
mod address;
mod log_limiter;
mod send_buffer;
mod trust;
mod plain;
mod home_assistant;
mod addons;

pub use accept::{BindError, Listener};
pub use addons::{AddonListener, FromAddon};
pub use address::Addresses;
pub use connection::{Connection, Incoming};
pub use connection_limiter::{ConnectionLimiter, ConnectionSlot, Counts, Refused};
pub use home_assistant::{FromHomeAssistant, HomeAssistantListener};
pub(crate) use log_limiter::LogLimiter;
pub use plain::{PlainBindError, PlainLimits, PlainSocket, PlainStream};
pub use proxy::ProxyError;
pub use trust::ListenerTrust;

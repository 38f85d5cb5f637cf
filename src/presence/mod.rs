//! Presence in Home Assistant: what its users are told of sign-ins, attempts and certificates, and the link with which
//! they end a session that is not theirs.
//!
//! Out go events and states, by Home Assistant's API. Nothing here is on the way of a request, and no token, cookie,
//! password, path or query is in an event. What a client has written (the browser's own words) is one field of JSON,
//! short and without control characters.

mod devices;
mod entities;
mod event;
mod not_me;
mod recent;

pub use devices::{DeviceDigest, Devices};
pub use entities::{AddonHealth, EntityState, PostedStates, states};
pub use event::{Person, SignedIn, WasRefused, certificate, not_me, refused, sign_in, throttled};
pub use not_me::{NotMeLinks, NotMeToken};
pub use recent::Recent;

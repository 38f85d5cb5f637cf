//! Two proxies on one Redis, as operators and attackers see them: a sign-in holds on both, an end holds on both, and
//! what happens to Redis is not felt by whoever is signed in. The binaries are real, and so is the redis-server.

#![cfg(feature = "redis-store")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod api_keys;
mod both;
mod followed;
mod guard;
mod handed_over;
mod journey;
mod outage;
mod remembered;
mod secure;

use support::redis::Redis;
use support::{ConfigFile, RawAddon, Vestibule};

/// A proxy on this Redis, with one add-on and the one that shows who is asking.
fn proxy(redis: &Redis, addon: &RawAddon, configure: impl FnOnce(&mut ConfigFile)) -> Vestibule {
    Vestibule::start(|config| {
        config.set("session", "store", &format!("{:?}", redis.url())).addon("a", addon);
        config.addon_table("slug = \"whoami\"\nupstream = \"builtin:whoami\"\npath = \"/ingress/whoami\"\n");
        configure(config);
    })
}

/// Two of them.
fn two_proxies(redis: &Redis, addon: &RawAddon) -> (Vestibule, Vestibule) {
    (proxy(redis, addon, |_| {}), proxy(redis, addon, |_| {}))
}

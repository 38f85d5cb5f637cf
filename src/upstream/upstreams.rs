//! All add-ons of one configuration, each with its pool and what is known of its headers beforehand.

use std::sync::Arc;
use std::time::Duration;

use super::pool::Pool;
use super::request::Injection;
use super::response::Confines;
use crate::config::{self, Addon, PrefixMode};
use crate::http::{Authority, OwnCookies, Reserved};
use crate::telemetry::{AddonMetrics, Metrics};

/// The add-ons, in the order of the configuration.
#[derive(Debug)]
pub struct Upstreams {
    all: Vec<Upstream>,
    reserved: Reserved,
    own_cookies: OwnCookies,
    pub(super) body_stall: Duration,
}

#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) addon: Arc<Addon>,
    pub(super) pool: Arc<Pool>,
    pub(super) injection: Injection,
    pub(super) metrics: AddonMetrics,
    authority: Option<Authority>,
}

impl Upstreams {
    /// The add-ons of this configuration. An add-on that `before` had with the same settings keeps its connections.
    pub fn new(
        addons: &[Arc<Addon>],
        reserved: Reserved,
        own_cookies: OwnCookies,
        body_stall: Duration,
        numbers: &Metrics,
        before: Option<&Self>,
    ) -> Self {
        let all = addons.iter().map(|addon| Upstream::new(addon, &reserved, numbers, before)).collect();
        Self { all, reserved, own_cookies, body_stall }
    }

    /// Closes connections that have been idle for too long.
    pub fn prune(&self) {
        for upstream in &self.all {
            upstream.pool.prune();
        }
    }

    pub(super) fn at(&self, place: usize) -> Option<&Upstream> {
        self.all.get(place)
    }

    pub(super) fn confines<'a>(
        &'a self,
        upstream: &'a Upstream,
        prefix: &'a str,
        authority: &'a Authority,
    ) -> Confines<'a> {
        Confines {
            prefix,
            rewrites_paths: upstream.addon.prefix == PrefixMode::Strip && !prefix.is_empty(),
            authority,
            upstream: upstream.authority.as_ref(),
            told: upstream.injection.told(),
            reserved: &self.reserved,
            own_cookies: self.own_cookies,
        }
    }
}

impl Upstream {
    fn new(addon: &Arc<Addon>, reserved: &Reserved, numbers: &Metrics, before: Option<&Upstreams>) -> Self {
        let metrics = numbers.addon(&addon.slug);
        let kept = before.and_then(|before| before.all.iter().find(|upstream| upstream.addon == *addon));
        let pool = kept.map_or_else(|| Arc::new(Pool::new(addon, metrics.clone())), |kept| Arc::clone(&kept.pool));
        let injection = Injection::new(addon, reserved);
        Self { addon: Arc::clone(addon), pool, injection, metrics, authority: authority(&addon.upstream) }
    }
}

fn authority(upstream: &config::Upstream) -> Option<Authority> {
    let (host, port) = match upstream {
        config::Upstream::Http { host, port } | config::Upstream::Https { host, port } => (host, port),
        config::Upstream::Unix(_) | config::Upstream::Whoami => return None,
    };
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    Authority::parse(format!("{host}:{port}").as_bytes())
}

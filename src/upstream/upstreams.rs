//! All add-ons of one configuration, each with its pool and what is known of its headers beforehand.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue};

use super::assertion::{AssertionSigner, Keyring};
use super::compression::Compression;
use super::health::{self, Condition, Fault, Health, Timetable};
use super::pool::Pool;
use super::request_headers::{ASSERTION, RequestHeaderPolicy};
use super::response::ResponsePolicy;
use crate::authorization::Permitted;
use crate::budget::Budget;
use crate::config::{Addon, AddonProtocol, Limits, PrefixMode};
use crate::http::{Authority, MinRate, OwnCookies, Reserved, Scheme, TrailerFilter};
use crate::ids;
use crate::ids::AddonSlug;
use crate::route::Route;
use crate::telemetry::{AddonMetrics, Metrics, UpstreamFailure};

/// The add-ons, in the order of the configuration.
#[derive(Debug)]
pub struct Upstreams {
    all: Vec<Upstream>,
    reserved: Reserved,
    own_cookies: OwnCookies,
    /// How slowly a client may send a body, and read one.
    pub(super) upload: MinRate,
    pub(super) reading: MinRate,
}

/// What the add-ons of one configuration are made with, besides their own settings.
#[derive(Debug, Clone, Copy)]
pub struct Means<'a> {
    /// The names that only we may say.
    pub reserved: &'a Reserved,
    /// How our cookies are called.
    pub own_cookies: OwnCookies,
    /// The configured limits on bodies and rates.
    pub limits: &'a Limits,
    /// Where places are counted.
    pub budget: &'a Arc<Budget>,
    /// The metrics that each add-on's own are made in.
    pub numbers: &'a Metrics,
    /// The keys that identities are signed with; none where no add-on wants that.
    pub keyring: Option<&'a Arc<Keyring>>,
}

#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) addon: Arc<Addon>,
    pub(super) pool: Arc<Pool>,
    pub(super) request_headers: RequestHeaderPolicy,
    pub(super) metrics: AddonMetrics,
    /// What trailers go through, where there are any: to and from an add-on that speaks gRPC.
    pub(super) trailer_filter: Option<Arc<TrailerFilter>>,
    pub(super) health: Arc<Health>,
    /// Signs who is asking, where the add-on wants that.
    pub(super) assertion_signer: Option<AssertionSigner>,
    /// What of its answers is compressed here, if anything.
    pub(super) compression: Option<Compression>,
    timetable: Option<Timetable>,
    authority: Option<Authority>,
}

impl Upstreams {
    /// The add-ons of this configuration. An add-on that `before` had with the same settings keeps its connections.
    pub fn new(addons: &[Arc<Addon>], means: Means<'_>, before: Option<&Self>) -> Self {
        let assertion_signer = |addon: &Addon| {
            let keyring = means.keyring.filter(|_| addon.headers.assertion)?;
            Some(AssertionSigner::new(addon.slug.clone(), Arc::clone(keyring)))
        };
        // Of all add-ons together: a name that one of them may have from browsers is no longer stripped for all, so
        // every other one has to strip it for itself.
        let passing: Vec<HeaderName> = addons.iter().flat_map(|addon| addon.headers.pass.iter().cloned()).collect();
        let made = |addon: &Arc<Addon>| Upstream {
            assertion_signer: assertion_signer(addon),
            ..Upstream::new(addon, &passing, means, before)
        };
        let all = addons.iter().map(made).collect();
        let (reserved, own_cookies) = (means.reserved.clone(), means.own_cookies);
        let (upload, reading) = (MinRate::of_upload(means.limits), MinRate::of_answer(means.limits));
        Self { all, reserved, own_cookies, upload, reading }
    }

    /// Closes connections that have been idle for too long.
    pub fn prune(&self) {
        for upstream in &self.all {
            upstream.pool.prune();
        }
    }

    /// Asks the add-ons that have a probe and whose time has come whether they are well, each in a task of its own.
    pub fn probe(&self) {
        for upstream in &self.all {
            let Some((probe, timetable)) = upstream.addon.backend.probe.as_ref().zip(upstream.timetable.as_ref())
            else {
                continue;
            };
            if timetable.is_due() {
                let (pool, health) = (Arc::clone(&upstream.pool), Arc::clone(&upstream.health));
                let (probe, host) = (probe.clone(), upstream.own_host());
                // The review that calls this twice a second must not wait for an add-on.
                tokio::spawn(async move { health::ask(&pool, &probe, host, &health).await });
            }
        }
    }

    /// How the add-ons were when they were last heard of, in the order of the configuration.
    pub fn conditions(&self) -> impl Iterator<Item = (&AddonSlug, Condition)> {
        self.all.iter().map(|upstream| (&upstream.addon.slug, upstream.health.condition()))
    }

    /// What the add-on would be told of the user, for another proxy that tells it. Each name is there, with an empty
    /// value where there is none: a proxy that copies them must not leave the browser's own in its place (S-06).
    pub fn identity(&self, permitted: &Permitted) -> HeaderMap {
        let Some(upstream) = self.at(permitted.routed().route().place()) else { return HeaderMap::new() };
        let (user, attributes) = (permitted.user(), permitted.attributes());
        let mut headers = upstream.request_headers.identity(user.map(AsRef::as_ref), attributes);
        if let Some((assertion_signer, user)) = upstream.assertion_signer.as_ref().zip(user) {
            headers.insert(ASSERTION, assertion_signer.of(user, attributes));
        }
        headers
    }

    pub(super) fn at(&self, place: usize) -> Option<&Upstream> {
        self.all.get(place)
    }

    pub(super) fn response_policy<'a>(
        &'a self,
        upstream: &'a Upstream,
        route: &'a Route,
        (scheme, authority): (Scheme, &'a Authority),
    ) -> ResponsePolicy<'a> {
        ResponsePolicy {
            prefix: route.prefix(),
            place: route.seen(),
            rewrites_paths: upstream.addon.route.prefix == PrefixMode::Strip && !route.prefix().is_empty(),
            authority,
            scheme,
            upstream: upstream.authority.as_ref(),
            host_override: upstream.request_headers.host_override(),
            reserved: &self.reserved,
            own_cookies: self.own_cookies,
        }
    }
}

impl Upstream {
    /// Notes that a request came to nothing because of the add-on.
    pub(super) fn failed(&self, kind: UpstreamFailure) {
        self.metrics.failed(kind);
        match kind {
            UpstreamFailure::Connect => self.health.failed(Fault::Unreachable),
            UpstreamFailure::Timeout => self.health.failed(Fault::Silent),
            UpstreamFailure::Broken | UpstreamFailure::CutShort => self.health.failed(Fault::Broken),
            // It works, on other requests.
            UpstreamFailure::Busy => {}
        }
    }

    /// The `Host` of a request of our own, as a probe is: the name that the add-on is told, else its own.
    fn own_host(&self) -> HeaderValue {
        let authority = self.request_headers.host_override().or(self.authority.as_ref());
        let host = authority.and_then(|authority| HeaderValue::from_str(authority.as_str()).ok());
        host.unwrap_or(HeaderValue::from_static("localhost"))
    }

    fn new(addon: &Arc<Addon>, passing: &[HeaderName], means: Means<'_>, before: Option<&Upstreams>) -> Self {
        let Means { reserved, budget, numbers, limits, .. } = means;
        let metrics = numbers.addon(&addon.slug);
        // Only with settings that are equal whole: a pool made for another address or certificate would take requests
        // to the old one.
        let kept = before.and_then(|before| before.all.iter().find(|upstream| upstream.addon == *addon));
        let new = || Arc::new(Pool::new(addon, metrics.clone(), budget, limits.workers));
        let pool = kept.map_or_else(new, |kept| Arc::clone(&kept.pool));
        let fresh = || Arc::new(Health::new(addon.slug.clone(), metrics.up.clone()));
        let health = kept.map_or_else(fresh, |kept| Arc::clone(&kept.health));
        let timetable = addon.backend.probe.as_ref().map(|probe| Timetable::new(probe.interval));
        let request_headers = RequestHeaderPolicy::new(addon, reserved, passing);
        let trailer_filter = (addon.backend.protocol == AddonProtocol::Grpc)
            .then(|| Arc::new(TrailerFilter::new(reserved.clone(), request_headers.own().clone())));
        let authority = authority(&addon.backend.upstream);
        Self {
            addon: Arc::clone(addon),
            pool,
            request_headers,
            metrics,
            trailer_filter,
            health,
            compression: Compression::new(addon, limits, budget),
            timetable,
            authority,
            assertion_signer: None,
        }
    }
}

fn authority(upstream: &ids::Upstream) -> Option<Authority> {
    Authority::parse(upstream.address()?.authority()?.as_bytes())
}

//! The numbers of one add-on.
//!
//! Each event of its requests and connections is one atomic addition or a few.

use std::collections::BTreeMap;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

use super::histogram::DurationHistogram;
use super::labels::{AddonLabel, ClassLabel, KindLabel, StateLabel, UpstreamFailure};
use super::traffic::Traffic;

/// Handles to the numbers of one add-on; cloning gives handles to the same numbers.
#[derive(Debug, Clone)]
pub struct AddonMetrics {
    requests: [Counter; 5],
    open_requests: Gauge,
    open_tunnels: Gauge,
    duration: DurationHistogram,
    request_bytes: Counter,
    response_bytes: Counter,
    /// Connections to the add-on that are kept for later.
    pub upstream_idle: Gauge,
    upstream_busy: Gauge,
    /// Connections made to the add-on.
    pub upstream_opened: Counter,
    failures: [Counter; UpstreamFailure::ALL.len()],
    /// 0 while the last attempt to reach the add-on failed, else 1.
    pub up: Gauge,
}

impl AddonMetrics {
    /// A request was answered, to its end or not.
    pub fn answered(&self, status: u16, duration: Duration, bytes_in: u64, bytes_out: u64) {
        let class = usize::from(status / 100).saturating_sub(1);
        if let Some(requests) = self.requests.get(class) {
            requests.inc();
        }
        self.duration.observe(duration);
        self.request_bytes.inc_by(bytes_in);
        self.response_bytes.inc_by(bytes_out);
    }

    /// What was answered since the start.
    pub fn traffic(&self) -> Traffic {
        let [_, _, _, client_errors, server_errors] = &self.requests;
        Traffic {
            requests: self.requests.iter().map(Counter::get).sum(),
            client_errors: client_errors.get(),
            server_errors: server_errors.get(),
            durations: self.duration.durations(),
        }
    }

    /// How much is open: requests that are being answered, and WebSockets.
    pub fn open(&self) -> (i64, i64) {
        (self.open_requests.get(), self.open_tunnels.get())
    }

    /// How often something went wrong with the add-on since the start.
    pub fn failures(&self) -> u64 {
        self.failures.iter().map(Counter::get).sum()
    }

    /// A request is being answered for as long as the guard lives.
    pub fn open_request(&self) -> OpenGauge {
        OpenGauge::new(&self.open_requests)
    }

    /// A WebSocket is open for as long as the guard lives.
    pub fn open_tunnel(&self) -> OpenGauge {
        OpenGauge::new(&self.open_tunnels)
    }

    /// A connection to the add-on is in use for as long as the guard lives.
    pub fn upstream_in_use(&self) -> OpenGauge {
        OpenGauge::new(&self.upstream_busy)
    }

    /// Something went wrong with the add-on.
    pub fn failed(&self, kind: UpstreamFailure) {
        if let Some(failures) = self.failures.get(kind as usize) {
            failures.inc();
        }
    }
}

/// Something that is open: counted until this is dropped.
#[derive(Debug)]
#[must_use = "it counts until it is dropped"]
pub struct OpenGauge(Gauge);

impl OpenGauge {
    pub(super) fn new(gauge: &Gauge) -> Self {
        gauge.inc();
        Self(gauge.clone())
    }
}

impl Drop for OpenGauge {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// The numbers of all add-ons, by label.
#[derive(Debug, Default)]
pub(super) struct AddonFamilies {
    requests: Family<ClassLabel, Counter>,
    open_requests: Family<AddonLabel, Gauge>,
    open_tunnels: Family<AddonLabel, Gauge>,
    duration: Family<AddonLabel, DurationHistogram>,
    request_bytes: Family<AddonLabel, Counter>,
    response_bytes: Family<AddonLabel, Counter>,
    upstream: Family<StateLabel, Gauge>,
    upstream_opened: Family<AddonLabel, Counter>,
    failures: Family<KindLabel, Counter>,
    up: Family<AddonLabel, Gauge>,
    /// The handles to all of them, for their sums: a family cannot be gone through.
    handles: Mutex<BTreeMap<String, AddonMetrics>>,
}

impl AddonFamilies {
    pub(super) fn register(&self, to: &mut Registry) {
        to.register("requests", "Requests answered, by class of status", self.requests.clone());
        to.register("open_requests", "Requests being answered", self.open_requests.clone());
        to.register("open_tunnels", "Open WebSockets", self.open_tunnels.clone());
        let help = "From the end of a request's head to the end of its answer";
        to.register_with_unit("request_duration", help, Unit::Seconds, self.duration.clone());
        let help = "Bytes of bodies that clients sent";
        to.register_with_unit("request_body", help, Unit::Bytes, self.request_bytes.clone());
        let help = "Bytes of bodies that clients were sent";
        to.register_with_unit("response_body", help, Unit::Bytes, self.response_bytes.clone());
        to.register("upstream_connections", "Connections to the add-on", self.upstream.clone());
        let help = "Connections made to the add-on";
        to.register("upstream_connections_opened", help, self.upstream_opened.clone());
        to.register("upstream_failures", "What went wrong with the add-on", self.failures.clone());
        let help = "0 while the last attempt to reach the add-on failed, else 1";
        to.register("addon_up", help, self.up.clone());
    }

    /// What all of them have answered since the start.
    pub(super) fn traffic(&self) -> Traffic {
        self.handles.lock().values().fold(Traffic::default(), |sum, addon| sum.plus(addon.traffic()))
    }

    pub(super) fn with_label(&self, addon: &str) -> AddonMetrics {
        self.handles.lock().entry(addon.to_owned()).or_insert_with(|| self.made(addon)).clone()
    }

    fn made(&self, addon: &str) -> AddonMetrics {
        let label = AddonLabel { addon: addon.to_owned() };
        let state = |state| self.upstream.get_or_create_owned(&StateLabel { addon: addon.to_owned(), state });
        AddonMetrics {
            requests: ["1xx", "2xx", "3xx", "4xx", "5xx"]
                .map(|class| self.requests.get_or_create_owned(&ClassLabel { addon: addon.to_owned(), class })),
            open_requests: self.open_requests.get_or_create_owned(&label),
            open_tunnels: self.open_tunnels.get_or_create_owned(&label),
            duration: self.duration.get_or_create_owned(&label),
            request_bytes: self.request_bytes.get_or_create_owned(&label),
            response_bytes: self.response_bytes.get_or_create_owned(&label),
            upstream_idle: state("idle"),
            upstream_busy: state("busy"),
            upstream_opened: self.upstream_opened.get_or_create_owned(&label),
            up: self.up.get_or_create_owned(&label),
            // In the order of the enum: `failed` takes a variant's number for its place here.
            failures: UpstreamFailure::ALL.map(|kind| {
                self.failures.get_or_create_owned(&KindLabel { addon: addon.to_owned(), kind: kind.label() })
            }),
        }
    }
}

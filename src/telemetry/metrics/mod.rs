//! The numbers for `/metrics`.
//!
//! Handles are made beforehand, so that what happens for every request is an atomic addition. Labels come from the
//! configuration and from enums of ours, never from a request (S-130): no path, no host, no user. `/metrics` has them
//! as `OpenMetrics` text.
//!
//! | Name | Type | Labels | What |
//! |---|---|---|---|
//! | `vestibule_requests_total` | counter | `addon`, `class` | Requests answered, by class of status |
//! | `vestibule_open_requests` | gauge | `addon` | Requests being answered |
//! | `vestibule_open_tunnels` | gauge | `addon` | Open WebSockets |
//! | `vestibule_request_duration_seconds` | histogram | `addon` | From the end of a request's head to the end of its answer |
//! | `vestibule_request_body_bytes_total` | counter | `addon` | Bytes of bodies that clients sent |
//! | `vestibule_response_body_bytes_total` | counter | `addon` | Bytes of bodies that clients were sent |
//! | `vestibule_upstream_connections` | gauge | `addon`, `state` | Connections to the add-on: in use (`busy`) or kept for later (`idle`) |
//! | `vestibule_upstream_connections_opened_total` | counter | `addon` | Connections made to the add-on |
//! | `vestibule_upstream_failures_total` | counter | `addon`, `kind` | What went wrong with the add-on |
//! | `vestibule_addon_up` | gauge | `addon` | 0 while the last attempt to reach the add-on failed, else 1 |
//! | `vestibule_addon_api_requests_total` | counter | `addon`, `outcome` | Calls of the add-on API |
//! | `vestibule_addon_api_password_checks_total` | counter | `addon`, `outcome` | Passwords that add-ons asked about |
//! | `vestibule_addon_api_websockets` | gauge | `addon` | Open WebSockets of add-ons to Home Assistant |
//! | `vestibule_addon_api_connections_open` | gauge | | Connections of add-ons that are open |
//! | `vestibule_connections_accepted_total` | counter | | Connections of clients accepted |
//! | `vestibule_connections_open` | gauge | | Connections of clients that are open |
//! | `vestibule_worker_connections` | gauge | `worker` | Connections of clients and add-ons that are served on this worker, counted from 0 |
//! | `vestibule_connections_refused_total` | counter | `why` | Connections of clients closed at once |
//! | `vestibule_limit_refusals_total` | counter | `limit` | What was refused because a limit was reached, by the limit's key |
//! | `vestibule_http2_floods_total` | counter | | Connections of clients closed because they sent more HTTP/2 frames without content than `http2_control_frames` |
//! | `vestibule_handshakes_total` | counter | `result` | TLS handshakes |
//! | `vestibule_client_certificates_refused_total` | counter | `reason` | Handshakes that failed because the client's certificate is not believed, or is missing where one is required |
//! | `vestibule_refusals_total` | counter | `reason` | Requests refused |
//! | `vestibule_stripped_headers_total` | counter | | Reserved headers taken out of requests |
//! | `vestibule_sessions` | gauge | | Live sessions that this process knows |
//! | `vestibule_sign_ins_total` | counter | `outcome` | Attempts to sign in |
//! | `vestibule_reloads_total` | counter | `result` | Reloads of the configuration |
//! | `vestibule_configuration_state` | gauge | | 0 while the configuration in force is confirmed, 1 on trial, 2 taken back, 3 if it could not be taken back |
//! | `vestibule_home_assistant_events_total` | counter | `result` | Events that Home Assistant was told (`sent`), refused, or was not told because it did not answer (`dropped`) |
//! | `vestibule_front_refused_messages_total` | counter | `type` | WebSocket messages of users who are held that were refused at Home Assistant's front; types of one kind count together (`zwave_js/`), and `other` is none that is known |
//! | `vestibule_directory_users` | gauge | | Users in the current copy of Home Assistant's files |
//! | `vestibule_directory_stale_seconds` | gauge | | For how long the files could not be read; 0 while they can |
//! | `vestibule_session_store_degraded` | gauge | | 1 while sessions are served from memory alone because their store fails |
//! | `vestibule_certificate_not_after_seconds` | gauge | | When the first of our certificates ends, in seconds since 1970; 0 while there is none |
//! | `vestibule_certificates_revoked` | gauge | | How many of the certificates that are shown were revoked, by what their OCSP responder or revocation lists said last |
//! | `vestibule_acme_orders_total` | counter | `domain`, `result` | Certificates that were ordered |
//! | `vestibule_acme_certificate_not_after_seconds` | gauge | `domain` | When a certificate that is ordered ends, in seconds since 1970; 0 while there is none |
//! | `vestibule_acme_last_success_seconds` | gauge | `domain` | When this process has ordered a certificate last, in seconds since 1970; 0 while it has not |
//! | `vestibule_log_lines_dropped_total` | counter | | Log lines dropped because nobody read them fast enough |
//! | `vestibule_build_info` | info | `version` | The version that runs |

mod acme;
mod addon;
mod addon_api;
mod front;
mod histogram;
mod history;
mod labels;
mod traffic;

use std::fmt;
use std::time::{Duration, Instant};

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

pub use acme::{AcmeGauges, OrderResult};
pub use addon::{AddonMetrics, OpenGauge};
pub use labels::{Announced, ConnectionRefusal, Handshake, ReloadResult, UpstreamFailure};
pub use traffic::{Durations, Traffic};

use super::sign_in_outcome::SignInOutcome;
use crate::budget::Limit;
use crate::ids::AddonSlug;
use crate::refusal::Reason;
use acme::AcmeFamilies;
use addon::AddonFamilies;
use addon_api::AddonApiFamilies;
use front::FrontFamilies;
use history::History;
use labels::{LimitLabel, OutcomeLabel, ReasonLabel, ResultLabel, WhyLabel, WorkerLabel};

/// All numbers of the process.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    started: Instant,
    history: History,
    addons: AddonFamilies,
    addon_api: AddonApiFamilies,
    acme: AcmeFamilies,
    front: FrontFamilies,
    /// Connections of clients accepted.
    connections_accepted: Counter,
    connections_open: Gauge,
    worker_connections: Family<WorkerLabel, Gauge>,
    connections_refused: Family<WhyLabel, Counter>,
    limit_refusals: Family<LimitLabel, Counter>,
    /// Connections of clients closed because they sent too many HTTP/2 frames without content.
    pub http2_floods: Counter,
    handshakes: Family<ResultLabel, Counter>,
    client_certificates_refused: Family<ReasonLabel, Counter>,
    refusals: Family<ReasonLabel, Counter>,
    /// Reserved headers taken out of requests.
    pub stripped_headers: Counter,
    /// Live sessions.
    pub sessions: Gauge,
    sign_ins: Family<OutcomeLabel, Counter>,
    reloads: Family<ResultLabel, Counter>,
    announced: Family<ResultLabel, Counter>,
    /// Whether the configuration in force was confirmed, as a number.
    pub configuration_state: Gauge,
    /// Users in the current copy of Home Assistant's files.
    pub directory_users: Gauge,
    /// For how many seconds Home Assistant's files could not be read; 0 while they can.
    pub directory_stale: Gauge,
    /// 1 while sessions are served from memory alone because their store fails.
    pub session_store_degraded: Gauge,
    /// When the first of our certificates ends, in seconds since 1970.
    pub certificate_not_after: Gauge,
    /// How many of the certificates that are shown were revoked.
    pub certificates_revoked: Gauge,
}

impl Metrics {
    pub(super) fn new(log_lines_dropped: Counter) -> Self {
        let mut metrics = Self {
            registry: Registry::default(),
            started: Instant::now(),
            history: History::default(),
            addons: AddonFamilies::default(),
            addon_api: AddonApiFamilies::default(),
            acme: AcmeFamilies::default(),
            front: FrontFamilies::default(),
            connections_accepted: Counter::default(),
            connections_open: Gauge::default(),
            worker_connections: Family::default(),
            connections_refused: beforehand(&ConnectionRefusal::ALL.map(|why| WhyLabel { why: why.label() })),
            limit_refusals: beforehand(&Limit::ALL.map(|limit| LimitLabel { limit: limit.label() })),
            http2_floods: Counter::default(),
            handshakes: beforehand(&Handshake::ALL.map(|result| ResultLabel { result: result.label() })),
            client_certificates_refused: Family::default(),
            refusals: Family::default(),
            stripped_headers: Counter::default(),
            sessions: Gauge::default(),
            sign_ins: beforehand(&SignInOutcome::ALL.map(|outcome| OutcomeLabel { outcome: outcome.label() })),
            reloads: beforehand(&ReloadResult::ALL.map(|result| ResultLabel { result: result.label() })),
            announced: beforehand(&Announced::ALL.map(|result| ResultLabel { result: result.label() })),
            configuration_state: Gauge::default(),
            directory_users: Gauge::default(),
            directory_stale: Gauge::default(),
            session_store_degraded: Gauge::default(),
            certificate_not_after: Gauge::default(),
            certificates_revoked: Gauge::default(),
        };
        let mut registry = Registry::with_prefix("vestibule");
        metrics.addons.register(&mut registry);
        metrics.addon_api.register(&mut registry);
        metrics.acme.register(&mut registry);
        metrics.front.register(&mut registry);
        metrics.register(&mut registry);
        registry.register(
            "log_lines_dropped",
            "Log lines dropped because nobody read them fast enough",
            log_lines_dropped,
        );
        registry.register("build", "The version that runs", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        metrics.registry = registry;
        // Made now, so that the series of our own answers is there from the start.
        metrics.own();
        metrics
    }

    fn register(&self, to: &mut Registry) {
        to.register("connections_accepted", "Connections of clients accepted", self.connections_accepted.clone());
        to.register("connections_open", "Connections of clients that are open", self.connections_open.clone());
        let help = "Connections of clients and add-ons that are served on this worker";
        to.register("worker_connections", help, self.worker_connections.clone());
        to.register("connections_refused", "Connections of clients closed at once", self.connections_refused.clone());
        let help = "What was refused because a limit was reached, by the limit's key";
        to.register("limit_refusals", help, self.limit_refusals.clone());
        let help = "Connections of clients closed because they sent too many HTTP/2 frames without content";
        to.register("http2_floods", help, self.http2_floods.clone());
        to.register("handshakes", "TLS handshakes", self.handshakes.clone());
        let help = "Handshakes that failed because of the client's certificate";
        to.register("client_certificates_refused", help, self.client_certificates_refused.clone());
        to.register("refusals", "Requests refused", self.refusals.clone());
        to.register("stripped_headers", "Reserved headers taken out of requests", self.stripped_headers.clone());
        to.register("sessions", "Live sessions", self.sessions.clone());
        to.register("sign_ins", "Attempts to sign in", self.sign_ins.clone());
        to.register("reloads", "Reloads of the configuration", self.reloads.clone());
        let help = "Events that Home Assistant was told, refused, or was not told because it did not answer";
        to.register("home_assistant_events", help, self.announced.clone());
        let help = "0 while the configuration in force is confirmed, 1 on trial, 2 taken back, 3 if it could not be taken \
                    back";
        to.register("configuration_state", help, self.configuration_state.clone());
        let help = "Users in the current copy of Home Assistant's files";
        to.register("directory_users", help, self.directory_users.clone());
        let help = "For how long Home Assistant's files could not be read; 0 while they can";
        to.register_with_unit("directory_stale", help, Unit::Seconds, self.directory_stale.clone());
        let help = "1 while sessions are served from memory alone because their store fails";
        to.register("session_store_degraded", help, self.session_store_degraded.clone());
        let help = "When the first of our certificates ends, in seconds since 1970; 0 while there is none";
        to.register_with_unit("certificate_not_after", help, Unit::Seconds, self.certificate_not_after.clone());
        let help = "How many of the certificates that are shown were revoked, by what their OCSP responder or revocation lists \
                    said last";
        to.register("certificates_revoked", help, self.certificates_revoked.clone());
    }

    /// The numbers of an add-on. Ask when routes are made, not for every request; asking again gives the same numbers.
    pub fn addon(&self, slug: &AddonSlug) -> AddonMetrics {
        self.addons.with_label(slug.as_str())
    }

    /// The numbers of what we answer ourselves: sign-in pages, refusals before there is an add-on. Their label is no
    /// slug.
    pub fn own(&self) -> AddonMetrics {
        let own = self.addons.with_label(OWN);
        own.up.set(1);
        own
    }

    /// Keeps what the minute had that is over, if one is.
    pub fn keep_minute(&self) {
        self.history.look(self.started.elapsed(), self.addons.traffic());
    }

    /// What was answered in each of the last sixty minutes, the oldest first; the last one goes on.
    pub fn last_hour(&self) -> Vec<Traffic> {
        self.history.last_hour(self.started.elapsed(), self.addons.traffic())
    }

    /// For how long the process has been running.
    pub fn running_for(&self) -> Duration {
        self.started.elapsed()
    }

    /// An order for this name has ended.
    pub fn certificate_ordered(&self, domain: &str, result: OrderResult) {
        self.acme.ordered(domain, result);
    }

    /// How it stands with a certificate that is ordered.
    pub fn ordered_certificate(&self, domain: &str, gauges: AcmeGauges) {
        self.acme.set(domain, gauges);
    }

    /// Other names are ordered from now on.
    pub fn forget_ordered_certificates(&self) {
        self.acme.clear();
    }

    /// A connection of a client was accepted, and is open for as long as the guard lives.
    pub fn connection_accepted(&self) -> OpenGauge {
        self.connections_accepted.inc();
        OpenGauge::new(&self.connections_open)
    }

    /// Counts the connections that are served on this worker.
    pub fn worker_connections(&self, worker: usize) -> Gauge {
        self.worker_connections.get_or_create_owned(&WorkerLabel { worker: worker.to_string() })
    }

    /// This many connections of clients have been closed at once for this reason since the start.
    pub fn connections_refused(&self, why: ConnectionRefusal, since_the_start: u64) {
        let counter = self.connections_refused.get_or_create(&WhyLabel { why: why.label() });
        // Counted elsewhere, and a counter can only be added to.
        counter.inc_by(since_the_start.saturating_sub(counter.get()));
    }

    /// This is how often a limit has refused since the start.
    pub fn limit_refused(&self, limit: Limit, since_the_start: u64) {
        let counter = self.limit_refusals.get_or_create(&LimitLabel { limit: limit.label() });
        counter.inc_by(since_the_start.saturating_sub(counter.get()));
    }

    /// A TLS handshake ended.
    pub fn handshake(&self, result: Handshake) {
        self.handshakes.get_or_create(&ResultLabel { result: result.label() }).inc();
    }

    /// A message of a user who is held was refused at Home Assistant's front, of this row of the table.
    pub fn front_message_refused(&self, kind: &'static str) {
        self.front.refused(kind);
    }

    /// A handshake failed because of the client's certificate, for the reason with this label.
    pub fn client_certificate_refused(&self, reason: &'static str) {
        self.client_certificates_refused.get_or_create(&ReasonLabel { reason }).inc();
    }

    /// A request was refused.
    pub fn refused(&self, reason: Reason) {
        self.refusals.get_or_create(&ReasonLabel { reason: reason.label() }).inc();
    }

    /// Somebody tried to sign in.
    pub fn sign_in(&self, outcome: SignInOutcome) {
        self.sign_ins.get_or_create(&OutcomeLabel { outcome: outcome.label() }).inc();
    }

    /// The configuration was read again.
    pub fn reloaded(&self, result: ReloadResult) {
        self.reloads.get_or_create(&ResultLabel { result: result.label() }).inc();
    }

    /// This became of an event for Home Assistant.
    pub fn announced(&self, result: Announced) {
        self.announced.get_or_create(&ResultLabel { result: result.label() }).inc();
    }

    /// Counts events that found no place to wait in.
    pub(super) fn dropped_announcements(&self) -> Counter {
        self.announced.get_or_create_owned(&ResultLabel { result: Announced::Dropped.label() })
    }

    /// All numbers as `OpenMetrics` text, with its end mark.
    pub fn encode(&self) -> Result<String, fmt::Error> {
        let mut text = String::with_capacity(16 * 1024);
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// A family whose members all exist from the start, so that a graph shows a zero and not a gap.
fn beforehand<L, const N: usize>(labels: &[L; N]) -> Family<L, Counter>
where
    L: EncodeLabelSet + Clone + std::hash::Hash + Eq,
{
    let family = Family::default();
    for label in labels {
        drop(family.get_or_create(label));
    }
    family
}

/// The label of our own answers. The dot keeps it apart from every slug.
const OWN: &str = ".vestibule";

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn exposed() -> (Metrics, AddonMetrics) {
        let metrics = Metrics::new(Counter::default());
        metrics.refused(Reason::AdminOnly);
        let slug = "z2m".parse().unwrap();
        let addon = metrics.addon(&slug);
        metrics.api_answered(Some(&slug), 200);
        metrics.api_answered(None, 401);
        metrics.password_checked(&slug, SignInOutcome::WrongPassword);
        drop(metrics.open_api_websocket(&slug));
        drop(metrics.worker_connections(0));
        metrics.front_message_refused("other");
        metrics.client_certificate_refused("expired");
        metrics.certificate_ordered("home.example", OrderResult::Success);
        metrics.ordered_certificate("home.example", AcmeGauges { not_after: 1, last_success: 1 });
        (metrics, addon)
    }

    /// What `# TYPE` says, and the labels of the samples (without the histogram's `le`), for each family.
    fn families(text: &str) -> BTreeMap<String, (String, BTreeSet<String>)> {
        let mut families = BTreeMap::new();
        let mut helped = BTreeSet::new();
        let mut current = String::new();
        let body = text.strip_suffix("# EOF\n").expect("an end mark");
        for line in body.lines() {
            if let Some(rest) = line.strip_prefix("# HELP ") {
                helped.insert(rest.split_once(' ').unwrap().0.to_owned());
            } else if let Some(rest) = line.strip_prefix("# TYPE ") {
                let (name, kind) = rest.split_once(' ').unwrap();
                assert!(helped.contains(name), "{name} has no HELP");
                current = name.to_owned();
                families.insert(current.clone(), (kind.to_owned(), BTreeSet::new()));
            } else if let Some(rest) = line.strip_prefix("# UNIT ") {
                let (name, unit) = rest.split_once(' ').unwrap();
                assert!(name == current && name.ends_with(unit), "{line}");
            } else {
                let (series, value) = line.rsplit_once(' ').expect(line);
                value.parse::<f64>().expect(line);
                let (name, labels) =
                    series.split_once('{').map_or((series, ""), |(n, l)| (n, l.strip_suffix('}').unwrap()));
                assert!(name.starts_with(&current), "{line} under {current}");
                let (kind, seen) = families.get_mut(&current).unwrap();
                assert!(kind != "counter" || name.ends_with("_total"), "{line}");
                for label in labels.split(',').filter(|label| !label.is_empty()) {
                    let (label, value) = label.split_once('=').expect(line);
                    assert!(value.starts_with('"') && value.ends_with('"'), "{line}");
                    if label != "le" {
                        seen.insert(label.to_owned());
                    }
                }
            }
        }
        families
    }

    #[test]
    fn the_table_above_is_what_is_exposed() {
        let documented: BTreeMap<_, _> = include_str!("mod.rs")
            .lines()
            .filter_map(|line| line.strip_prefix("//! | `vestibule_"))
            .map(|row| {
                let cells: Vec<_> = row.split('|').map(str::trim).collect();
                let name = cells[0].trim_end_matches('`').trim_end_matches("_total").trim_end_matches("_info");
                let labels = cells[2].split(", ").map(|l| l.trim_matches('`').to_owned()).filter(|l| !l.is_empty());
                (format!("vestibule_{name}"), (cells[1].to_owned(), labels.collect()))
            })
            .collect();
        let (metrics, _addon) = exposed();
        assert_eq!(families(&metrics.encode().unwrap()), documented);
    }

    #[test]
    fn a_request_is_counted_where_it_belongs() {
        let (metrics, addon) = exposed();
        let open = addon.open_request();
        assert!(metrics.encode().unwrap().contains("vestibule_open_requests{addon=\"z2m\"} 1\n"));
        drop(open);
        addon.answered(204, Duration::from_micros(1700), 10, 20);
        addon.failed(UpstreamFailure::Timeout);
        metrics.own().answered(404, Duration::ZERO, 0, 5);
        let text = metrics.encode().unwrap();
        for line in [
            "vestibule_open_requests{addon=\"z2m\"} 0",
            "vestibule_requests_total{addon=\"z2m\",class=\"2xx\"} 1",
            "vestibule_requests_total{addon=\"z2m\",class=\"4xx\"} 0",
            "vestibule_requests_total{addon=\".vestibule\",class=\"4xx\"} 1",
            "vestibule_request_body_bytes_total{addon=\"z2m\"} 10",
            "vestibule_response_body_bytes_total{addon=\"z2m\"} 20",
            "vestibule_request_duration_seconds_bucket{le=\"0.001\",addon=\"z2m\"} 0",
            "vestibule_request_duration_seconds_bucket{le=\"0.0025\",addon=\"z2m\"} 1",
            "vestibule_request_duration_seconds_bucket{le=\"+Inf\",addon=\"z2m\"} 1",
            "vestibule_request_duration_seconds_sum{addon=\"z2m\"} 0.0017",
            "vestibule_upstream_failures_total{addon=\"z2m\",kind=\"timeout\"} 1",
            "vestibule_refusals_total{reason=\"admin_only\"} 1",
            "vestibule_addon_api_requests_total{addon=\"z2m\",outcome=\"answered\"} 1",
            "vestibule_addon_api_requests_total{addon=\".nobody\",outcome=\"refused\"} 1",
            "vestibule_addon_api_password_checks_total{addon=\"z2m\",outcome=\"wrong_password\"} 1",
            "vestibule_addon_api_websockets{addon=\"z2m\"} 0",
        ] {
            assert!(text.contains(&format!("{line}\n")), "{line} is not in\n{text}");
        }
    }

    #[test]
    fn each_failure_is_counted_under_its_own_label() {
        let (metrics, addon) = exposed();
        for kind in UpstreamFailure::ALL {
            addon.failed(kind);
            let line = format!("vestibule_upstream_failures_total{{addon=\"z2m\",kind=\"{}\"}} 1\n", kind.label());
            assert!(metrics.encode().unwrap().contains(&line), "{line}");
        }
    }

    #[test]
    fn two_handles_of_one_addon_count_together() {
        let (metrics, one) = exposed();
        let two = metrics.addon(&"z2m".parse().unwrap());
        one.upstream_opened.inc();
        two.upstream_opened.inc();
        assert_eq!(one.upstream_opened.get(), 2);
    }
}

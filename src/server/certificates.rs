//! Certificates that are ordered: kept while the configuration wants them, and shown as soon as they are there.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::Server;
use crate::acme::{Ordered, Step};
use crate::clock::Timestamp;
use crate::config::{Domain, Settings};
use crate::operations::CertificatesState;
use crate::operations::control::{Answer, CertificateLine, CertificateOrigin};
use crate::telemetry::{AcmeGauges, OrderResult, chain};
use crate::tls::{CertificateSource, Facts};

/// Orders and renews until the process drains.
pub(super) async fn keep_ordered(server: Arc<Server>) {
    #[cfg(feature = "redis-store")]
    let mut shared = {
        let services = server.gate.services();
        super::shared_orders::SharedOrders::of(&services.sessions, services.clock.clone())
    };
    loop {
        let settings = Arc::clone(&server.gate.stages().settings);
        let step = async {
            let Some(acme) = settings.tls.acme() else { return Step::Idle(NOTHING_TO_DO) };
            #[cfg(feature = "redis-store")]
            if let Some(shared) = &mut shared {
                return shared.step(&server.renewer, acme).await;
            }
            server.renewer.step(acme).await
        };
        // An order that is under way is broken off, and its server forgets it: what is stored is whole at any moment.
        let Some(step) = server.drain.run_until_cancelled(step).await else { return };
        let metrics = &server.gate.services().telemetry.metrics;
        match step {
            Step::Issued(domain) => {
                metrics.certificate_ordered(&domain.to_string(), OrderResult::Success);
                server.show_ordered().await;
                server.report_certificates();
            }
            Step::Adopted(_) => {
                server.show_ordered().await;
                server.report_certificates();
            }
            Step::Failed(domain) => {
                metrics.certificate_ordered(&domain.to_string(), OrderResult::Failure);
                server.report_certificates();
            }
            Step::Idle(time) => tokio::select! {
                () = server.drain.cancelled() => return,
                () = server.renewer.woken() => {}
                () = tokio::time::sleep(time) => {}
            },
        }
    }
}

/// A reload wakes who sleeps.
const NOTHING_TO_DO: Duration = Duration::from_hours(24);

impl Server {
    async fn show_ordered(&self) {
        // Held, so that a reload does not put other certificates in force in between.
        let _state = self.state.lock().await;
        let settings = Arc::clone(&self.gate.stages().settings);
        if let Err(error) = self.reload_certificates(&settings).await {
            tracing::error!(error = %chain(&error), "the new certificate is not shown");
        }
    }

    /// What is ordered has changed: what failed before may work now.
    pub(super) fn order_changed(&self, before: &Settings, now: &Settings) {
        if before.tls.acme() == now.tls.acme() {
            return;
        }
        self.gate.services().telemetry.metrics.forget_ordered_certificates();
        if let Some(acme) = now.tls.acme() {
            self.renewer.try_again(acme);
        }
    }

    /// Says how it stands with the certificates.
    pub(super) fn report_certificates(&self) {
        let services = self.gate.services();
        let metrics = &services.telemetry.metrics;
        metrics.certificate_not_after.set(seconds(self.handshaker.not_after()));
        let stages = self.gate.stages();
        let ordered = stages.settings.tls.acme().map(|acme| self.renewer.ordered(acme)).unwrap_or_default();
        for one in &ordered {
            let (not_after, last_success) = (seconds(one.not_after), seconds(one.last_success));
            metrics.ordered_certificate(&one.domain.to_string(), AcmeGauges { not_after, last_success });
        }
        let (state, errors) = condition(&ordered, self.handshaker.not_after().is_some());
        self.readiness.set_certificates(state, errors);
    }

    /// The certificates that are shown, and those that are on order.
    pub(super) fn list_certificates(&self) -> Answer {
        let stages = self.gate.stages();
        let mut ordered = stages.settings.tls.acme().map(|acme| self.renewer.ordered(acme)).unwrap_or_default();
        let mut certificates = Vec::new();
        for (facts, source, fingerprint) in self.handshaker.shown() {
            let place = match &source {
                CertificateSource::Acme(domain) => ordered.iter().position(|one| one.domain == *domain),
                CertificateSource::Development | CertificateSource::File(_) => None,
            };
            let line = shown(&facts, &source, place.map(|place| ordered.remove(place)));
            let (ocsp, crl) = self.revocation_lines(fingerprint);
            certificates.push(CertificateLine { ocsp, crl, ..line });
        }
        certificates.extend(ordered.into_iter().map(on_order));
        Answer::Certificates { certificates }
    }

    /// Orders certificates now, all or one.
    pub(super) fn renew_certificates(&self, domain: Option<&str>) -> Answer {
        let stages = self.gate.stages();
        let Some(acme) = stages.settings.tls.acme() else {
            return Answer::failed("no certificates are ordered: the configuration has no [tls.acme]");
        };
        let is_wanted = |name: &Domain| domain.is_none_or(|domain| domain == name.to_string());
        let count = acme.domains.iter().filter(|name| is_wanted(name)).count();
        if count == 0 {
            return Answer::failed(format!("no certificate is ordered for `{}`", domain.unwrap_or_default()));
        }
        self.renewer.order_now(acme, is_wanted);
        Answer::Ordering { count: u64::try_from(count).unwrap_or_default() }
    }
}

/// The state of all, and why it is not a good one, by name.
fn condition(ordered: &[Ordered], is_any_shown: bool) -> (CertificatesState, BTreeMap<String, String>) {
    let error = |one: &Ordered| one.error.clone().or((one.not_after.is_none()).then(|| ON_ORDER.to_owned()));
    let errors = ordered.iter().filter_map(|one| Some((one.domain.to_string(), error(one)?))).collect();
    let state = if !is_any_shown {
        CertificatesState::Absent
    } else if ordered.iter().any(|one| one.not_after.is_none()) {
        CertificatesState::Incomplete
    } else if ordered.iter().any(|one| one.failures > 0) {
        CertificatesState::Failing
    } else {
        CertificatesState::Good
    };
    (state, errors)
}

const ON_ORDER: &str = "on order";

fn shown(facts: &Facts, source: &CertificateSource, ordered: Option<Ordered>) -> CertificateLine {
    let (origin, file) = match source {
        CertificateSource::Development => (CertificateOrigin::Development, None),
        CertificateSource::File(file) => (CertificateOrigin::File, Some(file.display().to_string())),
        CertificateSource::Acme(_) => (CertificateOrigin::Acme, None),
    };
    let names = facts.dns_names.iter().cloned().chain(facts.addresses.iter().map(ToString::to_string)).collect();
    let line = CertificateLine {
        names,
        issuer: Some(facts.issuer.clone()),
        not_after: Some(facts.not_after.as_millis()),
        origin,
        file,
        ..CertificateLine::default()
    };
    match ordered {
        Some(ordered) => with_order(line, ordered),
        None => line,
    }
}

fn on_order(ordered: Ordered) -> CertificateLine {
    let names = vec![ordered.domain.to_string()];
    with_order(CertificateLine { names, origin: CertificateOrigin::Acme, ..CertificateLine::default() }, ordered)
}

fn with_order(line: CertificateLine, ordered: Ordered) -> CertificateLine {
    CertificateLine {
        next_order: Some(ordered.next.as_millis()),
        last_success: ordered.last_success.map(Timestamp::as_millis),
        failures: ordered.failures,
        last_error: ordered.why,
        ..line
    }
}

fn seconds(at: Option<Timestamp>) -> i64 {
    at.map_or(0, |at| i64::try_from(at.as_millis() / 1000).unwrap_or(i64::MAX))
}

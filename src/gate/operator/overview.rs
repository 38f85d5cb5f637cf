//! How it goes: the numbers of `/metrics` over the last hour, and what needs attention.

use std::time::Duration;

use super::Form;
use crate::clock::Timestamp;
use crate::gate::stages::{Services, Stages};
use crate::home_assistant::Condition as Files;
use crate::pages::operator::{self, Attention, Minute, Overview};
use crate::pages::{Page, PageContext};
use crate::session::Health;
use crate::telemetry::{Metrics, Traffic};
use crate::upstream::Condition;

/// The page.
pub(super) fn answer(form: Form, context: &PageContext, stages: &Stages, services: &Services) -> Page {
    let overview = gathered(stages, services);
    match form {
        Form::Json => super::json(&overview),
        Form::Html => operator::overview(context, &overview),
    }
}

fn gathered(stages: &Stages, services: &Services) -> Overview {
    let metrics = &*services.telemetry.metrics;
    let minutes = metrics.last_hour();
    let hour = minutes.iter().copied().fold(Traffic::default(), Traffic::plus);
    let opened = stages.metrics.iter().map(crate::telemetry::AddonMetrics::open);
    let opened = opened.chain([stages.own_metrics.open()]);
    let (open_requests, open_tunnels) = opened.fold((0_i64, 0_i64), |(requests, tunnels), (more, also)| {
        (requests.saturating_add(more), tunnels.saturating_add(also))
    });
    let now = services.clock.now();
    let not_after = certificate_not_after(metrics);
    let home = services.home.load();
    let users = home.directory().load().users().filter(|user| user.is_active && !user.system_generated).count();
    Overview {
        version: env!("CARGO_PKG_VERSION"),
        running: metrics.running_for(),
        sessions: services.sessions.len(),
        users,
        open_requests,
        open_tunnels,
        addons: stages.settings.addons.len(),
        addons_down: stages.conditions().filter(|(_, condition)| matches!(condition, Condition::Down(..))).count(),
        certificate_not_after: not_after.map(|at| at.to_string()),
        certificate_ends: not_after.map(|at| at.saturating_since(now)),
        hour: minute(&hour),
        minutes: minutes.iter().map(minute).collect(),
        attention: attention(stages, services, not_after),
    }
}

fn minute(traffic: &Traffic) -> Minute {
    Minute {
        requests: traffic.requests,
        client_errors: traffic.client_errors,
        server_errors: traffic.server_errors,
        p50: traffic.durations.quantile(500),
        p99: traffic.durations.quantile(990),
    }
}

fn certificate_not_after(metrics: &Metrics) -> Option<Timestamp> {
    let seconds = u64::try_from(metrics.certificate_not_after.get()).ok().filter(|seconds| *seconds > 0)?;
    Some(Timestamp::from_millis(seconds.saturating_mul(1000)))
}

/// What needs attention, the worst first.
fn attention(stages: &Stages, services: &Services, certificate_not_after: Option<Timestamp>) -> Vec<Attention> {
    let metrics = &*services.telemetry.metrics;
    let home = services.home.load();
    let status = home.status();
    let mut found = Vec::new();
    match status.condition {
        Files::Good { .. } => {}
        Files::Stale { .. } => found.push(Attention::UsersStale),
        Files::Absent { .. } => found.push(Attention::UsersAbsent),
    }
    if !matches!(status.registries, Files::Good { .. }) && stages.settings.home_assistant.config_dir().is_some() {
        found.push(Attention::RegistriesUnreadable);
    }
    match services.sessions.health() {
        Health::Durable | Health::MemoryByChoice => {}
        Health::Degraded { .. } | Health::Away { .. } => found.push(Attention::StoreDegraded),
    }
    if services.configuration.load().mistake.is_some() {
        found.push(Attention::ConfigurationRefused);
    }
    match metrics.configuration_state.get() {
        0 => {}
        1 => found.push(Attention::ConfigurationOnTrial),
        _ => found.push(Attention::ConfigurationTakenBack),
    }
    if let Some(at) = certificate_not_after {
        let left = at.saturating_since(services.clock.now());
        if left == Duration::ZERO {
            found.push(Attention::CertificateEnded);
        } else if left < ENDS_SOON {
            found.push(Attention::CertificateEnds { within: left });
        }
    }
    if let Some(number) = u64::try_from(metrics.certificates_revoked.get()).ok().filter(|number| *number > 0) {
        found.push(Attention::CertificatesRevoked { number });
    }
    found.extend(addons_down(stages));
    let directory = home.directory().load();
    found.extend(directory.illegal().iter().map(|group| Attention::IllegalPolicy { group: group.id.to_string() }));
    let asked = stages.refusals.newest(|refusal| refusal.asks_access).len();
    if asked > 0 {
        found.push(Attention::AccessAsked { number: asked });
    }
    found
}

fn addons_down(stages: &Stages) -> Vec<Attention> {
    let conditions = stages.settings.addons.iter().zip(stages.conditions());
    let down = conditions.filter_map(|(addon, (_, condition))| match condition {
        Condition::Down(fault, _) => {
            let (title, slug) = (addon.display.title.clone(), addon.slug.to_string());
            Some(Attention::AddonDown { title, slug, why: fault.label() })
        }
        Condition::Unknown | Condition::Up(_) => None,
    });
    let mut down: Vec<_> = down.collect();
    let more = down.len().saturating_sub(LISTED);
    down.truncate(LISTED);
    down.extend((more > 0).then_some(Attention::MoreAddonsDown { number: more }));
    down
}

/// A certificate that ends within this time should have been renewed: those that are ordered are, a month before.
const ENDS_SOON: Duration = Duration::from_hours(14 * 24);

/// Add-ons that are listed by name.
const LISTED: usize = 10;

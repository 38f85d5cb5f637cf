//! The add-ons: how each is, its numbers of `/metrics`, and what it asks for, as `vestibule addons show` has it.

use super::Form;
use crate::addon_rights::protection::{Granted, Protection};
use crate::addon_rights::rating::{Effect, RatedAddon, Rating, rate};
use crate::clock::Timestamp;
use crate::config::Addon;
use crate::gate::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::ids::{Address, Upstream};
use crate::manifest::{Role, Signed};
use crate::pages::operator::{
    self, AddonDetails, AddonList, AddonPackage, AddonRow, AddonState, Listing, RatingPoint, RightRow,
};
use crate::pages::{Page, PageContext};
use crate::refusal::Reason;
use crate::telemetry::AddonMetrics;
use crate::upstream::Condition;

/// All of them, or the one with this slug.
pub(super) fn answer(
    request: &Sanitized,
    slug: &str,
    form: Form,
    context: &PageContext,
    (stages, services): (&Stages, &Services),
) -> Result<Page, Reason> {
    let now = services.clock.now();
    if slug.is_empty() {
        let mut listing = Listing::of_query(request.query().unwrap_or_default());
        let is_meant = |known: &Known<'_>| listing.finds([known.0.slug.as_str(), &known.0.display.title]);
        let found = all(stages).filter(is_meant).collect();
        let addons = listing.part(found).iter().map(|known| row(known, now)).collect();
        let list = AddonList { listing, addons };
        return Ok(match form {
            Form::Json => super::json(&list),
            Form::Html => operator::addons(context, &list),
        });
    }
    let known = all(stages).find(|(addon, ..)| addon.slug.as_str() == slug).ok_or(Reason::UnknownRoute)?;
    let details = details(&known, services, now);
    Ok(match form {
        Form::Json => super::json(&details),
        Form::Html => operator::addon(context, &details),
    })
}

/// What is known of an add-on.
type Known<'a> = (&'a Addon, Condition, &'a AddonMetrics);

/// All of them. Conditions and numbers are in the order of the configuration.
fn all(stages: &Stages) -> impl Iterator<Item = Known<'_>> {
    let conditions = stages.conditions().map(|(_, condition)| condition);
    let all = stages.settings.addons.iter().zip(conditions).zip(&stages.metrics);
    all.map(|((addon, condition), metrics)| (&**addon, condition, metrics))
}

fn row((addon, condition, metrics): &Known<'_>, now: Timestamp) -> AddonRow {
    let (state, why, since) = match condition {
        Condition::Unknown => (AddonState::Unknown, None, None),
        Condition::Up(since) => (AddonState::Up, None, Some(*since)),
        Condition::Down(fault, since) => (AddonState::Down, Some(fault.label()), Some(*since)),
    };
    let traffic = metrics.traffic();
    let (open_requests, open_tunnels) = metrics.open();
    AddonRow {
        slug: addon.slug.to_string(),
        title: addon.display.title.clone(),
        state,
        why,
        since: since.map(|since| since.to_string()),
        age: since.map(|since| now.saturating_since(since)),
        requests: traffic.requests,
        client_errors: traffic.client_errors,
        server_errors: traffic.server_errors,
        failures: metrics.failures(),
        open_requests,
        open_tunnels,
        p50: traffic.durations.quantile(500),
        p99: traffic.durations.quantile(990),
        rating: addon.package.manifest.is_some().then(|| rating(addon).score),
    }
}

fn details(known: &Known<'_>, services: &Services, now: Timestamp) -> AddonDetails {
    let (addon, ..) = known;
    let host = addon.route.host.as_ref().map(|host| format!("https://{}", host.as_str()));
    let path = addon.route.path.as_ref().map(|path| path.as_str().to_owned());
    AddonDetails {
        row: row(known, now),
        upstream: upstream(&addon.backend.upstream),
        route: host.into_iter().chain(path).collect::<Vec<_>>().join(", "),
        package: package(addon, services),
    }
}

/// As it stands in the configuration, where no password may be in it.
fn upstream(upstream: &Upstream) -> String {
    match upstream {
        Upstream::At(Address::Unix(path)) => format!("unix:{}", path.display()),
        Upstream::At(address @ Address::Http { .. }) => format!("http://{}", address.authority().unwrap_or_default()),
        Upstream::At(address @ Address::Https { .. }) => format!("https://{}", address.authority().unwrap_or_default()),
        Upstream::Whoami => "builtin:whoami".to_owned(),
        Upstream::Nowhere => "–".to_owned(),
    }
}

fn package(addon: &Addon, services: &Services) -> AddonPackage {
    let Rating { score, classic, points, advice } = rating(addon);
    let protection = services.addon_states.protection(&addon.slug);
    let granted = Granted::new(&addon.package.rights, protection);
    let rights = granted.compared(&addon.package.rights).into_iter();
    let manifest = addon.package.manifest.as_ref();
    let points = points.into_iter().map(|point| {
        let points = if let Effect::Adds(points) = point.score { Some(points) } else { None };
        RatingPoint { key: point.key, points, why: point.why }
    });
    AddonPackage {
        manifest: manifest.map(|manifest| manifest.path.display().to_string()),
        version: manifest.map(|manifest| manifest.version.clone()),
        signed_by: manifest.and_then(|manifest| match &manifest.signed {
            Signed::No => None,
            Signed::By(key) => Some(format!("{key:?}")),
        }),
        rating: score,
        classic,
        points: points.collect(),
        advice,
        protected: protection == Protection::On,
        role: granted.role().map(Role::as_str),
        rights: rights
            .map(|line| RightRow { right: line.right, asked: line.asked, granted: line.granted, why: line.why })
            .collect(),
    }
}

fn rating(addon: &Addon) -> Rating {
    rate(&RatedAddon::new(addon.package.manifest.as_deref(), &addon.package.rights, addon.route.leads_here()))
}

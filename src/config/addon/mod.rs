//! `[[addon]]`, in parts. Each part is one file with its keys as the file has them, its settled form, its defaults, its
//! reader and its mistakes; here they are put together, and no two add-ons have the same slug, host or prefix.

mod access;
mod accounts;
mod answers;
mod authorization;
mod backend;
mod cors;
mod cross_origin;
mod display;
mod entity_filter;
pub(in crate::config) mod header_names;
mod headers;
mod manifest;
mod options;
mod package;
mod pass_headers;
mod probe;
mod protect;
mod protect_rules;
mod public_paths;
mod rights;
mod roles;
mod route;
mod step_up;

use std::time::Duration;

use toml::Spanned;

use super::diagnostic::Span;
use super::raw::section::{Key, section};
use super::resolve::context::Context;
use super::resolve::unique::Unique;
use super::transport::{RawTransport, Transport};
use crate::ids::{AddonSlug, HostName, PathPrefix, Upstream};
use crate::manifest::SigningKey;
use answers::RawAnswers;
use authorization::RawAuthorization;
use backend::RawBackend;
use cross_origin::RawCrossOrigin;
use display::RawDisplay;
use entity_filter::RawEntityFilter;
use headers::RawAddonHeaders;
use manifest::Named;
use package::RawPackage;
use route::RawRoute;

pub use access::{Access, AccessList};
pub(in crate::config) use accounts::UserMap;
pub use accounts::{Accounts, BadUserTemplate, UserPiece, UserTemplate};
pub use answers::{Answers, Compress, HeaderRule};
pub use authorization::{Authorization, MaxAge};
pub use backend::{AddonProtocol, Backend};
pub use cors::Cors;
pub use cross_origin::{CrossOrigin, Framing};
pub use display::Display;
pub use entity_filter::EntityFilter;
pub use headers::{AddonHeaders, DisplayNameEncoding, IdentityHeaders};
pub use options::Options;
pub use package::Package;
pub use probe::Probe;
pub use protect::{AccessKey, EntitySource, Protect, ProtectAsk, ProtectRule, Unlisted};
pub use public_paths::PublicPath;
pub use roles::Roles;
pub(in crate::config) use roles::warn_of_memberships;
pub use route::{BelowFront, PrefixMode, Route};
pub use step_up::StepUp;

pub(in crate::config) use protect::RawProtect;

section! {
    /// `[[addon]]`
    RawAddon {
        ..display: RawDisplay,
        ..route: RawRoute,
        ..backend: RawBackend,
        ..transport: RawTransport,
        ..headers: RawAddonHeaders,
        ..authorization: RawAuthorization,
        ..cross_origin: RawCrossOrigin,
        ..answers: RawAnswers,
        ..package: RawPackage,
        ..entity_filter: RawEntityFilter,
        slug: String,
    }
}

/// `[[addon]]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Addon {
    /// Its short name, unique.
    pub slug: AddonSlug,
    /// What people see of it before they open it.
    pub display: Display,
    /// Where browsers find it.
    pub route: Route,
    /// Where it listens, and what is spoken to it.
    pub backend: Backend,
    /// How many connections, how long, how large.
    pub transport: Transport,
    /// The headers that it gets.
    pub headers: AddonHeaders,
    /// Who may do what with it.
    pub authorization: Authorization,
    /// What pages of other origins may do with it.
    pub cross_origin: CrossOrigin,
    /// What becomes of its answers.
    pub answers: Answers,
    /// What it is made of and asks for.
    pub package: Package,
    /// What its calls to Home Assistant are held to.
    pub entity_filter: EntityFilter,
}

impl Addon {
    /// One that is reachable nowhere, with every default.
    pub fn new(slug: AddonSlug, upstream: Upstream) -> Self {
        Self {
            display: Display { title: slug.to_string(), ..Display::default() },
            slug,
            route: Route::NONE,
            backend: Backend::at(upstream),
            transport: Transport::default(),
            headers: AddonHeaders::default(),
            authorization: Authorization::default(),
            cross_origin: CrossOrigin::default(),
            answers: Answers::default(),
            package: Package::default(),
            entity_filter: EntityFilter::default(),
        }
    }

    /// Whether it is Home Assistant itself, at its front, or is reached through it.
    pub fn is_at_front(&self) -> bool {
        self.authorization.front.is_some() || self.route.below_front.is_some()
    }

    /// With what `[session]` asks of users by their groups.
    #[must_use]
    pub(in crate::config) fn with_ages_of_groups(mut self, groups: &[(String, Duration)]) -> Self {
        groups.clone_into(&mut self.authorization.max_age.groups);
        self
    }
}

/// Resolves all of them, in the order of the file.
pub(in crate::config) fn addons(
    list: &[Spanned<RawAddon>],
    signing_keys: &[SigningKey],
    cx: &mut Context<'_>,
) -> Vec<Addon> {
    let mut seen =
        Seen { slugs: Unique::new(), paths: Unique::new(), hosts: Unique::new(), supervisor_slugs: Unique::new() };
    let read = |entry: &Spanned<RawAddon>| {
        let named = manifest::named(&entry.get_ref().package.manifest, signing_keys, cx);
        addon(entry, &named, &mut seen, cx)
    };
    list.iter().filter_map(read).collect()
}

/// What the add-ons before this one have.
struct Seen {
    slugs: Unique<AddonSlug>,
    paths: Unique<PathPrefix>,
    hosts: Unique<HostName>,
    supervisor_slugs: Unique<AddonSlug>,
}

/// `None` when it has no slug, no upstream or no route, which is reported.
fn addon(entry: &Spanned<RawAddon>, named: &Named, seen: &mut Seen, cx: &mut Context<'_>) -> Option<Addon> {
    let (raw, owner) = (entry.get_ref(), entry.span());
    let manifest = named.manifest().map(AsRef::as_ref);
    let slug = slug(raw, &owner, named, seen, cx);
    // Home Assistant leads to one that is in its pages alone.
    let upstream = if raw.route.is_below_front_alone() && matches!(raw.backend.upstream, Key::Absent) {
        Some(Upstream::Nowhere)
    } else {
        backend::upstream(&raw.backend, &owner, named, !raw.route.is_absent(), cx)
    };
    let route = Route::resolve(&raw.route, &owner, upstream.as_ref(), seen, cx);
    let headers = AddonHeaders::resolve(&raw.headers, &owner, &raw.authorization.role, cx);
    let package = Package::resolve(&raw.package, named, cx);
    let entity_filter = EntityFilter::resolve(&raw.entity_filter, &package.rights, cx);
    let panel = manifest.map(|manifest| &manifest.panel);
    let authorization = Authorization::resolve(&raw.authorization, &route, panel, cx);
    let mut display = Display::resolve(&raw.display, manifest, cx);
    let backend = Backend::resolve(&raw.backend, upstream, cx);
    let cross_origin = CrossOrigin::resolve(&raw.cross_origin, cx);
    let protocol = backend.as_ref().map(|backend| backend.protocol);
    let answers = Answers::resolve(&raw.answers, &cross_origin.framing, protocol, cx);
    let transport = Transport::checked(&raw.transport, cx);
    let (slug, backend) = (slug?, backend?);
    if display.title.is_empty() {
        display.title = slug.to_string();
    }
    let is_reachable = route.leads_here() || backend.upstream == Upstream::Nowhere;
    let addon = Addon {
        slug,
        display,
        route,
        backend,
        transport,
        headers,
        authorization,
        cross_origin,
        answers,
        package,
        entity_filter,
    };
    is_reachable.then_some(addon)
}

fn slug(raw: &RawAddon, owner: &Span, named: &Named, seen: &mut Seen, cx: &mut Context<'_>) -> Option<AddonSlug> {
    let (slug, at) = if named.stands_in() && matches!(raw.slug, Key::Absent) {
        named.slug(cx)?
    } else {
        let text = cx.required(&raw.slug, "slug", owner, "\"zigbee2mqtt\"")?;
        (cx.findings.parse::<AddonSlug>(text)?, text.span())
    };
    seen.slugs.note(slug.clone(), at, "two add-ons with one slug", "give one of them another slug", cx);
    Some(slug)
}

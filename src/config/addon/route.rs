//! Where browsers find an add-on: `path`, `host`, whether the add-on sees its `prefix`, and by `supervisor_slug` in
//! Home Assistant's own pages.

use super::Seen;
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::section::{Key, section_part};
use crate::config::resolve::context::Context;
use crate::ids::{AddonSlug, HostName, PathPrefix, Upstream};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawRoute {
        path: String,
        host: String,
        prefix: String,
        supervisor_slug: String,
    }
}

/// Where browsers find an add-on. Without path and host it has no web UI, and nothing is ever routed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// Its path prefix, if it has one.
    pub path: Option<PathPrefix>,
    /// Its host, if it has one.
    pub host: Option<HostName>,
    /// Whether the prefix is taken off before the add-on sees the path.
    pub prefix: PrefixMode,
    /// What the Supervisor of Home Assistant OS calls it: what its settings say of users holds below
    /// `/api/hassio_ingress/` at Home Assistant's front too.
    pub supervisor_slug: Option<AddonSlug>,
    /// Whether it is reached there, through Home Assistant, which sees the whole path, and which add-ons it stands for.
    pub below_front: Option<BelowFront>,
}

/// Add-ons in Home Assistant's own pages, at its front.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BelowFront {
    /// Those of which nothing but their token is known: any, also one that an `[[addon]]` names.
    Unknown,
    /// Those that are known and that no `[[addon]]` names.
    Unnamed,
    /// The one with this table's `supervisor_slug`.
    Named,
}

/// `prefix`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrefixMode {
    /// The add-on sees the path without the prefix.
    Strip,
    /// The add-on knows its prefix and sees the whole path.
    Keep,
}

impl RawRoute {
    /// Whether neither `path` nor `host` stands there, not even with a wrong value.
    pub(super) fn is_absent(&self) -> bool {
        matches!((&self.path, &self.host), (Key::Absent, Key::Absent))
    }

    /// Whether Home Assistant's pages are the only place where it is.
    pub(super) fn is_below_front_alone(&self) -> bool {
        self.is_absent() && !matches!(self.supervisor_slug, Key::Absent)
    }
}

impl Route {
    /// Nowhere.
    pub const NONE: Self =
        Self { path: None, host: None, prefix: PrefixMode::Strip, supervisor_slug: None, below_front: None };

    /// Whether a request can reach the add-on.
    pub fn leads_here(&self) -> bool {
        self.path.is_some() || self.host.is_some()
    }

    /// The keys, each path and host once in the whole file.
    pub(super) fn resolve(
        raw: &RawRoute,
        owner: &Span,
        upstream: Option<&Upstream>,
        seen: &mut Seen,
        cx: &mut Context<'_>,
    ) -> Self {
        if raw.is_absent() && !raw.is_below_front_alone() && upstream != Some(&Upstream::Nowhere) {
            let nowhere = Diagnostic::mistake(
                owner.clone(),
                "this add-on has neither `path` nor `host`: no request could reach it",
            );
            cx.add(
                nowhere
                    .label("expected `path` or `host` in this table")
                    .hint("add path = \"/ingress/name\" or host = \"name.home.example\""),
            );
        }
        let path = raw.path.given().and_then(|text| {
            let path: PathPrefix = cx.findings.parse(text)?;
            let hint = "give one of them another path; one inside the other is fine";
            seen.paths.note(path.clone(), text.span(), "two add-ons with one path", hint, cx);
            Some(path)
        });
        let host = raw.host.given().and_then(|text| {
            let host: HostName = cx.findings.parse(text)?;
            seen.hosts.note(
                host.clone(),
                text.span(),
                "two add-ons with one host",
                "give one of them another host",
                cx,
            );
            Some(host)
        });
        let supervisor_slug = raw.supervisor_slug.given().and_then(|text| {
            let slug: AddonSlug = cx.findings.parse(text)?;
            let hint = "give each its own: what `ha addons` calls it, as in \"a0d7b954_nodered\"";
            seen.supervisor_slugs.note(slug.clone(), text.span(), "two add-ons with one supervisor_slug", hint, cx);
            Some(slug)
        });
        let words = [("strip", PrefixMode::Strip), ("keep", PrefixMode::Keep)];
        let prefix = cx.word_or(&raw.prefix, PrefixMode::Strip, &words);
        Self { path, host, prefix, supervisor_slug, below_front: None }
    }
}

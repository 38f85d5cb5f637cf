//! `[[addon]]`: in come the raw add-ons, out come real ones of which no two have the same slug, host or prefix.

use toml::Spanned;

use super::access;
use super::addon_api;
use super::context::{Context, flag};
use super::cors;
use super::headers::{self, Names};
use super::manifest::{self, Named};
use super::options;
use super::probe;
use super::protect;
use super::trust::trust;
use super::unique::Unique;
use crate::config::Known;
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::{self, Key};
use crate::config::settings::{Addon, AddonProtocol, DisplayNameEncoding, PrefixMode, Supervisor};
use crate::config::transport::Transport;
use crate::ids::Address;
use crate::ids::{AddonSlug, HostName, PathPrefix, Upstream};
use crate::manifest::Panel;

/// Resolves all of them, in the order of the file.
pub(super) fn addons(
    list: &[Spanned<raw::Addon>],
    supervisor: &Supervisor,
    known: Option<&Known>,
    cx: &mut Context<'_>,
) -> Vec<Addon> {
    let mut seen = Seen { slugs: Unique::new(), paths: Unique::new(), hosts: Unique::new() };
    let read = |entry: &Spanned<raw::Addon>| {
        let named = manifest::named(&entry.get_ref().manifest, supervisor, cx);
        addon(entry, &named, &mut seen, known, cx)
    };
    list.iter().filter_map(read).collect()
}

/// What the add-ons before this one have.
struct Seen {
    slugs: Unique<AddonSlug>,
    paths: Unique<PathPrefix>,
    hosts: Unique<HostName>,
}

/// `None` when it has no slug, no upstream or no route, which is reported.
fn addon(
    entry: &Spanned<raw::Addon>,
    manifest: &Named,
    seen: &mut Seen,
    known: Option<&Known>,
    cx: &mut Context<'_>,
) -> Option<Addon> {
    let (raw, owner) = (entry.get_ref(), entry.span());
    let slug = slug(raw, &owner, manifest, seen, cx);
    let upstream = upstream(raw, &owner, manifest, cx);
    let over_tls = upstream.as_ref().is_none_or(|upstream| matches!(upstream, Upstream::At(Address::Https { .. })));
    let (path, host) = route(raw, &owner, upstream.as_ref(), seen, cx);
    let mut names = Names::default();
    // Fixed headers and prefix headers first: when one of them has the name of a default, it is shown, not the default.
    let headers = headers::fixed(&raw.headers, &mut names, cx);
    let prefix_headers = headers::prefix(&raw.prefix_headers, &owner, &mut names, cx);
    let identity_headers = headers::identity(&raw.identity_headers, &owner, &mut names, cx);
    let panel = manifest.manifest().map(|manifest| &manifest.panel);
    let pass_headers = headers::passing(&raw.pass_headers, &names, cx);
    let title = title(&raw.title, cx).or_else(|| panel.map(|panel| panel.title.clone()));
    let rights = manifest::rights(&raw.rights, manifest, cx);
    let (entities, entity_messages) = addon_api::entities(raw, &rights, known, &mut cx.findings);
    let prefix =
        cx.word_or(&raw.prefix, PrefixMode::Strip, &[("strip", PrefixMode::Strip), ("keep", PrefixMode::Keep)]);
    let around = protect::Around { prefix: path.as_ref(), mode: prefix, has_host: host.is_some() };
    let protect = protect::protect(raw, around, cx);
    let rest = Addon {
        title: title.or_else(|| slug.as_ref().map(ToString::to_string)).unwrap_or_default(),
        icon: icon(&raw.icon, panel, cx),
        manifest: manifest.manifest().cloned(),
        rights,
        entities,
        entity_messages,
        entry: manifest::entry(&raw.entry, manifest, cx),
        options: options::options(&raw.options, manifest, cx),
        protocol: protocol(raw, upstream.as_ref(), cx),
        trust: trust(&raw.ca, &raw.pin, over_tls, cx),
        path,
        host,
        prefix,
        prefix_headers,
        identity_headers,
        display_name: cx.word_or(
            &raw.display_name_encoding,
            DisplayNameEncoding::Utf8,
            &[("utf-8", DisplayNameEncoding::Utf8), ("percent", DisplayNameEncoding::Percent)],
        ),
        headers,
        pass_headers,
        framing: access::framing(&raw.framing, cx),
        access: access::access(&raw.access, panel, known, cx),
        protect,
        assertion: flag(&raw.assertion, false),
        tokens: flag(&raw.tokens, false),
        allow_missing_origin: flag(&raw.allow_missing_origin, false),
        transport: Transport::checked(&raw.transport, cx),
        upstream_host: raw.upstream_host.given().and_then(|text| cx.findings.parse(text)),
        rewrite_addresses: flag(&raw.rewrite_addresses, true),
        probe: probe::probe(&raw.health, cx),
        cors: cors::cors(&raw.cors, cx),
        slug: slug?,
        upstream: upstream?,
    };
    (rest.path.is_some() || rest.host.is_some() || rest.upstream == Upstream::Nowhere).then_some(rest)
}

fn slug(raw: &raw::Addon, owner: &Span, named: &Named, seen: &mut Seen, cx: &mut Context<'_>) -> Option<AddonSlug> {
    let (slug, at) = if named.stands_in() && matches!(raw.slug, Key::Absent) {
        named.slug(cx)?
    } else {
        let text = cx.required(&raw.slug, "slug", owner, "\"zigbee2mqtt\"")?;
        (cx.findings.parse::<AddonSlug>(text)?, text.span())
    };
    seen.slugs.note(slug.clone(), at, "two add-ons with one slug", "give one of them another slug", cx);
    Some(slug)
}

fn upstream(raw: &raw::Addon, owner: &Span, named: &Named, cx: &mut Context<'_>) -> Option<Upstream> {
    if named.stands_in() && matches!(raw.upstream, Key::Absent) {
        let has_route = !matches!((&raw.path, &raw.host), (Key::Absent, Key::Absent));
        return named.upstream(has_route, cx);
    }
    let text = cx.required(&raw.upstream, "upstream", owner, "\"http://127.0.0.1:8080\"")?;
    Some(match cx.findings.parse(text)? {
        Upstream::At(address) => Upstream::At(address.below(cx.base)),
        other @ (Upstream::Whoami | Upstream::Nowhere) => other,
    })
}

fn protocol(raw: &raw::Addon, upstream: Option<&Upstream>, cx: &mut Context<'_>) -> AddonProtocol {
    let words = [("http", AddonProtocol::Http), ("grpc", AddonProtocol::Grpc)];
    let protocol = cx.word_or(&raw.protocol, AddonProtocol::Http, &words);
    if let (AddonProtocol::Grpc, Some(Upstream::Whoami), Some(text)) = (protocol, upstream, raw.protocol.given()) {
        let not = Diagnostic::mistake(text.span(), "the built-in add-on does not speak gRPC");
        cx.add(not.label("expected \"http\"").hint("take the key out, or name another upstream"));
    }
    if let (AddonProtocol::Grpc, Some(health)) = (protocol, raw.health.given()) {
        let not =
            Diagnostic::mistake(health.span(), "a probe is a request of HTTP/1.1, which this add-on does not speak");
        cx.add(
            not.label("there is no probe for gRPC")
                .hint("take this key out: what is known of the add-on's health is what becomes of calls"),
        );
    }
    protocol
}

fn route(
    raw: &raw::Addon,
    owner: &Span,
    upstream: Option<&Upstream>,
    seen: &mut Seen,
    cx: &mut Context<'_>,
) -> (Option<PathPrefix>, Option<HostName>) {
    let absent = matches!((&raw.path, &raw.host), (Key::Absent, Key::Absent));
    if absent && upstream != Some(&Upstream::Nowhere) {
        let nowhere =
            Diagnostic::mistake(owner.clone(), "this add-on has neither `path` nor `host`: no request could reach it");
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
        seen.hosts.note(host.clone(), text.span(), "two add-ons with one host", "give one of them another host", cx);
        Some(host)
    });
    (path, host)
}

/// What people read: one line.
fn title(key: &Key<String>, cx: &mut Context<'_>) -> Option<String> {
    let text = key.given()?;
    let title = text.get_ref().trim();
    if title.is_empty() || title.chars().count() > 100 || title.contains(char::is_control) {
        let bad = Diagnostic::mistake(text.span(), "not a title");
        cx.add(bad.label("expected 1 to 100 characters on one line").hint("leave the key out to show the slug"));
    }
    Some(title.to_owned())
}

/// `mdi:` and the name of a Material Design icon.
fn icon(key: &Key<String>, panel: Option<&Panel>, cx: &mut Context<'_>) -> String {
    let Some(text) = key.given() else { return panel.map(|panel| panel.icon.clone()).unwrap_or_default() };
    let name = text.get_ref().strip_prefix("mdi:").unwrap_or_default();
    let legal = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    if !legal || name.is_empty() || name.len() > 64 {
        let bad = Diagnostic::mistake(text.span(), "not an icon");
        cx.add(bad.label("expected \"mdi:\" and a name").hint("write it as Home Assistant does, as in \"mdi:zigbee\""));
    }
    text.get_ref().clone()
}

//! Where an add-on listens and what is spoken to it: `upstream`, `ca`, `pin`, `protocol`, `upstream_host`,
//! `rewrite_addresses` and `health`.

use super::manifest::Named;
use super::probe::{Probe, RawProbe};
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::raw::section::{Key, section_part};
use crate::config::resolve::context::{Context, flag};
use crate::config::resolve::trust::trust;
use crate::config::trust::Trust;
use crate::ids::{Address, Upstream, UpstreamHost};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawBackend {
        upstream: String,
        ca: String,
        pin: String,
        protocol: String,
        upstream_host: String,
        rewrite_addresses: bool,
        health: RawProbe,
    }
}

/// Where an add-on listens and what is spoken to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// Where it listens.
    pub upstream: Upstream,
    /// Whose certificate it must show, when it listens on `https`.
    pub trust: Trust,
    /// What is spoken to it.
    pub protocol: AddonProtocol,
    /// The `Host` that it gets instead of the one that the browser asked for.
    pub upstream_host: Option<UpstreamHost>,
    /// Whether addresses in headers are moved between the browser's view and the add-on's.
    pub rewrite_addresses: bool,
    /// How it is asked whether it is well, besides by the requests that it gets.
    pub probe: Option<Probe>,
}

/// `protocol`: what is spoken to an add-on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddonProtocol {
    /// HTTP/1.1.
    Http,
    /// HTTP/2, with the trailers in which gRPC says how a call ended.
    Grpc,
}

impl Backend {
    /// HTTP/1.1 to this upstream, with every default.
    pub fn at(upstream: Upstream) -> Self {
        let (trust, protocol) = (Trust::System, AddonProtocol::Http);
        Self { upstream, trust, protocol, upstream_host: None, rewrite_addresses: true, probe: None }
    }

    /// The keys around an upstream that is resolved, or around none where it has a mistake.
    pub(super) fn resolve(raw: &RawBackend, upstream: Option<Upstream>, cx: &mut Context<'_>) -> Option<Self> {
        let over_tls = upstream.as_ref().is_none_or(|upstream| matches!(upstream, Upstream::At(Address::Https { .. })));
        let protocol = protocol(raw, upstream.as_ref(), cx);
        let trust = trust(&raw.ca, &raw.pin, over_tls, cx);
        let upstream_host = raw.upstream_host.given().and_then(|text| cx.findings.parse(text));
        let probe = Probe::resolve(&raw.health, cx);
        let rewrite_addresses = flag(&raw.rewrite_addresses, true);
        Some(Self { upstream: upstream?, trust, protocol, upstream_host, rewrite_addresses, probe })
    }
}

/// Where it listens, by its own key or its manifest.
pub(super) fn upstream(
    raw: &RawBackend,
    owner: &Span,
    named: &Named,
    has_route: bool,
    cx: &mut Context<'_>,
) -> Option<Upstream> {
    if named.stands_in() && matches!(raw.upstream, Key::Absent) {
        return named.upstream(has_route, cx);
    }
    let text = cx.required(&raw.upstream, "upstream", owner, "\"http://127.0.0.1:8080\"")?;
    Some(match cx.findings.parse(text)? {
        Upstream::At(address) => Upstream::At(address.below(cx.base)),
        other @ (Upstream::Whoami | Upstream::Nowhere) => other,
    })
}

fn protocol(raw: &RawBackend, upstream: Option<&Upstream>, cx: &mut Context<'_>) -> AddonProtocol {
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

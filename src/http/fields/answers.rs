//! The rows of headers of answers: what they do beyond the answer that they stand in, and what becomes of them.
//!
//! Under a prefix this is an allow-list of effects: what acts on the origin is dropped or confined, and so is whatever
//! belongs to a family that browsers keep for themselves (`sec-*`, `accept-ch*`), known or not. A name that is in no
//! row passes: no browser acts on a name that it does not know, and the add-on's own scripts read such headers.

use super::field::Property::{HeadOnly, Message, Restricts, Shares};
use super::field::{Effect, Field};

/// They act on servers in front of us, or lead connections with their cookies past us: nobody's add-on has a say in
/// that.
pub(super) const NOWHERE: &[Field] = &[
    Field::new("alt-svc", &[])
        .with(Effect::nowhere("sends the origin's requests, cookies included, to another port or host")),
    Field::new("available-dictionary", &[]).with(Effect::nowhere("is for requests alone")),
    Field::new("dictionary-id", &[]).with(Effect::nowhere("is for requests alone")),
    Field::new("expect-ct", &[]).with(Effect::nowhere("set rules for the host's certificates; obsolete")),
    Field::new("public-key-pins*", &[]).with(Effect::nowhere("pinned the host's keys; obsolete")),
    Field::new("set-cookie2", &[]).with(Effect::nowhere("stored a cookie; obsolete")),
    Field::new("x-accel-*", &[])
        .with(Effect::nowhere("commands nginx in front of us: files, caching, buffering, rates")),
    Field::new("x-lighttpd-*", &[]).with(Effect::nowhere("commands lighttpd in front of us to send a file")),
    Field::new("x-litespeed-*", &[]).with(Effect::nowhere("commands LiteSpeed in front of us: files, caching")),
    Field::new("x-reproxy-url", &[]).with(Effect::nowhere("commands a proxy in front of us to fetch another address")),
    Field::new("x-sendfile*", &[]).with(Effect::nowhere("commands Apache and others in front of us to send a file")),
];

/// They act on the whole origin: on a host of the add-on's own that is the add-on's, under a prefix it is everybody's.
pub(super) const ORIGIN: &[Field] = &[
    Field::new("accept-ch*", &[])
        .with(Effect::origin("has the browser tell more about itself in all requests to the origin")),
    Field::new("activate-storage-access", &[]).with(Effect::origin("gives a framed page the origin's cookies")),
    Field::new("ad-auction-*", &[]).with(Effect::origin("speaks for the origin in auctions of advertisements")),
    Field::new("attribution-reporting-*", &[])
        .with(Effect::origin("records what people did, to be reported by the origin")),
    Field::new("cache-group-invalidation", &[]).with(Effect::origin("empties caches of other answers of the origin")),
    Field::new("cache-groups", &[]).with(Effect::origin("ties the answer to caches of other answers of the origin")),
    // Ours and an add-on's under a prefix are of one origin: with the same policy they would see each other's windows.
    Field::new("cross-origin-opener-policy*", &[Restricts])
        .with(Effect::origin("keeps its window together with those of the origin that say the same, such as ours")),
    Field::new("clear-site-data", &[HeadOnly]).with(Effect::origin("empties the origin's cookies, storage and caches")),
    Field::new("critical-ch", &[]).with(Effect::origin("has the browser ask again and tell more about itself")),
    Field::new("critical-origin-trial", &[])
        .with(Effect::origin("has the browser ask again with an experiment switched on")),
    Field::new("idp-signin-status", &[])
        .with(Effect::origin("says whether people are signed in at the origin; obsolete")),
    Field::new("nel", &[HeadOnly]).with(Effect::origin("reports network errors of the whole origin")),
    Field::new("no-vary-search", &[]).with(Effect::origin("has one answer stand for other addresses of the origin")),
    Field::new("observe-browsing-topics", &[]).with(Effect::origin("counts the visit towards the topics of the site")),
    Field::new("origin-agent-cluster", &[]).with(Effect::origin("decides for the origin how its pages are kept apart")),
    Field::new("origin-trial", &[])
        .with(Effect::origin("switches experiments on for the origin, some beyond the page")),
    Field::new("report-to", &[HeadOnly]).with(Effect::origin("names receivers of reports for the whole origin")),
    Field::new("reporting-endpoints", &[HeadOnly]).with(Effect::origin("names receivers of reports")),
    Field::new("sec-*", &[]).with(Effect::origin("belongs to browsers: names that no script may set, now or later")),
    Field::new("sec-session-*", &[]).with(Effect::origin("binds the origin's cookies to the device")),
    Field::new("secure-session-*", &[]).with(Effect::origin("binds the origin's cookies to the device")),
    Field::new("set-login", &[]).with(Effect::origin("says whether people are signed in at the origin")),
    Field::new("shared-storage-*", &[]).with(Effect::origin("writes to the origin's shared storage")),
    Field::new("speculation-rules", &[]).with(Effect::origin("has the browser fetch and open other pages beforehand")),
    Field::new("strict-transport-security", &[HeadOnly, Restricts])
        .with(Effect::origin("has the browser use TLS alone for the host, and for those below it")),
    Field::new("use-as-dictionary", &[])
        .with(Effect::origin("keeps the answer to decompress other answers of the origin")),
];

/// They act beyond the answer and can be confined to the add-on. What confines each is in `upstream/response/`.
pub(super) const CONFINED: &[Field] = &[
    Field::new("content-location", &[HeadOnly]).with(Effect::confined("names the address of what is answered")),
    Field::new("location", &[HeadOnly]).with(Effect::confined("leads to another address")),
    Field::new("refresh", &[HeadOnly]).with(Effect::confined("leads to another address after some time")),
    Field::new("service-worker-allowed", &[HeadOnly])
        .with(Effect::confinable("lets a script answer requests below this path")),
    Field::new("set-cookie", &[Message, HeadOnly]).with(Effect::confined("stores a cookie for a path of the host")),
    Field::new("www-authenticate", &[HeadOnly]).with(Effect::confinable(
        "asks for a password, which browsers send to all on the origin that ask for its realm",
    )),
];

/// They act on their own answer, and are named here because they look as if they did more.
pub(super) const OWN: &[Field] = &[
    Field::new("access-control-*", &[Shares])
        .with(Effect::own("lets pages of other origins read this answer; with `cors` the route says that")),
    Field::new("content-security-policy", &[HeadOnly, Restricts])
        .with(Effect::own("restricts its own document; `frame-ancestors` as `framing` says")),
    Field::new("content-security-policy-report-only", &[])
        .with(Effect::own("reports what its own document would be denied")),
    Field::new("cross-origin-*", &[Restricts])
        .with(Effect::own("keeps its own document or answer apart from other origins")),
    Field::new("document-policy*", &[Restricts]).with(Effect::own("restricts its own document")),
    Field::new("link", &[])
        .with(Effect::own("has the browser fetch what its own document could name as well; no dictionary comes of it")),
    Field::new("permissions-policy*", &[Restricts]).with(Effect::own("restricts its own document")),
    Field::new("sourcemap", &[]).with(Effect::own("tells developer tools where a script's source is")),
    Field::new("x-frame-options", &[Restricts])
        .with(Effect::own("says who may frame its own document, as `framing` says")),
    Field::new("x-sourcemap", &[]).with(Effect::own("tells developer tools where a script's source is")),
];

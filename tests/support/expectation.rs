//! What the security cases ask for again and again: the true identity and no other, a refusal and an add-on that saw
//! nothing.

use super::addon::{RawAddon, Recorded};
use super::ask::Answer;
use super::fields::squash;

/// A user of `examples/home` as add-ons must see them.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) id: &'static str,
    pub(crate) name: Option<&'static str>,
    pub(crate) display_name: Option<&'static str>,
}

/// An everyday user: not an administrator.
pub(crate) const BOB: User =
    User { id: "18fef89e2f2b4c6e926d3e1668f9bd6a", name: Some("bob"), display_name: Some("Bob User") };

/// An administrator.
pub(crate) const ALICE: User =
    User { id: "da668370958d4e36b44a658ca8c5b1a8", name: Some("alice"), display_name: Some("Alice Admin") };

/// A user of a group of their own.
pub(crate) const FRANK: User =
    User { id: "58c50fbf54e3424a8679b60b36e9c601", name: Some("frank"), display_name: Some("Frank Guest") };

/// A user with a name that ASCII cannot write.
pub(crate) const ZOE: User =
    User { id: "815eb1c2764a4ef699a7664cf787d481", name: Some("zoë"), display_name: Some("Zoë Ünïcode 日本") };

/// Names that only vestibule may say to an add-on: whole namespaces end with `*`. Written again here on purpose.
const RESERVED: [&str; 79] = [
    "x-remote-*",
    "remote-*",
    "x-ingress-*",
    "x-hass-*",
    "x-hassio-*",
    "x-supervisor-*",
    "x-forwarded-*",
    "x-real-ip",
    "forwarded",
    "x-auth-*",
    "x-authenticated-*",
    "x-authentik-*",
    "x-consumer-*",
    "x-vouch-*",
    "x-webauth-*",
    "x-original-*",
    "x-rewrite-url",
    "tailscale-*",
    "cf-access-*",
    "x-goog-*",
    "x-pomerium-*",
    "impersonate-*",
    "x-http-method-override",
    "x-http-method",
    "x-method-override",
    "x-middleware-subrequest",
    "early-data",
    "x-request-id",
    "proxy",
    "client-cert*",
    "ssl-client-*",
    "x-ssl-*",
    "auth-user",
    "oidc-*",
    "x-oidc-*",
    "x-amzn-oidc-*",
    "x-ms-client-principal*",
    "x-envoy-*",
    "x-client-*",
    "x-user*",
    "true-client-*",
    "client-ip",
    "script-name",
    "path-info",
    "path-translated",
    "query-string",
    "request-method",
    "request-uri",
    "document-uri",
    "gateway-interface",
    "server-name",
    "server-port",
    "auth-type",
    "redirect-*",
    "sm-*",
    "iv-*",
    "gap-*",
    "shib-*",
    "eppn",
    "teleport-*",
    "es-security-*",
    "x-jwt-assertion",
    "x-credential-*",
    "x-endpoint-api-*",
    "x-apigateway-*",
    "x-appengine-*",
    "x-proxy-*",
    "x-sso-*",
    "x-email",
    "x-tls-client-*",
    "x-certificate-*",
    "wl-proxy-*",
    "proxy-client-ip",
    "fly-client-ip",
    "do-connecting-ip",
    "x-azure-*",
    "x-scheme",
    "x-url-scheme",
    "x-host",
];

/// What vestibule itself says, spelled as it must be.
const OURS: [&str; 10] = [
    "x-remote-user-id",
    "x-remote-user-name",
    "x-remote-user-display-name",
    "x-ingress-path",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-forwarded-port",
    "x-real-ip",
    "x-request-id",
];

/// **ID**: the add-on got each identity header exactly once with the true value, and no other field that any server
/// could take for one.
#[track_caller]
pub(crate) fn assert_id(request: &Recorded, user: &User) {
    assert_identity(request, user);
    for (name, _) in &request.fields.0 {
        let ours = OURS.contains(&name.to_ascii_lowercase().as_str());
        assert!(ours || !is_reserved(name), "a made-up {name} reached the add-on: {request:#?}");
    }
    assert!(request.trailers.0.is_empty(), "no trailer reaches the add-on: {request:#?}");
}

/// The three headers of the user, each once or, when the user has no such name, absent; and the forwarded ones once.
#[track_caller]
pub(crate) fn assert_identity(request: &Recorded, user: &User) {
    assert_identity_over(request, user, "https");
}

/// The same of a page that the browser has got over this scheme.
#[track_caller]
pub(crate) fn assert_identity_over(request: &Recorded, user: &User, scheme: &str) {
    let of = |name: &str| request.fields.texts(name);
    let want = |value: Option<&str>| value.map(str::to_owned).into_iter().collect::<Vec<_>>();
    assert_eq!(of("x-remote-user-id"), want(Some(user.id)), "{request:#?}");
    assert_eq!(of("x-remote-user-name"), want(user.name), "{request:#?}");
    assert_eq!(of("x-remote-user-display-name"), want(user.display_name), "{request:#?}");
    assert_eq!(of("x-forwarded-proto"), [scheme], "{request:#?}");
    for name in
        ["x-ingress-path", "x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-real-ip", "x-request-id"]
    {
        let values = of(name);
        assert!(values.len() == 1 && !values.concat().is_empty(), "exactly one {name}: {request:#?}");
    }
}

/// Whether a server could take a field of this name for one that only vestibule may send.
pub(crate) fn is_reserved(name: &str) -> bool {
    let squashed = squash(name);
    RESERVED.iter().any(|reserved| match reserved.strip_suffix('*') {
        Some(prefix) => squashed.starts_with(prefix),
        None => squashed == *reserved,
    })
}

/// **DENY**: 401 or 403 without a word that helps, and the add-on saw nothing.
#[track_caller]
pub(crate) fn assert_denied(answer: &Answer, addon: &RawAddon, why: &str) {
    assert!(matches!(answer.status, 401 | 403), "{why}: denied, but: {answer:#?}");
    addon.assert_no_request(why);
    assert!(
        answer.fields.text("cache-control").is_some_and(|v| v.contains("no-store")),
        "{why}: no-store: {answer:#?}"
    );
}

/// **400**: a 4xx or a closed connection, and the add-on saw nothing.
#[track_caller]
pub(crate) fn assert_refused(answer: &Answer, addon: &RawAddon, why: &str) {
    let refused = answer.status == 0 || (400..500).contains(&answer.status);
    assert!(refused, "{why}: refused, but: {answer:#?}");
    addon.assert_no_request(why);
}

/// The refusal as programs get it: `application/problem+json` (RFC 9457) with a request id, not to be stored.
#[track_caller]
pub(crate) fn assert_problem(answer: &Answer, status: u16) {
    assert_eq!(answer.status, status, "{answer:#?}");
    assert!(answer.fields.one("content-type").starts_with("application/problem+json"), "{answer:#?}");
    assert!(answer.fields.one("cache-control").contains("no-store"), "{answer:#?}");
    let problem = answer.json();
    assert_eq!(problem["status"], status, "{problem:#}");
    assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()), "{problem:#}");
    assert!(problem["request_id"].as_str().is_some_and(|id| !id.is_empty()), "{problem:#}");
}

//! The rows of names that requests have: for one hop, framing, part of the message, and only ours to say.

use super::field::Property::{Framing, HeadOnly, HopByHop, MayPass, Message, Ours, Reserved};
use super::field::{Effect, Field};

/// `upgrade` is for one hop although a WebSocket needs it: where an upgrade passes it is said anew.
pub(super) const OF_THE_MESSAGE: &[Field] = &[
    Field::new("connection", &[HopByHop]),
    Field::new("http2-settings", &[HopByHop]),
    Field::new("keep-alive", &[HopByHop]),
    Field::new("proxy-authenticate", &[HopByHop]),
    Field::new("proxy-authentication-info", &[HopByHop]),
    Field::new("proxy-authorization", &[HopByHop]),
    Field::new("proxy-connection", &[HopByHop]),
    Field::new("te", &[HopByHop]),
    Field::new("trailer", &[HopByHop]),
    Field::new("transfer-encoding", &[HopByHop]),
    Field::new("upgrade", &[HopByHop]),
    Field::new("content-length", &[Framing]),
    Field::new("expect", &[Framing]),
    Field::new("host", &[Framing]),
    Field::new("content-type", &[Message, HeadOnly]),
    Field::new("cookie", &[Message, HeadOnly]),
    Field::new("date", &[Message, HeadOnly]),
    Field::new("origin", &[Message, HeadOnly]),
    Field::new("sec-websocket-accept", &[Message]).with(HANDSHAKE),
    Field::new("sec-websocket-extensions", &[Message]).with(HANDSHAKE),
    Field::new("sec-websocket-key", &[Message]).with(HANDSHAKE),
    Field::new("sec-websocket-protocol", &[Message]).with(HANDSHAKE),
    Field::new("sec-websocket-version", &[Message]).with(HANDSHAKE),
];

const HANDSHAKE: Effect = Effect::own("answers the handshake of this one WebSocket");

/// RFC 9110 section 6.5.1: a sender MUST NOT generate a trailer field unless it knows that the field's definition permits
/// it; many fields cannot be processed outside the header section: message framing, routing, authentication, request
/// modifiers, response controls, and content format. What is in another row of the table is no trailer either.
pub(super) const FOR_HEADS: &[Field] = &[
    Field::new("accept-encoding", &[HeadOnly]),
    Field::new("age", &[HeadOnly]),
    Field::new("authorization", &[HeadOnly]),
    Field::new("cache-control", &[HeadOnly]),
    Field::new("content-encoding", &[HeadOnly]),
    Field::new("content-range", &[HeadOnly]),
    Field::new("expires", &[HeadOnly]),
    Field::new("if-match", &[HeadOnly]),
    Field::new("if-modified-since", &[HeadOnly]),
    Field::new("if-none-match", &[HeadOnly]),
    Field::new("if-range", &[HeadOnly]),
    Field::new("if-unmodified-since", &[HeadOnly]),
    Field::new("max-forwards", &[HeadOnly]),
    Field::new("pragma", &[HeadOnly]),
    Field::new("range", &[HeadOnly]),
    Field::new("retry-after", &[HeadOnly]),
    Field::new("vary", &[HeadOnly]),
];

/// What only we may say to an add-on (DESIGN section 2, step 3; S-13, S-180): who asks, from where, by which address, under
/// which prefix, and with which certificate or token, by the names that other proxies, gateways and balancers have for it.
pub(super) const ONLY_OURS: &[Field] = &[
    // Those that we set. `x-request-id` is reserved because we set it on every route.
    Field::new("x-remote-*", &[Reserved]),
    Field::new("x-remote", &[Reserved]),
    Field::new("x-remote-user-assertion", &[Ours]),
    Field::new("x-forwarded-*", &[Reserved]),
    Field::new("x-forwarded", &[Reserved]),
    Field::new("x-forwarded-for", &[Ours]),
    Field::new("x-forwarded-host", &[Ours]),
    Field::new("x-forwarded-port", &[Ours]),
    Field::new("x-forwarded-proto", &[Ours]),
    Field::new("x-real-ip", &[Reserved, Ours]),
    Field::new("x-request-id", &[Reserved, Ours]),
    Field::new("forwarded", &[Reserved]),
    Field::new("x-script-name", &[Reserved]),
    // Home Assistant's.
    Field::new("x-ingress-*", &[Reserved]),
    Field::new("x-hass-*", &[Reserved]),
    Field::new("x-hassio-*", &[Reserved]),
    Field::new("x-supervisor-*", &[Reserved]),
    // The client's address.
    Field::new("x-client-ip", &[Reserved]),
    Field::new("x-cluster-client-ip", &[Reserved]),
    Field::new("true-client-*", &[Reserved]),
    Field::new("client-ip", &[Reserved]),
    Field::new("cf-connecting-ip", &[Reserved]),
    Field::new("fastly-client-ip", &[Reserved]),
    Field::new("x-envoy-*", &[Reserved]),
    // The user. CGI says `REMOTE_USER`, and `REMOTE_ADDR` for whoever reads both without their `HTTP_`.
    Field::new("remote-*", &[Reserved]),
    Field::new("auth-user", &[Reserved]),
    Field::new("x-user*", &[Reserved, MayPass]),
    Field::new("x-auth-*", &[Reserved, MayPass]),
    Field::new("x-auth-request-*", &[Reserved]),
    Field::new("x-client-*", &[Reserved, MayPass]),
    Field::new("x-authenticated-*", &[Reserved]),
    Field::new("x-authentik-*", &[Reserved]),
    Field::new("x-consumer-*", &[Reserved]),
    Field::new("x-vouch-*", &[Reserved]),
    Field::new("x-webauth-*", &[Reserved]),
    Field::new("x-pomerium-*", &[Reserved]),
    Field::new("x-goog-*", &[Reserved]),
    Field::new("x-ms-client-principal*", &[Reserved]),
    Field::new("x-ms-token-*", &[Reserved]),
    Field::new("x-amzn-oidc-*", &[Reserved]),
    Field::new("oidc-*", &[Reserved]),
    Field::new("x-oidc-*", &[Reserved]),
    Field::new("cf-access-*", &[Reserved]),
    Field::new("tailscale-*", &[Reserved]),
    Field::new("impersonate-*", &[Reserved]),
    // The client's certificate (RFC 9440, and before it).
    Field::new("client-cert*", &[Reserved]),
    Field::new("ssl-client-*", &[Reserved]),
    Field::new("x-ssl-*", &[Reserved]),
    Field::new("x-amzn-mtls-*", &[Reserved]),
    Field::new("x-arr-clientcert", &[Reserved]),
    // What is asked for, in the place of method and target.
    Field::new("x-original-*", &[Reserved]),
    Field::new("x-rewrite-url", &[Reserved]),
    Field::new("x-http-method", &[Reserved]),
    Field::new("x-http-method-override", &[Reserved]),
    Field::new("x-method-override", &[Reserved]),
    Field::new("x-middleware-subrequest", &[Reserved]),
    Field::new("early-data", &[Reserved]),
    // CGI makes `HTTP_PROXY` of it, which libraries take for the proxy of their own requests.
    Field::new("proxy", &[Reserved]),
];

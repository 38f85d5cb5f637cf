//! What an add-on gets of a permitted request, and how it goes there: made at once, before anything is waited for.

use std::net::IpAddr;
use std::sync::Arc;

use http::Request;
use hyper::body::Body as _;
use hyper::upgrade::OnUpgrade;

use super::compression::{Asker, Offer};
use super::connection_auth;
use super::grpc_call::GrpcCall;
use super::host_override::set_destination;
use super::http1::UnsentRequest;
use super::outgoing_head::{OutgoingHead, framing};
use super::request_headers::{ASSERTION, ForwardedContext};
use super::upstreams::{Upstream, Upstreams};
use crate::authorization::{Admitted, Answers, Permitted, PermittedParts};
use crate::config::Addon;
use crate::connection::InFlightGuard;
use crate::exchanges::Open;
use crate::http::{Authority, BodyProgress, Handshake, MinRate, Parts, RequestBody, Scheme};
use crate::ids::UserId;
use crate::refusal::Reason;
use crate::route::{DESTINATION, Route};

/// What one request needs on its way there and back.
pub(super) struct Call<'a> {
    pub(super) upstreams: &'a Upstreams,
    pub(super) upstream: &'a Upstream,
    pub(super) route: Route,
    /// What the client asked for it as.
    pub(super) asked: (Scheme, Authority),
    pub(super) progress: Arc<BodyProgress>,
    pub(super) open: Open,
    pub(super) user: UserId,
    pub(super) serving: InFlightGuard,
    pub(super) reading: MinRate,
    /// How its answer may be compressed, where the add-on's are.
    pub(super) offer: Option<Box<Offer>>,
}

impl Upstreams {
    /// Makes what the add-on gets of a request. No part of the future that sends it: nothing of this is kept for the
    /// answer.
    pub(super) fn prepare(&self, permitted: Permitted, sender: Sender) -> Result<(Call<'_>, Way), Reason> {
        // Whoever sends it without a filter has forgotten that there must be one.
        if sender == Sender::Plain && permitted.answers() != Answers::Whole {
            return Err(Reason::PathNeedsAdmin);
        }
        let PermittedParts { routed, user, attributes, open } = permitted.into_parts();
        // MOVE and COPY have a second path in `Destination`. It is judged before the request is taken apart, because an
        // add-on acts on it as on the first.
        let transfer = routed.transfer()?;
        let (request, route, forward) = routed.into_parts();
        let upstream = self.at(route.place()).ok_or(Reason::UnknownRoute)?;
        let authority = request.authority().clone();
        let client: IpAddr = request.client().ip();
        let (id, handshake, origin) = (request.id(), request.handshake(), request.provenance().origin);
        let (scheme, entry_point) = (request.scheme(), request.entry_point());
        let provenance = request.provenance();
        let Parts { method, headers: mut passed, body, upgrade, serving } = request.into_parts();
        let offer = upstream.compression.as_ref().map(|compression| {
            let is_ambient = open.exchange().subject_as::<Admitted>().is_none_or(Admitted::is_ambient);
            Box::new(compression.of_request(&method, &mut passed, Asker { provenance, is_ambient, entry_point }))
        });
        let prefix = route.prefix_header();
        let attributes = attributes.as_deref();
        let forwarded = ForwardedContext {
            user: user.as_deref(),
            attributes,
            client,
            authority: &authority,
            origin,
            scheme,
            entry_point,
            id,
            prefix,
        };
        // After the client's reserved names were stripped, so what stands here under those names is ours.
        let mut headers = upstream.request_headers.apply(passed, forwarded);
        if let Some((assertion_signer, user)) = upstream.assertion_signer.as_ref().zip(user.as_ref()) {
            headers.say(&ASSERTION, &assertion_signer.of(user, attributes));
        }
        let says_itself = upstream.request_headers.own().contains(DESTINATION.as_str());
        if let Some(transfer) = transfer.filter(|_| upstream.addon.backend.rewrite_addresses && !says_itself) {
            let host = upstream.request_headers.host_override().unwrap_or(&authority);
            let knows_prefix = upstream.addon.headers.tell_prefix_for_addresses();
            set_destination(headers.passed_mut(), &transfer, (scheme, host), knows_prefix);
        }
        let grpc = upstream.trailer_filter.as_ref().map(GrpcCall::new);
        // gRPC calls of a user share one HTTP/2 connection: there is none that could become a tunnel.
        if grpc.is_some() && handshake.is_some() {
            return Err(Reason::BadUpgrade);
        }
        let (body, progress) = match &grpc {
            None => RequestBody::new(body, upstream.addon.transport.max_body, self.upload),
            Some(grpc) => grpc.upload(body, &upstream.addon),
        };
        let framing = framing(&method, body.size_hint().exact(), upstream.addon.transport.max_body)?;
        let head = OutgoingHead { method, target: forward, headers, framing };
        head.judge_size(handshake, upstream.addon.transport.max_head)?;
        let is_front = upstream.addon.authorization.front.is_some();
        let holder = || if is_front { anybody_at(client) } else { UserId::anybody() };
        let (user, reading) = (user.map_or_else(holder, |user| user.id.clone()), self.reading);
        let call = Call {
            upstreams: self,
            upstream,
            route,
            asked: (scheme, authority),
            progress,
            open,
            user,
            serving,
            reading,
            offer,
        };
        let way = Way::of((head, body), (handshake, upgrade, grpc), &upstream.addon, sender)?;
        Ok((call, way))
    }
}

/// How a request goes to its add-on, by what it is.
pub(super) enum Way {
    /// Over our own client, as nearly all do. With `signs_in` the connection will speak for this user alone.
    Exchange {
        request: UnsentRequest,
        signs_in: bool,
    },
    Grpc(Box<Request<RequestBody>>, Box<GrpcCall>),
    Tunnel(Box<Request<RequestBody>>, Handshake, OnUpgrade),
    WebSocket(Box<Request<RequestBody>>),
}

impl Way {
    fn of(
        (head, body): (OutgoingHead, RequestBody),
        (handshake, upgrade, grpc): (Option<Handshake>, Option<OnUpgrade>, Option<GrpcCall>),
        addon: &Addon,
        sender: Sender,
    ) -> Result<Self, Reason> {
        Ok(match (handshake, upgrade, grpc) {
            (_, _, Some(grpc)) => Self::Grpc(head.into_grpc(addon, body)?, Box::new(grpc)),
            (Some(handshake), Some(client), None) => {
                Self::Tunnel(head.into_websocket(handshake, body), handshake, client)
            }
            (Some(handshake), None, None) if sender == Sender::WebSocket => {
                Self::WebSocket(head.into_websocket(handshake, body))
            }
            (Some(_), None, None) => return Err(Reason::BadUpgrade),
            (None, _, None) => {
                // Asked now, since the headers go when they are written.
                let signs_in = connection_auth::is_asked_for(head.headers.passed());
                Self::Exchange { request: head.into_http1(body).into(), signs_in }
            }
        })
    }
}

/// Who sends a request, and so what may become of its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sender {
    /// Who hands it to the client as it is.
    Plain,
    /// Who filters it.
    Filter,
    /// Who speaks in the WebSocket that it opens.
    WebSocket,
}

/// The same at Home Assistant's front, whose pages everybody has to fetch before they can say who they are: a share for
/// each address, so that one of them cannot take the front end away from all.
fn anybody_at(client: IpAddr) -> UserId {
    let address = match client {
        IpAddr::V4(address) => address.to_string(),
        // Whoever has one address of a /64 has all of them.
        IpAddr::V6(address) => format!("{:x}", address.to_bits() >> 64),
    };
    format!("anybody@{address}").parse().unwrap_or_else(|_| UserId::anybody())
}

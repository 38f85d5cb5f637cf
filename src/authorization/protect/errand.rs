//! What a request wants of its add-on: remembered as long as the request is open, so that it can be judged again when
//! somebody's permissions, the registries or the rules have changed (S-99, S-103, S-104).

use std::sync::OnceLock;

use http::uri::PathAndQuery;
use http::{HeaderMap, Method};

use super::form::BodyKind;
use super::json::BodyFacts;
use super::judgement::Judgement;
use super::reach::{Depth, Side, implied};
use super::standing::Standing;
use super::{Protection, View};
use crate::refusal::Reason;
use crate::route::Routed;

/// An errand. Made for every request, so that it costs a count or two: the method and the target are shared with the head
/// that was read.
#[derive(Debug)]
pub struct Errand {
    method: Method,
    target: PathAndQuery,
    /// How many bytes of the target the add-on does not see.
    prefix: usize,
    websocket: bool,
    depth: Depth,
    kind: BodyKind,
    /// The second path of MOVE and COPY, as the add-on sees it.
    transfer: Option<Box<str>>,
    body: OnceLock<BodyFacts>,
}

impl Errand {
    /// Of a request with this target and no headers, of which the add-on sees all but the first `prefix` bytes. A WebSocket
    /// is asked for by GET, and has no body.
    pub fn new(method: Method, target: PathAndQuery, prefix: usize, websocket: bool) -> Self {
        let depth = Depth::of(&method, &HeaderMap::new());
        let (kind, transfer, body) = (BodyKind::Other, None, OnceLock::new());
        let errand = Self { method, target, prefix, websocket, depth, kind, transfer, body };
        if websocket {
            errand.knows_body(BodyFacts::default());
        }
        errand
    }

    /// Of a request on its way.
    pub(in crate::authorization) fn of(routed: &Routed) -> Result<Self, Reason> {
        let request = routed.request();
        let websocket = request.handshake().is_some();
        let transfer = routed.transfer()?.map(|transfer| transfer.addon().into());
        Ok(Self {
            transfer,
            depth: Depth::of(request.method(), request.headers()),
            // Over HTTP/2 what follows the head of a WebSocket's handshake is the WebSocket.
            kind: BodyKind::of(request.headers(), request.has_body() && !websocket),
            ..Self::new(request.method().clone(), request.target().clone(), routed.stripped(), websocket)
        })
    }

    /// The path, as the add-on sees it.
    pub fn path(&self) -> &str {
        match self.target.path().get(self.prefix..) {
            None | Some("") => "/",
            Some(rest) => rest,
        }
    }

    /// What the body says where rules read it. Said once; a body that nobody asked about says nothing to rules that come
    /// later.
    pub(in crate::authorization) fn knows_body(&self, facts: BodyFacts) {
        let _ = self.body.set(facts);
    }

    /// With these facts about its body.
    #[must_use]
    pub fn with_body(self, facts: BodyFacts) -> Self {
        self.knows_body(facts);
        self
    }

    /// Judges it by these rules.
    pub fn judge<'r>(&self, rules: &'r Protection, standing: &Standing<'_>) -> Judgement<'r> {
        let (body, query) = (self.body.get(), self.target.query());
        let (method, websocket, depth, kind) = (&self.method, self.websocket, self.depth, self.kind);
        let implied_by = |side| implied(method, side);
        let view = View { method, path: self.path(), query, websocket, depth, implied: implied_by(Side::Target), kind };
        let judgement = rules.judge(&view, body, standing);
        match &self.transfer {
            None => judgement,
            Some(second) => {
                let (path, query) =
                    second.split_once('?').map_or((&**second, None), |(path, query)| (path, Some(query)));
                let implied = implied_by(Side::Destination);
                judgement.and(rules.judge(&View { path, query, implied, ..view }, body, standing))
            }
        }
    }
}

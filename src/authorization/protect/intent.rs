//! What a request wants of its add-on: remembered as long as the request is open, so that it can be judged again when
//! permissions, registries or rules have changed (S-99, S-103, S-104).

use std::sync::OnceLock;

use http::header::COOKIE;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderValue, Method};

use super::evaluation::Evaluation;
use super::form::BodyKind;
use super::json::BodyFacts;
use super::reach::{DEPTH, Depth, Side, implied};
use super::user_rights::UserRights;
use super::{Protection, View};
use crate::config::Protect;
use crate::refusal::Reason;
use crate::route::Routed;

/// What a request is for. Made for every request, so that it costs a count or two: the method and the target are shared
/// with the head that was read.
#[derive(Debug)]
pub struct RequestIntent {
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
    /// The `Cookie` lines, where a rule reads the query.
    cookies: Option<Box<str>>,
}

impl RequestIntent {
    /// The intent of a request with this target and no headers. The add-on does not see the first `prefix` bytes of the
    /// target. A WebSocket is asked for by GET, and has no body.
    pub(in crate::authorization) fn new(method: Method, target: PathAndQuery, prefix: usize, websocket: bool) -> Self {
        let depth = Depth::of(&method, &HeaderMap::new());
        let (kind, transfer, body) = (BodyKind::None, None, OnceLock::new());
        let intent = Self { method, target, prefix, websocket, depth, kind, transfer, body, cookies: None };
        if websocket {
            intent.knows_body(BodyFacts::default());
        }
        intent
    }

    /// The same intent with this `Depth`, which may be absent, and leading to this second path of the add-on's.
    #[must_use]
    pub(in crate::authorization) fn reaching(self, depth: Option<HeaderValue>, transfer: Option<&str>) -> Self {
        let headers = depth.map(|depth| (DEPTH, depth)).into_iter().collect();
        Self { depth: Depth::of(&self.method, &headers), transfer: transfer.map(Into::into), ..self }
    }

    /// The intent of a request that was routed. Fails where MOVE or COPY leads elsewhere than to the add-on.
    pub(in crate::authorization) fn of(routed: &Routed) -> Result<Self, Reason> {
        let request = routed.request();
        let websocket = request.handshake().is_some();
        let transfer = routed.transfer()?.map(|transfer| transfer.addon().into());
        // A tunnel may be open for days: shared, the target would keep the whole buffer that the head was read into.
        let target = if websocket { copied(request.target()) } else { request.target().clone() };
        Ok(Self {
            transfer,
            cookies: reads_query(routed).then(|| cookies(request.headers())),
            depth: Depth::of(request.method(), request.headers()),
            // Over HTTP/2 what follows the head of a WebSocket's handshake is the WebSocket.
            kind: BodyKind::of(request.headers(), request.has_body() && !websocket),
            ..Self::new(request.method().clone(), target, routed.stripped(), websocket)
        })
    }

    /// The method; GET for a WebSocket.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// Whether it asks for a WebSocket.
    pub fn is_websocket(&self) -> bool {
        self.websocket
    }

    /// The path, as it was sent.
    pub fn sent_path(&self) -> &str {
        self.target.path()
    }

    /// The path, as the add-on sees it.
    pub fn path(&self) -> &str {
        match self.target.path().get(self.prefix..) {
            // A prefix without its slash leaves nothing: the add-on gets its root.
            None | Some("") => "/",
            Some(rest) => rest,
        }
    }

    /// The query as it was sent.
    pub(in crate::authorization) fn query(&self) -> Option<&str> {
        self.target.query()
    }

    /// What the body says where rules read it. Set once. A body that no rule asked about says nothing to rules that
    /// come later.
    pub(in crate::authorization) fn knows_body(&self, facts: BodyFacts) {
        // The first one stays: what was judged at admission is what a review judges again.
        let _ = self.body.set(facts);
    }

    /// The same intent, with these facts about its body.
    #[must_use]
    pub(in crate::authorization) fn with_body(self, facts: BodyFacts) -> Self {
        self.knows_body(facts);
        // It is called JSON, and stands beside the query as one that is sent does (S-208).
        Self { kind: BodyKind::CalledJson, ..self }
    }

    /// Judges it by these rules.
    pub(in crate::authorization) fn judge<'r>(
        &self,
        rules: &'r Protection,
        user_rights: &UserRights<'_>,
    ) -> Evaluation<'r> {
        let (body, query) = (self.body.get(), self.target.query());
        let (method, websocket, depth, kind) = (&self.method, self.websocket, self.depth, self.kind);
        let implied_by = |side| implied(method, side);
        let (path, implied, cookies) = (self.path(), implied_by(Side::Target), self.cookies.as_deref());
        let view = View { method, path, query, websocket, depth, implied, kind, cookies };
        let evaluation = rules.judge(&view, body, user_rights);
        match &self.transfer {
            None => evaluation,
            Some(second) => {
                let (path, query) =
                    second.split_once('?').map_or((&**second, None), |(path, query)| (path, Some(query)));
                let implied = implied_by(Side::Destination);
                // Both addresses must permit. The body's facts hold for both, since there is one body.
                evaluation.and(rules.judge(&View { path, query, implied, ..view }, body, user_rights))
            }
        }
    }
}
/// The same target in bytes of its own.
fn copied(target: &PathAndQuery) -> PathAndQuery {
    target.as_str().parse().unwrap_or_else(|_| target.clone())
}

/// Whether the add-on has a rule that reads the query.
fn reads_query(routed: &Routed) -> bool {
    routed.route().addon().authorization.protect.as_ref().is_some_and(Protect::reads_query)
}

/// All cookies of a request, as one line.
fn cookies(headers: &HeaderMap) -> Box<str> {
    let lines: Vec<_> = headers.get_all(COOKIE).iter().map(|line| String::from_utf8_lossy(line.as_bytes())).collect();
    lines.join(";").into()
}

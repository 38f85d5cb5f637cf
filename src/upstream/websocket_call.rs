//! A WebSocket at an add-on: the handshake with it, and what is handed on when it is open, a tunnel for the client or
//! the add-on's side alone.

use http::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, UPGRADE};
use http::{HeaderMap, Request, Response, StatusCode};
use hyper::upgrade::OnUpgrade;

use super::answer::AnswerBody;
use super::answer_source::AnswerSource;
use super::opened_websocket::{HeldPlaces, OpenedWebSocket};
use super::pool::HeldSlot;
use super::prepare::Call;
use super::response;
use super::send::Answer;
use super::tunnel::Tunnel;
use super::websocket::WebSocketOffer;
use crate::http::{Handshake, RequestBody};
use crate::refusal::Reason;

impl Call<'_> {
    pub(super) async fn open_tunnel(
        self,
        request: Box<Request<RequestBody>>,
        handshake: Handshake,
        client: OnUpgrade,
    ) -> Result<Answer, Reason> {
        // Kept to compare: an add-on may choose only among the subprotocols that were offered (RFC 6455 section 4.1).
        let asked = WebSocketOffer::of(request.headers());
        let (mut connection, place) =
            self.upstream.pool.tunnel(&self.user).await.map_err(|error| self.failed(&error))?;
        let Ok(mut response) = self.answered(connection.send(*request)).await? else { return Err(Reason::AddonDown) };
        if response.status() != StatusCode::SWITCHING_PROTOCOLS {
            // A declined handshake is an ordinary answer. Its connection is not pooled: a task of its own drives it,
            // and it ends with the body. Until then it counts as the WebSocket that was asked for: without a place, a
            // user could hold any number of connections by asking in this way (S-211).
            let (head, incoming) = response.into_parts();
            return Ok(self.relay(head, AnswerSource::Hyper(incoming), HeldSlot::Declined(place), None));
        }
        if !asked.is_answered_by(response.headers()) {
            return Err(Reason::AddonBroken);
        }
        let addon = hyper::upgrade::on(&mut response);
        let (mut parts, _) = response.into_parts();
        response::confine(&mut parts.headers, &self.upstream.addon, &self.response_policy());
        match handshake {
            Handshake::Http1 => ask_again(&mut parts.headers),
            // RFC 8441 section 5: over HTTP/2 the answer is a 200, and there is no `Sec-WebSocket-Accept`.
            Handshake::Http2 => {
                parts.status = StatusCode::OK;
                parts.headers.remove(SEC_WEBSOCKET_ACCEPT);
            }
        }
        // hyper keeps the add-on's own reason phrase here and would write it out.
        parts.extensions.clear();
        let idle = self.upstream.addon.transport.websocket_idle_timeout;
        let tunnel = Tunnel::new(client, addon, self.open, idle, (place, self.serving));
        let response = Response::from_parts(parts, AnswerBody::empty());
        Ok(Answer { response, tunnel: Some(Box::new(tunnel)), opened: None, sent: self.progress })
    }

    pub(super) async fn opened(self, request: Box<Request<RequestBody>>) -> Result<Answer, Reason> {
        let asked = WebSocketOffer::of(request.headers());
        let (mut connection, place) =
            self.upstream.pool.tunnel(&self.user).await.map_err(|error| self.failed(&error))?;
        let Ok(mut response) = self.answered(connection.send(*request)).await? else { return Err(Reason::AddonDown) };
        let is_open = response.status() == StatusCode::SWITCHING_PROTOCOLS && asked.is_answered_by(response.headers());
        if !is_open {
            return Err(Reason::AddonBroken);
        }
        let stream = hyper::upgrade::on(&mut response).await.map_err(|_| Reason::AddonBroken)?;
        let opened = OpenedWebSocket { stream, open: self.open, held: HeldPlaces::new(place, self.serving) };
        let response = Response::new(AnswerBody::empty());
        Ok(Answer { response, tunnel: None, opened: Some(Box::new(opened)), sent: self.progress })
    }
}

/// Over HTTP/1.1 the upgrade is said anew: it was for one hop.
fn ask_again(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
}

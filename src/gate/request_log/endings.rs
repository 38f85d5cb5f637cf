//! How a request ends that is no plain answer: refused, or with a WebSocket that outlasts it.

use http::Response;

use super::body::Either;
use super::{LoggedBody, RequestLog};
use crate::gate::own_socket::{OwnSocket, SocketEnd};
use crate::refusal::Reason;
use crate::telemetry::AuditEvent;
use crate::upstream::{TunnelEnd, TunnelOver};

impl RequestLog {
    /// A WebSocket in which we speak ourselves; the account goes with it, as with a tunnel.
    pub(in crate::gate) fn socket(mut self: Box<Self>, socket: OwnSocket) -> Response<LoggedBody> {
        self.status = socket.response.status();
        self.lets_go_of_buffers();
        self.open = Some(self.metrics().open_tunnel());
        let talk = socket.talk;
        tokio::spawn(async move {
            let SocketEnd { end, user, refused } = talk.await;
            self.user = user;
            self.tunnel_ended(end);
            if let Some(refused) = refused {
                let reason = self.note_refusal(refused);
                self.audit(reason);
            }
        });
        socket.response.map(|body| LoggedBody::new(Either::Own(body), None))
    }

    /// Counts a refusal, and writes its audit line.
    pub(super) fn audit(&mut self, reason: Reason) {
        self.reason = Some(reason);
        self.stages.telemetry.metrics.refused(reason);
        // The id of operators and never the token: an audit line must not open a session.
        let session = self.session.as_ref().map(|session| session.id().to_string());
        let target = self.target();
        self.stages.telemetry.audit.write(&AuditEvent::Refused {
            reason,
            why: self.refused.as_ref().and_then(|refused| refused.why.as_deref()),
            client: self.client,
            request_id: self.id.as_str(),
            user: self.user.as_ref().map(|user| user.id.as_str()),
            session: session.as_deref(),
            key: self.key.as_ref().map(|key| key.about().name.as_str()),
            addon: self.addon(),
            host: &self.host(),
            target: &target,
        });
    }

    pub(super) fn tunnel_ended(&mut self, end: TunnelEnd) {
        self.moved = (end.sent, end.received);
        // An idle one counts as complete: nothing that a side had begun to say was cut off.
        self.complete = matches!(end.why, TunnelOver::Closed | TunnelOver::Idle);
        if let TunnelOver::Cut(Some(reason)) = end.why {
            self.reason = Some(reason);
        }
    }
}

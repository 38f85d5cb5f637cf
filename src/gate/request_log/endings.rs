//! How a request ends: with an answer, refused, or with a WebSocket that outlasts it.

use std::sync::Arc;

use http::Response;
use http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE};

use super::body::Either;
use super::{LONGEST_LOGGED, LoggedBody, RequestLog};
use crate::clock::Clock;
use crate::gate::Passed;
use crate::gate::own_socket::{OwnSocket, SocketEnd};
use crate::gate::refusals::{Facts, Refusal, sentence};
use crate::identity::User;
use crate::refusal::Reason;
use crate::telemetry::{AuditEvent, redacted};
use crate::upstream::{TunnelEnd, TunnelOver};

impl RequestLog {
    /// The response to what became of the request, with which the account goes on.
    pub(in crate::gate) fn answered(mut self: Box<Self>, passed: Result<Passed, Reason>) -> Response<LoggedBody> {
        let (grant, renewed) = (self.take_grant(), self.renewed.take());
        let mut response = match passed {
            Ok(Passed::Addon(answer)) => self.relay(*answer),
            Ok(Passed::Own(page)) => self.own(page),
            Ok(Passed::Socket(socket)) => self.socket(*socket),
            Err(reason) => self.refused(reason),
        };
        if let Some(grant) = grant {
            grant.write(response.headers_mut());
        }
        if let Some(line) = renewed {
            response.headers_mut().append(SET_COOKIE, *line);
            // Whatever the add-on says of its page: a cache in between must not give the secret to another.
            response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }

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
            certificate: self.certificate.as_ref().map(|certificate| certificate.short()),
            addon: self.addon(),
            host: &self.host(),
            target: &target,
        });
        self.remember(reason, session, &target);
    }

    /// Keeps the refusal for the operator who is asked about it.
    fn remember(&self, reason: Reason, session: Option<String>, target: &str) {
        let (settings, host) = (&self.stages.settings, self.host());
        let addon = self.place.and_then(|place| settings.at_place(place));
        let name = |user: &Arc<User>| user.username().or(user.name.as_deref()).unwrap_or(user.id.as_str()).to_owned();
        let facts = Facts {
            why: self.refused.as_ref().and_then(|refused| refused.why.as_deref()),
            ended: self.ended.as_deref(),
            addon: addon.map(|addon| &**addon),
            settings,
            method: self.method.as_str(),
            host: &host,
            client: self.client,
        };
        self.stages.refusals.add(Refusal {
            at: Clock::System.now(),
            id: self.id.to_string(),
            reason,
            why: sentence(reason, &facts),
            client: self.client,
            method: self.method.as_str().chars().take(16).collect(),
            host: host.chars().take(LONGEST_LOGGED).collect(),
            target: redacted(target, LONGEST_LOGGED),
            user: self.user.as_ref().map(name),
            session: session.or_else(|| self.ended.as_ref().map(|ended| ended.id.to_string())),
            key: self.key.as_ref().map(|key| key.about().name.as_str().to_owned()),
            addon: addon.map(|addon| addon.slug.to_string()),
            asks_access: false,
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

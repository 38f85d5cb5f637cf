//! Sign-in with a client certificate alone, where the configuration says that one is enough: for tablets on walls.
//!
//! The handshake has proved who it is, so that nothing is asked. A session is made all the same: it is listed, revoked
//! and ended as any other, and counts only on connections with the same certificate.

use http::header::{HeaderValue, SET_COOKIE, USER_AGENT};

use super::return_to::wanted_return;
use super::session_maker::SessionMaker;
use crate::authorization::{Decision, is_called, may_enter};
use crate::config::CertificateRole;
use crate::http::{Certified, Sanitized};
use crate::identity::{Directory, Health};
use crate::ids::AddonSlug;
use crate::pages::{self, Page};
use crate::refusal::Reason;
use crate::session::{MadeBy, NewSession, SessionCookie, Sessions, UserAgent};
use crate::telemetry::{AuditEvent, SignInOutcome, Telemetry};

/// What signing in needs.
#[derive(Debug)]
pub struct CertificateSignIn<'a> {
    /// The users of this moment.
    pub directory: &'a Directory,
    /// Where the session is made.
    pub sessions: &'a Sessions,
    /// How its cookie is called.
    pub cookie: SessionCookie,
    /// Where attempts are written down.
    pub telemetry: &'a Telemetry,
    /// The add-on that this host belongs to: a session that is made here is good for nothing else.
    pub bound_to: Option<AddonSlug>,
}

impl CertificateSignIn<'_> {
    /// The way to where the browser wanted to go, with a new session; nothing where the certificate is none to sign in
    /// with, or its user may not come in. Only for a browser that goes to the sign-in page and is not signed in.
    pub async fn answer(&self, request: &Sanitized) -> Option<Page> {
        let certified = request.certified().filter(|certified| certified.role == CertificateRole::SignIn)?;
        // Without users nobody signs in; the page says so.
        if self.directory.health() != Health::Good {
            return None;
        }
        let found = self.directory.named(&certified.user).filter(|user| is_called(user, &certified.user));
        let Some(user) = found else {
            self.note(request, certified, SignInOutcome::UnknownUser, None);
            return None;
        };
        let id = user.id.as_str();
        if let Decision::Deny(reason) = may_enter(user, request.client()) {
            let outcome = match reason {
                Reason::InactiveUser => SignInOutcome::InactiveUser,
                Reason::NotLocal => SignInOutcome::NotLocal,
                _ => SignInOutcome::SystemUser,
            };
            self.note(request, certified, outcome, Some((id, None)));
            return None;
        }
        let user_agent = request.headers().get(USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        let new = NewSession {
            address: Some(request.client().ip()),
            user_agent: UserAgent::from_header(user_agent),
            addon: self.bound_to.clone(),
            password_digest: user.password_digest,
            certificate: Some(*certified.fingerprint.bytes()),
            ..NewSession::new(user.id.clone(), MadeBy::Certificate)
        };
        let session_maker = SessionMaker { sessions: self.sessions, cookie: self.cookie, telemetry: self.telemetry };
        let Ok((session, cookie)) = session_maker.make(new, request.presented(), None).await else {
            self.note(request, certified, SignInOutcome::Unavailable, Some((id, None)));
            return None;
        };
        self.note(request, certified, SignInOutcome::Success, Some((id, Some(&session.id().to_string()))));
        let mut page = pages::see_other(wanted_return(request).as_str());
        page.headers_mut().append(SET_COOKIE, cookie);
        Some(page)
    }

    /// `known` is the user's id, and the id of the session that was made.
    fn note(
        &self,
        request: &Sanitized,
        certified: &Certified,
        outcome: SignInOutcome,
        known: Option<(&str, Option<&str>)>,
    ) {
        self.telemetry.metrics.sign_in(outcome);
        self.telemetry.audit.write(&AuditEvent::SignIn {
            outcome,
            method: "certificate",
            user_name: &certified.user,
            user: known.map(|(user, _)| user),
            session: known.and_then(|(_, session)| session),
            certificate: Some(&certified.fingerprint.short()),
            client: request.client().ip(),
            request_id: request.id().as_str(),
        });
    }
}

//! The account of a request: who asked for what, what was answered, how much went through, and one access line at the
//! end.
//!
//! The line is written when the last byte of the answer is gone, or when it is clear that it never will be.

mod body;
mod circumstances;
mod endings;
mod protocol;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, Version};
use http_body::Body as _;
use http_body_util::Full;

use body::Either;
pub use body::LoggedBody;
use protocol::protocol;

use super::cors::Grant;
use super::home_assistant;
use super::stages::Stages;
use super::verify_request::{SIGN_IN, VerifyRequest};
use crate::authorization::Refused;
use crate::clock::Clock;
use crate::connection::{Arrived, ClientBody, EntryPoint};
use crate::http::{BodyProgress, RequestId, Sanitized};
use crate::identity::User;
use crate::listener::Addresses;
use crate::pages::{self, Audience, Circumstances, Language, Page};
use crate::refusal::Reason;
use crate::route::Route;
use crate::session::{ApiKey, Credential, EndedSession, Session, Unauthenticated};
use crate::sign_in::way_to_sign_in;
use crate::telemetry::{AccessEntry, AddonMetrics, OpenGauge};
use crate::tls::ClientCertificate;
use crate::upstream::Answer;

/// What is known of a request so far.
#[derive(Debug)]
pub(super) struct RequestLog {
    stages: Arc<Stages>,
    id: RequestId,
    begun: Instant,
    method: Method,
    uri: Uri,
    version: Version,
    entry_point: EntryPoint,
    host: Option<HeaderValue>,
    user_agent: Option<HeaderValue>,
    audience: Audience,
    language: Language,
    client: IpAddr,
    place: Option<usize>,
    user: Option<Arc<User>>,
    pub(super) session: Option<Arc<Session>>,
    key: Option<Arc<ApiKey>>,
    certificate: Option<Arc<ClientCertificate>>,
    /// Where the browser goes that another proxy asks for.
    stand_in: Option<Box<str>>,
    sent_at: Option<Instant>,
    upstream: Option<Duration>,
    reason: Option<Reason>,
    /// All of why it was not admitted.
    refused: Option<Box<Refused>>,
    /// The session that its cookie stood for, where that is no more.
    ended: Option<Box<EndedSession>>,
    status: StatusCode,
    sent: Option<Arc<BodyProgress>>,
    moved: (u64, u64),
    complete: bool,
    open: Option<OpenGauge>,
    grant: Option<Box<Grant>>,
    /// The line that gives the browser a new secret, whatever the answer will be.
    pub(super) renewed: Option<Box<HeaderValue>>,
}

impl RequestLog {
    /// Boxed from the start: at the end it goes with the answer's body.
    pub(super) fn open(arrived: &Arrived, id: RequestId, stages: &Arc<Stages>) -> Box<Self> {
        let connection_info = &arrived.connection_info;
        let entry_point = connection_info.entry_point();
        let mut log = Self::of(&arrived.request, entry_point, connection_info.addresses(), id, stages);
        log.certificate = connection_info.handshake().and_then(|(_, certificate)| certificate.cloned());
        log
    }

    /// The account of a browser's request in the clear.
    pub(super) fn in_the_clear(arrived: &Arrived<Addresses>, id: RequestId, stages: &Arc<Stages>) -> Box<Self> {
        Self::of(&arrived.request, EntryPoint::Browsers, arrived.connection_info, id, stages)
    }

    fn of(
        request: &Request<ClientBody>,
        entry_point: EntryPoint,
        addresses: Addresses,
        id: RequestId,
        stages: &Arc<Stages>,
    ) -> Box<Self> {
        let headers = request.headers();
        let audience = Audience::of_request(request.method(), headers);
        // Programs are answered in English, and most requests are theirs: what a page loads, say.
        let language = if audience == Audience::Program { Language::default() } else { Language::of_request(headers) };
        Box::new(Self {
            stages: Arc::clone(stages),
            id,
            begun: Instant::now(),
            method: request.method().clone(),
            uri: request.uri().clone(),
            version: request.version(),
            entry_point,
            host: headers.get(HOST).cloned(),
            user_agent: headers.get(USER_AGENT).cloned(),
            audience,
            language,
            client: addresses.client().ip(),
            place: None,
            user: None,
            session: None,
            key: None,
            certificate: None,
            stand_in: None,
            sent_at: None,
            upstream: None,
            reason: None,
            refused: None,
            ended: None,
            status: StatusCode::OK,
            sent: None,
            moved: (0, 0),
            complete: false,
            open: None,
            grant: None,
            renewed: None,
        })
    }

    pub(super) fn knows_client(&mut self, request: &Sanitized) {
        self.client = request.client().ip();
        if request.stripped() > 0 {
            let stripped = u64::try_from(request.stripped()).unwrap_or_default();
            self.stages.telemetry.metrics.stripped_headers.inc_by(stripped);
        }
    }

    pub(super) fn knows_route(&mut self, route: &Route) {
        self.place = Some(route.place());
        self.open = Some(self.metrics().open_request());
    }

    pub(super) fn knows_session(&mut self, session: &Arc<Session>) {
        self.session = Some(Arc::clone(session));
    }

    pub(super) fn knows_credential(&mut self, credential: &Credential) {
        if let Some(session) = credential.session() {
            self.knows_session(session);
        }
        self.key = credential.key().cloned();
    }

    /// The request that is judged is one at another proxy.
    pub(super) fn stands_in(&mut self, request: &Sanitized) {
        self.audience = Audience::of_request(request.method(), request.headers());
        self.stand_in = Some(request.target().as_str().into());
    }

    pub(super) fn knows_user(&mut self, user: &Arc<User>) {
        self.user = Some(Arc::clone(user));
    }

    /// Notes all of why it is refused, and gives back the reason that status and metrics go by.
    pub(super) fn note_refusal(&mut self, mut refused: Refused) -> Reason {
        self.user = refused.user.take().or(self.user.take());
        let reason = refused.reason;
        self.refused = Some(refused.into());
        reason
    }

    /// Notes what is known of a session that has ended, and gives back the reason.
    pub(super) fn note_unauthenticated(&mut self, refused: Unauthenticated) -> Reason {
        self.ended = refused.ended;
        refused.reason
    }

    /// What the answer says about pages of other origins, whatever the answer will be.
    pub(super) fn grants(&mut self, grant: Option<Box<Grant>>) {
        self.grant = grant;
    }

    pub(super) fn take_grant(&mut self) -> Option<Box<Grant>> {
        self.grant.take()
    }

    pub(super) fn note_sent(&mut self) {
        self.sent_at = Some(Instant::now());
    }

    pub(super) fn audience(&self) -> Audience {
        self.audience
    }

    pub(super) fn id(&self) -> RequestId {
        self.id
    }

    /// The add-on's answer. A tunnel takes the account with it, and closes it when it ends.
    pub(super) fn relay(mut self: Box<Self>, mut answer: Answer) -> Response<LoggedBody> {
        if self.entry_point == EntryPoint::HomeAssistant {
            home_assistant::dress(&mut answer.response, &self.method);
        }
        self.upstream = self.sent_at.map(|at| at.elapsed());
        self.sent = Some(answer.sent);
        self.status = answer.response.status();
        let short = answer.response.body().size_hint().upper().is_some_and(|length| length <= SHORT);
        if answer.tunnel.is_some() || !short {
            self.lets_go_of_buffers();
        }
        let Some(tunnel) = answer.tunnel else {
            return answer.response.map(|body| LoggedBody::new(Either::Addon(body), Some(self)));
        };
        // The tunnel outlives the answer, which is a head alone: it takes the account with it.
        self.open = Some(self.metrics().open_tunnel());
        tokio::spawn(async move {
            let end = tunnel.run().await;
            self.tunnel_ended(end);
        });
        answer.response.map(|body| LoggedBody::new(Either::Addon(body), None))
    }

    fn is_at_front(&self) -> bool {
        let addon = self.place.and_then(|place| self.stages.settings.at_place(place));
        addon.is_some_and(|addon| addon.is_at_front())
    }

    /// Copies what the log will say: until now it is a piece of the buffer that the head was read into, which is larger
    /// than all of it and would be kept for as long as a tunnel or a stream goes on.
    fn lets_go_of_buffers(&mut self) {
        let copy = |value: &HeaderValue| {
            let bytes = value.as_bytes();
            HeaderValue::from_bytes(bytes.get(..LONGEST_LOGGED).unwrap_or(bytes)).ok()
        };
        self.host = self.host.as_ref().and_then(copy);
        self.user_agent = self.user_agent.as_ref().and_then(copy);
        if let Ok(uri) = self.uri.to_string().parse() {
            self.uri = uri;
        }
    }

    /// A page of ours.
    pub(super) fn own(mut self: Box<Self>, mut page: Page) -> Response<LoggedBody> {
        self.status = page.status();
        if self.method == Method::HEAD {
            // RFC 9110 section 9.3.2: a server MUST NOT send content in answer to HEAD. Over HTTP/2 nothing else does.
            let length = HeaderValue::from(page.body().size_hint().exact().unwrap_or_default());
            page.headers_mut().insert(CONTENT_LENGTH, length);
            *page.body_mut() = Full::default();
        }
        page.map(|body| LoggedBody::new(Either::Own(body), Some(self)))
    }

    /// The answer to a refused request.
    pub(super) fn refused(mut self: Box<Self>, reason: Reason) -> Response<LoggedBody> {
        self.audit(reason);
        let target = self.target();
        if self.entry_point == EntryPoint::HomeAssistant {
            return self.own(home_assistant::refusal(reason));
        }
        if self.is_at_front() {
            return self.own(home_assistant::refusal_of_front(reason));
        }
        let asked = VerifyRequest::at(&self.uri);
        let (retry_after, step_up) =
            self.refused.as_ref().map_or((None, None), |refused| (refused.retry_after, refused.step_up));
        let sign_in = way_to_sign_in(self.stand_in.as_deref().unwrap_or(&target), step_up);
        // A program that came with a token cannot sign in on a page, and another proxy sends its browsers there itself.
        let leads =
            !matches!(reason, Reason::BadToken | Reason::BadKey) && asked.as_ref().is_none_or(VerifyRequest::redirects);
        let sign_in_at = leads.then_some(&*sign_in);
        let account = self.user.as_ref().and_then(|user| user.username().or(user.name.as_deref()));
        let away = self.away(reason);
        let is_admin = self.user.as_ref().is_some_and(|user| user.is_admin());
        let addon = self.refused_addon();
        let around = Circumstances { sign_in: sign_in_at, away, retry_after, step_up, account, addon, is_admin };
        let shown = asked.as_ref().map_or(reason, |asked| asked.shown(reason));
        let mut page = pages::refusal(shown, self.audience, self.id, around, || self.page_context());
        if asked.is_some() && page.status() == StatusCode::UNAUTHORIZED && self.audience == Audience::Navigation {
            page.headers_mut().extend(HeaderValue::from_str(&sign_in).ok().map(|sign_in| (SIGN_IN, sign_in)));
        }
        if self.version == Version::HTTP_2 {
            // RFC 9113 section 8.2.2: a connection-specific header makes a message malformed.
            page.headers_mut().remove(http::header::CONNECTION);
        }
        self.own(page)
    }

    /// The numbers of the add-on, or of our own answers while there is none.
    fn metrics(&self) -> &AddonMetrics {
        self.place.and_then(|place| self.stages.metrics.get(place)).unwrap_or(&self.stages.own_metrics)
    }

    fn addon(&self) -> Option<&str> {
        let addon = self.place.and_then(|place| self.stages.settings.at_place(place));
        addon.map(|addon| addon.slug.as_str())
    }

    fn target(&self) -> String {
        self.uri.path_and_query().map_or_else(String::new, ToString::to_string)
    }

    fn host(&self) -> std::borrow::Cow<'_, str> {
        match (self.uri.authority(), &self.host) {
            (Some(authority), _) => authority.as_str().into(),
            (None, Some(host)) => String::from_utf8_lossy(host.as_bytes()),
            (None, None) => "".into(),
        }
    }
}

impl Drop for RequestLog {
    fn drop(&mut self) {
        // In `drop`, because there is no other place that every end of an answer comes by: its last byte, a break, an
        // abort.
        let duration = self.begun.elapsed();
        let bytes_in = self.sent.as_ref().map_or(self.moved.0, |progress| progress.bytes().max(self.moved.0));
        let bytes_out = self.moved.1;
        self.metrics().answered(self.status.as_u16(), duration, bytes_in, bytes_out);
        if !self.stages.telemetry.access.is_on() {
            return;
        }
        let target = self.uri.path_and_query().map_or("", |target| target.as_str());
        self.stages.telemetry.access.write(&AccessEntry {
            at: Clock::System.now(),
            request_id: self.id.as_str(),
            client: self.client,
            protocol: protocol(self.version),
            method: self.method.as_str(),
            host: &self.host(),
            target,
            status: self.status.as_u16(),
            reason: self.reason.map(Reason::label),
            user: self.user.as_ref().map(|user| user.id.as_str()),
            key: self.key.as_ref().map(|key| key.about().name.as_str()),
            certificate: self.certificate.as_ref().map(|certificate| certificate.short()),
            addon: self.addon(),
            bytes_in,
            bytes_out,
            duration,
            upstream: self.upstream,
            user_agent: self.user_agent.as_ref().map(HeaderValue::as_bytes),
            complete: self.complete,
        });
    }
}

/// An answer of at most this size is over soon.
const SHORT: u64 = 64 * 1024;

/// More than the log shows of a field.
const LONGEST_LOGGED: usize = 512;

//! The way of a request in one function that reads like the diagram in `lib.rs`. The stages do not call each other:
//! this is the only place that knows all of them.

mod request_log;
mod account;
mod api_key;
mod ask_access;
mod configuration_record;
mod cors;
mod cross_host_ticket;
mod form_place;
mod front;
mod home_assistant;
mod launcher;
mod manifest;
mod own_socket;
mod operator;
mod own_pages;
mod redirect;
mod refusals;
mod renewal;
mod session_user;
mod stages;
mod step_up;
mod verify;
mod verify_request;

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::Response;
use http::header::STRICT_TRANSPORT_SECURITY;

pub use configuration_record::{ConfigurationRecord, Recorded, RefusedConfiguration};
use front::IngressSessions;
pub(crate) use front::is_usable;
pub use redirect::ClearContext;
pub use refusals::{Refusal, Refusals};
pub use request_log::LoggedBody;
pub use stages::{Services, Stages, own_cookies};

use crate::authorization::protect::RuleQuery;
use crate::authorization::{Admitted, AuthorizationContext, Counting, Decision, Description, Moment, Permitted};
use crate::connection::Arrived;
use crate::exchanges::Exchange;
use crate::explain;
use crate::home_assistant::{HomeAssistant, Snapshot};
use crate::http::{BufferLimits, RequestId, Sanitized};
use crate::identity::{Directory, User};
use crate::ingress_api::HomeAssistantCaller;
use crate::pages::{self, Audience, Page};
use crate::refusal::Reason;
use crate::route::Destination;
use crate::session::{AccessToken, Authenticated, Credential, Issuer, shown_key, shown_token, shows_token};
use crate::upstream::Answer;
use cors::Grant;
use request_log::RequestLog;

/// The whole way, with the configuration of the moment.
#[derive(Debug)]
pub struct Gate {
    current: ArcSwap<Stages>,
    services: Services,
    /// The version that Home Assistant said last at its front; empty before that.
    front_version: ArcSwap<String>,
    /// Whose the sessions are by which add-ons in Home Assistant's own pages are opened.
    ingress_sessions: IngressSessions,
}

/// What becomes of a request that is not refused.
enum Passed {
    /// The add-on answers.
    Addon(Box<Answer>),
    /// One of our own pages.
    Own(Page),
    /// A WebSocket in which we speak ourselves.
    Socket(Box<own_socket::OwnSocket>),
}

/// A request of which it is known where it goes.
struct Entered {
    /// Home Assistant, if it is its call.
    caller: Result<HomeAssistantCaller, Reason>,
    /// Whether a browser asks for a web app manifest as nobody.
    asks_manifest: bool,
    destination: Destination,
}

impl Passed {
    fn of_addon(answer: Answer) -> Self {
        Self::Addon(Box::new(answer))
    }
}

impl Gate {
    /// A gate with these stages.
    pub fn new(stages: Stages, services: Services) -> Self {
        let (front_version, ingress_sessions) = <_>::default();
        Self { current: ArcSwap::from_pointee(stages), services, front_version, ingress_sessions }
    }

    /// The stages of the moment.
    pub fn stages(&self) -> Arc<Stages> {
        self.current.load_full()
    }

    /// What outlives a configuration.
    pub fn services(&self) -> &Services {
        &self.services
    }

    /// Takes new stages into use, from the next request on.
    pub fn replace(&self, stages: Stages) {
        self.current.store(Arc::new(stages));
    }

    /// Answers a request, one way or another, and accounts for it. What comes before its credential is done at once:
    /// what lay in the future would be copied with it.
    pub fn answer(self: Arc<Self>, arrived: Arrived) -> impl Future<Output = Response<LoggedBody>> {
        let stages = self.current.load_full();
        let id = RequestId::next();
        let mut request_log = RequestLog::open(&arrived, id, &stages);
        let hsts = stages.hsts(arrived.connection_info.entry_point());
        let entered = self.enter(arrived, id, &stages, &mut request_log);
        async move {
            let passed = match entered {
                Ok(entered) => self.pass(entered, &stages, &mut request_log).await,
                Err(reason) => Err(reason),
            };
            let mut response = request_log.answered(passed);
            // In the place of what an add-on says: on a host of its own it may say so too.
            if let Some(hsts) = hsts {
                response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, hsts);
            }
            response
        }
    }

    /// The way of a request until it is known where it goes.
    fn enter(
        &self,
        arrived: Arrived,
        id: RequestId,
        stages: &Stages,
        request_log: &mut RequestLog,
    ) -> Result<Entered, Reason> {
        // Before sanitizing, which takes the Supervisor's token out of the headers with everything else that is
        // reserved.
        let caller = home_assistant::caller(&arrived, stages, &self.services);
        let sanitized = Sanitized::new(arrived, id, &stages.rules)?;
        request_log.knows_client(&sanitized);
        let asks_manifest = manifest::is_asked_for(&sanitized);
        // Routing comes before the session, since the route says whose cookie and token count. A stranger does not
        // learn from it what there is: see `nowhere`.
        Ok(Entered { caller, asks_manifest, destination: stages.routes.route(sanitized) })
    }

    /// The way of a request from there on.
    async fn pass(
        self: &Arc<Self>,
        entered: Entered,
        stages: &Arc<Stages>,
        request_log: &mut RequestLog,
    ) -> Result<Passed, Reason> {
        let services = &self.services;
        let Entered { caller, asks_manifest, destination } = entered;
        if asks_manifest && !may_be_public(&destination) {
            return Ok(Passed::Own(manifest::empty()));
        }
        let routed = match destination {
            Destination::Addon(routed) => routed,
            Destination::Own(request) => {
                // Boxed, as all that is rare on the way: its states would lie in every request's future.
                return Box::pin(own_pages::answer(*request, stages, services, request_log)).await.map(Passed::Own);
            }
            Destination::Call(request) => {
                return Box::pin(home_assistant::call(*request, caller, stages, services)).await.map(Passed::Own);
            }
            Destination::Nowhere(request) => {
                return Box::pin(self.nowhere(&request, stages, request_log)).await.map(Passed::Own);
            }
        };
        request_log.knows_route(routed.route());
        if routed.route().addon().authorization.front.is_some() {
            // Boxed, as what is not on the way to add-ons.
            return match Box::pin(front::pass(routed, self, stages, request_log)).await? {
                front::Judged::Send(permitted) => match before_sending(&permitted, request_log) {
                    Some(page) => Ok(Passed::Own(page)),
                    None => Box::pin(stages.upstreams.send(permitted)).await.map(Passed::of_addon),
                },
                front::Judged::Answered(passed) => Ok(passed),
            };
        }
        // Before the session: browsers send a preflight without cookies (Fetch standard section 3.2.5).
        if let Some(page) = cors::preflight(&routed) {
            return Ok(Passed::Own(page));
        }
        // Noted now, so that a refusal from here on carries it too. Otherwise an admitted page could not read why it
        // was refused.
        request_log.grants(Grant::of(&routed));
        let home = services.home.load();
        let describe = describe(stages);
        let authorization = authorization(services, stages, &home, &describe);
        let mut permitted = match authorization.admit_anybody(routed) {
            Ok(admitted) => admitted.map_err(|refused| request_log.note_refusal(refused))?,
            Err(routed) => {
                if asks_manifest {
                    return Ok(Passed::Own(manifest::empty()));
                }
                let authenticated = if let Some(shown) = shown_key(routed.request()) {
                    let key = Box::pin(api_key::judge(shown?, routed.request(), stages, services)).await?;
                    Authenticated::with_key(routed, key)
                } else {
                    let token = self.shown_token(routed.request());
                    Authenticated::new(routed, token, &services.sessions)
                        .await
                        .map_err(|refused| request_log.note_unauthenticated(refused))?
                };
                request_log.knows_credential(authenticated.credential());
                authorization.admit(authenticated).await.map_err(|refused| request_log.note_refusal(refused))?
            }
        };
        // The add-on may take long to answer: the home of before a reload must not be kept alive by that.
        drop(home);
        if permitted.routed().route().addon().route.below_front.is_some() {
            // Noted before it may be refused, so that the audit line says whom it was.
            permitted.user().inspect(|user| request_log.knows_user(user));
            self.ingress_sessions.present(&mut permitted)?;
        }
        if renewal::remembered(request_log).is_some() {
            // Boxed, as all that is rare on the way.
            Box::pin(renewal::offer(permitted.routed().request(), stages, services, request_log)).await;
        }
        if let Some(page) = before_sending(&permitted, request_log) {
            return Ok(Passed::Own(page));
        }
        stages.upstreams.send(permitted).await.map(Passed::of_addon)
    }

    /// The access token of a request that shows one in the place of a session, judged by the refresh tokens as Home
    /// Assistant has them at this moment.
    fn shown_token(&self, request: &Sanitized) -> Option<Result<AccessToken, Reason>> {
        if !shows_token(request) {
            return None;
        }
        let Some(snapshot) = self.services.home.load().snapshot() else { return Some(Err(Reason::NoDirectory)) };
        Some(shown_token(request, |id| issuer(&snapshot, id), self.services.clock.now()))
    }

    /// There is nothing at this address; but only those who may come in are told so.
    async fn nowhere(
        &self,
        request: &Sanitized,
        stages: &Stages,
        request_log: &mut RequestLog,
    ) -> Result<Page, Reason> {
        // A key opens nothing here either, and guessing one counts here as it does at an add-on.
        if let Some(shown) = shown_key(request) {
            api_key::judge(shown?, request, stages, &self.services).await?;
        }
        // A token opens nothing here; a bad one is refused as it is at an add-on.
        if let Some(token) = self.shown_token(request) {
            token?;
        }
        session_user::session_and_user(request, &self.services, request_log).await?;
        let reads = request_log.audience() == Audience::Navigation;
        if reads && request.path() == "/" { Ok(pages::see_other("/.vestibule/")) } else { Err(Reason::UnknownRoute) }
    }

    /// Looks at everything that is open again, with the sessions, users and configuration of this moment, and cuts what
    /// may no longer go on; says whether anything was. What may go on counts as seen. `others` decides about what is no
    /// request.
    pub fn review(&self, others: impl Fn(&Exchange) -> Decision) -> bool {
        let stages = self.current.load();
        let home = self.services.home.load();
        let (directory, snapshot) = (home.directory().load(), home.snapshot());
        let still_counts = |credential: &Credential| match credential {
            Credential::Session(session) => self.services.sessions.standing(session),
            Credential::Key(key) => self.services.api_keys.standing(key),
            Credential::Token(token) => {
                let snapshot = snapshot.as_ref().ok_or(Reason::NoDirectory)?;
                let is_good = token.is_good(|id| issuer(snapshot, id), self.services.clock.now());
                if is_good { Ok(()) } else { Err(Reason::BadToken) }
            }
        };
        let moment = Moment {
            routes: &stages.routes,
            rules: &stages.rules,
            protections: &stages.protections,
            directory: &directory,
            environment: home.environment(),
            still_counts: &still_counts,
        };
        // One configuration and one snapshot of the users for the whole review: all exchanges are judged by the same
        // moment.
        let judge = |exchange: &Exchange| match exchange.subject_as::<Admitted>() {
            Some(admitted) => admitted.admit_again(&moment),
            None => others(exchange),
        };
        let mut cut = self.services.exchanges.review(judge);
        // After the review: what it has just cut gets a moment to end by itself before it is aborted.
        cut.extend(self.services.exchanges.abort(stages.settings.limits.unread_timeout));
        for exchange in &cut {
            let (user, addon) = (exchange.subject().user(), exchange.subject().addon());
            tracing::info!(%user, %addon, reason = exchange.why().map_or("", Reason::label), "open exchange cut");
        }
        !cut.is_empty()
    }
}

/// Whether a request goes to an add-on that has paths which are open to everybody.
fn may_be_public(destination: &Destination) -> bool {
    let Destination::Addon(routed) = destination else { return false };
    let authorization = &routed.route().addon().authorization;
    !authorization.public.is_empty() || authorization.front.is_some()
}

/// Notes who sends what is permitted, and when. The page that is shown in its place, if one is.
fn before_sending(permitted: &Permitted, request_log: &mut RequestLog) -> Option<Page> {
    if let Some(user) = permitted.user() {
        request_log.knows_user(user);
    }
    // After admission: the redirection would otherwise tell a stranger that there is an add-on here.
    let page = with_slash(permitted);
    if page.is_none() {
        request_log.note_sent();
    }
    page
}

/// The reasons of refusals, in words for the operator.
fn describe(stages: &Stages) -> impl Fn(&Directory, &User, &RuleQuery<'_>) -> String + Sync {
    let source = stages.settings.permissions.source;
    move |directory, user, asked| explain::Home::of(directory.clone(), source).sentence(user, asked)
}

/// What requests are admitted by.
fn authorization<'a>(
    services: &'a Services,
    stages: &'a Stages,
    home: &'a HomeAssistant,
    describe: Description<'a>,
) -> AuthorizationContext<'a> {
    AuthorizationContext {
        exchanges: &services.exchanges,
        directory: home.directory(),
        environment: home.environment(),
        protections: &stages.protections,
        describe,
        holding: BufferLimits { budget: &services.budget, limits: &stages.settings.limits },
        counting: Counting::Request,
    }
}

/// The refresh token of this id.
fn issuer<'a>(snapshot: &'a Snapshot, id: &str) -> Option<Issuer<'a>> {
    let token = snapshot.auth().refresh_token(id)?;
    Some(Issuer { user: &token.user_id, key: token.jwt_key.reveal().as_bytes(), expire_at: token.expire_at })
}

/// The redirection to the address with a slash at its end, where it is missing (spec/addon-uis.md section 3, point 12):
/// for those who may open the add-on only, with the query kept.
fn with_slash(permitted: &Permitted) -> Option<Page> {
    let routed = permitted.routed();
    let request = routed.request();
    let reads = matches!(*request.method(), http::Method::GET | http::Method::HEAD) && request.handshake().is_none();
    if !reads || !routed.lacks_slash() {
        return None;
    }
    // A relative address: it holds under whatever prefix the browser sees us.
    let last = request.path().rsplit('/').next().unwrap_or_default();
    let query = request.query().map(|query| format!("?{query}")).unwrap_or_default();
    Some(pages::redirect(&format!("{last}/{query}")))
}

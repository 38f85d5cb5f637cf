//! Our own pages, under `/.vestibule` on every host: sign-in, sign-out, who am I, and the start page.

use http::header::{CACHE_CONTROL, HeaderValue, SET_COOKIE, VARY};
use http::{Method, StatusCode};
use serde_json::json;

use super::account;
use super::ask_access;
use super::cross_host_ticket;
use super::form_place::form_place;
use super::launcher;
use super::operator;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use super::step_up;
use super::verify;
use crate::authorization::{Act, judge_own_will};
use crate::config::SignInMethod;
use crate::http::{Presented, Sanitized};
use crate::ids::AddonSlug;
use crate::pages::{self, Audience, EndedBecause, Language, Page, PageContext, SignInNotice};
use crate::refusal::Reason;
use crate::route::OWN;
use crate::session::{EndedBy, SessionToken, session_of};
use crate::sign_in::{
    Budget, CertificateSignIn, NotMeFlow, OAuthLogin, PasswordSignIn, Purpose, ReturnTo, Ticked, sign_in_page,
};
use crate::telemetry::AuditEvent;

/// The answer to a request for one of our pages.
pub(super) async fn answer(
    request: Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let page = request.path().strip_prefix(OWN).unwrap_or_default().trim_start_matches('/').to_owned();
    let reads = matches!(*request.method(), Method::GET | Method::HEAD) && request.handshake().is_none();
    let posts = *request.method() == Method::POST;
    let context = request_log.page_context();
    match page.as_str() {
        "sign-in" if reads => Ok(match cross_host_ticket::leave(&request, stages) {
            Some(page) => page,
            None => match by_certificate(&request, stages, services, request_log).await {
                Some(page) => page,
                None => sign_in_form(&request, &context, stages, services).await,
            },
        }),
        // On an add-on's own host people sign in at the main host: a password must not be typed where the add-on's
        // scripts run.
        "sign-in" if posts && cross_host_ticket::leave(&request, stages).is_some() => Err(Reason::MethodNotAllowed),
        "sign-in" if posts => sign_in(request, &context, stages, services, Purpose::SignIn).await,
        "sign-in/home-assistant" | JOURNEY_BACK => {
            over_home_assistant(&request, stages, services, request_log, page == JOURNEY_BACK).await
        }
        "sign-out" if posts => sign_out(&request, stages, services, request_log).await,
        "hand-over" if reads => cross_host_ticket::answer(&request, stages, services, request_log).await,
        "verify" if *request.method() == Method::GET => verify::answer(request, stages, services, request_log).await,
        "step-up" if reads => step_up::page(&request, &context, stages, services, request_log).await,
        "step-up" if posts => {
            let (user, session) = step_up::poster(&request, stages, services, request_log).await?;
            sign_in(request, &context, stages, services, Purpose::StepUp(user, session)).await
        }
        "ask-access" if posts => ask_access::answer(&request, &context, stages, services, request_log).await,
        "sign-in" | "step-up" | "sign-out" | "ask-access" | "hand-over" | "verify" => Err(Reason::MethodNotAllowed),
        "account" if reads || posts => account::answer(request, &context, stages, services, request_log).await,
        "session" | "" | "add-ons" | "language" | "account" if !reads => Err(Reason::MethodNotAllowed),
        "session" => who_am_i(&request, services, request_log).await,
        "" => launcher::page(&request, &context, stages, services, request_log).await,
        "add-ons" => launcher::states(&request, stages, services, request_log).await,
        "language" => language(&request),
        page if (reads || posts) && (page == OPERATOR || page.starts_with(BELOW_OPERATOR)) => {
            let path = page.strip_prefix(BELOW_OPERATOR).unwrap_or_default();
            operator::answer(request, path, &context, stages, services, request_log).await
        }
        "jwks.json" if reads && stages.keyring.is_some() => Ok(published(stages)),
        "not-me" if has_links(&request, stages) => not_me(request, &context, stages, services).await,
        file => match stages.site.asset(file, request.headers()) {
            Some(asset) if reads => Ok(asset),
            Some(_) => Err(Reason::MethodNotAllowed),
            // To a stranger a page that is not there looks like one that needs a session.
            None => session_and_user(&request, services, request_log).await.and(Err(Reason::UnknownRoute)),
        },
    }
}

/// The operator's pages, and what stands before each of them.
const OPERATOR: &str = "operator";
const BELOW_OPERATOR: &str = "operator/";

/// Where Home Assistant's page sends browsers back to.
const JOURNEY_BACK: &str = "sign-in/home-assistant/callback";

/// Keeps the choice of a language, and leads back to where it was made.
fn language(request: &Sanitized) -> Result<Page, Reason> {
    // A link on another site must not change it.
    judge_own_will(request.provenance(), Act::Change).into_result()?;
    let query = request.query().unwrap_or_default();
    let value = |wanted: &str| form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == wanted);
    let (_, tag) = value("to").ok_or(Reason::UnknownRoute)?;
    let language = Language::of_tag(&tag).ok_or(Reason::UnknownRoute)?;
    let back = value("return_to").and_then(|(_, path)| ReturnTo::to_any_page(&path)).unwrap_or_default();
    let mut page = pages::see_other(back.as_str());
    page.headers_mut().append(SET_COOKIE, language.cookie());
    Ok(page)
}

/// A session for who has shown a certificate that is enough. Only for a browser that goes to a page: an image on a page
/// of another site would otherwise make sessions, each of which ends an older one. Who is signed in sees the form.
async fn by_certificate(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Option<Page> {
    request.certified()?;
    let goes_there = request_log.audience() == Audience::Navigation && *request.method() == Method::GET;
    if !goes_there || session_and_user(request, services, request_log).await.is_ok() {
        return None;
    }
    let home = services.home.load_full();
    let directory = arc_swap::Guard::into_inner(home.directory().load());
    let flow = CertificateSignIn {
        directory: &directory,
        sessions: &services.sessions,
        cookie: stages.cookie,
        telemetry: &services.telemetry,
        bound_to: bound_to(request, stages),
    };
    flow.answer(request).await
}

async fn sign_in_form(request: &Sanitized, context: &PageContext, stages: &Stages, services: &Services) -> Page {
    let users = services.home.load().directory().load().health();
    // Ticked already where the browser has such a session: whoever is asked to sign in again stays as they were.
    let here = session_of(request, &services.sessions).await;
    let notice = match &here {
        Err(Reason::SessionEnded | Reason::TokenReused) => Some(SignInNotice::Ended(why_ended(request, services))),
        Err(_) if request.query() == Some(SIGNED_OUT) => Some(SignInNotice::SignedOut),
        _ => None,
    };
    let is_remembered = here.is_ok_and(|session| session.is_remembered());
    let remember = stages.settings.session.remembered.is_some().then(|| Ticked::from(is_remembered));
    sign_in_page(request, context, (&stages.settings.sign_in.methods, users), remember, notice)
}

/// Why the session is no more that this browser has the cookie of.
fn why_ended(request: &Sanitized, services: &Services) -> EndedBecause {
    let Presented::One(cookie) = request.presented() else { return EndedBecause::Unknown };
    let ended = SessionToken::parse(cookie).and_then(|token| services.sessions.ended(&token));
    match ended.map(|ended| ended.by) {
        Some(EndedBy::Expired) => EndedBecause::Expired,
        Some(EndedBy::User) => EndedBecause::SignedOut,
        Some(EndedBy::Operator) => EndedBecause::ByAdministrator,
        Some(EndedBy::AccountChanged) => EndedBecause::AccountChanged,
        Some(EndedBy::Replaced) => EndedBecause::Replaced,
        // Whoever has copied the cookie must not be told that this was noticed.
        Some(EndedBy::TokenReused) | None => EndedBecause::Unknown,
    }
}

/// Says that somebody has just signed out.
const SIGNED_OUT: &str = "signed_out";

async fn sign_in(
    request: Sanitized,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
    purpose: Purpose,
) -> Result<Page, Reason> {
    let settings = &stages.settings.sign_in;
    if !settings.methods.contains(&SignInMethod::Password) {
        return Err(Reason::MethodNotAllowed);
    }
    // Before the body is read: forms are held in memory, and anybody may send one.
    let _place = form_place(&request, stages, services)?;
    let bound_to = bound_to(&request, stages);
    let home = services.home.load_full();
    let flow = PasswordSignIn {
        context,
        home: &home,
        sessions: &services.sessions,
        cookie: stages.cookie,
        guard: &services.guard,
        budget: Budget::from(settings),
        clock: &services.clock,
        telemetry: &services.telemetry,
        methods: &settings.methods,
        bound_to,
        remember: stages.settings.session.remembered.is_some(),
        purpose,
    };
    flow.post(request).await
}

/// Whether the page for links that end a session is here. Never on an add-on's own host, where its scripts could read
/// the link.
fn has_links(request: &Sanitized, stages: &Stages) -> bool {
    stages.settings.presence.not_me.is_some() && bound_to(request, stages).is_none()
}

async fn not_me(
    request: Sanitized,
    context: &PageContext,
    stages: &Stages,
    services: &Services,
) -> Result<Page, Reason> {
    let flow = NotMeFlow {
        context,
        links: &services.not_me,
        sessions: &services.sessions,
        clock: &services.clock,
        telemetry: &services.telemetry,
    };
    if matches!(*request.method(), Method::GET | Method::HEAD) && request.handshake().is_none() {
        return Ok(flow.ask(&request));
    }
    if *request.method() != Method::POST {
        return Err(Reason::MethodNotAllowed);
    }
    let _place = form_place(&request, stages, services)?;
    flow.post(request).await
}

/// The way over Home Assistant's page: off to it, or `back` from it. Only for a browser that goes to a page (S-91).
async fn over_home_assistant(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
    back: bool,
) -> Result<Page, Reason> {
    if *request.method() != Method::GET || request.handshake().is_some() {
        return Err(Reason::MethodNotAllowed);
    }
    // A script or an image that is sent round by redirects would begin sign-ins that nobody sees.
    if request_log.audience() != Audience::Navigation {
        return Err(Reason::NoSession);
    }
    if let Some(page) = cross_host_ticket::leave(request, stages) {
        return Ok(page);
    }
    let again = if back { None } else { step_up::again(request, services, request_log).await? };
    let settings = &stages.settings.sign_in;
    let home = services.home.load_full();
    let login = OAuthLogin {
        context: &request_log.page_context(),
        home: &home,
        sessions: &services.sessions,
        cookie: stages.cookie,
        guard: &services.guard,
        budget: Budget::from(settings),
        clock: &services.clock,
        telemetry: &services.telemetry,
        oauth_logins: &services.oauth_logins,
        token_store: &services.token_store,
        methods: &settings.methods,
        public_urls: &stages.settings.listen.public_urls,
        bound_to: bound_to(request, stages),
        remember: stages.settings.session.remembered.is_some(),
        again,
    };
    if back { login.callback(request).await } else { login.authorize(request).await }
}

/// The add-on that has the request's host to itself.
fn bound_to(request: &Sanitized, stages: &Stages) -> Option<AddonSlug> {
    stages.routes.of_host(request.authority().host()).map(|addon| addon.slug.clone())
}

/// Ends the session, on disk before the browser hears of it (S-75). Without a session there is nothing left to end. On
/// an add-on's own host it ends the sign-in that was handed over: one click would bring it back otherwise.
async fn sign_out(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    // Another site must not be able to sign a user out, either.
    judge_own_will(request.provenance(), Act::Change).into_result()?;
    if let Ok(session) = session_of(request, &services.sessions).await {
        request_log.knows_session(&session);
        if let Err(error) = services.sessions.sign_out_everywhere(&session).await {
            tracing::error!(error = %crate::telemetry::chain(&error), session = %session.id(), "signed out, but not on disk");
        }
        services.telemetry.audit.write(&AuditEvent::SignOut {
            user: session.user().as_str(),
            session: &session.id().to_string(),
            client: request.client().ip(),
            request_id: request_log.id().as_str(),
        });
    }
    let leads_away = cross_host_ticket::leave(request, stages).is_some();
    let next = "/.vestibule/sign-in";
    let mut page = if leads_away {
        pages::onward(next, &request_log.page_context())
    } else {
        pages::see_other(&format!("{next}?{SIGNED_OUT}"))
    };
    // Also where there was no session: the browser may still have a cookie that stands for none.
    page.headers_mut().append(SET_COOKIE, stages.cookie.clear());
    Ok(page)
}

/// Who I am, for scripts and for people who wonder. No token is in it (S-87).
async fn who_am_i(request: &Sanitized, services: &Services, request_log: &mut RequestLog) -> Result<Page, Reason> {
    let (session, user) = session_and_user(request, services, request_log).await?;
    let value = json!({
        "user": {
            "id": user.id.as_str(),
            "name": user.username(),
            "display_name": user.name,
            "is_admin": user.is_admin(),
            "is_owner": user.is_owner,
        },
        "session": {
            "id": session.id().to_string(),
            "created": session.created().to_string(),
            "expires": services.sessions.ends(&session).to_string(),
            "made_by": session.made_by().label(),
            "addon": session.addon().map(ToString::to_string),
        },
    });
    Ok(pages::json(StatusCode::OK, "application/json", &value))
}

/// The keys with which add-ons judge signed identities (RFC 7517 section 8.5). They are no secret.
fn published(stages: &Stages) -> Page {
    let keys = stages.keyring.as_ref().map_or(json!({ "keys": [] }), |keyring| keyring.published());
    let mut page = pages::json(StatusCode::OK, "application/jwk-set+json", &keys);
    page.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    // The same for everybody, so that a cache in front of us may keep it.
    page.headers_mut().remove(VARY);
    page
}

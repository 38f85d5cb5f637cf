//! One sign-in for add-ons on hosts of their own (S-79, S-88): the three steps of a cross-host ticket.
//!
//! 1. On the add-on's host, [`leave`]: a user wants to sign in; the browser gets a nonce and goes to the main host.
//! 2. On the main host, [`grant`]: whoever is signed in and may open the add-on is sent back with a code.
//! 3. On the add-on's host, [`callback`]: the code becomes a session of this host, bound to the add-on.
//!
//! No step leads to itself: what is stale ends in a page, or where a session that is there already leads.

use std::sync::Arc;

use http::header::{HeaderValue, SET_COOKIE, USER_AGENT};

use super::renewal;
use super::request_log::RequestLog;
use super::session_user::session_and_user;
use super::stages::{Services, Stages};
use super::{authorization, describe};
use crate::authorization::Entrant;
use crate::config::{Addon, StepUp};
use crate::http::Sanitized;
use crate::pages::{self, Audience, Page};
use crate::refusal::Reason;
use crate::session::{MadeBy, NewSession, Session, UserAgent, session_of};
use crate::sign_in::{Challenge, CrossHostTicket, HAND_OVER, Nonce, ReturnTo, StepUpWish, wanted_return};
use crate::telemetry::{AuditEvent, SignInOutcome, chain};

/// The way to the main host, when this is an add-on's own host and there is a main one: the form for user name and
/// password is never shown where an add-on's scripts could watch.
pub(super) fn leave(request: &Sanitized, stages: &Stages) -> Option<Page> {
    let addon = stages.routes.of_host(request.authority().host())?;
    let main = stages.settings.main_origin()?;
    let nonce = Nonce::of_browser(request.ticket_nonce());
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("addon", addon.slug.as_str());
    query.append_pair("challenge", &nonce.challenge().to_string());
    query.append_pair("return_to", wanted_return(request).as_str());
    StepUpWish::of(request).write(&mut query);
    let mut page = pages::see_other(&format!("{}{HAND_OVER}?{}", main.origin(), query.finish()));
    page.headers_mut().append(SET_COOKIE, nonce.set());
    Some(page)
}

/// The answer at [`HAND_OVER`], on either host. Only a person who goes there is let through: a script of an add-on that
/// asks for it with `fetch`, or a frame, is not.
pub(super) async fn answer(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    let own = stages.routes.of_host(request.authority().host()).cloned();
    match own {
        None => grant(request, stages, services, request_log).await,
        Some(_) if request_log.audience() != Audience::Navigation => Err(Reason::HandOverFailed),
        Some(addon) => callback(request, &addon, stages, services, request_log).await,
    }
}

async fn grant(
    request: &Sanitized,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    // Before the wish is read, so that a stranger learns nothing of which add-ons there are.
    let (session, _) = session_and_user(request, services, request_log).await?;
    let navigates = request_log.audience() == Audience::Navigation && *request.method() == http::Method::GET;
    let wish = Wish::read(request.query().unwrap_or_default()).filter(|_| navigates).ok_or(Reason::HandOverFailed)?;
    // A session that is bound to one add-on does not lead to another one.
    if session.addon().is_some() {
        return Err(Reason::SessionBoundElsewhere);
    }
    let addon = wish.addon.parse().ok().and_then(|slug| stages.addon(&slug)).ok_or(Reason::UnknownRoute)?;
    let port = stages.settings.main_origin().map_or(request.authority().port_or_default(), |main| main.port);
    let origin = stages.settings.own_origin(addon, port).ok_or(Reason::UnknownRoute)?;
    let asked = StepUpWish::of(request).asked;
    admitted(request, addon, (&session, asked), stages, services, request_log)?;
    renewal::offer(request, stages, services, request_log).await;
    let WishTail { challenge, return_to } = wish.tail;
    let what = CrossHostTicket { addon: addon.slug.clone(), challenge, parent: session.digest(), return_to };
    let code = services.hand_overs.issue(what, services.clock.now()).await?;
    Ok(pages::see_other(&format!("{origin}{HAND_OVER}?code={}", code.as_str())))
}

async fn callback(
    request: &Sanitized,
    addon: &Addon,
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Page, Reason> {
    // Where a browser with a stale code goes: a session that it has here already needs no new one.
    let here = session_of(request, &services.sessions).await.ok();
    let here = here.filter(|session| session.addon() == Some(&addon.slug));
    let code = only(request.query().unwrap_or_default(), "code").unwrap_or_default();
    // Used up before it is compared with anything: a code can be tried once, whoever tries it.
    let redeemed = services.hand_overs.redeem(&code, services.clock.now()).await?;
    let Some(what) = redeemed.filter(|what| what.addon == addon.slug) else {
        return here.map(|_| pages::see_other("/")).ok_or(Reason::HandOverFailed);
    };
    let nonce = Nonce::presented(request.ticket_nonce());
    if !nonce.is_some_and(|nonce| what.challenge.is_of(&nonce)) {
        // Another tab was quicker, or the code is another browser's: a user who is signed in here goes on as they are.
        return here.map(|_| pages::see_other(what.return_to.as_str())).ok_or(Reason::HandOverFailed);
    }
    // Found anew: it may have ended since the code was made.
    let parent = services.sessions.find_digest(what.parent).await?;
    request_log.knows_session(&parent);
    let entrant = admitted(request, addon, (&parent, StepUp::default()), stages, services, request_log)?;
    let user = entrant.user();
    // The new one first: when the store refuses it, the browser keeps the one that it has here.
    // Where nobody signed in, a session is as old as itself: this one must not be younger than what it is made from.
    let since = parent.authenticated().is_none().then(|| parent.created());
    let (token, session) = services.sessions.create_since(child_of(&parent, addon, request), since).await?;
    if let Some(old) = here
        && let Err(error) = services.sessions.sign_out(&old).await
    {
        tracing::error!(error = %chain(&error), session = %old.id(), "the session before has ended, but not on disk");
    }
    services.telemetry.audit.write(&AuditEvent::SignIn {
        outcome: SignInOutcome::Success,
        method: "hand_over",
        user_name: "",
        user: Some(user.id.as_str()),
        session: Some(&session.id().to_string()),
        certificate: request.certified().map(|certified| certified.fingerprint.short()).as_deref(),
        client: request.client().ip(),
        request_id: request_log.id().as_str(),
    });
    let mut page = pages::see_other(what.return_to.as_str());
    let keep = services.sessions.keep_for(&session);
    page.headers_mut().append(SET_COOKIE, stages.cookie.set(&token, keep));
    // A tab that left before finds the session that is there now.
    page.headers_mut().append(SET_COOKIE, Nonce::clear());
    Ok(page)
}

/// Whether this session lets its user come in to the add-on, from where they are, with what they have proved.
fn admitted(
    request: &Sanitized,
    addon: &Addon,
    (session, step_up): (&Arc<Session>, StepUp),
    stages: &Stages,
    services: &Services,
    request_log: &mut RequestLog,
) -> Result<Entrant, Reason> {
    let (home, describe) = (services.home.load(), describe(stages));
    let authorization = authorization(services, stages, &home, &describe);
    let entrant = authorization
        .admit_entrance(request, addon, session, step_up)
        .map_err(|refused| request_log.note_refusal(refused))?;
    request_log.knows_user(entrant.user());
    Ok(entrant)
}

/// The session of the add-on's host: whatever ends its parent early ends it too.
fn child_of(parent: &Session, addon: &Addon, request: &Sanitized) -> NewSession {
    let user_agent = request.headers().get(USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
    NewSession {
        address: Some(request.client().ip()),
        user_agent: UserAgent::from_header(user_agent),
        addon: Some(addon.slug.clone()),
        parent: Some(parent.digest()),
        refresh_token: parent.refresh_token().map(str::to_owned),
        password_digest: parent.password_digest().copied(),
        authenticated: parent.authenticated(),
        // As long as its parent, which it never outlives.
        remembered: parent.is_remembered(),
        second_factor: parent.second_factor(),
        certificate: parent.certificate().copied(),
        ..NewSession::new(parent.user().clone(), MadeBy::CrossHostTicket)
    }
}

/// What the add-on's host asks of the main one.
struct Wish {
    addon: String,
    tail: WishTail,
}

struct WishTail {
    challenge: Challenge,
    return_to: ReturnTo,
}

impl Wish {
    fn read(query: &str) -> Option<Self> {
        let challenge = Challenge::parse(&only(query, "challenge")?)?;
        let return_to = ReturnTo::parse(&only(query, "return_to")?).unwrap_or_default();
        Some(Self { addon: only(query, "addon")?, tail: WishTail { challenge, return_to } })
    }
}

/// The parameter of this name, when there is exactly one.
fn only(query: &str, name: &str) -> Option<String> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name);
    let value = values.next()?.1.into_owned();
    values.next().is_none().then_some(value)
}

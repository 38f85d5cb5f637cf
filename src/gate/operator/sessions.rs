//! Who is signed in, and the form that ends a session.

use std::sync::Arc;

use http::StatusCode;

use super::Form;
use crate::clock::Timestamp;
use crate::gate::form_place::form_place;
use crate::gate::stages::{Services, Stages};
use crate::http::Sanitized;
use crate::identity::Directory;
use crate::ids::AddonSlug;
use crate::pages::operator::{self, Listing, SessionList, SessionNotice, SessionRow, Tab};
use crate::pages::{self, Page, PageContext};
use crate::refusal::Reason;
use crate::session::{Session, Summary, UserAgent};
use crate::sign_in::{EndedSessions, SessionEnding};
use crate::telemetry::chain;

/// The page.
pub(super) async fn answer(
    request: &Sanitized,
    form: Form,
    context: &PageContext,
    session: &Arc<Session>,
    services: &Services,
) -> Page {
    let query = request.query().unwrap_or_default();
    let list = gathered(Listing::of_query(query), session, services).await;
    let notice = (query == ENDED).then_some(SessionNotice::Ended);
    match form {
        Form::Json => super::json(&list),
        Form::Html => {
            let token = ending(session, services).token();
            operator::sessions(StatusCode::OK, context, &token, notice, &list)
        }
    }
}

/// The answer to the form.
pub(super) async fn post(
    request: Sanitized,
    context: &PageContext,
    session: &Arc<Session>,
    (stages, services): (&Stages, &Services),
) -> Result<Page, Reason> {
    let _place = form_place(&request, stages, services)?;
    let ending = ending(session, services);
    let (status, notice) = match ending.post(request).await? {
        EndedSessions::Done => return Ok(pages::see_other(&format!("{}?{ENDED}", Tab::Sessions.address()))),
        EndedSessions::NotStored => (StatusCode::SERVICE_UNAVAILABLE, SessionNotice::NotStored),
        EndedSessions::OldPage => (StatusCode::FORBIDDEN, SessionNotice::OldPage),
        EndedSessions::Unknown => (StatusCode::NOT_FOUND, SessionNotice::Unknown),
    };
    let list = gathered(Listing::default(), session, services).await;
    Ok(operator::sessions(status, context, &ending.token(), Some(notice), &list))
}

/// Says that one has just ended.
const ENDED: &str = "ended";

fn ending<'a>(session: &'a Session, services: &'a Services) -> SessionEnding<'a> {
    SessionEnding { session, sessions: &services.sessions, telemetry: &services.telemetry }
}

async fn gathered(mut listing: Listing, session: &Arc<Session>, services: &Services) -> SessionList {
    // A store that is away keeps nothing back that is known here; the page says that it may not be all.
    let away = services.sessions.gather().await.err().map(|why| chain(&why).to_string());
    let home = services.home.load();
    let directory = home.directory().load();
    let mut found = services.sessions.list();
    found.retain(|one| is_meant(one, &listing, &directory));
    found.sort_by_key(|one| (one.id != session.id(), std::cmp::Reverse(one.last_seen)));
    let now = services.clock.now();
    let sessions = listing.part(found).iter().map(|one| row(one, session, &directory, now)).collect();
    SessionList { listing, away, sessions }
}

fn is_meant(one: &Summary, listing: &Listing, directory: &Directory) -> bool {
    if listing.search.is_empty() {
        return true;
    }
    let user = directory.user(&one.user);
    let names = user.into_iter().flat_map(|user| user.name.as_deref().into_iter().chain(user.username()));
    let (id, address) = (one.id.to_string(), one.address.map(|address| address.to_string()));
    let device = device(one);
    let agent = one.user_agent.to_string();
    let own = [id.as_str(), one.user.as_str(), agent.as_str()];
    let more = [address.as_deref(), device.as_deref(), one.addon.as_ref().map(AddonSlug::as_str)];
    listing.finds(own.into_iter().chain(names).chain(more.into_iter().flatten()))
}

fn device(one: &Summary) -> Option<String> {
    Some(&one.user_agent).filter(|words| !words.is_empty()).map(UserAgent::device)
}

fn row(one: &Summary, session: &Session, directory: &Directory, now: Timestamp) -> SessionRow {
    SessionRow {
        id: one.id.to_string(),
        user_id: one.user.to_string(),
        user: directory.user(&one.user).and_then(|user| user.username()).map(str::to_owned),
        device: device(one),
        user_agent: one.user_agent.to_string(),
        client: one.address.map(|address| address.to_string()),
        addon: one.addon.as_ref().map(ToString::to_string),
        made_by: one.made_by.label(),
        created: one.created.to_string(),
        last_seen: one.last_seen.to_string(),
        expires: one.ends.to_string(),
        remembered: one.remembered,
        current: one.id == session.id(),
        ages: [now.saturating_since(one.created), now.saturating_since(one.last_seen), one.ends.saturating_since(now)],
    }
}

//! What operators ask over the control socket.

mod addons;
mod api_keys;
mod bans;
mod why;

use std::sync::Arc;
use std::time::Duration;

use super::Server;
use crate::identity::Directory;
use crate::ids::AddonSlug;
use crate::operations::control::{AddonLine, AddonState, Answer, Request, RevokeTarget, SessionLine, StatusReport};
use crate::session::{MadeBy, NewSession, RevokeError, Session, Summary, UserAgent};
use crate::telemetry::{AuditEvent, Revoked, chain};
use crate::upstream::Condition;

/// Does what is asked.
pub(super) async fn answer(server: Arc<Server>, request: Request) -> Answer {
    match request {
        Request::SessionsList {} => list(&server).await,
        Request::SessionsNew { user, addon } => make(&server, &user, addon.as_deref()).await,
        Request::SessionsRevoke { what } => revoke(&server, what).await,
        Request::AddonsProtect { slug, protected } => addons::protect(server, slug, protected).await,
        Request::AddonsToken { slug, rotate } => addons::token(server, slug, rotate).await,
        Request::KeysNew(wish) => api_keys::make(&server, wish).await,
        Request::KeysList {} => api_keys::list(&server, api_keys::Kind::Key),
        Request::PassesList {} => api_keys::list(&server, api_keys::Kind::Pass),
        Request::KeysRevoke { id } => api_keys::revoke(&server, &id).await,
        Request::BansList {} => bans::list(&server).await,
        Request::BansLift { address, user } => bans::lift(&server, address.as_deref(), user).await,
        Request::Reload {} => reloaded(server.reload().await),
        Request::Trial { length } => reloaded(server.begin_trial(Duration::from_millis(length)).await),
        Request::TakeBack {} => reloaded(server.take_back().await),
        Request::Confirm {} => match server.confirm_trial().await {
            Ok(()) => Answer::Confirmed {},
            Err(error) => Answer::failed(chain(&error)),
        },
        Request::Certificates {} => server.list_certificates(),
        Request::CertificatesRenew { domain } => server.renew_certificates(domain.as_deref()),
        Request::Why { id } => why::answer(&server, &id),
        Request::Status {} => status(&server),
    }
}

fn reloaded<E: std::error::Error>(result: Result<Vec<String>, E>) -> Answer {
    match result {
        Ok(remarks) => Answer::Reloaded { remarks },
        Err(error) => Answer::failed(chain(&error)),
    }
}

fn directory(server: &Server) -> Arc<Directory> {
    arc_swap::Guard::into_inner(server.gate.services().home.load().directory().load())
}

async fn list(server: &Server) -> Answer {
    // What fits an answer of the control socket.
    const MOST: usize = 10_000;
    // A store that is away keeps nothing back that is known here; the answer says that it may not be all.
    let gathered = server.gate.services().sessions.gather().await;
    let directory = directory(server);
    let mut all = server.gate.services().sessions.list();
    // The newest first, so that what does not fit into the answer are the oldest.
    all.sort_by_key(|session| std::cmp::Reverse(session.created));
    let more = u64::try_from(all.len().saturating_sub(MOST)).unwrap_or_default();
    let sessions = all.iter().take(MOST).map(|session| line(session, &directory)).collect();
    Answer::Sessions { sessions, more, away: gathered.err().map(|why| chain(&why).to_string()) }
}

fn line(session: &Summary, directory: &Directory) -> SessionLine {
    let user = directory.user(&session.user);
    SessionLine {
        id: session.id.to_string(),
        user_id: session.user.to_string(),
        user_name: user.and_then(|user| user.username()).map(str::to_owned),
        addon: session.addon.as_ref().map(ToString::to_string),
        made_by: session.made_by.label().to_owned(),
        client: session.address.map(|address| address.to_string()),
        device: Some(&session.user_agent).filter(|words| !words.is_empty()).map(UserAgent::device),
        remembered: session.remembered,
        user_agent: session.user_agent.to_string(),
        created: session.created.as_millis(),
        last_seen: session.last_seen.as_millis(),
        expires: session.ends.as_millis(),
    }
}

async fn make(server: &Server, name: &str, addon: Option<&str>) -> Answer {
    let stages = server.gate.stages();
    let services = server.gate.services();
    let directory = directory(server);
    let Some(user) = directory.named(name) else {
        return Answer::failed(format!("there is no user `{name}` in Home Assistant's files"));
    };
    if user.system_generated || !user.is_active {
        return Answer::failed(format!("`{name}` may not sign in: the account is not active, or Home Assistant's own"));
    }
    let addon = match addon.map(str::parse::<AddonSlug>) {
        None => None,
        Some(Ok(slug)) if stages.addon(&slug).is_some() => Some(slug),
        Some(_) => return Answer::failed(format!("there is no add-on `{}`", addon.unwrap_or_default())),
    };
    let new = NewSession {
        addon: addon.clone(),
        password_digest: user.password_digest,
        ..NewSession::new(user.id.clone(), MadeBy::CommandLine)
    };
    let (token, session) = match services.sessions.create(new).await {
        Ok(made) => made,
        Err(error) => return Answer::failed(error),
    };
    services.telemetry.audit.write(&AuditEvent::SessionMade {
        user: user.id.as_str(),
        session: &session.id().to_string(),
        addon: addon.as_ref().map(AddonSlug::as_str),
    });
    let cookie = stages.cookie().pair(&token).into();
    let id = session.id();
    match services.sessions.list().iter().find(|summary| summary.id == id) {
        Some(summary) => Answer::SessionMade { cookie, session: line(summary, &directory) },
        None => Answer::failed("the session ended at once: too many were made for this user at the same time"),
    }
}

async fn revoke(server: &Server, what: RevokeTarget) -> Answer {
    let sessions = &server.gate.services().sessions;
    match what {
        RevokeTarget::One(id) => match id.parse() {
            Ok(id) => revoked(server, Revoked::One(&format!("{id}")), sessions.revoke(id).await),
            Err(_) => Answer::failed(format!("`{id}` is no session id; `vestibule sessions list` shows them")),
        },
        RevokeTarget::User(name) => {
            // A user who is gone from the files may still have sessions, and is then named by id.
            let known = directory(server).named(&name).map(|user| user.id.clone());
            match known.or_else(|| name.parse().ok()) {
                Some(user) => revoked(server, Revoked::User(user.as_str()), sessions.revoke_user(&user).await),
                None => Answer::failed(format!("there is no user `{name}`")),
            }
        }
        RevokeTarget::All => revoked(server, Revoked::All, sessions.revoke_all().await),
    }
}

/// What is open with these sessions is cut before the operator hears that they have ended.
fn revoked(server: &Server, what: Revoked<'_>, result: Result<Vec<Arc<Session>>, RevokeError>) -> Answer {
    server.review();
    let ended = match &result {
        Ok(ended) | Err(RevokeError::NotOnDisk { ended, .. }) => ended.len(),
        Err(RevokeError::Unknown) => 0,
    };
    let count = u64::try_from(ended).unwrap_or_default();
    server.gate.services().telemetry.audit.write(&AuditEvent::Revoked { what, count, by: "control" });
    match result {
        Ok(_) => Answer::Revoked { count },
        Err(error) => Answer::failed(chain(&error)),
    }
}

fn status(server: &Server) -> Answer {
    let state = server.readiness.state();
    Answer::Status(StatusReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        started: server.started.as_millis(),
        config: server.file.display().to_string(),
        listens: urls(server),
        sessions: u64::try_from(server.gate.services().sessions.len()).unwrap_or_default(),
        state,
        ready: state.is_ready(),
        configuration_note: server.readiness.configuration_note(),
        addons: server.gate.stages().conditions().map(|(slug, condition)| addon_line(slug, condition)).collect(),
    })
}

fn urls(server: &Server) -> Vec<String> {
    server.listeners().addresses().map(|(scheme, address)| format!("{}://{address}", scheme.as_str())).collect()
}

fn addon_line(slug: &AddonSlug, condition: Condition) -> AddonLine {
    let (state, why, since) = match condition {
        Condition::Unknown => (AddonState::Unknown, None, None),
        Condition::Up(since) => (AddonState::Up, None, Some(since.as_millis())),
        Condition::Down(fault, since) => (AddonState::Down, Some(fault.label().to_owned()), Some(since.as_millis())),
    };
    AddonLine { slug: slug.to_string(), state, why, since }
}

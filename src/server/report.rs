//! What is looked at all the time: open exchanges against the sessions and users of the moment, and the numbers that
//! nobody counts.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Server;
use crate::gate::Services;
use crate::home_assistant::api::Standing;
use crate::home_assistant::{Condition, HomeAssistant};
use crate::identity::{Health as DirectoryHealth, user_of};
use crate::operations::{ApiState, DirectoryState, SessionStoreState};
use crate::session::{Health, RevokeError, Session};
use crate::telemetry::{AuditEvent, ConnectionRefusal, Revoked};

/// Reviews whenever a session ends or the users change, and twice a second besides: what expires rings no bell.
pub(super) async fn keep_reviewing(server: Arc<Server>) {
    let mut sessions = server.gate.services().sessions.subscribe();
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = tokio::time::interval(Duration::from_secs(5));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let mut users = server.gate.services().home.load().directory().subscribe();
        tokio::select! {
            () = server.stop.cancelled() => return,
            _ = sessions.changed() => server.gate.review(),
            _ = users.changed() => {
                server.gate.review();
                end_sessions_of_the_gone(&server).await;
                end_sessions_revoked_there(&server).await;
            }
            _ = looks.tick() => {
                end_sessions_revoked_there(&server).await;
                #[cfg(feature = "redis-store")]
                end_forsaken(&server).await;
            }
            _ = ticks.tick() => {
                server.gate.review();
                server.report();
            }
        }
    }
}

/// Ends the sessions of users who are gone or deactivated, or whose password is another one, for good: they do not come
/// back with the user (S-75). While the users cannot be read nobody is gone.
async fn end_sessions_of_the_gone(server: &Arc<Server>) {
    let services = server.gate.services();
    let home = services.home.load_full();
    let directory = arc_swap::Guard::into_inner(home.directory().load());
    if directory.health() == DirectoryHealth::Absent {
        return;
    }
    let gone = |session: &Session| match user_of(session, &directory) {
        Ok(user) => !user.is_active || user.system_generated,
        Err(_) => true,
    };
    account_for(services, services.sessions.end_where(gone).await, "user_changed");
}

/// Ends the sessions whose sign-in Home Assistant has ended, by the refresh tokens in its auth file.
async fn end_sessions_revoked_there(server: &Arc<Server>) {
    let services = server.gate.services();
    let (home, now) = (services.home.load_full(), services.clock.now());
    let ended = services.grants.end_revoked(&home, &services.sessions, now).await;
    account_for(services, ended, "home_assistant");
}

/// Ends the sessions of an earlier process that nobody can follow over Home Assistant's API.
pub(super) async fn end_unfollowed(server: Arc<Server>, home: Arc<HomeAssistant>) {
    let services = server.gate.services();
    let ended = services.grants.end_unfollowed(&home, &services.sessions).await;
    account_for(services, ended, "home_assistant");
}

/// Ends the sessions that another proxy followed over Home Assistant's API, and that nobody follows any more.
#[cfg(feature = "redis-store")]
async fn end_forsaken(server: &Arc<Server>) {
    let services = server.gate.services();
    let (home, now) = (services.home.load_full(), services.clock.now());
    let ended = services.grants.end_forsaken(&home, &services.sessions, now).await;
    account_for(services, ended, "home_assistant");
}

fn account_for(services: &Services, ended: Result<Vec<Arc<Session>>, RevokeError>, by: &'static str) {
    let ended = match ended {
        Ok(ended) => ended,
        // The store says itself what is wrong with it: here it matters when somebody's session has ended.
        Err(RevokeError::NotOnDisk { ended, .. }) if ended.is_empty() => return,
        Err(error) => {
            tracing::error!(error = %crate::telemetry::chain(&error), "sessions ended, but not on disk");
            match error {
                RevokeError::NotOnDisk { ended, .. } => ended,
                RevokeError::Unknown => return,
            }
        }
    };
    for session in ended {
        let id = session.id().to_string();
        services.telemetry.audit.write(&AuditEvent::Revoked { what: Revoked::One(&id), count: 1, by });
    }
}

impl Server {
    /// Brings readiness and the gauges up to date.
    pub(super) fn report(&self) {
        let services = self.gate.services();
        let metrics = &services.telemetry.metrics;
        let status = services.home.load().status();
        let stale = match &status.condition {
            Condition::Stale { since, .. } => services.clock.now().saturating_since(*since),
            Condition::Good { .. } | Condition::Absent { .. } => Duration::ZERO,
        };
        self.readiness.set_directory(state_of(&status.condition));
        self.readiness.set_registries(state_of(&status.registries));
        let api = services.home.load().api().map_or(ApiState::Unused, |api| state_of_api(api.standing()));
        self.readiness.set_home_assistant(api);
        metrics.directory_stale.set(i64::try_from(stale.as_secs()).unwrap_or(i64::MAX));
        metrics.directory_users.set(i64::try_from(status.users).unwrap_or(i64::MAX));
        let counts = self.admission.counts();
        metrics.connections_refused(ConnectionRefusal::TooMany, counts.refused_total_limit);
        metrics.connections_refused(ConnectionRefusal::TooManyFromAddress, counts.refused_address_limit);
        metrics.connections_refused(ConnectionRefusal::ProxyProtocol, counts.refused_untrusted);
        for (limit, refused) in services.budget.refusals() {
            metrics.limit_refused(limit, refused);
        }
        let not_after = self.handshaker.not_after().as_millis() / 1000;
        metrics.certificate_not_after.set(i64::try_from(not_after).unwrap_or(i64::MAX));
        let store = match services.sessions.health() {
            Health::Durable | Health::MemoryByChoice => SessionStoreState::Good,
            Health::Degraded { .. } => SessionStoreState::Degraded,
            Health::Away { .. } => SessionStoreState::Away,
        };
        self.readiness.set_session_store(store);
        metrics.session_store_degraded.set(i64::from(store != SessionStoreState::Good));
        metrics.sessions.set(i64::try_from(services.sessions.len()).unwrap_or(i64::MAX));
        let stages = self.gate.stages();
        stages.prune();
        stages.probe();
    }
}

fn state_of(files: &Condition) -> DirectoryState {
    match files {
        Condition::Good { .. } => DirectoryState::Good,
        Condition::Stale { .. } => DirectoryState::Stale,
        Condition::Absent { .. } => DirectoryState::Absent,
    }
}

fn state_of_api(standing: Standing) -> ApiState {
    match standing {
        Standing::Unasked => ApiState::Unasked,
        Standing::Good => ApiState::Good,
        Standing::Unreachable => ApiState::Unreachable,
        Standing::Untrusted => ApiState::Untrusted,
        Standing::TokenRefused => ApiState::TokenRefused,
    }
}

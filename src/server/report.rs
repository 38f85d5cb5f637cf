//! What is looked at all the time: open exchanges, against the sessions and users of the moment, and the gauges that no
//! event updates.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;

use super::Server;
use crate::gate::Services;
use crate::home_assistant::api::ApiHealth;
use crate::home_assistant::{Condition, HomeAssistant};
use crate::identity::{Directory, Health as DirectoryHealth, user_of};
use crate::operations::{ApiState, DirectoryState, SessionStoreState};
use crate::session::{Health, RevokeError, Session};
use crate::telemetry::{AuditEvent, ConnectionRefusal, Revoked, chain};

/// Reviews whenever a session ends, the users, a state that is followed, or an add-on's token or protection changes,
/// and twice a second besides: nothing notifies of what expires.
pub(super) async fn keep_reviewing(server: Arc<Server>) {
    let services = server.gate.services();
    let (mut sessions, mut addon_states) = (services.sessions.subscribe(), services.addon_states.subscribe());
    let mut api_keys = services.api_keys.subscribe();
    // Sessions and tokens expire without an event, so that only asking again finds it. Half a second is what a revoked
    // stream may still carry.
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut looks = tokio::time::interval(Duration::from_secs(5));
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut seen: Option<Arc<Directory>> = None;
    loop {
        // Anew in each round: a reload may have put another home in place, and its predecessor notifies of nothing any
        // more.
        let home = services.home.load_full();
        let mut users = home.directory().subscribe();
        let mut states = home.environment().states().subscribe();
        // Subscribed first and then compared: users that change from here on notify, and those that changed while a
        // round waited for the disk, or while no process ran at all, are others than the ones seen last.
        let directory = arc_swap::Guard::into_inner(home.directory().load());
        if !seen.as_ref().is_some_and(|seen| Arc::ptr_eq(seen, &directory)) {
            seen = Some(directory);
            // The open first, as cutting is quick; the sessions end on disk or in Redis, which may take its time.
            if server.review() {
                ticks.reset_after(FAREWELL);
            }
            end_sessions_of_the_gone(&server).await;
            end_sessions_revoked_there(&server).await;
        }
        let reviewed = tokio::select! {
            () = server.stop.cancelled() => return,
            _ = sessions.changed() => server.review(),
            _ = addon_states.changed() => server.review(),
            _ = api_keys.changed() => server.review(),
            _ = states.changed() => server.review(),
            // The next round begins with them.
            _ = users.changed() => false,
            _ = looks.tick() => {
                end_sessions_revoked_there(&server).await;
                #[cfg(feature = "redis-store")]
                end_orphaned(&server).await;
                false
            }
            _ = ticks.tick() => {
                let cut = server.review();
                server.report();
                cut
            }
        };
        if reviewed {
            // Answers that their readers keep from ending are aborted in time, and not half a second later.
            ticks.reset_after(FAREWELL);
        }
    }
}

/// Takes up what other proxies have changed of the keys, and keeps when each was last used. A task of its own: a store
/// that does not answer must keep nobody else waiting.
pub(super) async fn keep_keys(server: Arc<Server>) {
    let keys = &server.gate.services().api_keys;
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut is_well = true;
    loop {
        tokio::select! {
            () = server.stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let done = keys.upkeep().await;
        if let (Err(error), true) = (&done, is_well) {
            tracing::warn!(why = %chain(error), "the keys of programs cannot be kept or read");
        }
        is_well = done.is_ok();
    }
}

/// What an answer that was cut gets to end by itself, and a little more.
const FAREWELL: Duration = Duration::from_millis(310);

/// Ends the sessions of users who are gone or deactivated, or whose password is another one, for good: they do not come
/// back with the user (S-75). While the users cannot be read none counts as gone.
async fn end_sessions_of_the_gone(server: &Arc<Server>) {
    let services = server.gate.services();
    let home = services.home.load_full();
    let directory = arc_swap::Guard::into_inner(home.directory().load());
    // Without users every session would look like one whose user is gone, and a broken file would sign everybody out.
    if directory.health() == DirectoryHealth::Absent {
        return;
    }
    let gone = |session: &Session| match user_of(session, &directory) {
        Ok(user) => !user.is_active || user.system_generated,
        // Unknown, or another password than at sign-in: `user_of` says which, and either way the session is over.
        Err(_) => true,
    };
    account_for(services, services.sessions.end_where(gone).await, "user_changed");
}

/// Ends the sessions whose sign-in Home Assistant has ended, by the refresh tokens in its auth file.
async fn end_sessions_revoked_there(server: &Arc<Server>) {
    let services = server.gate.services();
    let (home, now) = (services.home.load_full(), services.clock.now());
    let ended = services.token_store.end_revoked(&home, &services.sessions, now).await;
    account_for(services, ended, "home_assistant");
}

/// Ends the sessions of an earlier process that nobody can follow over Home Assistant's API.
pub(super) async fn end_unwatched(server: Arc<Server>, home: Arc<HomeAssistant>) {
    let services = server.gate.services();
    let ended = services.token_store.end_unwatched(&home, &services.sessions).await;
    account_for(services, ended, "home_assistant");
}

/// Ends the sessions that another proxy followed over Home Assistant's API, and that nobody follows any more.
#[cfg(feature = "redis-store")]
async fn end_orphaned(server: &Arc<Server>) {
    let services = server.gate.services();
    let (home, now) = (services.home.load_full(), services.clock.now());
    let ended = services.token_store.end_orphaned(&home, &services.sessions, now).await;
    account_for(services, ended, "home_assistant");
}

fn account_for(services: &Services, ended: Result<Vec<Arc<Session>>, RevokeError>, by: &'static str) {
    let ended = match ended {
        Ok(ended) => ended,
        // The store says itself what is wrong with it: here it matters when a session has ended.
        Err(RevokeError::NotOnDisk { ended, .. }) if ended.is_empty() => return,
        Err(error) => {
            tracing::error!(error = %chain(&error), "sessions ended, but not on disk");
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
        metrics.keep_minute();
        let status = services.home.load().status();
        let stale = match &status.condition {
            Condition::Stale { since, .. } => services.clock.now().saturating_since(*since),
            Condition::Good { .. } | Condition::Absent { .. } => Duration::ZERO,
        };
        self.readiness.set_directory(state_of(&status.condition));
        self.readiness.set_registries(state_of(&status.registries));
        let api = services.home.load().api().map_or(ApiState::Unused, |api| state_of_api(api.api_health()));
        self.readiness.set_home_assistant(api);
        metrics.directory_stale.set(i64::try_from(stale.as_secs()).unwrap_or(i64::MAX));
        metrics.directory_users.set(i64::try_from(status.users).unwrap_or(i64::MAX));
        let counts = self.connection_limiter.counts();
        metrics.connections_refused(ConnectionRefusal::TooMany, counts.refused_total_limit);
        metrics.connections_refused(ConnectionRefusal::TooManyFromAddress, counts.refused_address_limit);
        metrics.connections_refused(ConnectionRefusal::ProxyProtocol, counts.refused_untrusted);
        for (limit, refused) in services.budget.refusals() {
            metrics.limit_refused(limit, refused);
        }
        self.report_certificates();
        let store = match services.sessions.health() {
            Health::Durable | Health::MemoryByChoice => SessionStoreState::Good,
            Health::Degraded { .. } => SessionStoreState::Degraded,
            Health::Away { .. } => SessionStoreState::Away,
        };
        self.readiness.set_session_store(store);
        metrics.session_store_degraded.set(i64::from(store != SessionStoreState::Good));
        metrics.sessions.set(i64::try_from(services.sessions.len()).unwrap_or(i64::MAX));
        let stages = self.gate.stages();
        // Here because this runs twice a second anyway: idle connections and probes need no timers of their own.
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

fn state_of_api(api_health: ApiHealth) -> ApiState {
    match api_health {
        ApiHealth::Unasked => ApiState::Unasked,
        ApiHealth::Good => ApiState::Good,
        ApiHealth::Unreachable => ApiState::Unreachable,
        ApiHealth::Untrusted => ApiState::Untrusted,
        ApiHealth::TokenRefused => ApiState::TokenRefused,
    }
}

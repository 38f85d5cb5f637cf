//! Tells Home Assistant what `[presence]` names: events as they come, entities as they change. One task, so that one
//! call at a time is made; while Home Assistant does not answer, what waits is bounded, and what is dropped is counted.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::time::{Instant, MissedTickBehavior};

use super::Server;
use crate::config::{PresenceEvent, Settings};
use crate::home_assistant::api::ApiError;
use crate::identity::Directory;
use crate::ids::UserId;
use crate::operations::control::{Answer, CertificateOrigin};
use crate::presence::{AddonHealth, DeviceDigest, Devices, Person, PostedStates, Recent, SignedIn, WasRefused};
use crate::presence::{certificate, not_me, refused, sign_in, states, throttled};
use crate::refusal::Reason;
use crate::session::SessionId;
use crate::telemetry::{Announced, Notable, Notables, chain};
use crate::upstream::Condition;
use crate::workers::spawn_blocking;

/// What the task remembers.
struct Teller {
    server: Arc<Server>,
    devices: Option<Devices>,
    /// Addresses whose attempts were told a moment ago; the second half says whether as banned.
    attempts: Recent<(IpAddr, bool)>,
    /// Who was refused which add-on a moment ago; the last part says whether they asked for access.
    refusals: Recent<(UserId, Option<String>, bool)>,
    certificates: Recent<Vec<String>>,
    posted: PostedStates,
    all_posted: Option<Instant>,
    next_try: Option<Instant>,
    is_well: bool,
}

/// Tells Home Assistant until the process ends. Made ready before the first connection is accepted: who signs in then
/// is told of.
pub(super) async fn teller(server: &Arc<Server>) -> Option<impl Future<Output = ()> + Send + use<>> {
    let notables = server.gate.services().telemetry.audit.notables()?;
    let mut teller = Teller {
        server: Arc::clone(server),
        devices: None,
        attempts: Recent::new(Duration::from_mins(10)),
        refusals: Recent::new(Duration::from_mins(10)),
        certificates: Recent::new(Duration::from_hours(24)),
        posted: PostedStates::default(),
        all_posted: None,
        next_try: None,
        is_well: true,
    };
    teller.make_ready().await;
    Some(teller.run(notables))
}

/// Whom an event is about, as far as the user is known still.
fn person<'a>(directory: &'a Directory, user: &'a UserId) -> Person<'a> {
    let known = directory.user(user);
    let name = known.and_then(|user| user.username());
    Person { id: user.as_str(), name, display_name: known.and_then(|user| user.name.as_deref()) }
}

impl Teller {
    async fn run(mut self, mut notables: Notables) {
        let stop = self.server.stop.clone();
        let mut ticks = tokio::time::interval(Duration::from_secs(1));
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            // In this order: what strangers cause comes last.
            let work = async {
                tokio::select! {
                    biased;
                    Some(notable) = notables.certain.recv() => self.tell(notable).await,
                    _ = ticks.tick() => self.look().await,
                    Some(notable) = notables.of_strangers.recv() => self.tell(notable).await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = work => {}
            }
        }
    }

    fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.server.gate.stages().settings)
    }

    /// Takes over what the configuration of the moment says.
    async fn make_ready(&mut self) {
        let (settings, services) = (self.settings(), self.server.gate.services());
        let presence = &settings.presence;
        services.telemetry.audit.tell_notables(!presence.events.is_empty());
        if presence.not_me.is_some() && !services.not_me.is_open() {
            let (server, folder) = (Arc::clone(&self.server), settings.state_dir.clone());
            let opened = spawn_blocking(move || server.gate.services().not_me.open(&folder)).await;
            if let Ok(Err(error)) = opened {
                tracing::warn!(%error, "links that end a session are good until the next start: their key is not kept");
            }
        }
        let knows_devices = presence.tells(PresenceEvent::SignIn) || presence.tells(PresenceEvent::NewDevice);
        if knows_devices && self.devices.is_none() {
            let folder = settings.state_dir.clone();
            let read = spawn_blocking(move || Devices::read(&folder)).await.ok().flatten();
            // The first time: who is signed in has been seen.
            self.devices = Some(read.unwrap_or_else(|| {
                let (mut devices, now) = (Devices::default(), services.clock.now());
                for session in services.sessions.list() {
                    let words = session.user_agent.to_string();
                    devices.see(DeviceDigest::new(&session.user, &words, session.address), now);
                }
                devices
            }));
        }
    }

    async fn look(&mut self) {
        self.make_ready().await;
        self.tell_certificates().await;
        self.tell_states().await;
    }

    async fn tell(&mut self, notable: Notable) {
        let settings = self.settings();
        let now = self.server.gate.services().clock.now();
        match notable {
            Notable::SignedIn { user, session, client, method } => {
                self.tell_sign_in(&settings, (&user, &session), client, &method).await;
            }
            Notable::NotMe { session } => self.fire(PresenceEvent::NotMe, &not_me(&session, now)).await,
            Notable::Refused { user, addon, id, reason, client } => {
                self.tell_refusal(&settings, (&user, addon.as_deref(), &id), client, reason).await;
            }
            Notable::Throttled { client, banned } => {
                let which = if banned { PresenceEvent::Banned } else { PresenceEvent::Throttled };
                if settings.presence.tells(which) && self.attempts.is_news((client, banned), now) {
                    self.fire(which, &throttled(which, client, now)).await;
                }
            }
        }
    }

    async fn tell_refusal(
        &mut self,
        settings: &Settings,
        (user, addon, id): (&UserId, Option<&str>, &str),
        client: IpAddr,
        reason: Option<Reason>,
    ) {
        let which = if reason.is_some() { PresenceEvent::Refused } else { PresenceEvent::AccessAsked };
        let now = self.server.gate.services().clock.now();
        let what = (user.clone(), addon.map(str::to_owned), reason.is_none());
        if !settings.presence.tells(which) || !self.refusals.is_news(what, now) {
            return;
        }
        let directory = arc_swap::Guard::into_inner(self.server.gate.services().home.load().directory().load());
        let all = settings.routed().map(|addon| (addon.slug.as_str(), &*addon.display.title));
        let told = WasRefused {
            person: person(&directory, user),
            addon: addon.and_then(|slug| all.into_iter().find(|(own, _)| *own == slug)),
            request: id,
            reason: reason.map(Reason::label),
            client,
        };
        self.fire(which, &refused(which, &told, now)).await;
    }

    async fn tell_sign_in(&mut self, settings: &Settings, (user, id): (&UserId, &str), client: IpAddr, method: &str) {
        let server = Arc::clone(&self.server);
        let (services, presence) = (server.gate.services(), &settings.presence);
        let now = services.clock.now();
        let Ok(session_id) = id.parse::<SessionId>() else { return };
        let session = services.sessions.which(|session| session.id() == session_id).pop();
        let words = session.map(|session| session.user_agent().to_string()).unwrap_or_default();
        let is_new_device = self.see(DeviceDigest::new(user, &words, Some(client)), settings).await;
        let link = presence.not_me.zip(settings.main_origin()).and_then(|(lifetime, origin)| {
            let token = services.not_me.token(session_id, now, lifetime)?;
            Some(format!("{}/.vestibule/not-me?token={token}", origin.origin()))
        });
        let directory = arc_swap::Guard::into_inner(services.home.load().directory().load());
        let told = SignedIn {
            person: person(&directory, user),
            session: id,
            client,
            method,
            user_agent: &words,
            is_new_device,
            not_me_url: link.as_deref(),
        };
        self.fire(PresenceEvent::SignIn, &sign_in(PresenceEvent::SignIn, &told, now)).await;
        if is_new_device {
            self.fire(PresenceEvent::NewDevice, &sign_in(PresenceEvent::NewDevice, &told, now)).await;
        }
    }

    /// Notes that a device was seen, on disk too; says whether it is new.
    async fn see(&mut self, digest: DeviceDigest, settings: &Settings) -> bool {
        let Some(mut devices) = self.devices.take() else { return true };
        let is_new = devices.see(digest, self.server.gate.services().clock.now());
        let folder = settings.state_dir.clone();
        let written = spawn_blocking(move || (devices.write(&folder), devices)).await;
        if let Ok((written, devices)) = written {
            if let Err(error) = written {
                tracing::warn!(%error, "devices that were seen are not kept: they count as new after a restart");
            }
            self.devices = Some(devices);
        }
        is_new
    }

    async fn tell_certificates(&mut self) {
        let settings = self.settings();
        if !settings.presence.tells(PresenceEvent::Certificate) {
            return;
        }
        let Answer::Certificates { certificates } = self.server.list_certificates() else { return };
        let now = self.server.gate.services().clock.now();
        for line in certificates {
            let Some(not_after) = line.not_after.filter(|_| line.origin != CertificateOrigin::Development) else {
                continue;
            };
            let not_after = crate::clock::Timestamp::from_millis(not_after);
            let is_soon = not_after.saturating_since(now) <= settings.presence.certificate_warning;
            if is_soon && self.certificates.is_news(line.names.clone(), now) {
                self.fire(PresenceEvent::Certificate, &certificate(&line.names, not_after, now)).await;
            }
        }
    }

    async fn tell_states(&mut self) {
        let stages = self.server.gate.stages();
        if self.next_try.is_some_and(|at| Instant::now() < at) {
            return;
        }
        let title = |slug| stages.addon(slug).map_or("", |addon| addon.display.title.as_str());
        let addons = stages.conditions().map(|(slug, condition)| {
            let health = match condition {
                Condition::Unknown => AddonHealth::Unknown,
                Condition::Up(_) => AddonHealth::Up,
                Condition::Down(..) => AddonHealth::Down,
            };
            (slug, title(slug), health)
        });
        let wanted = if stages.settings.presence.entities {
            states(self.server.gate.services().sessions.len(), addons)
        } else {
            BTreeMap::new()
        };
        // Home Assistant forgets them when it restarts.
        let everything = self.all_posted.is_none_or(|at| at.elapsed() >= BETWEEN_ALL);
        let (due, gone) = self.posted.due(&wanted, everything);
        if due.is_empty() && gone.is_empty() {
            return;
        }
        let home = self.server.gate.services().home.load_full();
        let Some((api, token)) = home.api().zip(stages.settings.presence.token.as_ref()) else { return };
        for (id, state) in due {
            if self.has_failed(&api.set_state(&id, &state, token).await) {
                return;
            }
            self.posted.told(id, state);
        }
        for id in gone {
            if self.has_failed(&api.remove_state(&id, token).await) {
                return;
            }
            self.posted.removed(&id);
        }
        if everything {
            self.all_posted = Some(Instant::now());
        }
    }

    fn has_failed(&mut self, result: &Result<(), ApiError>) -> bool {
        let failed = result.is_err();
        self.next_try = failed.then(|| Instant::now() + LONGEST_PAUSE);
        self.note(result.as_ref().err());
        failed
    }

    /// Fires an event, and tries again while Home Assistant does not answer.
    async fn fire(&mut self, which: PresenceEvent, data: &Value) {
        let (begun, mut pause) = (Instant::now(), SHORTEST_PAUSE);
        let server = Arc::clone(&self.server);
        let metrics = &server.gate.services().telemetry.metrics;
        loop {
            let (settings, home) = (self.settings(), server.gate.services().home.load_full());
            // Asked each time: the configuration may have changed while Home Assistant was away.
            if !settings.presence.tells(which) {
                return;
            }
            let Some((api, token)) = home.api().zip(settings.presence.token.as_ref()) else { return };
            let fired = api.fire(EVENT, data, token).await;
            self.note(fired.as_ref().err());
            match fired {
                Ok(()) => return metrics.announced(Announced::Sent),
                Err(error) if is_answer(&error) => return metrics.announced(Announced::Refused),
                Err(_) if begun.elapsed() >= GIVE_UP => return metrics.announced(Announced::Dropped),
                Err(_) => {}
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }

    fn note(&mut self, error: Option<&ApiError>) {
        if let (Some(error), true) = (error, self.is_well) {
            tracing::error!(error = %chain(error), "Home Assistant cannot be told of events and states");
        }
        if error.is_none() && !self.is_well {
            tracing::info!("Home Assistant is told of events and states again");
        }
        self.is_well = error.is_none();
    }
}

/// Whether Home Assistant has answered: asking again is of no use. Not while it starts or is overloaded.
fn is_answer(error: &ApiError) -> bool {
    match error {
        ApiError::Status(status) => status.is_client_error() && status.as_u16() != 404 && status.as_u16() != 429,
        error => error.is_final(),
    }
}

/// The type of all events.
const EVENT: &str = "vestibule_event";

/// How long it is tried to tell of one event.
const GIVE_UP: Duration = Duration::from_mins(10);

/// Between two tries.
const SHORTEST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// How often all entities are told again.
const BETWEEN_ALL: Duration = Duration::from_mins(1);

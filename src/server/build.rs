//! The start: everything is made and bound before the first request is served, or the process does not start.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::client_auth::client_auth;
use super::keys;
use super::listeners::Listeners;
use super::reload::ReloadState;
use super::trial::Start;
use super::{Server, addon_api};
use crate::acme::Renewer;
use crate::addon_api::AddonApi;
use crate::addon_rights::ingress_key::IngressKey;
use crate::addon_rights::state::AddonStates;
use crate::budget::Budget;
use crate::clock::Clock;
use crate::config::Settings;
use crate::exchanges::OpenExchanges;
use crate::gate::{ConfigurationRecord, Gate, Services, Stages};
use crate::home_assistant::HomeAssistant;
use crate::listener::{AddonListener, BindError, ConnectionLimiter, HomeAssistantListener, LogLimiter, PlainBindError};
use crate::operations::Readiness;
use crate::operations::activation::{ActivationError, Inherited};
use crate::operations::control::{ControlSocket, SocketError};
use crate::presence::NotMeLinks;
use crate::revocation::Stapler;
use crate::session::{ApiKeys, OpenError, Sessions};
use crate::sign_in::{CrossHostTickets, Guard, OAuthLogins};
use crate::telemetry::{Telemetry, chain};
use crate::tls::{ClientAuth, Handshaker, TlsError, own_names};
use crate::upstream::{KeyError, Keyring};
use crate::workers::{Workers, spawn_blocking};

/// Why the process cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The certificates cannot be used.
    #[error("no certificate to show")]
    Tls(#[from] TlsError),
    /// The sessions' file is another process's.
    #[error("no place for sessions")]
    Sessions(#[from] OpenError),
    /// The keys of signed identities cannot be used.
    #[error("identities cannot be signed")]
    Keys(#[from] KeyError),
    /// An address cannot be bound.
    #[error("cannot serve browsers")]
    Bind(#[from] BindError),
    /// The address for health and metrics cannot be bound.
    #[error("cannot listen on {address} for health and metrics")]
    Operations {
        /// The address as configured.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The address for add-ons cannot be bound.
    #[error("cannot serve add-ons")]
    AddonApi(#[source] PlainBindError),
    /// The address for Home Assistant cannot be bound.
    #[error("cannot serve Home Assistant")]
    HomeAssistant(#[source] PlainBindError),
    /// The control socket cannot be made.
    #[error("no control socket")]
    Control(#[from] SocketError),
    /// The sockets that systemd handed over are not the configured ones.
    #[error("the sockets from systemd do not fit")]
    Activation(#[from] ActivationError),
    /// A blocking task of the start did not come back.
    #[error("the start was broken off")]
    Broken(#[from] tokio::task::JoinError),
    /// Signals cannot be listened for.
    #[error("cannot listen for signals")]
    Signals(#[source] io::Error),
}

/// What was bound besides the addresses that browsers reach.
pub(super) struct Bound {
    pub(super) operations: Option<TcpListener>,
    pub(super) control: ControlSocket,
    pub(super) addons: Option<AddonListener>,
    pub(super) home_assistant: Option<HomeAssistantListener>,
}

/// Makes the server of a configuration.
pub(super) async fn build(
    file: PathBuf,
    start: Start,
    telemetry: Telemetry,
    mut inherited: Inherited,
    workers: Workers,
) -> Result<(Server, Bound), StartError> {
    let clock = Clock::System;
    let Start { loaded, trial } = start;
    let settings = Arc::new(loaded.settings);
    // First what another process may hold, so that a second one started by mistake touches nothing of the first.
    let control = ControlSocket::bind(&settings.listen.control)?;
    let operations = bind_operations(&settings, &mut inherited).await?;
    // One for the process: it outlives every configuration, so that a reload gives nobody a second share.
    let budget = Budget::new();
    let addons = addon_api::bind(&settings, &budget).await.map_err(StartError::AddonApi)?;
    let home_assistant = addon_api::bind_home_assistant(&settings, &budget).await.map_err(StartError::HomeAssistant)?;
    let connection_limiter = ConnectionLimiter::new(&settings.limits, &budget);
    // Addresses before files: binding is quick to fail, and sessions that were opened would have to be closed again.
    let mut listeners = Listeners::default();
    listeners.change(&settings.listen.for_browsers(), &connection_limiter, &mut inherited)?.commit(&mut listeners);
    // A socket from systemd that nothing has taken is a configuration that does not fit its unit.
    inherited.finish()?;
    let ((handshaker, client_auth), sessions, guard, home, (addon_states, ingress_key), keyring) =
        open_files(&settings, &clock).await?;
    let of_settings = Arc::clone(&settings);
    let stages = Stages::new(of_settings, &telemetry, &budget, keyring, ingress_key.as_ref(), client_auth, None);
    let configured = addon_api::configured(&settings, Arc::clone(&home));
    let exchanges = Arc::new(OpenExchanges::default());
    let shared = (Arc::clone(&addon_states), Arc::clone(&exchanges), Arc::clone(&budget));
    let api = AddonApi::new(configured, shared, clock.clone(), telemetry.clone());
    let api_keys = Arc::new(ApiKeys::open(&settings.session, &sessions, clock.clone()).await);
    sessions.report_to(telemetry.clone());
    let services = Services {
        api_keys,
        hand_overs: CrossHostTickets::open(&sessions),
        not_me: NotMeLinks::default(),
        oauth_logins: OAuthLogins::open(&sessions),
        sessions,
        home: ArcSwap::new(home),
        exchanges,
        budget,
        guard,
        token_store: Arc::default(),
        addon_states,
        configuration: ConfigurationRecord::new(
            std::path::absolute(&file).unwrap_or_else(|_| file.clone()),
            loaded.keys,
            clock.now(),
        ),
        telemetry,
        clock: clock.clone(),
    };
    let handshaker = Arc::new(handshaker);
    let home_assistant_trust = home_assistant.as_ref().map(|listener| listener.trust().clone()).unwrap_or_default();
    let server = Server {
        file,
        gate: Arc::new(Gate::new(stages, services)),
        api: Arc::new(api),
        renewer: Arc::new(Renewer::new(Arc::clone(&handshaker), clock.clone())),
        stapler: Stapler::new(Arc::clone(&handshaker), clock.clone()),
        handshaker,
        connection_limiter,
        floods: LogLimiter::default(),
        refused_certificates: LogLimiter::default(),
        listeners: parking_lot::Mutex::new(listeners),
        home_assistant_trust,
        state: tokio::sync::Mutex::new(ReloadState::new(loaded.files, trial)),
        readiness: Readiness::default(),
        workers,
        connections: TaskTracker::new(),
        drain: CancellationToken::new(),
        stop: CancellationToken::new(),
        started: clock.now(),
    };
    Ok((server, Bound { operations, control, addons, home_assistant }))
}

/// What comes out of files.
type Opened = (Tls, Arc<Sessions>, Guard, Arc<HomeAssistant>, KeptThings, Option<Arc<Keyring>>);

/// What handshakes are done by, and the rules for client certificates.
type Tls = (Handshaker, Option<Arc<ClientAuth>>);

/// What is kept of add-ons, and the key that is made with it.
type KeptThings = (Arc<AddonStates>, Option<IngressKey>);

/// What blocks on files: off the runtime's threads.
async fn open_files(settings: &Arc<Settings>, clock: &Clock) -> Result<Opened, StartError> {
    let (settings, clock, clock_of_keys) = (Arc::clone(settings), clock.clone(), clock.clone());
    let opening = spawn_blocking(move || {
        let names = own_names(&settings);
        let client_auth = client_auth(&settings, None, &clock)?;
        let (handshaker, notices) = Handshaker::new(&settings.tls, client_auth.as_ref(), &names, clock.clone())?;
        for notice in notices {
            if notice.is_warning() {
                tracing::warn!("{notice}");
            } else {
                notice.to_string().lines().for_each(|line| tracing::info!("{line}"));
            }
        }
        let (sessions, notices) = Sessions::open(&settings.session, clock.clone())?;
        for notice in notices {
            tracing::error!(why = %chain(&notice), "session file");
        }
        let guard = Guard::open(&settings.session.store, &sessions);
        let home = Arc::new(HomeAssistant::open(&settings.home_assistant, &settings.permissions, clock));
        let keyring = keys::open(&settings, &clock_of_keys, None)?;
        let addon_states = Arc::new(AddonStates::open(&settings.supervisor.state));
        if let Some(error) = addon_states.broken() {
            tracing::error!(why = %chain(&*error), "all add-ons are protected, and no token of one is good");
        }
        let ingress_key = addon_api::ingress_key(&settings, &addon_states);
        Ok(((handshaker, client_auth), sessions, guard, home, (addon_states, ingress_key), keyring))
    });
    opening.await?
}

async fn bind_operations(settings: &Settings, inherited: &mut Inherited) -> Result<Option<TcpListener>, StartError> {
    let Some(address) = settings.listen.operations else { return Ok(None) };
    let failed = |source| StartError::Operations { address, source };
    let listener = match inherited.take(address) {
        Some(handed) => TcpListener::from_std(handed).map_err(failed)?,
        None => TcpListener::bind(address).await.map_err(failed)?,
    };
    if let Ok(address) = listener.local_addr() {
        tracing::info!("listening for health and metrics on http://{address}");
    }
    Ok(Some(listener))
}

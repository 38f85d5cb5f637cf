//! Reads the configuration again. Either all of it is put in force, or nothing changes.

use std::path::PathBuf;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::Server;
use super::client_auth::client_auth;
use super::keys;
use super::logging::log_settings;
use super::report;
use super::restart::needs_restart;
use super::trial::ConfigTrial;
use crate::config::{Diagnostics, Loaded, Settings};
use crate::gate::Stages;
use crate::home_assistant::HomeAssistant;
use crate::listener::BindError;
use crate::operations::notify;
use crate::telemetry::{AuditEvent, ReloadResult, chain};
use crate::tls::{ClientAuth, Renewed, TlsError, own_names};
use crate::upstream::{KeyError, Keyring};
use crate::workers::spawn_blocking;

/// What is watched, beside the configuration in force.
pub(super) struct ReloadState {
    /// The files to watch: those of the configuration in force, or of the one that was refused last.
    pub(super) files: Vec<PathBuf>,
    /// Ends the watch over Home Assistant's files.
    pub(super) watching: CancellationToken,
    /// Ends the following of states.
    pub(super) following: CancellationToken,
    /// Whether what is in force was confirmed.
    pub(super) trial: ConfigTrial,
}

/// Why the old configuration stays.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// The file has mistakes.
    #[error("{0}")]
    Mistakes(Box<Diagnostics>),
    /// A certificate cannot be used.
    #[error("a certificate cannot be used")]
    Tls(#[from] TlsError),
    /// The keys of signed identities cannot be used.
    #[error("identities cannot be signed")]
    Keys(#[from] KeyError),
    /// A new address cannot be bound.
    #[error("a new address cannot be served")]
    Bind(#[from] BindError),
    /// A key that decides where a trial is recorded and confirmed.
    #[error("`{0}` cannot change while the configuration is on trial: confirm it first, or take it back")]
    OnTrial(&'static str),
    /// A blocking task did not come back.
    #[error("the reload was broken off")]
    Broken(#[from] tokio::task::JoinError),
}

impl ReloadState {
    pub(super) fn new(files: Vec<PathBuf>, trial: ConfigTrial) -> Self {
        Self { files, watching: CancellationToken::new(), following: CancellationToken::new(), trial }
    }
}

impl Server {
    /// Reads the configuration again. Says what only a restart can change.
    pub(super) async fn reload(self: &Arc<Self>) -> Result<Vec<String>, ReloadError> {
        // Held to the end: two reloads at once (a signal and a changed file) would mix two configurations.
        let mut state = self.state.lock().await;
        let result = self.reload_with(&mut state).await;
        self.tell(&state.trial);
        result
    }

    /// The same, for who holds the state already.
    pub(super) async fn reload_with(self: &Arc<Self>, state: &mut ReloadState) -> Result<Vec<String>, ReloadError> {
        notify::reloading();
        let result = self.try_reload(state).await;
        let telemetry = &self.gate.services().telemetry;
        match &result {
            Ok(remarks) => {
                telemetry.metrics.reloaded(ReloadResult::Success);
                telemetry.audit.write(&AuditEvent::Reload { error: None });
                tracing::info!("configuration reloaded");
                for remark in remarks {
                    tracing::warn!("{remark}");
                }
            }
            Err(error) => {
                telemetry.metrics.reloaded(ReloadResult::Failure);
                let services = self.gate.services();
                services.configuration.refused(&chain(error).to_string(), services.clock.now());
                telemetry.audit.write(&AuditEvent::Reload { error: Some(&chain(error)) });
                tracing::error!("the configuration in force stays");
                for line in chain(error).to_string().lines().filter(|line| !line.is_empty()) {
                    tracing::error!("{line}");
                }
            }
        }
        // After a failure too: systemd would otherwise take the reload for one that is still going on.
        notify::ready("serving");
        result
    }

    async fn try_reload(self: &Arc<Self>, state: &mut ReloadState) -> Result<Vec<String>, ReloadError> {
        let (file, source) = (self.file.clone(), state.trial.source());
        // Off the async threads: it reads files, and asking Home Assistant drives a runtime of its own, which panics
        // within another.
        let loading = spawn_blocking(move || source.load(&file));
        let (loaded, origin) = loading.await?.map_err(|found| {
            // The files of the refused one are watched, since it is there that the operator corrects the mistake.
            state.files = found.files().to_vec();
            ReloadError::Mistakes(Box::new(found))
        })?;
        if loaded.warnings.warnings() > 0 {
            log_lines(&loaded.warnings);
        }
        let before = self.gate.stages();
        if let Some(key) = state.trial.objection(&loaded, &before.settings.listen.control) {
            return Err(ReloadError::OnTrial(key));
        }
        let Loaded { settings, keys, files, text, .. } = loaded;
        let settings = Arc::new(settings);
        // Bound before the old addresses are let go: an address that is taken by another process must not cost us the
        // one we have.
        let change =
            self.listeners().change(&settings.listen.for_browsers(), &self.connection_limiter, &mut <_>::default())?;
        let client_auth =
            client_auth(&settings, before.client_auth().map(|before| &**before), &self.gate.services().clock)?;
        let certificates = self.read_certificates(&settings, client_auth.as_ref()).await?;
        let keyring = self.open_keys(&settings, &before).await?;
        // Nothing below can fail: from here on the new configuration holds. What it needs is read, proved and bound
        // above and put in force only here, so that no failure leaves a part of it behind.
        self.show_certificates(certificates);
        // After the certificates: a client of a new address must not be shown the old ones.
        change.commit(&mut self.listeners());
        self.take_over(&settings, (keyring, client_auth), &before, state).await;
        self.order_changed(&before.settings, &settings);
        self.stapler.wake();
        state.files = files;
        let services = self.gate.services();
        services.configuration.put_in_force(keys, services.clock.now());
        if let Err(error) = state.trial.put_in_force(&text, &settings.state_dir, origin) {
            tracing::warn!(why = %chain(&error), "no copy of the configuration is kept, so that none can be on trial");
        }
        // Only now, when the new stages are in place for those who come by a new address.
        self.begin_accepting();
        // At once, and not with the next beat: what the operator has just forbidden ends with this command.
        self.review();
        let unchanged = needs_restart(&before.settings, &settings);
        Ok(unchanged.iter().map(|key| format!("`{key}` changes at the next start")).collect())
    }

    async fn take_over(
        self: &Arc<Self>,
        settings: &Arc<Settings>,
        (keyring, client_auth): (Option<Arc<Keyring>>, Option<Arc<ClientAuth>>),
        before: &Stages,
        state: &mut ReloadState,
    ) {
        let services = self.gate.services();
        // Said and not returned: from here on nothing may fail, or half of the configuration would be in force.
        if let Err(error) = services.telemetry.reload(&log_settings(&settings.log)) {
            tracing::error!(error = %chain(&error), "the log keeps its filter");
        }
        self.connection_limiter.reload(&settings.limits);
        let entry_point = settings.supervisor.ingress_api.as_ref();
        self.home_assistant_trust
            .replace(entry_point.map(|entry_point| entry_point.trusted_proxies.clone()).unwrap_or_default());
        services.sessions.reconfigure(&settings.session);
        // Opened anew only for other settings: users and their last good copy would otherwise start from nothing with
        // each reload.
        if settings.home_assistant != before.settings.home_assistant {
            let (named, clock) = (Arc::clone(settings), services.clock.clone());
            let opening = move || HomeAssistant::open(&named.home_assistant, &named.permissions, clock);
            match spawn_blocking(opening).await {
                Ok(home) => {
                    services.home.store(Arc::new(home));
                    self.watch_home(state);
                    self.follow_states(settings, state);
                }
                Err(error) => tracing::error!(%error, "Home Assistant's settings were not taken over: start anew"),
            }
        } else if settings.permissions != before.settings.permissions {
            let (settings, home) = (Arc::clone(settings), services.home.load_full());
            // It compiles the rights of all users, which is not for async threads.
            let regrouping = spawn_blocking(move || home.regroup(&settings.permissions));
            if let Err(error) = regrouping.await {
                tracing::error!(%error, "the groups of the configuration were not taken over");
            }
        }
        if settings.home_assistant == before.settings.home_assistant && settings.followed != before.settings.followed {
            self.follow_states(settings, state);
        }
        let key = services.addon_states.ingress_key();
        let stages = Stages::new(
            Arc::clone(settings),
            &services.telemetry,
            &services.budget,
            keyring,
            key.as_ref(),
            client_auth,
            Some(before),
        );
        // One pointer: a request sees the old stages or the new ones, and keeps what it has begun with.
        self.gate.replace(stages);
        // With the users that were put in place above: what add-ons and what browsers do is judged by the same ones.
        self.api.replace(super::addon_api::configured(settings, services.home.load_full()));
    }

    async fn open_keys(&self, settings: &Arc<Settings>, before: &Stages) -> Result<Option<Arc<Keyring>>, ReloadError> {
        let (settings, clock) = (Arc::clone(settings), self.gate.services().clock.clone());
        let keyring = before.keyring().cloned();
        let opening = spawn_blocking(move || keys::open(&settings, &clock, keyring.as_ref()));
        Ok(opening.await??)
    }

    /// Watches the files of the users of the moment, and no others any more.
    pub(super) fn watch_home(self: &Arc<Self>, state: &mut ReloadState) {
        state.watching.cancel();
        // A child of `stop`, so that the end of the process ends the watch as well.
        state.watching = self.stop.child_token();
        let home = self.gate.services().home.load_full();
        if let Some(api) = home.api().cloned() {
            // What is wrong is in the log before the first request comes.
            tokio::spawn(async move { api.probe().await });
        }
        tokio::spawn(report::end_unwatched(Arc::clone(self), Arc::clone(&home)));
        tokio::spawn(home.watch(state.watching.clone()));
    }

    /// Follows the states that this configuration asks for, and no others any more.
    pub(super) fn follow_states(&self, settings: &Settings, state: &mut ReloadState) {
        state.following.cancel();
        state.following = self.stop.child_token();
        let home = self.gate.services().home.load_full();
        match settings.followed.clone() {
            Some(followed) => drop(tokio::spawn(home.follow_states(followed, state.following.clone()))),
            None => home.forget_states(),
        }
    }

    /// Shows new certificates, or the old ones when anything is wrong with them.
    pub(super) async fn reload_certificates(&self, settings: &Arc<Settings>) -> Result<(), ReloadError> {
        // The rules in force: requests and handshakes must go by the same ones.
        let stages = self.gate.stages();
        let certificates = self.read_certificates(settings, stages.client_auth()).await?;
        self.show_certificates(certificates);
        self.stapler.wake();
        Ok(())
    }

    async fn read_certificates(
        &self,
        settings: &Arc<Settings>,
        client_auth: Option<&Arc<ClientAuth>>,
    ) -> Result<Renewed, ReloadError> {
        let (handshaker, settings) = (Arc::clone(&self.handshaker), Arc::clone(settings));
        let (client_auth, now) = (client_auth.cloned(), self.gate.services().clock.now());
        let reading =
            spawn_blocking(move || handshaker.read(&settings.tls, client_auth.as_ref(), &own_names(&settings), now));
        Ok(reading.await??)
    }

    fn show_certificates(&self, certificates: Renewed) {
        for notice in self.handshaker.show(certificates) {
            if notice.is_warning() {
                tracing::warn!("{notice}");
            } else {
                tracing::debug!("{notice}");
            }
        }
    }
}

/// Warnings have several lines each, and a line of the log is one line.
pub(crate) fn log_lines(warnings: &Diagnostics) {
    for line in warnings.to_string().lines().filter(|line| !line.is_empty()) {
        tracing::warn!("{line}");
    }
}

//! Accepting: one task an address, on the main runtime, and one a connection, on a worker.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Instant;

use http::Response;
use tokio_util::sync::CancellationToken;

use super::Server;
use crate::config::ListenerScheme;
use crate::connection::{self, Arrived};
use crate::gate::{ClearContext, LoggedBody};
use crate::listener::{
    AddonListener, Addresses, FromAddon, FromHomeAssistant, HomeAssistantListener, Incoming, Listener, PlainLimits,
    PlainSocket,
};
use crate::telemetry::Handshake;
use crate::tls::HandshakeError;

impl Server {
    /// Begins to accept on the addresses that are bound and not yet served.
    pub(super) fn begin_accepting(self: &Arc<Self>) {
        let begun = self.listeners().begin();
        for (listener, stop) in begun {
            match listener.scheme() {
                ListenerScheme::Https => tracing::info!("listening on https://{}", listener.address()),
                ListenerScheme::Http => tracing::info!("listening for redirections on http://{}", listener.address()),
            }
            tokio::spawn(accept(Arc::clone(self), listener, stop));
        }
    }

    /// Serves a connection on the worker that has the least to do, in a task of its own.
    fn serve_on_worker(&self, connection: impl Future<Output = ()> + Send + 'static) {
        let worker = self.workers.least_loaded();
        let handle = worker.handle().clone();
        let served = async move {
            connection.await;
            drop(worker);
        };
        // A panic ends this one connection, and the hook that `telemetry` has set logs it.
        self.connections.spawn_on(served, &handle);
    }

    fn answer_in_the_clear(&self, arrived: &Arrived<Addresses>) -> Response<LoggedBody> {
        let port = self.listeners().first_https().map_or(443, |address| address.port());
        let stages = self.gate.stages();
        let is_ordered = |host: &str| stages.settings.tls.acme().is_some_and(|acme| acme.covers(host));
        let is_covered = |host: &str| self.handshaker.covers(host) || is_ordered(host);
        let challenge = |path: &str| self.renewer.tokens().answer(path);
        self.gate.redirect(arrived, &ClearContext { is_covered: &is_covered, challenge: &challenge, port })
    }

    pub(super) fn listeners(&self) -> parking_lot::MutexGuard<'_, super::Listeners> {
        self.listeners.lock()
    }
}

async fn accept(server: Arc<Server>, listener: Arc<Listener>, stop: CancellationToken) {
    loop {
        let incoming = tokio::select! {
            () = stop.cancelled() => return,
            incoming = listener.accept() => incoming,
        };
        // The handshake is in the task: a client that is slow with it must not keep others from being accepted.
        match listener.scheme() {
            ListenerScheme::Https => server.serve_on_worker(serve(Arc::clone(&server), incoming)),
            ListenerScheme::Http => server.serve_on_worker(serve_in_the_clear(Arc::clone(&server), incoming)),
        }
    }
}

async fn serve(server: Arc<Server>, incoming: Incoming) {
    // The limits of the moment at which the connection came; a reload holds for later ones.
    let stages = server.gate.stages();
    let limits = &stages.settings.limits;
    let metrics = &server.gate.services().telemetry.metrics;
    let open = metrics.connection_accepted();
    let peer = incoming.peer();
    let secured = match server.handshaker.accept(incoming, limits.handshake_timeout).await {
        Ok(secured) => {
            metrics.handshake(Handshake::Success);
            secured
        }
        Err(HandshakeError::Challenge) => {
            metrics.handshake(Handshake::Success);
            return;
        }
        Err(error) => {
            if let HandshakeError::ClientCertificate { refused, name } = &error {
                metrics.client_certificate_refused(refused.why.label());
                // Limited: whoever shows any certificate must not fill the log.
                if let Some(silent) = server.refused_certificates.due(Instant::now()) {
                    let (why, certificate) = (refused.why.label(), refused.certificate.as_deref());
                    tracing::warn!(%peer, sni = name.as_deref(), certificate, why, not_logged = silent, "{refused}");
                }
            }
            let late = matches!(error, HandshakeError::Late);
            metrics.handshake(if late { Handshake::Timeout } else { Handshake::Failure });
            tracing::debug!(%peer, error = %crate::telemetry::chain(&error), "no handshake");
            return;
        }
    };
    let gate = Arc::clone(&server.gate);
    let ended =
        connection::serve(secured, limits, server.drain.clone(), move |arrived| Arc::clone(&gate).answer(arrived))
            .await;
    if ended == connection::Ended::Flooded {
        metrics.http2_floods.inc();
        // Limited: a flood must not fill the log as well.
        if let Some(silent) = server.floods.due(Instant::now()) {
            let most = limits.http2_control_frames;
            tracing::warn!(%peer, most, not_logged = silent, "connection closed: too many HTTP/2 frames without content");
        }
    }
    // The gauge counts the connection until here, and not only until its task began to serve.
    drop(open);
}

/// Sends a browser that came in the clear on to HTTPS.
async fn serve_in_the_clear(server: Arc<Server>, incoming: Incoming) {
    let stages = server.gate.stages();
    let limits = &stages.settings.limits;
    let metrics = &server.gate.services().telemetry.metrics;
    let open = metrics.connection_accepted();
    let peer = incoming.peer();
    // A PROXY header has as much time as it has before a handshake.
    let connection = match tokio::time::timeout(limits.handshake_timeout, incoming.identify()).await {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => {
            tracing::debug!(%peer, error = %crate::telemetry::chain(&error), "connection closed");
            return;
        }
        Err(_) => return,
    };
    let (answering, stop) = (Arc::clone(&server), server.drain.clone());
    let handler = move |arrived| std::future::ready(answering.answer_in_the_clear(&arrived));
    connection::serve(connection, limits, stop, handler).await;
    drop(open);
}

/// Accepts Home Assistant's connections until the process drains.
pub(super) async fn accept_home_assistant(server: Arc<Server>, listener: HomeAssistantListener) {
    // Asked for each connection, so that a reload holds for the next one.
    let places = || {
        let limits = &server.gate.stages().settings.limits;
        PlainLimits { all: limits.home_assistant_connections, of_peer: limits.home_assistant_connections_per_address }
    };
    while let Some(connection) = server.drain.run_until_cancelled(listener.accept(places)).await {
        server.serve_on_worker(serve_home_assistant(Arc::clone(&server), connection));
    }
}

async fn serve_home_assistant(server: Arc<Server>, connection: FromHomeAssistant<PlainSocket>) {
    let Some(connection) = opened(connection.open()) else { return };
    let stages = server.gate.stages();
    let metrics = &server.gate.services().telemetry.metrics;
    let open = metrics.connection_accepted();
    let (gate, stop) = (Arc::clone(&server.gate), server.drain.clone());
    let handler = move |arrived| Arc::clone(&gate).answer(arrived);
    connection::serve(connection, &stages.settings.limits, stop, handler).await;
    drop(open);
}

/// Accepts add-ons' connections until the process drains.
pub(super) async fn accept_addons(server: Arc<Server>, listener: AddonListener) {
    let places = || {
        let stages = server.gate.stages();
        let limits = &stages.settings.limits;
        PlainLimits { all: limits.addon_api_connections, of_peer: limits.addon_api_connections_per_address }
    };
    while let Some(connection) = server.drain.run_until_cancelled(listener.accept(places)).await {
        server.serve_on_worker(serve_addon(Arc::clone(&server), connection));
    }
}

async fn serve_addon(server: Arc<Server>, connection: FromAddon<PlainSocket>) {
    let Some(connection) = opened(connection.open()) else { return };
    let stages = server.gate.stages();
    let open = server.gate.services().telemetry.metrics.open_api_connection();
    let (api, stop) = (Arc::clone(&server.api), server.drain.clone());
    connection::serve(connection, &stages.settings.limits, stop, move |arrived| Arc::clone(&api).answer(arrived)).await;
    drop(open);
}

/// A connection that this worker watches now, unless the operating system cannot watch one more.
fn opened<C>(connection: io::Result<C>) -> Option<C> {
    connection.inspect_err(|error| tracing::debug!(%error, "connection closed: it cannot be watched")).ok()
}

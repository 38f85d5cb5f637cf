//! The add-on API in the process: bound at the start, and given every new configuration.

use std::sync::Arc;

use crate::config::{SecretText, Settings, Upstream};
use crate::dial::Target;
use crate::home_assistant::HomeAssistant;
use crate::listener::{PlainBindError, PlainListener};
use crate::supervisor::api::{Configured, Peer};

/// Binds the address where add-ons reach their API, if they have one.
pub(super) async fn bind(settings: &Settings) -> Result<Option<PlainListener>, PlainBindError> {
    let Some(address) = &settings.supervisor.listen else { return Ok(None) };
    let listener = PlainListener::bind(address).await?;
    tracing::info!("listening for add-ons on {}", listener.address());
    Ok(Some(listener))
}

/// What a configuration makes of the API.
pub(super) fn configured(settings: &Arc<Settings>, home: Arc<HomeAssistant>) -> Configured {
    let upstream = settings.supervisor.upstream.as_ref().and_then(|upstream| {
        let (target, authority) = match &upstream.at {
            Upstream::Http { host, port } => (Target::Http { host: host.clone(), port: *port }, authority(host, *port)),
            Upstream::Https { host, port } => {
                let trust = crate::config::Trust::System;
                (Target::Https { host: host.clone(), port: *port, trust }, authority(host, *port))
            }
            Upstream::Unix(path) => (Target::Unix(path.clone()), "supervisor".to_owned()),
            Upstream::Whoami | Upstream::Nowhere => return None,
        };
        peer(target, &authority, &upstream.token)
    });
    let token = settings.supervisor.home_assistant_token.as_ref();
    let home_assistant = settings.home_assistant.api.as_ref().zip(token).and_then(|(api, token)| {
        let (host, port) = (api.url.host.clone(), api.url.port);
        let target = if api.url.is_tls {
            Target::Https { host, port, trust: api.trust.clone() }
        } else {
            Target::Http { host, port }
        };
        peer(target, &api.url.authority(), token)
    });
    Configured { settings: Arc::clone(settings), home, home_assistant, upstream }
}

fn peer(target: Target, authority: &str, token: &SecretText) -> Option<Peer> {
    // A host that was parsed has no byte that a header could not hold.
    Peer::new(target, authority, token.clone()).ok()
}

fn authority(host: &str, port: u16) -> String {
    if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
}

//! The rules for client certificates of a configuration, at the start and at each reload.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::Settings;
use crate::tls::{ClientAuth, TlsError};

/// The rules for client certificates, where one is asked for anywhere. `before` is what they were.
pub(super) fn client_auth(
    settings: &Settings,
    before: Option<&ClientAuth>,
    clock: &Clock,
) -> Result<Option<Arc<ClientAuth>>, TlsError> {
    let Some(wanted) = &settings.client_auth else { return Ok(None) };
    Ok(Some(Arc::new(ClientAuth::new(wanted, before, clock)?)))
}

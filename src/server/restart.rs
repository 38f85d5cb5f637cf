//! What a reload cannot change.

use std::collections::BTreeMap;

use crate::config::Settings;
use crate::operations::sandbox;

/// Settings that only a restart can change, by the name of their key.
pub(super) fn needs_restart(old: &Settings, new: &Settings) -> Vec<&'static str> {
    let address =
        |settings: &Settings| settings.supervisor.ingress_api.as_ref().map(|entry_point| entry_point.at.clone());
    let compared = BTreeMap::from([
        ("listen.operations", old.listen.operations == new.listen.operations),
        ("listen.control", old.listen.control == new.listen.control),
        ("limits.workers", old.limits.workers == new.limits.workers),
        ("session.store", old.session.store == new.session.store),
        ("supervisor.listen", old.supervisor.listen == new.supervisor.listen),
        ("supervisor.home_assistant_listen", address(old) == address(new)),
        ("supervisor.state", old.supervisor.state == new.supervisor.state),
        ("sandbox", sandbox::does_for(old, new)),
        ("log.format", old.log.format == new.log.format),
    ]);
    compared.into_iter().filter(|(_, same)| !same).map(|(key, _)| key).collect()
}

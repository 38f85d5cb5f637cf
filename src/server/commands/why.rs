//! Why a request was refused.

use crate::gate::Refusal;
use crate::operations::control::{Answer, RefusalLine};
use crate::server::Server;

/// The whole reason of a refusal, as the operator's page has it.
pub(super) fn answer(server: &Server, id: &str) -> Answer {
    let Some(refusal) = server.gate.stages().refusals().find(id) else {
        return Answer::failed(format!(
            "no refusal with the id `{id}` among the last 1000 since the start; the log may have it still"
        ));
    };
    let Refusal { at, id, reason, why, client, method, host, target, user, session, key, addon, asks_access } = refusal;
    Answer::Refusal(RefusalLine {
        id,
        at: at.as_millis(),
        reason: reason.label().to_owned(),
        status: reason.row().status.as_u16(),
        why,
        user,
        key,
        session,
        addon,
        client: client.to_string(),
        method,
        host,
        target,
        asks_access,
    })
}

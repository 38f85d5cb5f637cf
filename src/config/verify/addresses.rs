//! Whether the addresses can be listened on.

use super::Claims;
use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Findings;
use crate::config::world::{Purpose, World};

/// Each address. Who serves binds them itself, and has some already.
pub(super) fn addresses(claims: &Claims<'_>, world: &dyn World, findings: &mut Findings) {
    if world.purpose() == Purpose::Serve {
        return;
    }
    for (address, at) in claims.addresses {
        // Port 0 is whichever is free.
        let trouble =
            if address.port() == 0 { Ok(()) } else { world.check_address(*address, &claims.settings.listen.control) };
        let Err(trouble) = trouble else { continue };
        let message = format!("{address}: {}", trouble.what);
        let found = if trouble.is_certain {
            Diagnostic::mistake(at.clone(), message)
        } else {
            Diagnostic::warning(at.clone(), message)
        };
        findings.add(found.label("to be listened on").hint(trouble.hint));
    }
}

//! Whether the certificates and the authorities that were read can be used.

use std::path::PathBuf;
use std::sync::Arc;

use super::one_line;
use crate::config::diagnostic::{Diagnostic, Span};
use crate::config::findings::Findings;
use crate::config::world::World;

/// Each chain with its key.
pub(super) fn certificates(list: &[(PathBuf, PathBuf, Span)], world: &dyn World, findings: &mut Findings) {
    for (chain, key, at) in list {
        if let Err(err) = world.check_certificate(chain, key) {
            let bad = Diagnostic::mistake(at.clone(), format!("this certificate cannot be used: {}", one_line(&*err)));
            let hint =
                "`chain` is PEM, the server's certificate first; `key` is the PEM private key of that very certificate";
            findings.add(bad.label("expected a certificate and its key").hint(hint));
        }
    }
}

/// Each list of authorities.
pub(super) fn authorities(list: &[(Arc<[u8]>, Span)], world: &dyn World, findings: &mut Findings) {
    for (pem, at) in list {
        if let Err(err) = world.check_authorities(pem) {
            let message = format!("these certificates cannot be used: {}", one_line(&*err));
            let bad = Diagnostic::mistake(at.clone(), message).label("expected certificates of authorities in PEM");
            findings.add(
                bad.hint("each begins with `-----BEGIN CERTIFICATE-----`; a private key has no place in this file"),
            );
        }
    }
}

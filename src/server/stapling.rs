//! OCSP responses for the certificates that are shown, while the configuration wants them.

use std::sync::Arc;

use super::Server;
use crate::clock::Timestamp;
use crate::operations::control::{OcspLine, OcspStatus};
use crate::tls::{Fingerprint, RevocationStatus};

/// Asks responders until the process drains.
pub(super) async fn keep_stapled(server: Arc<Server>) {
    loop {
        let step = async {
            if server.gate.stages().settings.ocsp_stapling {
                let pause = server.stapler.step().await;
                let _woken = tokio::time::timeout(pause, server.stapler.woken()).await;
            } else {
                server.stapler.stop();
                server.stapler.woken().await;
            }
        };
        if server.drain.run_until_cancelled(step).await.is_none() {
            return;
        }
    }
}

impl Server {
    /// What the responder of a certificate says; nothing where it names none.
    pub(super) fn ocsp_line(&self, certificate: Fingerprint) -> Option<OcspLine> {
        let stapling = self.stapler.stapling(certificate)?;
        let status = match stapling.status {
            None => OcspStatus::Unknown,
            Some(RevocationStatus::Good) => OcspStatus::Good,
            Some(RevocationStatus::Revoked(_)) => OcspStatus::Revoked,
        };
        Some(OcspLine { status, until: stapling.until.map(Timestamp::as_millis), error: stapling.error })
    }
}

//! OCSP responses and revocation lists for the certificates that are shown, while the configuration wants them.

use std::sync::Arc;

use super::Server;
use crate::clock::Timestamp;
use crate::operations::control::{RevocationLine, RevocationWord};
use crate::revocation::Told;
use crate::tls::{Fingerprint, RevocationStatus};

/// Asks whether certificates were revoked until the process drains.
pub(super) async fn keep_stapled(server: Arc<Server>) {
    loop {
        let step = async {
            if server.gate.stages().settings.ocsp_stapling {
                let pause = server.stapler.step().await;
                server.report_revoked();
                let _woken = tokio::time::timeout(pause, server.stapler.woken()).await;
            } else {
                server.stapler.stop();
                server.report_revoked();
                server.stapler.woken().await;
            }
        };
        if server.drain.run_until_cancelled(step).await.is_none() {
            return;
        }
    }
}

impl Server {
    /// What is known of a certificate from its responder, or else from its lists, in this order.
    pub(super) fn revocation_lines(
        &self,
        certificate: Fingerprint,
    ) -> (Option<RevocationLine>, Option<RevocationLine>) {
        let Some(known) = self.stapler.stapling(certificate) else { return (None, None) };
        let status = match known.status {
            None => RevocationWord::Unknown,
            Some(RevocationStatus::Good) => RevocationWord::Good,
            Some(RevocationStatus::Revoked(_)) => RevocationWord::Revoked,
        };
        let line = RevocationLine { status, until: known.until.map(Timestamp::as_millis), error: known.error };
        match known.by {
            Told::ByResponder => (Some(line), None),
            Told::ByLists => (None, Some(line)),
        }
    }

    fn report_revoked(&self) {
        let revoked = i64::try_from(self.stapler.revoked()).unwrap_or(i64::MAX);
        self.gate.services().telemetry.metrics.certificates_revoked.set(revoked);
    }
}

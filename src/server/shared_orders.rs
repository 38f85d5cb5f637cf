//! Certificates of several vestibules that share a store of sessions and its key: one of them orders, all show.
//!
//! Who orders holds a lock in Redis, which ends by itself. What was ordered lies there sealed with the key that
//! protects the sessions; without that key nothing is shared, and each orders its own. While Redis is away nobody
//! orders: what is stored serves.

use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;

use crate::acme::{Look, Renewer, Step, longest_order};
use crate::clock::Clock;
use crate::config::{Acme, Domain};
use crate::entropy;
use crate::session::{BlobName, Change, SealedNotes, Sessions, SharedKv, StoreAway};

/// The orders of several vestibules, as one of them sees them.
pub(super) struct SharedOrders {
    kv: SharedKv,
    notes: SealedNotes,
    clock: Clock,
    /// What this process is called at the lock.
    node: Vec<u8>,
    /// What stood in the place of the version when all certificates were looked at last.
    seen: Option<Vec<u8>>,
}

impl SharedOrders {
    /// `None` where no store is shared, or without a key.
    pub(super) fn of(sessions: &Sessions, clock: Clock) -> Option<Self> {
        let (kv, notes) = (sessions.shared_kv()?, sessions.sealed_notes()?);
        Some(Self { kv, notes, clock, node: entropy::random::<16>().to_vec(), seen: None })
    }

    /// Takes up what others have ordered; orders what is due when nobody else does.
    pub(super) async fn step(&mut self, renewer: &Renewer, acme: &Acme) -> Step {
        match self.take_up(renewer, acme).await {
            Ok(Some(domain)) => return Step::Adopted(domain),
            Ok(None) => {}
            Err(StoreAway) => return Step::Idle(BETWEEN_LOOKS),
        }
        let domain = match renewer.look(acme).await {
            Look::Due(domain) => domain,
            Look::Idle(time) => return Step::Idle(time.min(BETWEEN_LOOKS)),
        };
        // The lock must not end before the order does.
        if !self.lock(acme, longest_order(acme).saturating_add(BETWEEN_LOOKS)).await.unwrap_or(false) {
            return Step::Idle(BETWEEN_LOOKS);
        }
        // Again: whoever had the lock until now may have ordered this very certificate after the look above.
        if let Ok(Some(domain)) = self.take_up(renewer, acme).await {
            let _ends_by_itself = self.unlock(acme).await;
            return Step::Adopted(domain);
        }
        let step = renewer.order(acme, domain).await;
        // What cannot be said now is found by the next look: the lock ends by itself, and the others order for
        // themselves.
        let _away = match &step {
            Step::Issued(domain) => self.hand_out(renewer, acme, domain).await,
            // Others would fail for the same reason, and each failure counts at the server.
            _ => self.lock(acme, AFTER_FAILURE).await.map(drop),
        };
        step
    }

    async fn take_up(&mut self, renewer: &Renewer, acme: &Acme) -> Result<Option<Domain>, StoreAway> {
        let version = self.kv.read(&[version(acme)]).await?.pop().flatten();
        if version == self.seen {
            return Ok(None);
        }
        for domain in &acme.domains {
            let Some(pem) = self.notes.read(&name(acme, domain)).await? else { continue };
            if renewer.adopt(acme, domain, pem).await {
                return Ok(Some(domain.clone()));
            }
        }
        self.seen = version;
        Ok(None)
    }

    async fn hand_out(&mut self, renewer: &Renewer, acme: &Acme, domain: &Domain) -> Result<(), StoreAway> {
        if let Some((pem, not_after)) = renewer.stored(acme, domain).await {
            let keep = not_after.saturating_since(self.clock.now()).max(BETWEEN_LOOKS);
            self.notes.write(&name(acme, domain), &pem, keep).await?;
            self.kv.write(&[version(acme)], &entropy::random::<16>(), KEPT).await?;
        }
        self.unlock(acme).await
    }

    async fn unlock(&self, acme: &Acme) -> Result<(), StoreAway> {
        let ours = Some(self.node.clone());
        let free = Change { name: lock(acme), old: ours, new: None, keep: BETWEEN_LOOKS };
        self.kv.replace(&[free]).await.map(drop)
    }

    /// Takes the lock, or keeps it for longer; says whether this process has it.
    async fn lock(&self, acme: &Acme, keep: Duration) -> Result<bool, StoreAway> {
        let held = self.kv.read(&[lock(acme)]).await?.pop().flatten();
        if held.as_ref().is_some_and(|held| *held != self.node) {
            return Ok(false);
        }
        self.kv.replace(&[Change { name: lock(acme), old: held, new: Some(self.node.clone()), keep }]).await
    }
}

/// Where a certificate lies.
fn name(acme: &Acme, domain: &Domain) -> BlobName {
    sha256(&[b"certificate", acme.directory.as_str().as_bytes(), domain.to_string().as_bytes()])
}

/// What is another after each new certificate.
fn version(acme: &Acme) -> String {
    format!("acme-version:{}", id(acme))
}

fn lock(acme: &Acme) -> String {
    format!("acme-lock:{}", id(acme))
}

/// Those who order from one server order together.
fn id(acme: &Acme) -> String {
    HEXLOWER.encode(&sha256(&[b"directory", acme.directory.as_str().as_bytes()]))
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    digest(&SHA256, &parts.join(&0)).as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// Between two looks at what others have ordered.
const BETWEEN_LOOKS: Duration = Duration::from_secs(5);
/// Longer than the first pause of who has failed.
const AFTER_FAILURE: Duration = Duration::from_mins(7);
/// The version outlives every certificate.
const KEPT: Duration = Duration::from_hours(1000 * 24);

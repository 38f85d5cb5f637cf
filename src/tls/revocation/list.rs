//! Revocation lists (RFC 5280 section 5.1).

use super::{Issued, RevocationStatus};
use crate::clock::Timestamp;
use crate::tls::der::{Der, INTEGER, SEQUENCE};
use crate::tls::der_time::instant;
use crate::tls::signed::Signed;

/// What a list that counts says of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListVerdict {
    /// Whether the certificate is on it.
    pub status: RevocationStatus,
    /// When the next list is due, if it says so.
    pub next_update: Option<Timestamp>,
}

/// Why a list does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The bytes are no list.
    #[error("this is no revocation list")]
    Malformed,
    /// The issuer of the certificate has not signed it.
    #[error("the list is not signed by the issuer of the certificate")]
    Signature,
    /// There is a newer one, or its time has not come.
    #[error("the list counts from {from} to {to}")]
    Outdated {
        /// When it begins to count.
        from: Timestamp,
        /// When it no longer counts.
        to: Timestamp,
    },
}

impl ListVerdict {
    /// Looks for a certificate in a list, which is DER.
    pub fn judge(list: &[u8], about: &Issued, now: Timestamp) -> Result<Self, ListError> {
        let signed = Der::new(list).sequence().and_then(|mut list| Signed::read(&mut list));
        let signed = signed.ok_or(ListError::Malformed)?;
        let (certificate, issuer) = about.parts().ok_or(ListError::Malformed)?;
        if !signed.is_by(issuer.key) {
            return Err(ListError::Signature);
        }
        let (from, to, entries) = read(signed.message).ok_or(ListError::Malformed)?;
        // Of lists without an end there is a newer one at any time; this one is what there is.
        if from > now || to.is_some_and(|to| to <= now) {
            return Err(ListError::Outdated { from, to: to.unwrap_or(from) });
        }
        let status = match entries {
            Some(entries) => find(entries, certificate.serial).ok_or(ListError::Malformed)?,
            None => RevocationStatus::Good,
        };
        Ok(Self { status, next_update: to })
    }
}

/// When the list was made, when the next one is due, and its entries, if it has any.
fn read(list: &[u8]) -> Option<(Timestamp, Option<Timestamp>, Option<Der<'_>>)> {
    let mut list = Der::new(list).sequence()?;
    // Version, which is left out where it is the first.
    list.skip_optional(INTEGER);
    // Signature algorithm, issuer.
    list.element()?;
    list.element()?;
    let from = instant(&mut list)?;
    let mut ahead = list;
    let to = instant(&mut ahead);
    if to.is_some() {
        list = ahead;
    }
    let mut ahead = list;
    // Extensions may follow in its place, with a tag of their own.
    let entries = ahead.element().filter(|(tag, _)| *tag == SEQUENCE).map(|(_, entries)| Der::new(entries));
    Some((from, to, entries))
}

fn find(mut entries: Der<'_>, serial: &[u8]) -> Option<RevocationStatus> {
    while !entries.rest().is_empty() {
        let mut entry = entries.sequence()?;
        if entry.expect(INTEGER)? == serial {
            return Some(RevocationStatus::Revoked(instant(&mut entry)?));
        }
    }
    Some(RevocationStatus::Good)
}

//! The answer of an OCSP responder: whether it counts, and what it says (RFC 6960 section 4.2, judged as section 3.2
//! demands).

use super::{Issued, RevocationStatus};
use crate::clock::Timestamp;
use crate::tls::der::{Der, ENUMERATED, OBJECT_IDENTIFIER, OCTET_STRING};
use crate::tls::der_time::instant;
use crate::tls::parts::Parts;
use crate::tls::signed::Signed;

/// An answer that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OcspResponse {
    /// What it says.
    pub status: RevocationStatus,
    /// From then on that was known.
    pub this_update: Timestamp,
    /// By then more will be known, and this answer counts no longer.
    pub next_update: Timestamp,
}

/// Why an answer does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OcspError {
    /// The bytes are no answer.
    #[error("this is no OCSP response")]
    Malformed,
    /// The responder has none to give (RFC 6960 section 4.2.1).
    #[error("the responder refuses: {}", refusal(*.0))]
    Refused(u8),
    /// It is about other certificates.
    #[error("the response is about another certificate")]
    OtherCertificate,
    /// The responder does not know the certificate.
    #[error("the responder does not know the certificate")]
    Unknown,
    /// Neither the issuer nor whom the issuer has delegated has signed it.
    #[error("the response is not signed by the issuer or a responder of the issuer's")]
    Signature,
    /// It does not say until when it counts.
    #[error("the response does not say until when it counts")]
    NoEnd,
    /// It counts no longer, or not yet.
    #[error("the response counts from {from} to {to}")]
    Outdated {
        /// When it begins to count.
        from: Timestamp,
        /// When it no longer counts.
        to: Timestamp,
    },
}

impl OcspResponse {
    /// Judges the answer to a question about this certificate.
    pub fn judge(answer: &[u8], about: &Issued, now: Timestamp) -> Result<Self, OcspError> {
        let basic = basic_response(answer)?;
        let mut basic = Der::new(basic).sequence().ok_or(OcspError::Malformed)?;
        let signed = Signed::read(&mut basic).ok_or(OcspError::Malformed)?;
        if !is_of_the_issuer(&signed, basic.expect(CONTEXT_0), about, now) {
            return Err(OcspError::Signature);
        }
        let single = about_this(signed.message, about).ok_or(OcspError::Malformed)?;
        let response = Self::read(single.ok_or(OcspError::OtherCertificate)?)?;
        let (from, to) = (response.this_update, response.next_update);
        // RFC 5019 section 4: clocks may differ a little.
        if from > now.saturating_add(CLOCKS_DIFFER) || to <= now || to <= from {
            return Err(OcspError::Outdated { from, to });
        }
        Ok(response)
    }

    /// Reads what stands behind the `CertID` in a `SingleResponse`.
    fn read(mut single: Der<'_>) -> Result<Self, OcspError> {
        let (kind, value) = single.element().ok_or(OcspError::Malformed)?;
        let status = match kind {
            GOOD => RevocationStatus::Good,
            REVOKED => RevocationStatus::Revoked(instant(&mut Der::new(value)).ok_or(OcspError::Malformed)?),
            _ => return Err(OcspError::Unknown),
        };
        let this_update = instant(&mut single).ok_or(OcspError::Malformed)?;
        let next_update = single.expect(CONTEXT_0).ok_or(OcspError::NoEnd)?;
        let next_update = instant(&mut Der::new(next_update)).ok_or(OcspError::Malformed)?;
        Ok(Self { status, this_update, next_update })
    }
}

/// The bytes of the only kind of response that there is.
fn basic_response(answer: &[u8]) -> Result<&[u8], OcspError> {
    let mut answer = Der::new(answer).sequence().ok_or(OcspError::Malformed)?;
    match answer.expect(ENUMERATED) {
        Some([SUCCESSFUL]) => {}
        Some([status]) => return Err(OcspError::Refused(*status)),
        _ => return Err(OcspError::Malformed),
    }
    let mut bytes = || {
        let mut bytes = Der::new(answer.expect(CONTEXT_0)?).sequence()?;
        (bytes.expect(OBJECT_IDENTIFIER)? == BASIC).then(|| bytes.expect(OCTET_STRING))?
    };
    bytes().ok_or(OcspError::Malformed)
}

/// Whether the issuer has signed it, or somebody with a certificate of the issuer's for this very purpose (RFC 6960
/// section 4.2.2.2).
fn is_of_the_issuer(signed: &Signed<'_>, certificates: Option<&[u8]>, about: &Issued, now: Timestamp) -> bool {
    let Some((_, issuer)) = about.parts() else { return false };
    if signed.is_by(issuer.key) {
        return true;
    }
    let Some(mut certificates) = certificates.and_then(|list| Der::new(list).sequence()) else { return false };
    let delegated = std::iter::from_fn(|| certificates.whole()).take(MOST_CERTIFICATES).filter_map(Parts::read);
    let is_valid = |one: &Parts<'_>| one.not_before <= now && now <= one.not_after;
    let may_sign = |one: &Parts<'_>| one.extension(EXTENDED_KEY_USAGE).is_some_and(is_for_ocsp);
    let mut of_issuer = delegated.filter(|one| one.issuer == issuer.subject && is_valid(one) && may_sign(one));
    of_issuer.any(|one| one.signed.is_by(issuer.key) && signed.is_by(one.key))
}

fn is_for_ocsp(usages: &[u8]) -> bool {
    let Some(mut usages) = Der::new(usages).sequence() else { return false };
    std::iter::from_fn(|| usages.expect(OBJECT_IDENTIFIER)).any(|usage| usage == OCSP_SIGNING)
}

/// The rest of the `SingleResponse` about this certificate, if there is one; `None` where this is no `ResponseData`.
#[allow(clippy::option_option, reason = "unreadable, and readable without it")]
fn about_this<'a>(data: &'a [u8], about: &Issued) -> Option<Option<Der<'a>>> {
    let id = about.id()?;
    let mut data = Der::new(data).sequence()?;
    data.skip_optional(CONTEXT_0);
    // Who has answered, by name or by key, and when: the signature says who, and each response says when.
    data.element()?;
    data.element()?;
    let mut responses = data.sequence()?;
    while let Some(mut single) = responses.sequence() {
        if id.is(single.sequence()?) {
            return Some(Some(single));
        }
    }
    Some(None)
}

fn refusal(status: u8) -> &'static str {
    match status {
        1 => "the request is malformed",
        2 => "an internal error",
        3 => "try later",
        5 => "the request must be signed",
        6 => "not authorised",
        _ => "without a reason",
    }
}

const SUCCESSFUL: u8 = 0;
const GOOD: u8 = 0x80;
const REVOKED: u8 = 0xa1;
const CONTEXT_0: u8 = 0xa0;
/// 1.3.6.1.5.5.7.48.1.1
const BASIC: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];
/// 2.5.29.37
const EXTENDED_KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x25];
/// 1.3.6.1.5.5.7.3.9
const OCSP_SIGNING: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 3, 9];
const CLOCKS_DIFFER: std::time::Duration = std::time::Duration::from_mins(5);
/// One is enough; each costs two signatures.
const MOST_CERTIFICATES: usize = 4;

//! How certificates are shown.

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::operations::control::{CertificateLine, CertificateOrigin};

/// One line for people.
pub(super) fn line(certificate: &CertificateLine) -> String {
    let at = |key: &str, millis: Option<u64>| {
        millis.map(|millis| format!(" {key}={}", Timestamp::from_millis(millis))).unwrap_or_default()
    };
    let issuer = certificate.issuer.as_deref().map(|issuer| format!(" issuer={issuer:?}")).unwrap_or_default();
    let file = certificate.file.as_deref().map(|file| format!(" file={file:?}")).unwrap_or_default();
    let failures = Some(certificate.failures).filter(|failures| *failures > 0);
    let failures = failures.map(|failures| format!(" failures={failures}")).unwrap_or_default();
    let error = certificate.last_error.as_deref().map(|error| format!(" error={error:?}")).unwrap_or_default();
    let until = if certificate.not_after.is_none() { " none yet" } else { "" };
    format!(
        "{} source={}{until}{issuer}{}{file}{}{}{failures}{error}",
        certificate.names.join(","),
        word(certificate.origin),
        at("not_after", certificate.not_after),
        at("next_order", certificate.next_order),
        at("last_success", certificate.last_success),
    )
}

/// Times are RFC 3339, as in the log.
pub(super) fn as_json(certificate: &CertificateLine) -> Value {
    let at = |millis: Option<u64>| millis.map(|millis| Timestamp::from_millis(millis).to_string());
    json!({
        "names": certificate.names,
        "source": word(certificate.origin),
        "issuer": certificate.issuer,
        "not_after": at(certificate.not_after),
        "file": certificate.file,
        "next_order": at(certificate.next_order),
        "last_success": at(certificate.last_success),
        "failures": certificate.failures,
        "last_error": certificate.last_error,
    })
}

fn word(origin: CertificateOrigin) -> &'static str {
    match origin {
        CertificateOrigin::Development => "development",
        CertificateOrigin::File => "file",
        CertificateOrigin::Acme => "acme",
    }
}

//! `vestibule certificates`: the arguments, the question to the running process, and its answer in words.

use clap::{Args, Subcommand};

use serde_json::{Value, json};

use crate::clock::Timestamp;
use crate::operations::control::{CertificateLine, CertificateOrigin, Request, RevocationLine, RevocationWord};

/// `vestibule certificates`
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Certificates {
    /// Answer as one line of JSON.
    #[arg(long)]
    pub(super) json: bool,
    #[command(subcommand)]
    command: Option<CertificatesCommand>,
}

#[derive(Debug, Subcommand)]
enum CertificatesCommand {
    /// Order a certificate now, whenever it would be due; all that are ordered when no name is given.
    Renew {
        /// The name, as `domains` under [tls.acme] has it.
        domain: Option<String>,
    },
}

impl Certificates {
    /// The question to the running process.
    pub(super) fn request(self) -> Request {
        match self.command {
            None => Request::Certificates {},
            Some(CertificatesCommand::Renew { domain }) => Request::CertificatesRenew { domain },
        }
    }
}

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
    let ocsp = revocation_words("ocsp", certificate.ocsp.as_ref());
    let crl = revocation_words("crl", certificate.crl.as_ref());
    let until = if certificate.not_after.is_none() { " none yet" } else { "" };
    format!(
        "{} source={}{until}{issuer}{}{file}{}{}{failures}{error}{ocsp}{crl}",
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
    let revocation = |said: &RevocationLine| json!({ "status": status_word(said.status), "until": at(said.until), "error": said.error });
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
        "ocsp": certificate.ocsp.as_ref().map(revocation),
        "crl": certificate.crl.as_ref().map(revocation),
    })
}

fn revocation_words(who: &str, said: Option<&RevocationLine>) -> String {
    let Some(said) = said else { return String::new() };
    let until = said.until.map(|until| format!(" {who}_until={}", Timestamp::from_millis(until))).unwrap_or_default();
    let error = said.error.as_deref().map(|error| format!(" {who}_error={error:?}")).unwrap_or_default();
    format!(" {who}={}{until}{error}", status_word(said.status))
}

fn status_word(status: RevocationWord) -> &'static str {
    match status {
        RevocationWord::Unknown => "unknown",
        RevocationWord::Good => "good",
        RevocationWord::Revoked => "revoked",
    }
}

fn word(origin: CertificateOrigin) -> &'static str {
    match origin {
        CertificateOrigin::Development => "development",
        CertificateOrigin::File => "file",
        CertificateOrigin::Acme => "acme",
    }
}

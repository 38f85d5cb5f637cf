//! The authorities of client certificates and their revocation lists: read whole and proved, or not used at all (S-42).

use std::sync::Arc;

use rustls::RootCertStore;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, CertificateRevocationListDer};

use super::Provider;
use crate::clock::Timestamp;
use crate::config::ClientTrust;
use crate::tls::der::{Der, INTEGER};
use crate::tls::der_time::instant;
use crate::tls::facts::Facts;

/// One authority, and the judge of what it has issued.
#[derive(Debug)]
pub(super) struct Authority {
    /// The library asks no dates of an authority.
    pub(super) not_after: Timestamp,
    pub(super) verifier: Arc<dyn ClientCertVerifier>,
}

/// Why there is nothing to judge client certificates by.
#[derive(Debug, thiserror::Error)]
pub enum ClientTrustTrouble {
    /// The text of the authorities is not PEM.
    #[error("the authorities of client certificates are not PEM")]
    Pem(#[source] rustls_pki_types::pem::Error),
    /// There is none in it.
    #[error("there is no certificate of an authority of client certificates")]
    NoAuthority,
    /// One cannot be read.
    #[error("a certificate among the authorities of client certificates is malformed")]
    Malformed,
    /// One may not sign others: a server's or a person's.
    #[error("the certificate of {0} may not sign others: it is no authority")]
    NoSigner(String),
    /// The revocation lists are not PEM.
    #[error("the revocation list is not PEM")]
    ListPem(#[source] rustls_pki_types::pem::Error),
    /// There is none in the file.
    #[error("there is no revocation list in it")]
    NoList,
    /// One cannot be read.
    #[error("the revocation list is malformed")]
    BadList,
    /// None is of this authority.
    #[error("no revocation list is of {0}, so that every certificate of it would be refused")]
    OtherIssuer(String),
    /// The library takes something of it not.
    #[error("the authorities and revocation lists of client certificates cannot be used")]
    Unusable(#[source] rustls::server::VerifierBuilderError),
}

impl ClientTrustTrouble {
    /// Whether it is about the revocation lists.
    pub fn is_of_list(&self) -> bool {
        matches!(self, Self::ListPem(_) | Self::NoList | Self::BadList | Self::OtherIssuer(_))
    }
}

/// Whether these can be used, and what is to be said of them all the same: a line about the authorities, or about the
/// lists where the flag is set.
pub fn check_client_trust(trust: &ClientTrust, now: Timestamp) -> Result<Vec<(bool, String)>, ClientTrustTrouble> {
    let mut remarks = Vec::new();
    let (authorities, lists) = read(trust)?;
    build(trust, &crate::tls::pem::provider())?;
    for (_, facts) in &authorities {
        if facts.not_after < now {
            let name = name_of(facts);
            remarks.push((false, format!("the authority {name} expired at {}: it lets nobody in", facts.not_after)));
        }
    }
    for list in &lists {
        if !authorities.iter().any(|(_, facts)| facts.subject == list.issuer) {
            remarks.push((true, "one of the lists is of none of the authorities: an intermediate's?".to_owned()));
        }
        if let Some(at) = list.next_update.filter(|at| *at < now) {
            remarks.push((
                true,
                format!("a list is out of date since {at}: every certificate of its authority is refused"),
            ));
        }
    }
    Ok(remarks)
}

/// The judges, one for each authority. The first use of the library's checks is here, so that what it objects to is
/// found before the first client comes.
pub(super) fn build(trust: &ClientTrust, provider: &Provider) -> Result<Vec<Authority>, ClientTrustTrouble> {
    let (authorities, _) = read(trust)?;
    let lists = trust.revoked.as_deref().map(lists_of).transpose()?.unwrap_or_default();
    authorities
        .into_iter()
        .map(|(der, facts)| {
            let mut roots = RootCertStore::empty();
            roots.add(der).map_err(|_| ClientTrustTrouble::Malformed)?;
            let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(provider));
            // With lists the default is the strict one: what no list speaks of is refused. Out of date, they say
            // nothing.
            let builder = builder.with_crls(lists.iter().cloned()).enforce_revocation_expiration();
            let verifier = builder.build().map_err(ClientTrustTrouble::Unusable)?;
            Ok(Authority { not_after: facts.not_after, verifier })
        })
        .collect()
}

type Read = (Vec<(CertificateDer<'static>, Facts)>, Vec<RevocationList>);

fn read(trust: &ClientTrust) -> Result<Read, ClientTrustTrouble> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&trust.authorities).collect();
    let certificates = certificates.map_err(ClientTrustTrouble::Pem)?;
    if certificates.is_empty() {
        return Err(ClientTrustTrouble::NoAuthority);
    }
    let mut authorities = Vec::new();
    for der in certificates {
        let facts = Facts::read(&der).ok_or(ClientTrustTrouble::Malformed)?;
        // The library takes any certificate for an authority. Whoever has the key of a server could then make
        // certificates of clients.
        if !facts.is_authority {
            return Err(ClientTrustTrouble::NoSigner(name_of(&facts)));
        }
        authorities.push((der, facts));
    }
    let Some(pem) = &trust.revoked else { return Ok((authorities, Vec::new())) };
    let lists: Option<Vec<_>> = lists_of(pem)?.iter().map(|der| RevocationList::read(der)).collect();
    let lists = lists.ok_or(ClientTrustTrouble::BadList)?;
    if let Some((_, facts)) =
        authorities.iter().find(|(_, facts)| !lists.iter().any(|list| list.issuer == facts.subject))
    {
        return Err(ClientTrustTrouble::OtherIssuer(name_of(facts)));
    }
    Ok((authorities, lists))
}

fn lists_of(pem: &[u8]) -> Result<Vec<CertificateRevocationListDer<'static>>, ClientTrustTrouble> {
    let lists: Result<Vec<_>, _> = CertificateRevocationListDer::pem_slice_iter(pem).collect();
    let lists = lists.map_err(ClientTrustTrouble::ListPem)?;
    if lists.is_empty() { Err(ClientTrustTrouble::NoList) } else { Ok(lists) }
}

/// What a revocation list says of itself (RFC 5280 section 5.1.2).
struct RevocationList {
    /// As DER.
    issuer: Vec<u8>,
    next_update: Option<Timestamp>,
}

impl RevocationList {
    fn read(list: &[u8]) -> Option<Self> {
        let mut tbs = Der::new(list).sequence()?.sequence()?;
        tbs.skip_optional(INTEGER);
        // Signature algorithm.
        tbs.element()?;
        let issuer = tbs.whole()?.to_vec();
        let _this_update = instant(&mut tbs)?;
        Some(Self { issuer, next_update: instant(&mut tbs) })
    }
}

fn name_of(facts: &Facts) -> String {
    let name = facts.common_name.clone().or_else(|| facts.dns_names.first().cloned());
    name.map_or_else(|| "an authority without a name".to_owned(), |name| format!("\"{name}\""))
}

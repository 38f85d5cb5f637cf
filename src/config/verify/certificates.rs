//! Whether the certificates and the authorities that were read can be used.

use std::path::Path;
use std::sync::Arc;

use super::{Claims, one_line};
use crate::config::client_auth::ClientTrust;
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::findings::Findings;
use crate::config::world::{CertificateTrouble, CoveredHosts, World};
use crate::ids::{HostName, PublicUrl};

/// Each chain with its key, and the hosts that one of them has to cover.
pub(super) fn certificates(claims: &Claims<'_>, world: &dyn World, findings: &mut Findings) {
    let mut covered = Vec::new();
    for (chain, key, at) in claims.certificates {
        match world.check_certificate(chain, key) {
            Ok(hosts) => {
                covered.push(hosts);
                judge_must_staple(chain, at, claims, world, findings);
            }
            Err(CertificateTrouble { why, hint }) => {
                let message = format!("this certificate cannot be used: {}", one_line(&*why));
                let bad = Diagnostic::mistake(at.clone(), message);
                findings.add(bad.label("expected a certificate and its key").hint(hint));
                covered.push(None);
            }
        }
    }
    let acme = claims.settings.tls.acme();
    // With one of which nobody knows the names, or with none but our own, nothing can be said.
    let known: Option<Vec<CoveredHosts>> = covered.into_iter().collect();
    let is_ordered = |host: &str| acme.is_some_and(|acme| acme.covers(host));
    let is_covered = |host: &str| is_ordered(host) || known.iter().flatten().any(|covers| covers(host));
    let uncovered = hosts(claims).into_iter().filter(|(host, _)| !is_covered(host));
    for (host, at) in uncovered.filter(|_| known.as_ref().is_some_and(|known| acme.is_some() || !known.is_empty())) {
        let message = format!("no certificate covers {}: browsers get a warning there, or 421", quoted(&host));
        let hint = if acme.is_some() {
            "add this host to `domains` under [tls.acme], or correct the host"
        } else {
            "name a certificate with this host under [tls], or correct the host"
        };
        findings.add(Diagnostic::warning(at, message).label("expected a host of a certificate").hint(hint));
    }
}

/// RFC 7633: without a response every client that heeds the extension refuses the certificate.
fn judge_must_staple(chain: &Path, at: &Span, claims: &Claims<'_>, world: &dyn World, findings: &mut Findings) {
    let Some(can_be_had) = world.must_staple(chain) else { return };
    let (why, hint) = match can_be_had {
        Err(why) => (one_line(&*why), "order a certificate without \"must staple\", or complete the chain"),
        Ok(()) if claims.settings.ocsp_stapling => return,
        Ok(()) => ("`ocsp_stapling` under [tls] is false".to_owned(), "take `ocsp_stapling` out"),
    };
    let message = format!("browsers refuse this certificate without an OCSP response, and there will be none: {why}");
    findings.add(Diagnostic::warning(at.clone(), message).label("this certificate says \"must staple\"").hint(hint));
}

/// The hosts that browsers are to ask for, and where the configuration says so.
fn hosts(claims: &Claims<'_>) -> Vec<(String, Span)> {
    let urls = claims.raw.listen.given().and_then(|listen| listen.get_ref().public_urls.given());
    let urls = urls.map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let of_urls = urls.iter().filter_map(|text| Some((text.get_ref().parse::<PublicUrl>().ok()?.host, text.span())));
    let addons = claims.raw.addon.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let of_addons = addons.iter().filter_map(|addon| {
        let text = addon.get_ref().route.host.given()?;
        Some((text.get_ref().parse::<HostName>().ok()?.as_str().to_owned(), text.span()))
    });
    of_urls.chain(of_addons).collect()
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

/// Each set of authorities whose client certificates are believed, with its revocation lists.
pub(super) fn client_trusts(list: &[(ClientTrust, Span, Span)], world: &dyn World, findings: &mut Findings) {
    for (trust, of_authorities, of_lists) in list {
        let at = |is_of_list: bool| if is_of_list { of_lists.clone() } else { of_authorities.clone() };
        match world.check_client_trust(trust) {
            Ok(remarks) => {
                for (is_of_list, remark) in remarks {
                    let (label, hint) = expected(is_of_list);
                    findings.add(Diagnostic::warning(at(is_of_list), remark).label(label).hint(hint));
                }
            }
            Err((is_of_list, why)) => {
                let (label, hint) = expected(is_of_list);
                findings.add(Diagnostic::mistake(at(is_of_list), one_line(&*why)).label(label).hint(hint));
            }
        }
    }
}

fn expected(is_of_list: bool) -> (&'static str, &'static str) {
    if is_of_list {
        (
            "expected a current revocation list of each authority, in PEM",
            "each begins with `-----BEGIN X509 CRL-----`; lists of several authorities stand one after the other",
        )
    } else {
        (
            "expected the certificates of the authorities that issue client certificates, in PEM",
            "`openssl x509 -in FILE -noout -subject -dates -ext basicConstraints` must say CA:TRUE and a date to come",
        )
    }
}

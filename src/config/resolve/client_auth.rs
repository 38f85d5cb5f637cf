//! `[tls] client_ca`, `[[tls.client_auth]]` and `[[tls.client_certificate]]`. A file that cannot be used is a mistake
//! and never "no client certificates, then" (S-42). Whether the authorities can be used is verified later.

use std::collections::HashSet;
use std::sync::Arc;

use toml::Spanned;

use super::context::{Context, flag};
use super::trust::pem;
use crate::config::client_auth::{
    CertificateMatch, CertificateRole, CertificateUser, ClientAuth, ClientTrust, Demand, HostClientAuth, Issuers,
};
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::raw::{self, Key};
use crate::ids::HostName;

/// Resolves all of it; nothing where no client certificate is asked for.
pub(super) fn client_auth(raw: &raw::Tls, cx: &mut Context<'_>) -> Option<ClientAuth> {
    let everywhere = raw.client_ca.given().and_then(|ca| trust(ca, &raw.client_crl, cx));
    if let (Key::Absent, Some(crl)) = (&raw.client_ca, raw.client_crl.given()) {
        let idle = Diagnostic::mistake(crl.span(), "`client_crl` without `client_ca`");
        cx.add(idle.label("expected the authority whose list this is").hint("add client_ca = \"certs/clients.crt\""));
    }
    let mut seen = HashSet::new();
    let mut hosts = Vec::new();
    for entry in raw.client_auth.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        let Some(host) = host_entry(entry, everywhere.as_ref(), cx) else { continue };
        if !seen.insert(host.host.clone()) {
            let twice = Diagnostic::mistake(entry.span(), format!("{} is there twice", quoted(host.host.as_str())));
            cx.add(twice.label("expected one entry for each host").hint("put all that holds for the host into one"));
        }
        hosts.push(host);
    }
    let entries = raw.client_certificate.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let is_asked = everywhere.is_some() || !hosts.is_empty();
    if let Some(first) = entries.first().filter(|_| matches!(raw.client_ca, Key::Absent) && !is_asked) {
        let idle = Diagnostic::mistake(first.span(), "no client certificate is asked for, so that this is for nothing");
        cx.add(idle.label("expected an authority").hint("add client_ca = \"certs/clients.crt\" under [tls]"));
    }
    let users = users(entries, !matches!(raw.client_ca, Key::Absent), cx);
    is_asked.then_some(ClientAuth { everywhere, hosts, users })
}

fn trust(ca: &Spanned<String>, crl: &Key<String>, cx: &mut Context<'_>) -> Option<ClientTrust> {
    let authorities = pem(ca, cx);
    let revoked = match crl {
        Key::Absent => None,
        // Also where the value was wrong and is reported: without its list a revoked certificate would count.
        Key::Wrong => return None,
        Key::Given(text) => Some(pem(text, cx)?),
    };
    let trust = ClientTrust { authorities: authorities?, revoked };
    cx.client_trusts.push((trust.clone(), ca.span(), crl.given().map_or(ca.span(), Spanned::span)));
    Some(trust)
}

fn host_entry(
    entry: &Spanned<raw::ClientAuth>,
    everywhere: Option<&ClientTrust>,
    cx: &mut Context<'_>,
) -> Option<HostClientAuth> {
    let raw = entry.get_ref();
    let host = cx.required(&raw.host, "host", &entry.span(), "\"tablet.home.example\"");
    let host: Option<HostName> = host.and_then(|host| cx.findings.parse(host));
    let (trust, issuers) = match (&raw.ca, &raw.crl) {
        (Key::Given(ca), crl) => (trust(ca, crl, cx)?, Issuers::Own),
        (Key::Absent, Key::Given(crl)) => {
            let idle = Diagnostic::mistake(crl.span(), "`crl` without `ca`");
            let hint = "write `client_crl` under [tls] for the authorities of `client_ca`, or add `ca`";
            cx.add(idle.label("expected the authority whose list this is").hint(hint));
            return None;
        }
        (Key::Absent, _) if everywhere.is_some() => (everywhere?.clone(), Issuers::Shared),
        (Key::Absent, _) => {
            let none = Diagnostic::mistake(entry.span(), "no authority for this host");
            cx.add(none.label("expected `ca` in this table").hint("add `ca`, or `client_ca` under [tls]"));
            return None;
        }
        (Key::Wrong, _) => return None,
    };
    // A host is named because it is to be guarded.
    let demand = if flag(&raw.required, true) { Demand::Required } else { Demand::Optional };
    Some(HostClientAuth { host: host?, trust, issuers, demand })
}

fn users(entries: &[Spanned<raw::ClientCertificate>], is_shared: bool, cx: &mut Context<'_>) -> Arc<[CertificateUser]> {
    let mut users: Vec<(CertificateUser, Span)> = Vec::new();
    for entry in entries {
        let raw = entry.get_ref();
        let user = cx.required(&raw.user, "user", &entry.span(), "\"frank\"").map(|user| user.get_ref().clone());
        let (Some(matches), Some(user)) = (matched(entry, is_shared, cx), user) else { continue };
        if let Some((_, first)) = users.iter().find(|(other, _)| other.matches == matches) {
            let twice = Diagnostic::mistake(entry.span(), "this certificate is there already").first(first.clone());
            cx.add(twice.label("expected each certificate once").hint("one certificate stands for one user"));
        }
        let role = if flag(&raw.sign_in, false) { CertificateRole::SignIn } else { CertificateRole::SecondFactor };
        users.push((CertificateUser { matches, user, role }, entry.span()));
    }
    users.into_iter().map(|(user, _)| user).collect()
}

/// Which certificates an entry is about.
fn matched(entry: &Spanned<raw::ClientCertificate>, is_shared: bool, cx: &mut Context<'_>) -> Option<CertificateMatch> {
    let raw = entry.get_ref();
    let all = [&raw.fingerprint, &raw.common_name, &raw.san];
    if all.iter().filter(|key| !matches!(key, Key::Absent)).count() != 1 {
        let bad = Diagnostic::mistake(entry.span(), "one of `fingerprint`, `common_name` and `san` has to be there");
        cx.add(bad.label("expected exactly one of them").hint("the fingerprint is of one certificate and of no other"));
        return None;
    }
    if let Some(name) = raw.common_name.given().or(raw.san.given()).filter(|_| !is_shared) {
        // Whoever has an authority for one host could otherwise issue any name.
        let bad =
            Diagnostic::mistake(name.span(), "a name counts in certificates of `client_ca` alone, which is not there");
        let hint = "write the fingerprint of the certificate, or add `client_ca` under [tls]";
        cx.add(bad.label("expected a `fingerprint`").hint(hint));
    }
    if let Some(text) = raw.common_name.given() {
        let name = text.get_ref();
        if name.is_empty() || name.chars().any(char::is_control) {
            let bad = Diagnostic::mistake(text.span(), "not a common name");
            cx.add(bad.label("expected text").hint("`openssl x509 -in FILE -noout -subject` prints it behind `CN =`"));
            return None;
        }
        return Some(CertificateMatch::CommonName(name.clone()));
    }
    if let Some(text) = raw.san.given() {
        return cx.findings.parse(text).map(CertificateMatch::AlternativeName);
    }
    raw.fingerprint.given().and_then(|text| cx.findings.parse(text).map(CertificateMatch::Fingerprint))
}

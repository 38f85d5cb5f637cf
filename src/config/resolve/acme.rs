//! `[tls.acme]`: names that certificates are ordered for, and whether the way in which it is to be shown that they are
//! ours can work with the rest of the file.

use std::sync::Arc;

use data_encoding::{BASE64URL, BASE64URL_NOPAD};
use toml::Spanned;

use super::context::Context;
use super::{dns_records, trust};
use crate::config::acme::{Acme, AcmeChallenge, Domain, ExternalAccount, LETS_ENCRYPT};
use crate::config::diagnostic::{Diagnostic, Span, quoted};
use crate::config::raw::{self, Key, ValueFile};
use crate::secret::Secret;

/// Resolves the table. `None` where a mistake leaves nothing to order.
pub(super) fn acme(raw: &Spanned<raw::Acme>, listen: &raw::Listen, cx: &mut Context<'_>) -> Option<Acme> {
    let (table, raw) = (raw.span(), raw.get_ref());
    agreed(&raw.agree_to_terms, &table, cx);
    let challenge = challenge(raw, &table, listen, cx);
    let directory = raw.directory.given().and_then(|text| cx.findings.parse(text));
    let state = cx.state_path(&raw.state, "acme");
    if let Some(text) = raw.state.given().filter(|_| state.exists() && !state.is_dir()) {
        let file = Diagnostic::mistake(text.span(), "this is not a folder");
        cx.add(file.label("expected a folder").hint("name a folder; it is made when it does not exist"));
    }
    let domains = domains(raw, &table, cx);
    refuse_wildcards(&domains, challenge.as_ref(), cx);
    if let Some(AcmeChallenge::Dns01(records)) = &challenge {
        dns_records::refuse_other_zones(&domains, &records.writer, cx);
    }
    Some(Acme {
        domains: domains.into_iter().map(|(domain, _)| domain).collect(),
        email: raw.email.given().and_then(|text| email(text, cx)),
        directory: directory.unwrap_or_else(|| LETS_ENCRYPT.parse().expect("our own default is a URL")),
        trust: trust::trust(&raw.directory_ca, &Key::Absent, true, cx),
        challenge: challenge?,
        external_account: external_account(raw, cx),
        state,
    })
}

/// Nobody agrees to a contract for somebody else by leaving a key out.
fn agreed(key: &Key<bool>, table: &Span, cx: &mut Context<'_>) {
    let Some(flag) = cx.required(key, "agree_to_terms", table, "true") else { return };
    if !flag.get_ref() {
        let no = Diagnostic::mistake(flag.span(), "no server gives certificates to who does not agree to its terms");
        cx.add(no.label("expected `true`").hint("read the terms of service of your server, or take [tls.acme] out"));
    }
}

fn domains(raw: &raw::Acme, table: &Span, cx: &mut Context<'_>) -> Vec<(Domain, Span)> {
    let Some(list) = cx.required(&raw.domains, "domains", table, "[\"home.example\"]") else { return Vec::new() };
    if list.get_ref().is_empty() || list.get_ref().len() > MOST_DOMAINS {
        let message = format!("{} names to order certificates for", list.get_ref().len());
        let bad = Diagnostic::mistake(list.span(), message).label(format!("expected 1 to {MOST_DOMAINS} names"));
        cx.add(
            bad.hint("name the hosts that browsers ask for; \"*.home.example\" covers all that are one label longer"),
        );
    }
    let mut domains: Vec<(Domain, Span)> = Vec::new();
    for text in list.get_ref() {
        let Some(domain) = cx.findings.parse::<Domain>(text) else { continue };
        if let Some((_, first)) = domains.iter().find(|(other, _)| *other == domain) {
            let twice = Diagnostic::mistake(text.span(), format!("{} twice", quoted(&domain.to_string())));
            cx.add(twice.label("here again").first(first.clone()).hint("take one out"));
            continue;
        }
        domains.push((domain, text.span()));
    }
    domains
}

/// RFC 8555 section 7.1.3 has wildcards, and RFC 8737 section 3 and the rules of all authorities let DNS alone prove
/// them.
fn refuse_wildcards(domains: &[(Domain, Span)], challenge: Option<&AcmeChallenge>, cx: &mut Context<'_>) {
    if !matches!(challenge, Some(AcmeChallenge::TlsAlpn01 | AcmeChallenge::Http01)) {
        return;
    }
    for (domain, at) in domains.iter().filter(|(domain, _)| domain.is_wildcard()) {
        let message = format!("a wildcard is proved by DNS alone: {}", quoted(&domain.to_string()));
        let bad = Diagnostic::mistake(at.clone(), message).label("needs challenge = \"dns-01\"");
        cx.add(bad.hint("set `challenge` and `dns_hook`, or name each host by itself"));
    }
}

fn challenge(raw: &raw::Acme, table: &Span, listen: &raw::Listen, cx: &mut Context<'_>) -> Option<AcmeChallenge> {
    let text = cx.required(&raw.challenge, "challenge", table, "\"tls-alpn-01\"")?;
    let kinds = [("tls-alpn-01", Kind::TlsAlpn), ("http-01", Kind::Http), ("dns-01", Kind::Dns)];
    let kind = cx.word(text, &kinds)?;
    if let Some(at) = dns_records::first_key(raw).filter(|_| kind != Kind::Dns) {
        let idle = Diagnostic::mistake(at, "nobody writes DNS records for this challenge").first(text.span());
        cx.add(idle.label("needs challenge = \"dns-01\"").hint("set `challenge`, or take this key out"));
    }
    match kind {
        Kind::TlsAlpn => Some(AcmeChallenge::TlsAlpn01),
        Kind::Http => {
            if listen.http.given().is_none_or(|list| list.get_ref().is_empty()) {
                let deaf = Diagnostic::mistake(text.span(), "nobody listens for the server's question");
                cx.add(deaf.label("needs an address in the clear").hint("set http = [\"0.0.0.0:80\"] under [listen]"));
            }
            Some(AcmeChallenge::Http01)
        }
        Kind::Dns => dns_records::dns_records(raw, table, cx).map(AcmeChallenge::Dns01),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    TlsAlpn,
    Http,
    Dns,
}

/// What can stand behind `mailto:`. Whether anybody reads it there nobody knows.
fn email(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<String> {
    let address = text.get_ref();
    let legal = address.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b',' | b'?' | b'<' | b'>'));
    let parts = address.split_once('@').filter(|(name, host)| !name.is_empty() && !host.is_empty());
    if legal && parts.is_some_and(|(_, host)| !host.contains('@')) {
        return Some(address.clone());
    }
    let bad = Diagnostic::mistake(text.span(), "not an address for mail");
    cx.add(
        bad.label("expected one address").hint("write the address alone, as in \"me@home.example\", or leave it out"),
    );
    None
}

fn external_account(raw: &raw::Acme, cx: &mut Context<'_>) -> Option<ExternalAccount> {
    let (id, key) = (raw.eab_key_id.given(), raw.eab_hmac_key.given());
    let alone = match (id, key) {
        (Some(id), None) => Some((id.span(), "eab_hmac_key")),
        (None, Some(key)) => Some((key.span(), "eab_key_id")),
        _ => None,
    };
    if let Some((at, missing)) = alone {
        let half = Diagnostic::mistake(at, "half of an external account");
        cx.add(half.label(format!("needs `{missing}` beside it")).hint("your authority gives both, an id and a key"));
    }
    let (id, key) = (id?, key?);
    if id.get_ref().is_empty() || !id.get_ref().bytes().all(|byte| byte.is_ascii_graphic()) {
        let bad = Diagnostic::mistake(id.span(), "not the id of an external account");
        cx.add(bad.label("expected visible ASCII characters").hint("write it as your authority shows it"));
    }
    let hmac_key = hmac_key(key, cx)?;
    Some(ExternalAccount { key_id: id.get_ref().clone(), hmac_key: Arc::new(hmac_key) })
}

/// All authorities give it in base64url, some with padding.
fn hmac_key(key: &Spanned<ValueFile>, cx: &mut Context<'_>) -> Option<Secret<Vec<u8>>> {
    let file = cx.required(&key.get_ref().file, "file", &key.span(), "\"secrets/eab\"")?;
    let text = cx.secret(file)?;
    let decoded = BASE64URL_NOPAD.decode(&text).or_else(|_| BASE64URL.decode(&text)).ok();
    let decoded = decoded.filter(|bytes| bytes.len() >= 16);
    if decoded.is_none() {
        let bad = Diagnostic::mistake(file.span(), "this file holds no key of an external account");
        let hint = "the file has the key as your authority shows it: base64url, letters, digits, `-` and `_`";
        cx.add(bad.label("expected 16 bytes or more in base64url").hint(hint));
    }
    decoded.map(Secret::new)
}

/// Each has an order of its own, and authorities count orders.
const MOST_DOMAINS: usize = 100;

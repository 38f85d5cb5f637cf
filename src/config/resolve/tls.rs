//! `[tls]`: which certificates, and whether their files are there, can be read and belong together. Whether they
//! can be used is verified later.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use toml::Spanned;

use super::acme;
use super::context::Context;
use super::readable::readable;
use crate::config::certificate_files::CertificateFiles;
use crate::config::diagnostic::Diagnostic;
use crate::config::part::days;
use crate::config::raw;
use crate::config::secret;
use crate::config::settings::Tls;

/// Resolves the section.
pub(super) fn tls(raw: &raw::Tls, listen: &raw::Listen, cx: &mut Context<'_>) -> Tls {
    let folder = cx.state_path(&raw.development, "certs");
    let list = raw.certificates.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    if let Some(acme) = raw.acme.given().and_then(|table| acme::acme(table, listen, cx)) {
        let certificates = list.iter().filter_map(|entry| certificate(entry, cx)).collect();
        return Tls::Acme { certificates, acme: Arc::new(acme) };
    }
    if list.is_empty() {
        if let Some(text) = raw.development.given().filter(|_| folder.exists() && !folder.is_dir()) {
            let file = Diagnostic::mistake(text.span(), "this is not a folder");
            cx.add(file.label("expected a folder").hint("name a folder; it is made when it does not exist"));
        }
        return Tls::Development { folder };
    }
    Tls::Certificates(list.iter().filter_map(|entry| certificate(entry, cx)).collect())
}

/// For how long browsers are told to use HTTPS alone, where they are (RFC 6797 section 6.1.1).
pub(super) fn hsts(raw: &raw::Tls, cx: &mut Context<'_>) -> Option<Duration> {
    raw.hsts.given()?;
    Some(cx.time(&raw.hsts, days(30), Duration::ZERO..=days(730)))
}

fn certificate(entry: &Spanned<raw::Certificate>, cx: &mut Context<'_>) -> Option<CertificateFiles> {
    let raw = entry.get_ref();
    let chain = cx.required(&raw.chain, "chain", &entry.span(), "\"certs/home.crt\"");
    let key = cx.required(&raw.key, "key", &entry.span(), "\"certs/home.key\"");
    let (chain, key) = (chain?, key?);
    let files = (readable(chain, cx), readable(key, cx));
    let (Some(chain_file), Some(key_file)) = files else { return None };
    if fs::metadata(&key_file).is_ok_and(|metadata| secret::is_open(&metadata)) {
        let open = Diagnostic::warning(key.span(), "others on this machine may read or change this private key");
        cx.add(open.label("readable by others").hint(format!("chmod 600 {}", key_file.display())));
    }
    cx.certificates.push((chain_file.clone(), key_file.clone(), entry.span()));
    Some(CertificateFiles { chain: chain_file, key: key_file })
}

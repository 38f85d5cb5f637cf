//! `ca` and `pin`: whose certificate is believed where we dial. In come two keys of which at most one may be there, out
//! comes one way to judge; a file that cannot be used is a mistake and never "the system's, then".

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;

use super::context::Context;
use super::readable::readable;
use crate::config::diagnostic::Diagnostic;
use crate::config::raw::Key;
use crate::config::trust::Trust;

/// Resolves both; `over_tls` says whether there will be a certificate at all.
pub(in crate::config) fn trust(ca: &Key<String>, pin: &Key<String>, over_tls: bool, cx: &mut Context<'_>) -> Trust {
    if let (Some(ca), Some(pin)) = (ca.given(), pin.given()) {
        let both = Diagnostic::mistake(pin.span(), "both `ca` and `pin`").first(ca.span());
        cx.add(both.label("expected one of them").hint("a pinned certificate needs no authority: take one out"));
    }
    if !over_tls && let Some(key) = ca.given().or(pin.given()) {
        let idle = Diagnostic::mistake(key.span(), "there is no certificate to judge without TLS");
        cx.add(
            idle.label("expected an upstream of `https://`").hint("write the upstream as https, or take this key out"),
        );
    }
    let pinned = pin.given().and_then(|text| cx.findings.parse(text).map(Trust::Pinned));
    let authorities = ca.given().and_then(|text| authorities(text, cx));
    pinned.or(authorities).unwrap_or(Trust::System)
}

fn authorities(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<Trust> {
    let pem = pem(text, cx)?;
    cx.authorities.push((Arc::clone(&pem), text.span()));
    Some(Trust::Authorities(pem))
}

/// The text of a file in PEM that can be read.
pub(super) fn pem(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<Arc<[u8]>> {
    let file = readable(text, cx)?;
    match read(&file) {
        Ok(pem) => Some(pem.into()),
        Err(err) => {
            let unreadable = Diagnostic::mistake(text.span(), format!("this file cannot be read: {err}"));
            cx.add(
                unreadable.label("expected a file of certificates").hint("certificates in PEM, one after the other"),
            );
            None
        }
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    use std::io::Read as _;
    let mut pem = Vec::new();
    std::fs::File::open(file)?.take(LARGEST).read_to_end(&mut pem)?;
    Ok(pem)
}

/// The authorities of a whole operating system are a fifth of this.
const LARGEST: u64 = 1024 * 1024;

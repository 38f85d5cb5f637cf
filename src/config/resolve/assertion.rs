//! `[assertion]`: who signs identities for add-ons, and with which keys.

use std::time::Duration;

use toml::Spanned;

use super::context::Context;
use crate::config::diagnostic::Diagnostic;
use crate::config::part::days;
use crate::config::raw;
use crate::config::settings::Assertion;

/// Resolves the section. The issuer is empty when the file does not name one.
pub(super) fn assertion(raw: &raw::Assertion, cx: &mut Context<'_>) -> Assertion {
    let minute = Duration::from_mins(1);
    let assertion = Assertion {
        keys: cx.state_path(&raw.keys, "assertion-keys"),
        issuer: raw.issuer.given().map(|text| issuer(text, cx)).unwrap_or_default(),
        rotate: cx.time(&raw.rotate, days(30), minute..=days(365)),
        overlap: cx.time(&raw.overlap, Duration::from_hours(1), minute..=days(30)),
    };
    let at = raw.rotate.given().or(raw.overlap.given()).map(Spanned::span);
    if let Some(at) = at.filter(|_| assertion.rotate < assertion.overlap.saturating_mul(3)) {
        let soon = Diagnostic::mistake(at, "keys would take turns before everybody knows them");
        cx.add(
            soon.label("`rotate` is less than three times `overlap`")
                .hint("make `rotate` longer, or `overlap` shorter"),
        );
    }
    assertion
}

/// RFC 7519 section 2: any text, and a URI when there is a colon in it. Add-ons compare it as it stands.
fn issuer(text: &Spanned<String>, cx: &mut Context<'_>) -> String {
    let issuer = text.get_ref();
    if issuer.is_empty() || issuer.len() > 256 || !issuer.bytes().all(|byte| byte.is_ascii_graphic()) {
        let bad = Diagnostic::mistake(text.span(), "not an issuer");
        let hint = "write a name or a URL, as in \"https://home.example\"";
        cx.add(bad.label("expected 1 to 256 visible ASCII characters").hint(hint));
    }
    issuer.clone()
}

//! Addresses in an add-on's answer, confined to its prefix: `Location`, `Content-Location`, `Refresh`.
//!
//! An add-on that does not know its prefix sends the browser to `/login`; the browser must go to
//! `/ingress/addon/login` instead (spec/addon-uis.md section 3, point 11). What is relative, already prefixed, or on
//! another site passes untouched.

use super::ResponsePolicy;
use crate::http::Authority;

/// The address as the browser must see it; `None` when it may stay as it is.
pub(super) fn confine(address: &str, response_policy: &ResponsePolicy<'_>) -> Option<String> {
    let path = if let Some(rest) = network_path(address) {
        own_path(rest, response_policy)?
    } else if address.starts_with('/') {
        address
    } else {
        return None;
    };
    let path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
    // Under the prefix already: the add-on knows it, and a second one would lead nowhere.
    let moved = if response_policy.contains(&path) || !response_policy.rewrites_paths {
        path
    } else {
        format!("{}{path}", response_policy.prefix)
    };
    (moved != address).then_some(moved)
}

/// `Refresh: 5; url=/next`, written anew where its address is moved.
pub(super) fn confine_refresh(value: &str, response_policy: &ResponsePolicy<'_>) -> Option<String> {
    let (seconds, address) = read_refresh(value)?;
    confine(address, response_policy).map(|moved| format!("{seconds}; url={moved}"))
}

/// The seconds and the address, as browsers read them (HTML Standard, "shared declarative refresh steps"): `url=` and
/// its quotation marks may be missing, and `;` may be `,` or a blank.
fn read_refresh(value: &str) -> Option<(&str, &str)> {
    let blank = [' ', '\t'];
    let value = value.trim_start_matches(blank);
    let (seconds, rest) = value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
    if seconds.is_empty() && !rest.starts_with('.') {
        return None;
    }
    let seconds = if seconds.is_empty() { "0" } else { seconds };
    let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    if !rest.starts_with([';', ',', ' ', '\t']) {
        return None;
    }
    let rest = rest.trim_start_matches(blank);
    let rest = rest.strip_prefix([';', ',']).unwrap_or(rest).trim_start_matches(blank);
    let named = rest.split_at_checked(3).filter(|(name, _)| name.eq_ignore_ascii_case("url"));
    let named = named.and_then(|(_, value)| value.trim_start_matches(blank).strip_prefix('='));
    let address = named.unwrap_or(rest).trim_start_matches(blank);
    let address = match address.chars().next() {
        Some(mark @ ('"' | '\'')) => address.get(1..)?.split(mark).next()?,
        _ => address,
    };
    let address = address.trim_end_matches(blank);
    (!address.is_empty()).then_some((seconds, address))
}

/// What follows `//` in `//host/path` or `scheme://host/path`.
fn network_path(address: &str) -> Option<&str> {
    let after_scheme = match address.split_once(':') {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") => rest,
        _ => address,
    };
    after_scheme.strip_prefix("//")
}

/// The path of an address on our own authority or on the add-on's; nothing when it is on another site.
fn own_path<'a>(rest: &'a str, response_policy: &ResponsePolicy<'_>) -> Option<&'a str> {
    let end = rest.find(['/', '?', '#', '\\']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at_checked(end)?;
    let theirs = Authority::parse(authority.as_bytes())?;
    let ours = theirs == *response_policy.authority
        || theirs.host() == response_policy.authority.host() && theirs.port().is_none();
    let upstream =
        [response_policy.upstream, response_policy.host_override].into_iter().flatten().any(|known| theirs == *known);
    if !ours && !upstream {
        return None;
    }
    // Without a prefix to add, an address on our own authority is right already.
    if ours && !upstream && !response_policy.rewrites_paths {
        None
    } else {
        Some(if path.is_empty() { "/" } else { path })
    }
}

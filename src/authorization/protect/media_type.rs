//! What a body is called in its head.

use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};

use crate::http::one_line;

/// Whether the head says that the body is JSON in UTF-8 as it stands (RFC 8259 section 8.1), once and in no other
/// spelling.
pub(super) fn is_called_json(headers: &HeaderMap) -> bool {
    let alias = |name: &str| {
        [CONTENT_TYPE, CONTENT_ENCODING].iter().any(|of| name != of.as_str() && is_alike(name, of.as_str()))
    };
    let Some(only) = one_line(headers, CONTENT_TYPE) else { return false };
    let plain =
        headers.get_all(CONTENT_ENCODING).iter().all(|value| value.as_bytes().eq_ignore_ascii_case(b"identity"));
    plain && only.to_str().is_ok_and(is_json_type) && !headers.keys().any(|name| alias(name.as_str()))
}

/// `application/json` or `application/...+json`, with no parameter but `charset=utf-8`.
fn is_json_type(value: &str) -> bool {
    let mut parts = value.split(';').map(|part| part.trim_matches([' ', '\t']).to_ascii_lowercase());
    let media = parts.next().unwrap_or_default();
    let subtype = media.strip_prefix("application/").unwrap_or_default();
    // Tornado reads whatever begins with the type of a form as a form.
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_' | b'+');
    if subtype.contains("form") || !subtype.bytes().all(legal) {
        return false;
    }
    let json = subtype == "json" || subtype.strip_suffix("+json").is_some_and(|rest| !rest.is_empty());
    json && parts.all(|part| matches!(part.as_str(), "" | "charset=utf-8" | "charset=\"utf-8\""))
}

/// Whether add-ons that make no difference between the signs in a header's name take one name for the other.
pub(super) fn is_alike(name: &str, other: &str) -> bool {
    let sign = |b: u8| if b.is_ascii_alphanumeric() { b.to_ascii_lowercase() } else { b'-' };
    name.bytes().map(sign).eq(other.bytes().map(sign))
}

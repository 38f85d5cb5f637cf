//! Cookies in an add-on's answer: confined to its prefix, never for another host, never without TLS where there is any,
//! never ours (DESIGN section 2, step 8; S-78).

use http::HeaderValue;

use super::ResponsePolicy;
use crate::http::Scheme;

/// The cookie as the browser may see it. The name and value keep their bytes; of the attributes, `Domain` goes, `Path`
/// is moved under the prefix unless it is there already, and `Secure` is added: not on a page of Home Assistant's that
/// is served in the clear, where a browser would throw the cookie away.
///
/// Under a prefix there is always a `Path` (S-182). Without one a browser takes the folder of the address, which for a
/// prefix without its slash is the folder of all add-ons.
pub(super) fn confine(set_cookie: &HeaderValue, response_policy: &ResponsePolicy<'_>) -> Option<HeaderValue> {
    // At every `;`, also within quotation marks: browsers know no quoting here (RFC 6265 section 5.2).
    let mut parts = set_cookie.as_bytes().split(|b| *b == b';');
    let mut moved = parts.next()?.to_vec();
    let (mut secure, mut needs_path) = (false, !response_policy.prefix.is_empty());
    for attribute in parts {
        let trimmed = attribute.trim_ascii();
        let mut halves = trimmed.splitn(2, |b| *b == b'=');
        let key = halves.next().unwrap_or_default().trim_ascii().to_ascii_lowercase();
        let value = halves.next().unwrap_or_default().trim_ascii();
        match key.as_slice() {
            // A cookie with `Domain` would reach other hosts of the home, ours among them.
            b"domain" | b"" => continue,
            b"secure" => secure = true,
            b"path" if !response_policy.prefix.is_empty() => {
                moved.extend_from_slice(b"; Path=");
                moved.extend_from_slice(&confined_path(value, response_policy));
                needs_path = false;
                continue;
            }
            _ => {}
        }
        moved.extend_from_slice(b"; ");
        moved.extend_from_slice(trimmed);
    }
    if needs_path {
        moved.extend_from_slice(b"; Path=");
        moved.extend_from_slice(&root(response_policy));
    }
    if !secure && response_policy.scheme == Scheme::Https {
        moved.extend_from_slice(b"; Secure");
    }
    HeaderValue::from_bytes(&moved).ok()
}

/// RFC 6265 section 5.2.4: a `Path` that does not begin with `/` is no path, and the default path is used. So is it,
/// says RFC 6265bis section 5.6, when the value is longer than 1024 bytes: the whole attribute is ignored.
fn confined_path(path: &[u8], response_policy: &ResponsePolicy<'_>) -> Vec<u8> {
    let moved = if path.first() == Some(&b'/') && response_policy.contains(path) {
        path.to_vec()
    } else if path.first() == Some(&b'/') {
        [response_policy.prefix.as_bytes(), path].concat()
    } else {
        root(response_policy)
    };
    if moved.len() > LONGEST_ATTRIBUTE { root(response_policy) } else { moved }
}

/// The prefix with its slash.
fn root(response_policy: &ResponsePolicy<'_>) -> Vec<u8> {
    [response_policy.prefix.as_bytes(), b"/"].concat()
}

/// What browsers read of an attribute (RFC 6265bis section 5.6).
const LONGEST_ATTRIBUTE: usize = 1024;

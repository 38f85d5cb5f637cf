//! Who may show an add-on's pages in a frame: the add-on's own word, unless the operator has another
//! (spec/addon-uis.md section 3, point 15).

use http::header::{CONTENT_SECURITY_POLICY, X_FRAME_OPTIONS};
use http::{HeaderMap, HeaderValue};

use crate::config::Framing;

/// Edits `X-Frame-Options` and the `frame-ancestors` directive; every other directive keeps its bytes, nonces included.
pub(super) fn apply(headers: &mut HeaderMap, framing: &Framing) {
    let ancestors = match framing {
        Framing::AsIs => return,
        Framing::Remove => None,
        Framing::Origins(origins) => Some(format!("frame-ancestors 'self' {}", origins.join(" "))),
    };
    // Older than `frame-ancestors`, and it cannot name several origins: left in place it would contradict them.
    headers.remove(X_FRAME_OPTIONS);
    let policies: Vec<HeaderValue> = headers.get_all(CONTENT_SECURITY_POLICY).iter().cloned().collect();
    headers.remove(CONTENT_SECURITY_POLICY);
    for policy in policies {
        match policy.to_str().map(without_ancestors) {
            Ok(kept) if kept.trim().is_empty() => {}
            Ok(kept) => append(headers, &kept),
            // What is not text has no directive that a browser would obey.
            Err(_) => {
                headers.append(CONTENT_SECURITY_POLICY, policy);
            }
        }
    }
    if let Some(ancestors) = ancestors {
        append(headers, &ancestors);
    }
}

fn append(headers: &mut HeaderMap, policy: &str) {
    if let Ok(value) = HeaderValue::from_str(policy) {
        headers.append(CONTENT_SECURITY_POLICY, value);
    }
}

/// CSP Level 3 section 2.2.1: policies are separated by commas, directives by semicolons, names are case-insensitive.
fn without_ancestors(line: &str) -> String {
    let is_ancestors = |directive: &&str| {
        let name = directive.split_ascii_whitespace().next().unwrap_or_default();
        !name.eq_ignore_ascii_case("frame-ancestors")
    };
    let policy = |policy: &str| policy.split(';').filter(is_ancestors).collect::<Vec<_>>().join(";");
    let kept: Vec<String> = line.split(',').map(policy).filter(|policy| !policy.trim().is_empty()).collect();
    kept.join(",")
}

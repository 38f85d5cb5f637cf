//! Which answers may be compressed (BREACH, CVE-2013-3587).
//!
//! Compressed, a text is shorter when it says a thing twice. Where one answer holds a secret and words that another
//! page has put into the request, that page can try words until the answer on the wire gets shorter, and so read the
//! secret. Two things must come together for that: another page that makes the browser ask, and an answer that is made
//! for its reader. So an answer to a request that another page may have caused is never compressed, and of the rest by
//! default only what is the same for everybody: styles, scripts, fonts, pictures.

use http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_RANGE, CONTENT_TYPE, HeaderName, SET_COOKIE, TRAILER, VARY,
};
use http::{HeaderMap, HeaderValue, StatusCode};

/// What may be compressed for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// What is the same for everybody.
    Assets,
    /// All text.
    Text,
}

/// Whether the answer with this head may be compressed. `length` is its body's, if it is known.
pub(super) fn is_eligible(status: StatusCode, headers: &HeaderMap, length: Option<u64>, scope: Scope) -> bool {
    // A part of an answer, or its state, is about bytes that are somewhere else.
    if status != StatusCode::OK || length.is_some_and(|length| length < LEAST) {
        return false;
    }
    // Whatever the add-on says about the very bytes of the body would not be true of others. A cookie comes with what
    // was made for this reader.
    if NOT_BESIDE.iter().any(|name| headers.contains_key(name)) || says(headers, "no-transform") {
        return false;
    }
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(media_type), None) = (types.next(), types.next()) else { return false };
    let media_type = media_type.to_str().unwrap_or_default();
    let media_type = media_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match scope {
        // What must not be kept, or only by its reader, is not the same for everybody.
        Scope::Assets => is_asset(&media_type) && !says(headers, "private") && !says(headers, "no-store"),
        Scope::Text => is_asset(&media_type) || is_text(&media_type),
    }
}

/// Whether `Cache-Control` has this directive (RFC 9111 section 5.2).
pub(super) fn says(headers: &HeaderMap, directive: &str) -> bool {
    headers.get_all(CACHE_CONTROL).iter().any(|line| {
        // What is not text is taken at its worst.
        line.to_str().map_or(true, |text| {
            text.split(',').any(|said| {
                let name = said.split('=').next().unwrap_or_default().trim();
                name.eq_ignore_ascii_case(directive)
            })
        })
    })
}

/// Says that the answer depends on `Accept-Encoding` (RFC 9110 section 12.5.5), unless it says so already.
pub(super) fn vary(headers: &mut HeaderMap) {
    let lines: Vec<&[u8]> = headers.get_all(VARY).iter().map(HeaderValue::as_bytes).collect();
    let is_named = lines.iter().flat_map(|line| line.split(|b| *b == b',')).any(|name| {
        let name = name.trim_ascii();
        name == b"*" || name.eq_ignore_ascii_case(b"accept-encoding")
    });
    if is_named {
        return;
    }
    let merged = lines.into_iter().chain([&b"Accept-Encoding"[..]]).collect::<Vec<_>>().join(&b", "[..]);
    if let Ok(merged) = HeaderValue::from_bytes(&merged) {
        headers.insert(VARY, merged);
    }
}

/// Styles, scripts, fonts and pictures that are no compressed formats themselves.
fn is_asset(media_type: &str) -> bool {
    ASSETS.contains(&media_type)
}

/// An event stream is text, but each event must be there at once, and it is made for its reader.
fn is_text(media_type: &str) -> bool {
    let is_structured = media_type.ends_with("+json") || media_type.ends_with("+xml");
    media_type != "text/event-stream"
        && (media_type.starts_with("text/") || is_structured || DOCUMENTS.contains(&media_type))
}

const ASSETS: [&str; 16] = [
    "application/font-sfnt",
    "application/javascript",
    "application/manifest+json",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-font-ttf",
    "application/x-javascript",
    "font/otf",
    "font/sfnt",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "text/css",
    "text/javascript",
];

const DOCUMENTS: [&str; 5] =
    ["application/json", "application/x-ndjson", "application/x-yaml", "application/xml", "application/yaml"];

/// Codings, parts, cookies, and digests and signatures of the body (RFC 9530, RFC 9421 and before them).
static NOT_BESIDE: [HeaderName; 10] = [
    CONTENT_ENCODING,
    CONTENT_RANGE,
    SET_COOKIE,
    TRAILER,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("content-md5"),
    HeaderName::from_static("digest"),
    HeaderName::from_static("repr-digest"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("signature-input"),
];

/// What is shorter fits into one packet as it is.
const LEAST: u64 = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value))).collect()
    }

    fn scope_of(lines: &[(&'static str, &'static str)]) -> (bool, bool) {
        let headers = headers(lines);
        let eligible = |scope| is_eligible(StatusCode::OK, &headers, None, scope);
        (eligible(Scope::Assets), eligible(Scope::Text))
    }

    #[test]
    fn by_default_only_what_is_the_same_for_everybody_is_compressed() {
        for media_type in ["text/css", "Text/JavaScript ; charset=utf-8", "image/svg+xml", "application/wasm"] {
            assert_eq!(scope_of(&[("content-type", media_type)]), (true, true), "{media_type}");
        }
        for media_type in ["text/html", "application/json", "text/plain;x", "application/problem+json", "text/calendar"]
        {
            assert_eq!(scope_of(&[("content-type", media_type)]), (false, true), "{media_type}");
        }
        for media_type in
            ["text/event-stream", "TEXT/Event-Stream;x", "image/png", "application/octet-stream", "", "text"]
        {
            assert_eq!(scope_of(&[("content-type", media_type)]), (false, false), "{media_type}");
        }
        let css = ("content-type", "text/css");
        for cached in ["private", "max-age=5, no-store", "PRIVATE=\"x\""] {
            assert_eq!(scope_of(&[css, ("cache-control", cached)]), (false, true), "{cached}");
        }
    }

    #[test]
    fn what_is_said_of_the_very_bytes_stays_true() {
        let css = ("content-type", "text/css");
        for other in [
            ("content-encoding", "gzip"),
            ("content-encoding", "identity"),
            ("content-range", "bytes 0-1/2"),
            ("set-cookie", "a=b"),
            ("cache-control", "max-age=1 , No-Transform"),
            ("cache-control", "no-transform"),
            ("repr-digest", "sha-256=:x:"),
            ("signature-input", "x"),
        ] {
            assert_eq!(scope_of(&[css, other]), (false, false), "{other:?}");
        }
        let map = headers(&[css]);
        for status in [201, 204, 206, 304, 404, 500] {
            let status = StatusCode::from_u16(status).unwrap();
            assert!(!is_eligible(status, &map, None, Scope::Text), "{status}");
        }
        let long = |length| is_eligible(StatusCode::OK, &map, Some(length), Scope::Assets);
        assert!(!long(0) && !long(1023) && long(1024));
        let mut two = map.clone();
        two.append("content-type", HeaderValue::from_static("text/css"));
        assert!(!is_eligible(StatusCode::OK, &two, None, Scope::Text), "which of them counts?");
        assert!(!is_eligible(StatusCode::OK, &HeaderMap::new(), None, Scope::Text));
    }

    #[test]
    fn vary_is_merged_and_never_said_twice() {
        for (lines, merged) in [
            (&[][..], "Accept-Encoding"),
            (&["Cookie"], "Cookie, Accept-Encoding"),
            (&["Cookie", "Origin,Accept"], "Cookie, Origin,Accept, Accept-Encoding"),
            (&["accept-encoding, Cookie"], "accept-encoding, Cookie"),
            (&["*"], "*"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(VARY, HeaderValue::from_static(line));
            }
            vary(&mut headers);
            let said: Vec<_> = headers.get_all(VARY).iter().map(|line| line.to_str().unwrap()).collect();
            assert_eq!(said, [merged]);
        }
    }
}

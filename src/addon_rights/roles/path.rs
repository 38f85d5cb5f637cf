//! A path of the add-on API in the one spelling in which the tables are asked and the request is forwarded.

use std::fmt;
use std::str::FromStr;

/// Which of the API's two layouts a path belongs to (docs/design/supervisor.md section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiVersion {
    /// Paths without a version's prefix.
    V1,
    /// Under `/v2`, where add-ons are called apps.
    V2,
}

/// A path in normal form: it begins with a slash, has no empty segment but the last, no dot segment, and nothing in it
/// is percent-encoded that need not be, or that a later reader might take for a separator. So there is one spelling of
/// each path, and what is judged is what is served. It carries no query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiPath {
    raw: String,
    decoded: String,
    version: ApiVersion,
}

/// Why a path is refused before any table is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotNormal {
    /// It does not begin with a slash.
    #[error("the path does not begin with a slash")]
    NotAbsolute,
    /// Two slashes in a row.
    #[error("the path has an empty segment")]
    EmptySegment,
    /// A segment that is `.` or `..`.
    #[error("the path has a dot segment")]
    DotSegment,
    /// A byte that a path may not have, or that readers disagree about.
    #[error("the path has a byte that is not plain")]
    Byte,
    /// Percent-encoding that is malformed, in lower case, or of something that has a plain spelling or is a separator.
    #[error("the path has percent-encoding that is not in normal form")]
    Encoding,
    /// What the percent-encoding stands for is not UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
}

impl FromStr for ApiPath {
    type Err = NotNormal;

    /// RFC 3986 section 6.2.2 has the normal form; what section 3.3 allows and other software takes for a separator or
    /// an end (`;`, `\`, `%2F`, `%5C`, `%25`, control characters) is refused besides.
    fn from_str(raw: &str) -> Result<Self, NotNormal> {
        let rest = raw.strip_prefix('/').ok_or(NotNormal::NotAbsolute)?;
        let last = rest.split('/').count().saturating_sub(1);
        for (place, segment) in rest.split('/').enumerate() {
            match segment {
                "" if place < last => return Err(NotNormal::EmptySegment),
                "." | ".." => return Err(NotNormal::DotSegment),
                _ => {}
            }
        }
        let decoded = decode(raw)?;
        let version = match decoded.strip_prefix("/v2") {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => ApiVersion::V2,
            _ => ApiVersion::V1,
        };
        Ok(Self { raw: raw.to_owned(), decoded, version })
    }
}

impl ApiPath {
    /// The API's layout that it belongs to.
    pub fn version(&self) -> ApiVersion {
        self.version
    }

    /// As it came, which is as it is forwarded.
    pub fn as_str(&self) -> &str {
        &self.raw
    }

    /// Decoded, and without `/v2`: what the tables are asked about.
    pub fn plain(&self) -> &str {
        let prefix = match self.version {
            ApiVersion::V1 => "",
            ApiVersion::V2 => "/v2",
        };
        self.decoded.strip_prefix(prefix).unwrap_or_default()
    }
}

impl fmt::Display for ApiPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.raw)
    }
}

/// Once is enough: a `%` cannot come out of it.
fn decode(raw: &str) -> Result<String, NotNormal> {
    let mut decoded = Vec::with_capacity(raw.len());
    let mut bytes = raw.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => decoded.push(encoded(bytes.next(), bytes.next())?),
            // What RFC 3986 section 3.3 lets stand in a path, but for `;`, at which some servers cut.
            b'/' | b':' | b'@' | b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' => {
                decoded.push(byte);
            }
            _ if is_unreserved(byte) => decoded.push(byte),
            _ => return Err(NotNormal::Byte),
        }
    }
    String::from_utf8(decoded).map_err(|_| NotNormal::NotUtf8)
}

fn encoded(high: Option<u8>, low: Option<u8>) -> Result<u8, NotNormal> {
    let digit = |byte: Option<u8>| match byte {
        Some(digit @ b'0'..=b'9') => Ok(digit - b'0'),
        // Capitals alone (RFC 3986 section 6.2.2.1): one path must not have two spellings.
        Some(letter @ b'A'..=b'F') => Ok(letter - b'A' + 10),
        _ => Err(NotNormal::Encoding),
    };
    let byte = digit(high)? << 4 | digit(low)?;
    let separates = matches!(byte, b'/' | b'\\' | b'%' | b';' | b'?' | b'#');
    if separates || byte.is_ascii_control() || is_unreserved(byte) { Err(NotNormal::Encoding) } else { Ok(byte) }
}

/// RFC 3986 section 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(raw: &str) -> Result<ApiPath, NotNormal> {
        raw.parse()
    }

    #[test]
    fn a_plain_path_is_taken_and_belongs_to_a_version() {
        for (raw, version, plain) in [
            ("/supervisor/ping", ApiVersion::V1, "/supervisor/ping"),
            ("/v2/supervisor/ping", ApiVersion::V2, "/supervisor/ping"),
            ("/v2", ApiVersion::V2, ""),
            ("/v2/", ApiVersion::V2, "/"),
            ("/v2x/info", ApiVersion::V1, "/v2x/info"),
            ("/core/api/", ApiVersion::V1, "/core/api/"),
            (
                "/core/api/history/period/2026-11-01T00%3A00%3A00%2B00%3A00",
                ApiVersion::V1,
                "/core/api/history/period/2026-11-01T00:00:00+00:00",
            ),
            ("/core/api/states/sensor.caf%C3%A9", ApiVersion::V1, "/core/api/states/sensor.café"),
            ("/addons/a..b/info", ApiVersion::V1, "/addons/a..b/info"),
        ] {
            let parsed = path(raw).unwrap();
            assert_eq!((parsed.version(), parsed.plain(), parsed.as_str()), (version, plain, raw));
        }
    }

    #[test]
    fn every_other_spelling_is_refused() {
        for (raw, why) in [
            ("", NotNormal::NotAbsolute),
            ("core/info", NotNormal::NotAbsolute),
            ("*", NotNormal::NotAbsolute),
            ("//core/info", NotNormal::EmptySegment),
            ("/core//info", NotNormal::EmptySegment),
            ("/core/./info", NotNormal::DotSegment),
            ("/x/../core/info", NotNormal::DotSegment),
            ("/x/..", NotNormal::DotSegment),
            ("/x/%2E%2E/core", NotNormal::Encoding),
            ("/x/.%2e/core", NotNormal::Encoding),
            ("/x/.%252e/core", NotNormal::Encoding),
            ("/%63ore/info", NotNormal::Encoding),
            ("/core%2Finfo", NotNormal::Encoding),
            ("/core%2finfo", NotNormal::Encoding),
            ("/core%5Cinfo", NotNormal::Encoding),
            ("/core\\info", NotNormal::Byte),
            ("/core;x=1/info", NotNormal::Byte),
            ("/core%3Bx/info", NotNormal::Encoding),
            ("/core/info%00", NotNormal::Encoding),
            ("/core/info%0A", NotNormal::Encoding),
            ("/core/info\n", NotNormal::Byte),
            ("/core/info ", NotNormal::Byte),
            ("/core/info%", NotNormal::Encoding),
            ("/core/info%4", NotNormal::Encoding),
            ("/core/info%zz", NotNormal::Encoding),
            ("/core/%3fx/info", NotNormal::Encoding),
            ("/core/info#x", NotNormal::Byte),
            ("/core/info?x", NotNormal::Byte),
            ("/core/%C0%AE", NotNormal::NotUtf8),
            ("/core/caf\u{e9}", NotNormal::Byte),
        ] {
            assert_eq!(path(raw), Err(why), "{raw:?}");
        }
    }
}

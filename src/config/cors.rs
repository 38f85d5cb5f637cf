//! `cors` of an add-on: which pages of other origins may ask it, and how. In comes what the operator wrote, out come
//! the values as answers carry them.

use http::{HeaderName, HeaderValue, Method};

use super::findings::Explained;

/// Who else may ask, as the Fetch standard says it (section 3.2, the CORS protocol).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cors {
    /// Origins as browsers write them; never `null`, never a wildcard.
    pub origins: Vec<String>,
    /// `Access-Control-Allow-Methods`
    pub methods: HeaderValue,
    /// `Access-Control-Allow-Headers`
    pub headers: HeaderValue,
    /// `Access-Control-Expose-Headers`; empty when there are none.
    pub expose: HeaderValue,
    /// Whether the session's cookie counts on a request of such a page.
    pub credentials: bool,
    /// `Access-Control-Max-Age`, in seconds.
    pub max_age: u64,
}

/// A method that a page may be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CorsMethod(pub(super) Method);

/// The name of a header that a page may be allowed to send or to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CorsHeader(pub(super) HeaderName);

/// Why a text cannot stand in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadCors {
    /// Not a method, or one that nobody may use.
    #[error("not a method that can be allowed")]
    Method,
    /// Not the name of a header; a `*` is none either.
    #[error("not the name of a header")]
    Header,
}

impl std::str::FromStr for CorsMethod {
    type Err = BadCors;

    /// Methods are case-sensitive, and all that are served are in upper case (RFC 9110 section 9.1).
    fn from_str(text: &str) -> Result<Self, BadCors> {
        let upper = !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
        let never = matches!(text, "CONNECT" | "TRACE");
        if !upper || never {
            return Err(BadCors::Method);
        }
        text.parse().map(Self).map_err(|_| BadCors::Method)
    }
}

impl std::str::FromStr for CorsHeader {
    type Err = BadCors;

    fn from_str(text: &str) -> Result<Self, BadCors> {
        let named = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        text.parse().ok().filter(|_| named).map(Self).ok_or(BadCors::Header)
    }
}

impl Explained for BadCors {
    fn expected(&self) -> &'static str {
        match self {
            Self::Method => "expected a method in upper case",
            Self::Header => "expected the name of a header",
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Method => "write each method, as in \"PUT\"; CONNECT and TRACE are never served".to_owned(),
            Self::Header => "write each name, as in \"Content-Type\"; there is no wildcard".to_owned(),
        }
    }
}

//! `cors` of an add-on: which pages of other origins may ask it, and how. In comes what the operator wrote, out come
//! the values as answers carry them.

use std::fmt::Display;
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method};
use toml::Spanned;

use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Explained;
use crate::config::part::days;
use crate::config::raw::section::{Key, List, section};
use crate::config::raw::shape::TimeText;
use crate::config::resolve::context::{Context, flag};
use crate::ids::PublicUrl;

section! {
    /// `cors` of an add-on.
    RawCors {
        origins: List<String>,
        methods: List<String>,
        headers: List<String>,
        expose: List<String>,
        credentials: bool,
        max_age: TimeText,
    }
}

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

impl Cors {
    /// `cors`: the origins and what their pages may do, or nothing.
    pub(super) fn resolve(key: &Key<RawCors>, cx: &mut Context<'_>) -> Option<Self> {
        let section = key.given()?;
        let raw = section.get_ref();
        let listed = cx.required(&raw.origins, "origins", &section.span(), "[\"https://app.example\"]");
        let listed = listed.map(|list| (list.span(), list.get_ref().as_slice()));
        if let Some((span, [])) = &listed {
            let none = Diagnostic::mistake(span.clone(), "no origin");
            cx.add(none.label("expected one origin or more").hint("leave `cors` out to allow no other page"));
        }
        let origin = |text: &Spanned<String>| cx.findings.parse(text).map(|url: PublicUrl| url.origin());
        let origins = listed.map_or_else(Vec::new, |(_, list)| list.iter().filter_map(origin).collect());
        let methods =
            joined(&raw.methods, METHODS, |text, cx| cx.findings.parse(text).map(|CorsMethod(name)| name), cx);
        let header =
            |text: &Spanned<String>, cx: &mut Context<'_>| cx.findings.parse(text).map(|CorsHeader(name)| name);
        let headers = joined(&raw.headers, HEADERS, header, cx);
        let expose = joined(&raw.expose, "", header, cx);
        let max_age = cx.time(&raw.max_age, Duration::from_mins(10), Duration::ZERO..=days(1)).as_secs();
        Some(Self { origins, methods, headers, expose, credentials: flag(&raw.credentials, false), max_age })
    }
}

/// A list as the value of a header.
fn joined<T: Display>(
    key: &Key<List<String>>,
    default: &'static str,
    parse: impl Fn(&Spanned<String>, &mut Context<'_>) -> Option<T>,
    cx: &mut Context<'_>,
) -> HeaderValue {
    let Some(list) = key.given() else { return HeaderValue::from_static(default) };
    let names: Vec<_> = list.get_ref().iter().filter_map(|text| parse(text, cx)).map(|name| name.to_string()).collect();
    HeaderValue::from_str(&names.join(", ")).expect("methods and names of headers are visible ASCII")
}

const METHODS: &str = "GET, HEAD, POST";
const HEADERS: &str = "authorization, content-type";

/// A method that a page may be allowed.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CorsMethod(Method);

/// The name of a header that a page may be allowed to send or to read.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CorsHeader(HeaderName);

/// Why a text cannot stand in its list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
enum BadCors {
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

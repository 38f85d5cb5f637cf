//! `cors` of an add-on: in comes the raw table, out come the origins and what their pages may do, or nothing.

use std::fmt::Display;
use std::time::Duration;

use http::HeaderValue;
use toml::Spanned;

use super::context::{Context, flag};
use crate::config::cors::{Cors, CorsHeader, CorsMethod};
use crate::config::diagnostic::Diagnostic;
use crate::config::part::days;
use crate::config::raw::{self, Key, List};
use crate::ids::PublicUrl;

/// Resolves `cors`.
pub(super) fn cors(key: &Key<raw::Cors>, cx: &mut Context<'_>) -> Option<Cors> {
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
    let methods = joined(&raw.methods, METHODS, |text, cx| cx.findings.parse(text).map(|CorsMethod(name)| name), cx);
    let header = |text: &Spanned<String>, cx: &mut Context<'_>| cx.findings.parse(text).map(|CorsHeader(name)| name);
    let headers = joined(&raw.headers, HEADERS, header, cx);
    let expose = joined(&raw.expose, "", header, cx);
    let max_age = cx.time(&raw.max_age, Duration::from_mins(10), Duration::ZERO..=days(1)).as_secs();
    Some(Cors { origins, methods, headers, expose, credentials: flag(&raw.credentials, false), max_age })
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

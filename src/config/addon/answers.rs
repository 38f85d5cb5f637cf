//! What becomes of an add-on's answers: `response_headers` and `compress`.

use http::{HeaderName, HeaderValue};
use toml::Spanned;
use toml::de::DeValue;

use super::backend::AddonProtocol;
use super::cross_origin::Framing;
use super::header_names::name;
use crate::config::diagnostic::{Diagnostic, quoted};
use crate::config::findings::Findings;
use crate::config::header::{self, BadValue};
use crate::config::raw::section::{Key, List, section, section_part};
use crate::config::raw::shape::{self, Shape};
use crate::config::resolve::context::Context;
use crate::http::fields::{self, Untouchable};

section_part! {
    /// The keys of it in `[[addon]]`.
    RawAnswers {
        response_headers: RawResponseHeaders,
        compress: CompressText,
    }
}

section! {
    /// `response_headers` of an add-on.
    RawResponseHeaders {
        set: ResponseHeaderMap,
        remove: List<String>,
    }
}

/// What becomes of an add-on's answers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Answers {
    /// What is set in their heads or taken out of them. No two are about one name.
    pub rules: Vec<HeaderRule>,
    /// What of them is compressed here.
    pub compress: Compress,
}

/// `compress`
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Compress {
    /// Nothing.
    #[default]
    Never,
    /// What is the same for everybody: styles, scripts, fonts, pictures.
    Assets,
    /// All text, what is made for its reader as well.
    Text,
}

/// What becomes of one header of an add-on's answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderRule {
    /// It says this, whatever the add-on says.
    Set(HeaderName, HeaderValue),
    /// It is taken out.
    Remove(HeaderName),
}

impl Answers {
    /// The keys, beside what `framing` says.
    pub(super) fn resolve(
        raw: &RawAnswers,
        framing: &Framing,
        protocol: Option<AddonProtocol>,
        cx: &mut Context<'_>,
    ) -> Self {
        Self { rules: rules(&raw.response_headers, framing, cx), compress: compress(&raw.compress, protocol, cx) }
    }
}

fn compress(key: &Key<CompressText>, protocol: Option<AddonProtocol>, cx: &mut Context<'_>) -> Compress {
    let Some(given) = key.given() else { return Compress::Never };
    let compress = match given.get_ref() {
        CompressText::Switch(false) => Compress::Never,
        CompressText::Switch(true) => Compress::Assets,
        CompressText::Word(text) => {
            let text = Spanned::new(given.span(), text.clone());
            cx.word(&text, &[("all", Compress::Text)]).unwrap_or_default()
        }
    };
    if compress != Compress::Never && protocol == Some(AddonProtocol::Grpc) {
        let idle = Diagnostic::mistake(given.span(), "calls of gRPC are not compressed here");
        cx.add(idle.label("never counts").hint("take this key out: gRPC has a compression of its own"));
    }
    compress
}

/// `compress` of an add-on.
#[derive(Debug)]
pub(in crate::config) enum CompressText {
    /// `true` or `false`
    Switch(bool),
    /// `"all"`
    Word(String),
}

impl Shape for CompressText {
    const EXPECTED: &'static str = "expected `true`, `false` or \"all\"";
    const HINT: &'static str = "write `true` for what is the same for everybody, or \"all\" for all text";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::Boolean(on) => Some(Self::Switch(*on)),
            DeValue::String(text) => Some(Self::Word(text.to_string())),
            _ => None,
        }
    }
}

fn rules(key: &Key<RawResponseHeaders>, framing: &Framing, cx: &mut Context<'_>) -> Vec<HeaderRule> {
    let Some(section) = key.given() else { return Vec::new() };
    let raw = section.get_ref();
    let mut rules = Vec::new();
    for (text, value) in raw.set.given().map(|map| map.get_ref().0.as_slice()).unwrap_or_default() {
        let Some(name) = header(text, fields::may_set, &rules, cx) else { continue };
        let value = checked(value, cx).filter(|value| is_left_to_rules(&name, value, framing, text, cx));
        rules.extend(value.map(|value| HeaderRule::Set(name, value)));
    }
    for text in raw.remove.given().map(|list| list.get_ref().as_slice()).unwrap_or_default() {
        rules.extend(header(text, fields::may_remove, &rules, cx).map(HeaderRule::Remove));
    }
    rules
}

/// A name that is the operator's to make a rule of, and of which there is none yet.
fn header(
    text: &Spanned<String>,
    permitted: impl Fn(&str) -> Result<(), Untouchable>,
    rules: &[HeaderRule],
    cx: &mut Context<'_>,
) -> Option<HeaderName> {
    let mistake = |message: String| Diagnostic::mistake(text.span(), message);
    if text.get_ref().contains('*') {
        // A legal character of a name (RFC 9110 section 5.6.2), but surely meant as a pattern.
        cx.add(mistake("a pattern".into()).label("expected the name of one header").hint("write out each name"));
        return None;
    }
    let name = name(text, cx)?;
    let shown = quoted(name.as_str());
    let refusal = match permitted(name.as_str()) {
        Ok(()) if rules.iter().any(|rule| *rule.name() == name) => {
            mistake(format!("two rules for the header {shown}")).label("twice").hint("leave one of them")
        }
        Ok(()) => return Some(name),
        Err(Untouchable::Message) => mistake("this header belongs to the message itself".into())
            .label("expected another header")
            .hint("length, type, cookies and what belongs to the connection stay as they are: take it out"),
        Err(Untouchable::Content) => mistake(format!("the header {shown} says what the body is"))
            .label("expected another header")
            .hint("another value would not be true of the bytes that follow: take it out"),
        Err(Untouchable::Ours) => mistake(format!("the header {shown} is only vestibule's to say"))
            .label("expected another header")
            .hint("it is taken out of answers as it is out of requests"),
        Err(Untouchable::ActsBeyond(does)) => mistake(format!("the header {shown} {does}"))
            .label("acts beyond the add-on's own answers")
            .hint("take it out; for HTTPS alone there is `hsts` under [tls]"),
        Err(Untouchable::Shares) => mistake(format!("the header {shown} lets pages of other origins read answers"))
            .label("expected another header")
            .hint("say with `cors` which pages those are"),
        Err(Untouchable::Restricts) => mistake(format!("without the header {shown} more would be possible"))
            .label("can be set, and not taken out")
            .hint("set it to what you need; who may show the add-on in a frame is said by `framing`"),
    };
    cx.add(refusal);
    None
}

/// Whether `framing`, which counts in any case, says nothing else.
fn is_left_to_rules(
    name: &HeaderName,
    value: &HeaderValue,
    framing: &Framing,
    text: &Spanned<String>,
    cx: &mut Context<'_>,
) -> bool {
    let policy = value.to_str().unwrap_or_default().to_ascii_lowercase();
    let frames = match name.as_str() {
        "x-frame-options" => true,
        "content-security-policy" => policy.contains("frame-ancestors"),
        _ => false,
    };
    let contradicts = frames && *framing != Framing::AsIs;
    if contradicts {
        let both = Diagnostic::mistake(text.span(), "`framing` says already who may show the add-on in a frame");
        cx.add(both.label("would never count").hint("take this out, or `framing`"));
    }
    !contradicts
}

fn checked(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<HeaderValue> {
    let hint = |err| match err {
        BadValue::Empty => "write a value, or name the header in `remove`",
        BadValue::TooLong => "browsers and proxies refuse longer ones",
        BadValue::Control => "a value is one line of text",
        BadValue::Blank => "browsers drop blanks around a value: take them out",
    };
    let bad = |err: BadValue| {
        Diagnostic::mistake(text.span(), err.to_string()).label("expected one line of text").hint(hint(err))
    };
    header::value(text.get_ref().as_bytes()).map_err(|err| cx.add(bad(err))).ok()
}

impl HeaderRule {
    /// The header that it is about.
    pub fn name(&self) -> &HeaderName {
        match self {
            Self::Set(name, _) | Self::Remove(name) => name,
        }
    }
}

/// `set` of `response_headers`, in the order of the file.
#[derive(Debug)]
pub(in crate::config) struct ResponseHeaderMap(Vec<(Spanned<String>, Spanned<String>)>);

impl Shape for ResponseHeaderMap {
    const EXPECTED: &'static str = "expected a table of header names and values";
    const HINT: &'static str = "write it as { \"X-Frame-Options\" = \"DENY\" }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        Some(Self(shape::in_order(table, findings)))
    }
}

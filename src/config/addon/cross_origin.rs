//! What pages of other origins may do with an add-on: `framing`, `cors` and `allow_missing_origin`.

use toml::Spanned;
use toml::de::DeValue;

use super::cors::{Cors, RawCors};
use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Findings;
use crate::config::raw::section::{Key, List, section_part};
use crate::config::raw::shape::Shape;
use crate::config::resolve::context::{Context, flag};
use crate::ids::PublicUrl;

section_part! {
    /// The keys of it in `[[addon]]`.
    RawCrossOrigin {
        framing: FramingText,
        cors: RawCors,
        allow_missing_origin: bool,
    }
}

/// What pages of other origins may do with an add-on.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CrossOrigin {
    /// What becomes of the add-on's own word on who may frame it.
    pub framing: Framing,
    /// Which pages of other origins may ask it.
    pub cors: Option<Cors>,
    /// A WebSocket upgrade without `Origin` may pass.
    pub allow_missing_origin: bool,
}

/// `framing`
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Framing {
    /// The add-on's headers pass.
    #[default]
    AsIs,
    /// `X-Frame-Options` and `frame-ancestors` are taken out.
    Remove,
    /// `frame-ancestors` is set to ourselves and these origins.
    Origins(Vec<String>),
}

impl CrossOrigin {
    /// The keys.
    pub(super) fn resolve(raw: &RawCrossOrigin, cx: &mut Context<'_>) -> Self {
        Self {
            framing: framing(&raw.framing, cx),
            cors: Cors::resolve(&raw.cors, cx),
            allow_missing_origin: flag(&raw.allow_missing_origin, false),
        }
    }
}

/// `framing` of an add-on.
#[derive(Debug)]
pub(in crate::config) enum FramingText {
    /// `"as-is"` or `"remove"`
    Word(String),
    /// Origins.
    Origins(List<String>),
}

impl Shape for FramingText {
    const EXPECTED: &'static str = "expected \"as-is\", \"remove\" or a list of origins";
    const HINT: &'static str = "write \"as-is\", \"remove\" or [\"https://home.example\"]";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Word(text.to_string())),
            DeValue::Array(_) => List::<String>::read(value, findings).map(Self::Origins),
            _ => None,
        }
    }
}

fn framing(key: &Key<FramingText>, cx: &mut Context<'_>) -> Framing {
    let Some(given) = key.given() else { return Framing::AsIs };
    match given.get_ref() {
        FramingText::Word(text) => {
            let text = Spanned::new(given.span(), text.clone());
            let as_is = cx.word(&text, &[("as-is", true), ("remove", false)]).unwrap_or(true);
            if as_is { Framing::AsIs } else { Framing::Remove }
        }
        FramingText::Origins(list) if list.is_empty() => {
            let none = Diagnostic::mistake(given.span(), "no origin");
            cx.add(
                none.label("expected one origin or more")
                    .hint("write [\"https://home.example\"], \"as-is\" or \"remove\""),
            );
            Framing::AsIs
        }
        FramingText::Origins(list) => {
            let origin = |text| cx.findings.parse(text).map(|url: PublicUrl| url.origin());
            Framing::Origins(list.iter().filter_map(origin).collect())
        }
    }
}

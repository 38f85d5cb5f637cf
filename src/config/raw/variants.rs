//! The values that may have one of two shapes, and the tables of headers and of rules, whose keys the operator chooses.

use std::fmt;

use toml::Spanned;
use toml::de::DeValue;

use super::shape::{self, Shape};
use super::{Https, List, RedisStore, Rule, ValueFile};
use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Findings;
use crate::manifest::{self, Node};

/// An entry of `[listen] https`.
#[derive(Debug)]
pub(in crate::config) enum HttpsText {
    /// `"127.0.0.1:8443"`
    Address(String),
    /// `{ address = "127.0.0.1:8443", proxy_protocol = true }`
    Table(Https),
}

impl Shape for HttpsText {
    const EXPECTED: &'static str = "expected an address, or a table with `address`";
    const HINT: &'static str = "write \"127.0.0.1:8443\" or { address = \"127.0.0.1:8443\", proxy_protocol = true }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Address(text.to_string())),
            DeValue::Table(table) => Some(Self::Table(Https::read_table(table, findings))),
            _ => None,
        }
    }
}

/// `[listen] operations`
#[derive(Debug)]
pub(in crate::config) enum OperationsText {
    /// `"127.0.0.1:9443"`
    Address(String),
    /// `false`; `true` is the default address.
    Switch(bool),
}

impl Shape for OperationsText {
    const EXPECTED: &'static str = "expected an address or `false`";
    const HINT: &'static str = "write \"127.0.0.1:9443\", or `false` to switch it off";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Address(text.to_string())),
            DeValue::Boolean(on) => Some(Self::Switch(*on)),
            _ => None,
        }
    }
}

/// `[session] store`
#[derive(Debug)]
pub(in crate::config) enum StoreText {
    /// `"memory"`, a file, or `"redis://127.0.0.1"`
    Text(String),
    /// `{ url = "rediss://redis.home", password_file = "secrets/redis" }`
    Table(Box<RedisStore>),
}

impl Shape for StoreText {
    const EXPECTED: &'static str = "expected \"memory\", a file, the URL of Redis, or a table with `url`";
    const HINT: &'static str =
        "write \"state/sessions.redb\", or { url = \"rediss://redis.home\", password_file = \"secrets/redis\" }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Text(text.to_string())),
            DeValue::Table(table) => Some(Self::Table(Box::new(RedisStore::read_table(table, findings)))),
            _ => None,
        }
    }
}

/// `options` of an add-on.
#[derive(Debug)]
pub(in crate::config) enum OptionsText {
    /// `"addons/zigbee2mqtt/options.json"`
    File(String),
    /// `{ data_path = "/config/zigbee2mqtt" }`
    Table(Node),
}

impl Shape for OptionsText {
    const EXPECTED: &'static str = "expected a table of options, or a file with them";
    const HINT: &'static str = "write { key = value } with the add-on's own options, or \"addons/name/options.json\"";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::File(text.to_string())),
            DeValue::Table(_) => node(value, findings).map(Self::Table),
            _ => None,
        }
    }
}

/// A value as manifests have it, of which nobody knows yet what it should be.
fn node(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Node> {
    let scalar = |text: String, plain| Some(manifest::Value::Scalar { text, plain });
    let read = match value.get_ref() {
        DeValue::String(text) => scalar(text.to_string(), false),
        // Underscores and prefixes of numbers are the same in both languages but for octal ones.
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .ok()
            .and_then(|number| scalar(number.to_string(), true)),
        DeValue::Float(number) => scalar(number.as_str().to_owned(), true),
        DeValue::Boolean(flag) => scalar(flag.to_string(), true),
        DeValue::Array(list) => {
            Some(manifest::Value::List(list.iter().filter_map(|value| node(value, findings)).collect()))
        }
        DeValue::Table(table) => {
            let entries = table.iter().filter_map(|(key, value)| {
                Some((Spanned::new(key.span(), key.get_ref().to_string()), node(value, findings)?))
            });
            Some(manifest::Value::Map(entries.collect()))
        }
        DeValue::Datetime(_) => None,
    };
    if read.is_none() {
        let strange = Diagnostic::mistake(value.span(), "no option is a date, or a number of this size");
        findings.add(strange.label("expected text, a number, a yes or no, a list or a table").hint("put it in quotes"));
    }
    read.map(|read| Node::new(value.span(), read))
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

/// `apparmor` in an add-on's `rights`.
#[derive(Debug)]
pub(in crate::config) enum AppArmorText {
    /// `false` for none at all, `true` for the container engine's own.
    Switch(bool),
    /// The name of a profile.
    Profile(String),
}

impl Shape for AppArmorText {
    const EXPECTED: &'static str = "expected `true`, `false` or the name of a profile";
    const HINT: &'static str = "write `false` for no profile, `true` for the usual one, or \"its-name\"";

    fn read(value: &Spanned<DeValue<'_>>, _: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Profile(text.to_string())),
            DeValue::Boolean(on) => Some(Self::Switch(*on)),
            _ => None,
        }
    }
}

/// `headers` of an add-on, in the order of the file.
#[derive(Debug)]
pub(in crate::config) struct HeaderMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<HeaderText>)>);

impl Shape for HeaderMap {
    const EXPECTED: &'static str = "expected a table of header names and values";
    const HINT: &'static str = "write it as { \"X-Name\" = \"value\", \"X-Secret\" = { file = \"secrets/name\" } }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        let mut headers = Vec::new();
        for (name, value) in table {
            // Whatever stands here may be a secret in the wrong place, so that it is masked before it is judged.
            match value.get_ref() {
                DeValue::Table(table) => {
                    let others = table.iter().filter(|(key, _)| key.get_ref() != "file");
                    findings.masked.extend(others.map(|(_, value)| value.span()));
                }
                _ => findings.masked.push(value.span()),
            }
            if let Some(value) = shape::read(value, findings) {
                headers.push((Spanned::new(name.span(), name.get_ref().to_string()), value));
            }
        }
        headers.sort_by_key(|(name, _)| name.span().start);
        Some(Self(headers))
    }
}

/// The value of a fixed header.
pub(in crate::config) enum HeaderText {
    /// Stands here.
    Inline(String),
    /// Stands in a file.
    File(ValueFile),
}

/// The value stays out of it.
impl fmt::Debug for HeaderText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inline(_) => f.write_str("Inline(...)"),
            Self::File(file) => f.debug_tuple("File").field(file).finish(),
        }
    }
}

impl Shape for HeaderText {
    const EXPECTED: &'static str = "expected a string, or { file = \"...\" }";
    const HINT: &'static str = "put the value in quotes, or name the file that holds it";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Inline(text.to_string())),
            DeValue::Table(table) => Some(Self::File(ValueFile::read_table(table, findings))),
            _ => None,
        }
    }
}

/// The rules of one selector of a group's policy, in the order of the file.
#[derive(Debug)]
pub(in crate::config) struct RuleMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<RuleText>)>);

impl Shape for RuleMap {
    const EXPECTED: &'static str = "expected a table of ids and what may be done with each";
    const HINT: &'static str =
        "write it as { \"the id\" = { read = true, control = false } }, or `all` for every entity";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        let mut rules = Vec::new();
        for (id, value) in table {
            if let Some(value) = shape::read(value, findings) {
                rules.push((Spanned::new(id.span(), id.get_ref().to_string()), value));
            }
        }
        rules.sort_by_key(|(id, _)| id.span().start);
        Some(Self(rules))
    }
}

/// What a rule says.
#[derive(Debug)]
pub(in crate::config) enum RuleText {
    /// `true` or `false`: the same on every access key.
    Everything(bool),
    /// `{ read = true, control = false }`
    ByKey(Rule),
}

impl Shape for RuleText {
    const EXPECTED: &'static str = "expected `true`, `false`, or a table of `read`, `control` and `edit`";
    const HINT: &'static str = "write { read = true, control = false }, or `true` or `false` for all three";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::Boolean(opinion) => Some(Self::Everything(*opinion)),
            DeValue::Table(table) => Some(Self::ByKey(Rule::read_table(table, findings))),
            _ => None,
        }
    }
}

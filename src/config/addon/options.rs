//! `options` of an add-on, passwords of people and brokers among them: in the configuration itself or in a file of
//! their own, over the manifest's defaults.

use std::fmt;
use std::sync::Arc;

use serde_json::{Value as Json, json};
use toml::Spanned;
use toml::de::DeValue;

use super::manifest::Named;
use crate::config::diagnostic::Diagnostic;
use crate::config::findings::Findings;
use crate::config::raw::section::Key;
use crate::config::raw::shape::Shape;
use crate::config::resolve::context::Context;
use crate::manifest::{self, Node};

/// Options as the add-on gets them: a JSON object. Hidden from `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Options(Arc<Json>);

impl Options {
    /// The options that the add-on gets.
    pub(super) fn resolve(key: &Key<OptionsText>, named: &Named, cx: &mut Context<'_>) -> Self {
        let manifest = named.manifest().map(AsRef::as_ref);
        let defaults = || manifest.map_or_else(|| json!({}), |manifest| manifest.options.clone());
        // By a manifest that cannot be read nothing can be judged; that it cannot is reported.
        let Some(given) = key.given().filter(|_| manifest.is_some() || !named.stands_in()) else {
            return Self::new(defaults());
        };
        Self::new(match given.get_ref() {
            OptionsText::Table(node) => manifest::options::merged(manifest, node, &given.span(), &mut cx.findings),
            OptionsText::File(name) => {
                let path = cx.path(&Spanned::new(given.span(), name.clone()));
                let (options, found) = manifest::options::read(&path, manifest);
                cx.files.extend(found.files().iter().cloned());
                cx.manifests.push(found);
                options.unwrap_or_else(defaults)
            }
        })
    }

    fn new(options: Json) -> Self {
        Self(Arc::new(options))
    }

    /// All of them, secrets included.
    pub fn reveal(&self) -> &Json {
        &self.0
    }
}

/// None.
impl Default for Options {
    fn default() -> Self {
        Self::new(json!({}))
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Options(..)")
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
    let plain = |text| Some(manifest::Value::Scalar { text, plain: true });
    let quoted = |text| Some(manifest::Value::Scalar { text, plain: false });
    let read = match value.get_ref() {
        DeValue::String(text) => quoted(text.to_string()),
        // Underscores and prefixes of numbers are the same in both languages but for octal ones.
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).ok().and_then(|number| plain(number.to_string()))
        }
        DeValue::Float(number) => plain(number.as_str().to_owned()),
        DeValue::Boolean(flag) => plain(flag.to_string()),
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

//! The values that may have one of two shapes, and the tables whose keys the operator chooses.

use toml::Spanned;
use toml::de::DeValue;

use super::shape::{self, Shape, TimeText};
use super::{Listener, RedisStore, Rule};
use crate::config::findings::Findings;

/// An entry of `[listen] https` or `http`.
#[derive(Debug)]
pub(in crate::config) enum ListenerText {
    /// `"127.0.0.1:8443"`
    Address(String),
    /// `{ address = "127.0.0.1:8443", proxy_protocol = true }`
    Table(Listener),
}

impl Shape for ListenerText {
    const EXPECTED: &'static str = "expected an address, or a table with `address`";
    const HINT: &'static str = "write \"127.0.0.1:8443\" or { address = \"127.0.0.1:8443\", proxy_protocol = true }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        match value.get_ref() {
            DeValue::String(text) => Some(Self::Address(text.to_string())),
            DeValue::Table(table) => Some(Self::Table(Listener::read_table(table, findings))),
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

/// States by entity, in the order of the file.
#[derive(Debug)]
pub(in crate::config) struct StateMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<String>)>);

impl Shape for StateMap {
    const EXPECTED: &'static str = "expected a table of entities and their states";
    const HINT: &'static str = "write it as { \"input_boolean.guest_mode\" = \"on\" }";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        Some(Self(shape::in_order(table, findings)))
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
        Some(Self(shape::in_order(table, findings)))
    }
}

/// Groups by id, and a time for each.
#[derive(Debug)]
pub(in crate::config) struct AgeMap(pub(in crate::config) Vec<(Spanned<String>, Spanned<TimeText>)>);

impl Shape for AgeMap {
    const EXPECTED: &'static str = "expected a table of groups and times";
    const HINT: &'static str = "write it as { guests = \"8h\" }, with the ids of groups";

    fn read(value: &Spanned<DeValue<'_>>, findings: &mut Findings) -> Option<Self> {
        let DeValue::Table(table) = value.get_ref() else { return None };
        Some(Self(shape::in_order(table, findings)))
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

//! What counts, key by key, and where each comes from: for the operator to look at.
//!
//! In come the tree of the file and what was settled, out come keys with their values as the file would have them. What
//! may be a secret is dots here already: nothing that shows these keys can show it.

mod defaults;
mod written;

use std::collections::HashSet;

use toml::de::DeTable;

use super::addon::Addon;
use super::settings::Settings;

/// A key that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EffectiveKey {
    /// Its name with those of its tables before it, as in `session.idle_timeout` or `addon[nodered].path`.
    pub key: String,
    /// Its value as TOML; dots where it may be a secret.
    pub value: String,
    /// Who says so.
    pub origin: KeyOrigin,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyOrigin {
    /// This line of the file.
    Line(usize),
    /// The manifest of the add-on.
    Manifest,
    /// Nobody says otherwise.
    Default,
}

/// All keys: those of the file in its order, each table with the defaults for what it does not say.
pub(super) fn effective(tree: &DeTable<'_>, text: &str, settings: &Settings) -> Vec<EffectiveKey> {
    let mut keys = written::written(tree, text);
    // With every table above it: a key that is a table in the file has no default any more.
    let said: HashSet<String> = keys.iter().flat_map(|key| with_tables(&key.key)).map(str::to_owned).collect();
    let defaults = defaults::defaults(settings).into_iter();
    let defaults = defaults.map(|(key, value)| EffectiveKey { key, value, origin: KeyOrigin::Default });
    let more = settings.addons.iter().flat_map(|addon| of_manifest(addon)).chain(defaults);
    keys.extend(more.filter(|key| !said.contains(&key.key)));
    // Stable: keys of one table stay in their order, the file's before the defaults.
    keys.sort_by_cached_key(|key| table_of(&key.key));
    keys
}

/// A key, and what stands before each dot and bracket of it.
fn with_tables(key: &str) -> impl Iterator<Item = &str> {
    let ends = key.match_indices(['.', '[']).map(|(at, _)| at).chain([key.len()]);
    ends.filter_map(|end| key.get(..end))
}

/// What a manifest says in the place of the file.
fn of_manifest(addon: &Addon) -> Vec<EffectiveKey> {
    if addon.package.manifest.is_none() {
        return Vec::new();
    }
    let display = &addon.display;
    let all = [("title", &display.title), ("icon", &display.icon)];
    let said = all.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| EffectiveKey {
        key: format!("addon[{}].{name}", addon.slug),
        value: quoted(value),
        origin: KeyOrigin::Manifest,
    })
    .collect()
}

/// The place of a key's table among the others, and the entry of a list that it is of.
fn table_of(key: &str) -> (usize, String) {
    let first = key.split(['.', '[']).next().unwrap_or_default();
    let place =
        TABLES.iter().position(|table| *table == first).unwrap_or(if key.contains('.') { TABLES.len() } else { 0 });
    let entry = key.split_once(']').map_or("", |(entry, _)| entry);
    (place, entry.to_owned())
}

/// A text as TOML has it.
fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// The tables in the order of `config.toml`.
const TABLES: [&str; 18] = [
    "state_dir",
    "sandbox",
    "listen",
    "tls",
    "home_assistant",
    "permissions",
    "group",
    "session",
    "sign_in",
    "limits",
    "log",
    "headers",
    "assertion",
    "supervisor",
    "presence",
    "pages",
    "addon",
    "test",
];

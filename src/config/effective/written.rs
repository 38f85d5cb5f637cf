//! What the file says, key by key, with the line of each; without its secrets.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{EffectiveKey, KeyOrigin, quoted};

/// Every key of the tree, in the order of the file.
pub(super) fn written(tree: &DeTable<'_>, text: &str) -> Vec<EffectiveKey> {
    let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at).collect();
    let mut walk = Walk { ends, found: Vec::new() };
    walk.table(tree, "");
    walk.found.sort_by_key(|(at, _)| *at);
    walk.found.into_iter().map(|(_, key)| key).collect()
}

struct Walk {
    /// Where lines end.
    ends: Vec<usize>,
    found: Vec<(usize, EffectiveKey)>,
}

impl Walk {
    fn table(&mut self, table: &DeTable<'_>, path: &str) {
        for (name, value) in table {
            let name: &str = name.get_ref();
            let key = if path.is_empty() { bare(name) } else { format!("{path}.{}", bare(name)) };
            self.value(value, key);
        }
    }

    fn value(&mut self, value: &Spanned<DeValue<'_>>, key: String) {
        match value.get_ref() {
            DeValue::Table(table) if !table.is_empty() => self.table(table, &key),
            DeValue::Array(entries) if entries.iter().any(|entry| entry.get_ref().is_table()) => {
                for (place, entry) in entries.iter().enumerate() {
                    let entry_key = format!("{key}[{}]", entry_name(entry.get_ref(), place));
                    self.value(entry, entry_key);
                }
            }
            _ => {
                let at = value.span().start;
                let line = self.ends.partition_point(|end| *end < at).saturating_add(1);
                let value = if is_secret(&key) { DOTS.to_owned() } else { shown(value.get_ref()) };
                self.found.push((at, EffectiveKey { key, value, origin: KeyOrigin::Line(line) }));
            }
        }
    }
}

/// What an entry of a list of tables is called: its slug or id, else its place.
fn entry_name(entry: &DeValue<'_>, place: usize) -> String {
    let named = ["slug", "id"].into_iter().find_map(|key| entry.get(key)?.get_ref().as_str());
    named.map_or_else(|| place.to_string(), str::to_owned)
}

/// A name as TOML has it.
fn bare(name: &str) -> String {
    let is_bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-'));
    if is_bare { name.to_owned() } else { quoted(name) }
}

/// A value that is no secret, as TOML.
fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(flag) => flag.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(entries) => {
            let entries: Vec<_> = entries.iter().map(|entry| shown(entry.get_ref())).collect();
            format!("[{}]", entries.join(", "))
        }
        // Those with something in them are gone through key by key.
        DeValue::Table(_) => "{}".to_owned(),
    }
}

/// Whether what stands there may be a secret. Tokens and passwords stand in files of their own, whose names are shown;
/// these stand in the file itself.
fn is_secret(key: &str) -> bool {
    let last = key.rsplit('.').next().unwrap_or_default();
    if last == "file" {
        return false;
    }
    // What an add-on is sent, its own options, what calls a program with, and addresses that open without a user.
    let of_addon = key.strip_prefix("addon[").and_then(|rest| rest.split_once("].")).map(|(_, rest)| rest);
    let in_addon = of_addon.is_some_and(|rest| ["headers.", "options."].iter().any(|table| rest.starts_with(table)));
    let by_name = ["token", "password", "secret", "hmac", "webhook", "dns_hook"].iter().any(|word| last.contains(word));
    let is_harmless = KNOWN.contains(&last);
    let is_key = last == "key" && key.contains("dns_update");
    in_addon || is_key || (by_name && !is_harmless)
}

/// Keys that sound like a secret, and are none: times, paths of files, yes or no.
const KNOWN: [&str; 4] = ["password_timeout", "password_file", "tokens", "dns_hook_timeout"];

const DOTS: &str = "••••••";

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
state_dir = "state"
[session]
idle_timeout = "10m"
password_timeout = "1h"
[home_assistant]
token = { file = "secrets/token" }
front = { host = "ha.test", webhooks = ["s3cret-hook"] }
[tls.acme]
domains = ["a.test", "b.test"]
dns_hook = ["hook", "--key", "s3cret-argument"]
dns_update = { server = "a:53", key_name = "vestibule", key = "s3cret-key" }
[[addon]]
slug = "a"
tokens = true
headers = { "X-Api-Key" = "s3cret-header", "Authorization" = { file = "secrets/a" } }
[addon.options]
logins = [{ username = "u", password = "s3cret-option" }, { username = "s3cret-too" }]
[[addon]]
path = "/\"b"
access = {}
"#;

    #[test]
    fn each_key_has_its_line_and_no_secret_is_shown() {
        let tree = DeTable::parse(FILE).unwrap();
        let keys = written(tree.get_ref(), FILE);
        let shown: Vec<_> = keys
            .iter()
            .map(|key| {
                let KeyOrigin::Line(line) = key.origin else { panic!("{key:?}") };
                format!("{line} {} = {}", key.key, key.value)
            })
            .collect();
        let expected = [
            "2 state_dir = \"state\"",
            "4 session.idle_timeout = \"10m\"",
            "5 session.password_timeout = \"1h\"",
            "7 home_assistant.token.file = \"secrets/token\"",
            "8 home_assistant.front.host = \"ha.test\"",
            "8 home_assistant.front.webhooks = ••••••",
            "10 tls.acme.domains = [\"a.test\", \"b.test\"]",
            "11 tls.acme.dns_hook = ••••••",
            "12 tls.acme.dns_update.server = \"a:53\"",
            "12 tls.acme.dns_update.key_name = \"vestibule\"",
            "12 tls.acme.dns_update.key = ••••••",
            "14 addon[a].slug = \"a\"",
            "15 addon[a].tokens = true",
            "16 addon[a].headers.X-Api-Key = ••••••",
            "16 addon[a].headers.Authorization.file = \"secrets/a\"",
            "18 addon[a].options.logins[0].username = ••••••",
            "18 addon[a].options.logins[0].password = ••••••",
            "18 addon[a].options.logins[1].username = ••••••",
            "20 addon[1].path = '/\"b'",
            "21 addon[1].access = {}",
        ];
        assert_eq!(shown, expected);
    }
}

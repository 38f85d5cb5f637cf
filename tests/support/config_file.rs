//! A `config.toml` for one test: every table has a value that suits tests, and a test says what it wants otherwise.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::addon::RawAddon;

/// The file before it is written. Values are TOML as it stands in the file: `"\"2s\""`, `true`, `["10.0.0.0/8"]`.
#[derive(Debug, Clone)]
pub(crate) struct ConfigFile {
    tables: BTreeMap<&'static str, BTreeMap<String, String>>,
    addons: Vec<String>,
}

impl Default for ConfigFile {
    fn default() -> Self {
        let mut file = Self { tables: BTreeMap::new(), addons: Vec::new() };
        file.set("listen", "https", r#"["127.0.0.1:0"]"#);
        file.set("listen", "operations", r#""127.0.0.1:0""#);
        file.set("listen", "control", r#""run/vestibule.sock""#);
        file.set("tls", "certificates", r#"[{ chain = "p.test.crt", key = "p.test.key" }]"#);
        file.set("home_assistant", "config_dir", r#""home""#);
        file.set("session", "store", r#""memory""#);
        file.set("log", "filter", r#""info,vestibule=debug""#);
        file
    }
}

impl ConfigFile {
    /// Sets a key of a table, in the place of what stood there.
    pub(crate) fn set(&mut self, table: &'static str, key: &str, value: &str) -> &mut Self {
        self.tables.entry(table).or_default().insert(key.to_owned(), value.to_owned());
        self
    }

    /// Takes a key out of a table.
    pub(crate) fn unset(&mut self, table: &'static str, key: &str) -> &mut Self {
        self.tables.entry(table).or_default().remove(key);
        self
    }

    /// Takes a whole table out.
    pub(crate) fn remove_table(&mut self, table: &'static str) -> &mut Self {
        self.tables.remove(table);
        self
    }

    /// One more add-on at `/ingress/SLUG`.
    pub(crate) fn addon(&mut self, slug: &str, addon: &RawAddon) -> &mut Self {
        self.addon_with(slug, addon, "")
    }

    /// One more add-on at `/ingress/SLUG`, with more lines in its table.
    pub(crate) fn addon_with(&mut self, slug: &str, addon: &RawAddon, lines: &str) -> &mut Self {
        let url = addon.url();
        self.addon_table(&format!(
            "slug = \"{slug}\"\ntitle = \"{slug}\"\nupstream = \"{url}\"\npath = \"/ingress/{slug}\"\n{lines}\n"
        ))
    }

    /// One more `[[addon]]` table with these lines.
    pub(crate) fn addon_table(&mut self, lines: &str) -> &mut Self {
        self.addons.push(lines.to_owned());
        self
    }

    /// Takes all add-ons out.
    pub(crate) fn clear_addons(&mut self) -> &mut Self {
        self.addons.clear();
        self
    }

    /// The text of the file.
    pub(crate) fn to_toml(&self) -> String {
        let mut text = String::new();
        for (table, keys) in &self.tables {
            let _ = writeln!(text, "[{table}]");
            for (key, value) in keys {
                let _ = writeln!(text, "{key} = {value}");
            }
            text.push('\n');
        }
        for addon in &self.addons {
            let _ = writeln!(text, "[[addon]]\n{addon}");
        }
        text
    }
}

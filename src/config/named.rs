//! What a configuration names, as far as its text says so: for whoever judges one whose files are not there yet.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::findings::Findings;
use super::raw;
use super::resolve::{self, Context};
use super::settings::Settings;
use crate::manifest;

/// The settings of a text that has not been verified, with a default in the place of each mistake: of use for the
/// places in them alone. And every path that a value of it could be, relative ones in `folder`. `None` where it is no
/// TOML.
pub fn named(text: &str, folder: &Path) -> Option<(Settings, Vec<PathBuf>)> {
    let (tree, errors) = DeTable::parse_recoverable(text);
    if !errors.is_empty() {
        return None;
    }
    let mut findings = Findings::default();
    let raw = raw::Root::read_table(tree.get_ref(), &mut findings);
    let (settings, _) = resolve::resolve(&raw, &mut Context::new(folder, findings));
    let mut paths = Vec::new();
    for (key, value) in tree.get_ref() {
        collect(key.get_ref(), value.get_ref(), folder, &mut paths);
    }
    Some((settings, paths))
}

/// All texts, whatever their keys: which of them are paths is a list that would have to be kept twice.
fn collect(key: &str, value: &DeValue<'_>, folder: &Path, paths: &mut Vec<PathBuf>) {
    match value {
        DeValue::String(text) if key == "manifest" => paths.extend(manifest::files(&folder.join(text.as_ref()))),
        DeValue::String(text) => paths.push(folder.join(text.as_ref())),
        DeValue::Array(list) => list.iter().for_each(|value| collect(key, value.get_ref(), folder, paths)),
        DeValue::Table(table) => {
            table.iter().for_each(|(key, value)| collect(key.get_ref(), value.get_ref(), folder, paths));
        }
        DeValue::Integer(_) | DeValue::Float(_) | DeValue::Boolean(_) | DeValue::Datetime(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_found_wherever_they_stand() {
        let text = r#"
            state_dir = "/var/lib/v"
            [[addon]]
            manifest = "m/config.yaml"
            token = { file = "/run/secret" }
            many = [["/a"], { x = "b" }]
        "#;
        let (settings, paths) = named(text, Path::new("/etc/v")).unwrap();
        let all = [
            "/var/lib/v",
            "/etc/v/m/config.yaml",
            "/etc/v/m/config.yaml.minisig",
            "/etc/v/m/apparmor.txt",
            "/run/secret",
            "/a",
            "/etc/v/b",
        ];
        for path in all {
            assert!(paths.contains(&PathBuf::from(path)), "{path}: {paths:?}");
        }
        assert_eq!(paths.len(), all.len());
        assert_eq!(settings.assertion.keys, Path::new("/var/lib/v/assertion-keys"));
        assert!(named("[listen", Path::new("/")).is_none());
    }
}

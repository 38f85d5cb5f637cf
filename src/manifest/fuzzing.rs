//! Fuzz target: manifests of add-ons.

use std::path::Path;

use super::source::Beside;
use super::{Node, Signed, Value, keys, yaml};
use crate::diagnostic::findings::Findings;
use crate::diagnostic::{Diagnostics, Styling};

/// Whatever its author writes, a manifest costs no more than its bounds, and what is wrong in it can be shown without a
/// control character. One that counts has what everything else relies on.
pub(crate) fn manifests(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let path = Path::new("/nowhere/config.yaml");
    let mut findings = Findings::default();
    let manifest = match yaml::parse(text) {
        Ok(node) => {
            assert!(nodes(&node) <= MOST, "more nodes than there may be");
            keys::manifest(path, &node, &Beside::of(path), Signed::No, &mut findings)
        }
        Err(unreadable) => {
            findings.add(*unreadable);
            None
        }
    };
    if let Some(manifest) = manifest.filter(|_| !findings.has_mistakes()) {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        assert!(!manifest.slug.is_empty() && manifest.slug.bytes().all(legal), "{:?}", manifest.slug);
        assert!(!manifest.name.trim().is_empty() && !manifest.name.contains('\n'));
        assert!(manifest.ingress.is_none_or(|ingress| !ingress.entry.starts_with('/')));
    }
    let shown = Diagnostics::new(path, text, &findings.masked, findings.list).render(Styling::Plain);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
}

fn nodes(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 1,
        Value::List(list) => list.iter().map(nodes).fold(1, usize::saturating_add),
        Value::Map(entries) => entries.iter().map(|(_, node)| nodes(node)).fold(1, usize::saturating_add),
    }
}

/// No manifest that is taken unfolds to more.
const MOST: usize = 200_000;

//! The keys of a manifest about its web UI: `ingress*` and `panel_*`.

use super::section::{Section, bad};
use super::{Ingress, Panel};
use crate::diagnostic::findings::Findings;

/// `ingress` and its keys.
pub(super) fn ingress(map: &mut Section<'_>, findings: &mut Findings) -> Option<Ingress> {
    let on = map.flag("ingress", false, findings);
    let port = map.number("ingress_port", 8099, (0, u16::MAX), findings);
    let entry = map.text("ingress_entry", findings);
    let stream = map.flag("ingress_stream", false, findings);
    let entry = entry.map_or_else(String::new, |text| {
        // It is put behind an address that ends in a slash.
        let entry = text.get_ref().trim_start_matches('/').to_owned();
        if !is_entry(&entry) {
            findings.add(bad(
                text.span(),
                "not a path",
                "expected a path below the add-on's",
                "as in `static/index.html`",
            ));
        }
        entry
    });
    on.then(|| Ingress { port: (port != 0).then_some(port), entry, stream })
}

/// `panel_title`, `panel_icon` and `panel_admin`.
pub(super) fn panel(map: &mut Section<'_>, name: &str, findings: &mut Findings) -> Panel {
    let title = map.text("panel_title", findings);
    if let Some(text) = title.as_ref().filter(|text| !is_title(text.get_ref())) {
        findings.add(bad(text.span(), "not a title", "expected 1 to 100 characters on one line", "or take it out"));
    }
    let icon = map.text("panel_icon", findings);
    if let Some(text) = icon.as_ref().filter(|text| !is_icon(text.get_ref())) {
        findings.add(bad(text.span(), "not an icon", "expected `mdi:` and a name", "as in `mdi:zigbee`"));
    }
    Panel {
        title: title.map_or_else(|| name.to_owned(), |text| text.get_ref().trim().to_owned()),
        icon: icon.map_or_else(|| "mdi:puzzle".to_owned(), |text| text.get_ref().clone()),
        admin: map.flag("panel_admin", true, findings),
    }
}

/// Whether a text may stand behind an add-on's address, which people are sent to: a path below it, never another's.
pub fn is_entry(entry: &str) -> bool {
    let legal = |b: u8| b.is_ascii_graphic() && !matches!(b, b'\\' | b'"' | b'<' | b'>');
    entry.len() <= 512 && entry.bytes().all(legal) && !entry.starts_with('/') && !entry.contains("..")
}

/// What people read: one line.
pub(super) fn is_title(text: &str) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().count() <= 100 && !text.contains(char::is_control)
}

fn is_icon(text: &str) -> bool {
    let name = text.strip_prefix("mdi:").unwrap_or_default();
    let legal = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    legal && (1..=64).contains(&name.len())
}

//! What an add-on's calls to Home Assistant are held to: `entities` and `entity_messages`.

use std::collections::BTreeSet;
use std::sync::Arc;

use toml::Spanned;

use crate::config::addon_api::is_for_no_addon;
use crate::config::diagnostic::Diagnostic;
use crate::config::raw::section::{List, section_part};
use crate::config::resolve::context::Context;
use crate::manifest::Rights;

section_part! {
    /// The keys of it in `[[addon]]`.
    RawEntityFilter {
        entities: String,
        entity_messages: List<String>,
    }
}

/// What an add-on's calls to Home Assistant are held to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntityFilter {
    /// The group whose policy its calls to Home Assistant's API are held to, if any.
    pub group: Option<Arc<str>>,
    /// Types of WebSocket messages to Home Assistant that pass besides those that pass for all add-ons, and unfiltered.
    pub messages: BTreeSet<String>,
}

impl EntityFilter {
    /// The keys, compared with what the add-on may call at all.
    pub(super) fn resolve(raw: &RawEntityFilter, rights: &Rights, cx: &mut Context<'_>) -> Self {
        let group = raw.entities.given();
        if let Some(text) = group.filter(|_| !rights.homeassistant_api) {
            let idle = Diagnostic::warning(
                text.span(),
                "this add-on has no call to Home Assistant that could be held to a group",
            );
            cx.add(
                idle.label("needs `homeassistant_api`")
                    .hint("add `homeassistant_api = true` to its `rights` or its manifest, or take this key out"),
            );
        }
        let messages = raw.entity_messages.given();
        if let Some(list) = messages.filter(|_| !rights.homeassistant_api) {
            let idle = Diagnostic::warning(list.span(), "this add-on sends Home Assistant no messages");
            cx.add(
                idle.label("needs `homeassistant_api`")
                    .hint("add `homeassistant_api = true` to its `rights` or its manifest, or take this key out"),
            );
        }
        let messages = messages.map(|list| list.get_ref().as_slice()).unwrap_or_default();
        let listed = messages.iter().filter(|text| is_message(text, cx)).map(|text| text.get_ref().clone()).collect();
        Self { group: group.map(|text| text.get_ref().as_str().into()), messages: listed }
    }
}

fn is_message(text: &Spanned<String>, cx: &mut Context<'_>) -> bool {
    let kind = text.get_ref();
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'/');
    if kind.is_empty() || is_for_no_addon(kind) || !kind.bytes().all(legal) {
        let bad = Diagnostic::mistake(text.span(), "not a type of message that may pass");
        cx.add(bad.label("expected a type of Home Assistant's WebSocket messages").hint(
            "write it as in \"frigate/events/get\"; what Home Assistant has for its Supervisor, for users and for \
                     tokens never passes",
        ));
        return false;
    }
    true
}

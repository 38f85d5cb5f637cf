//! What add-ons may say to Home Assistant over its WebSocket: messages of the types in
//! [`crate::entity_filter::message_types`], and of those that the operator added for the add-on. Nothing else passes,
//! in any spelling: not what Home Assistant has for its Supervisor (docs/design/supervisor.md section 6), not what
//! makes users, tokens and signed addresses, and not what this version does not know. Behind a Supervisor add-ons speak
//! as a system user of Home Assistant, to whom it refuses some of this; our token may be of any user.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::entity_filter::MOST_MESSAGES;
use crate::entity_filter::bounded_json::{Scalar, is_shallow};

/// What becomes of a text that an add-on sends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filtered {
    /// It is passed on as it is.
    Pass,
    /// It is answered with these, one after the other.
    Refuse(Vec<Value>),
}

/// Judges a text by whether messages of a type pass. What begins like JSON and cannot be read, or does not say once
/// what it is, could be read otherwise by Home Assistant: it is refused. What does not begin like JSON is nothing to
/// Home Assistant, and passes (case 59). A list of more messages than anybody sends at once is refused as one: there
/// are never more answers than [`MOST_MESSAGES`].
pub(super) fn filter_message(text: &str, mut passes: impl FnMut(&str) -> bool) -> Filtered {
    if !text.trim_start().starts_with(['{', '[']) {
        return Filtered::Pass;
    }
    // Depth first: the parser recurses, and a text of brackets alone could use up the stack.
    let heads = is_shallow(text.as_bytes()).then(|| serde_json::from_str(text).ok()).flatten();
    let Some(Heads(heads)) = heads else { return Filtered::Refuse(vec![refusal(None)]) };
    if heads.iter().all(|head| head.is_one_that(&mut passes)) {
        return Filtered::Pass;
    }
    Filtered::Refuse(heads.iter().map(|head| refusal(head.id)).collect())
}

/// Case 56: exactly this.
fn refusal(id: Option<u64>) -> Value {
    let error = json!({"code": "unauthorized", "message": "Unauthorized"});
    json!({"id": id, "type": "result", "success": false, "error": error})
}

/// A message, or each of a list of them.
struct Heads(Vec<Head>);

/// What a message says of itself. What it says twice is kept twice, and no more often.
#[derive(Default)]
struct Head {
    id: Option<u64>,
    kinds: Vec<String>,
}

impl Head {
    fn is_one_that(&self, passes: &mut impl FnMut(&str) -> bool) -> bool {
        let [kind] = self.kinds.as_slice() else { return false };
        passes(kind)
    }
}

impl<'de> Deserialize<'de> for Heads {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(HeadsVisitor)
    }
}

impl<'de> Deserialize<'de> for Head {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(HeadVisitor)
    }
}

struct HeadsVisitor;

impl<'de> Visitor<'de> for HeadsVisitor {
    type Value = Heads;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message or a list of messages")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Heads, A::Error> {
        Ok(Heads(vec![HeadVisitor.visit_map(map)?]))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Heads, A::Error> {
        let mut heads = Vec::new();
        while let Some(head) = list.next_element()? {
            if heads.len() >= MOST_MESSAGES {
                return Err(A::Error::custom("too many messages in a list"));
            }
            heads.push(head);
        }
        Ok(Heads(heads))
    }
}

struct HeadVisitor;

impl<'de> Visitor<'de> for HeadVisitor {
    type Value = Head;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Head, A::Error> {
        let mut head = Head::default();
        while let Some(name) = map.next_key::<String>()? {
            match name.as_str() {
                "type" => {
                    let kind = map.next_value::<Scalar>()?;
                    // Two are enough to know that it is not said once; a thousand would only take memory.
                    if head.kinds.len() < 2 {
                        head.kinds.push(kind.text().unwrap_or_default().to_owned());
                    }
                }
                "id" => head.id = map.next_value::<Scalar>()?.number(),
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(head)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::entity_filter::message_types;

    fn filter_message(text: &str) -> Filtered {
        super::filter_message(text, |kind| message_types::passes(kind, &BTreeSet::from(["frigate/x".to_owned()])))
    }

    fn refused(id: Option<u64>) -> Filtered {
        Filtered::Refuse(vec![refusal(id)])
    }

    /// Cases 56 and 57, and what comes close.
    #[test]
    fn what_home_assistant_has_for_its_supervisor_is_answered_here() {
        for kind in [
            "supervisor/api",
            "supervisor/event",
            "supervisor/subscribe",
            "hassio/update/core",
            "supervisor",
            "hassio",
            "Supervisor/API",
            " hassio/x",
            "supervisor\\/api",
            "hassio_auth",
            "auth/long_lived_access_token",
            "config/auth_provider/homeassistant/admin_change_password",
            "Config/Auth_Provider/homeassistant/admin_change_username",
            "config/auth/create",
            "config/auth/update",
            "config/auth_provider/homeassistant/create",
            "auth/sign_path",
            "auth/refresh_tokens",
            "auth/delete_all_refresh_tokens",
            "auth",
            "backup/restore",
            "what_nobody_knows",
            "Ping",
            "ping ",
            "",
        ] {
            assert_eq!(filter_message(&format!(r#"{{"id": 5, "type": "{kind}"}}"#)), refused(Some(5)), "{kind}");
        }
        let escaped = r#"{"id": 5, "type": "\u0073upervisor/api"}"#;
        assert_eq!(filter_message(escaped), refused(Some(5)));
        assert_eq!(filter_message(r#"{"id": 5, "t\u0079pe": "supervisor/api"}"#), refused(Some(5)));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        assert_eq!(filter_message(r#"{"id": 5, "type": "supervisor/api", "type": "ping"}"#), refused(Some(5)));
        assert_eq!(filter_message(r#"{"id": 5, "type": "ping", "type": "ping"}"#), refused(Some(5)));
        assert_eq!(filter_message(r#"{"id": 5, "type": "ping""#), refused(None));
        let deep = format!(r#"{{"x": {}{}, "type": "supervisor/api"}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(filter_message(&deep), refused(None));
        for none in [r#"{"id": 5}"#, r#"{"id": 5, "type": null}"#, r#"{"id": 5, "type": ["ping"]}"#] {
            assert_eq!(filter_message(none), refused(Some(5)), "{none}");
        }
        let list = r#" [{"id": 1, "type": "ping"}, {"id": 2, "type": "hassio/x"}]"#;
        assert_eq!(filter_message(list), Filtered::Refuse(vec![refusal(Some(1)), refusal(Some(2))]));
    }

    #[test]
    fn a_list_has_a_bounded_number_of_messages_and_so_of_answers() {
        let list = |kind: &str, count: usize| {
            format!("[{}]", vec![format!(r#"{{"id": 1, "type": "{kind}"}}"#); count].join(","))
        };
        assert_eq!(filter_message(&list("ping", MOST_MESSAGES)), Filtered::Pass);
        assert_eq!(filter_message(&list("ping", MOST_MESSAGES + 1)), refused(None));
        let Filtered::Refuse(answers) = filter_message(&list("hassio/x", MOST_MESSAGES)) else { panic!("it passes") };
        assert_eq!(answers.len(), MOST_MESSAGES);
        assert_eq!(filter_message(&list("hassio/x", MOST_MESSAGES + 1)), refused(None));
        assert_eq!(filter_message(&format!("[{}]", vec!["{}"; 100_000].join(","))), refused(None));
    }

    /// Cases 58 and 59.
    #[test]
    fn what_is_listed_passes_as_it_is() {
        for text in [
            r#"{"id": 5, "type": "get_states"}"#,
            r#"{"id": 5, "type": "auth/current_user"}"#,
            r#"{"id": 5, "type": "frigate/x"}"#,
            r#"{"id": 5, "type": "history/stream"}"#,
            r#"[{"id": 1, "type": "ping"}]"#,
            r#"{"id": 5, "type": "ping", "x": {"type": "supervisor/api"}}"#,
            "hello",
            "",
            "\"supervisor/api\"",
        ] {
            assert_eq!(filter_message(text), Filtered::Pass, "{text}");
        }
    }
}

//! What no add-on may say to Home Assistant over its WebSocket, whatever else it may: everything that Home Assistant has
//! for its Supervisor (docs/design/supervisor.md section 6), and what would turn our token into one of the add-on's or into
//! the passwords of others. Behind a Supervisor add-ons speak as a user of Home Assistant's own, whom it refuses those;
//! ours may be anybody's token.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Value, json};

use crate::supervisor::bounded_json::{Scalar, is_shallow};

/// What becomes of a text that an add-on sends.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Screened {
    /// It is passed on as it is.
    Pass,
    /// It is answered with these, one after the other.
    Refuse(Vec<Value>),
}

/// Judges a text. What begins like JSON and cannot be read, or says twice what it is, could be read otherwise by Home
/// Assistant: it is refused. What does not begin like JSON is nothing to Home Assistant, and passes (case 59). A list of
/// more messages than anybody sends at once is refused as one: there are never more answers than [`MOST_MESSAGES`].
pub(super) fn screen(text: &str) -> Screened {
    if !text.trim_start().starts_with(['{', '[']) {
        return Screened::Pass;
    }
    let heads = is_shallow(text.as_bytes()).then(|| serde_json::from_str(text).ok()).flatten();
    let Some(Heads(heads)) = heads else { return Screened::Refuse(vec![refusal(None)]) };
    if heads.iter().all(Head::is_plain) {
        return Screened::Pass;
    }
    Screened::Refuse(heads.iter().map(|head| refusal(head.id)).collect())
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
    fn is_plain(&self) -> bool {
        let plain = |kind: &String| {
            let kind = kind.trim().to_ascii_lowercase();
            let for_supervisors = ["supervisor", "hassio"].iter().any(|name| {
                kind.strip_prefix(name).is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphanumeric()))
            });
            !for_supervisors && !FOR_PEOPLE.contains(&kind.as_str())
        };
        self.kinds.len() <= 1 && self.kinds.iter().all(plain)
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

/// Messages in a list. Home Assistant's own clients send none.
const MOST_MESSAGES: usize = 100;

/// For a person who is signed in: new tokens of theirs, the passwords and user names of others. Others come by a new
/// password at `/auth/reset`, with the role for it.
const FOR_PEOPLE: [&str; 3] = [
    "auth/long_lived_access_token",
    "config/auth_provider/homeassistant/admin_change_password",
    "config/auth_provider/homeassistant/admin_change_username",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(id: Option<u64>) -> Screened {
        Screened::Refuse(vec![refusal(id)])
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
        ] {
            assert_eq!(screen(&format!(r#"{{"id": 5, "type": "{kind}"}}"#)), refused(Some(5)), "{kind}");
        }
        let escaped = r#"{"id": 5, "type": "\u0073upervisor/api"}"#;
        assert_eq!(screen(escaped), refused(Some(5)));
        assert_eq!(screen(r#"{"id": 5, "t\u0079pe": "supervisor/api"}"#), refused(Some(5)));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        assert_eq!(screen(r#"{"id": 5, "type": "supervisor/api", "type": "ping"}"#), refused(Some(5)));
        assert_eq!(screen(r#"{"id": 5, "type": "ping", "type": "ping"}"#), refused(Some(5)));
        assert_eq!(screen(r#"{"id": 5, "type": "ping""#), refused(None));
        let deep = format!(r#"{{"x": {}{}, "type": "supervisor/api"}}"#, "[".repeat(500), "]".repeat(500));
        assert_eq!(screen(&deep), refused(None));
        let list = r#" [{"id": 1, "type": "ping"}, {"id": 2, "type": "hassio/x"}]"#;
        assert_eq!(screen(list), Screened::Refuse(vec![refusal(Some(1)), refusal(Some(2))]));
    }

    #[test]
    fn a_list_has_a_bounded_number_of_messages_and_so_of_answers() {
        let list = |kind: &str, count: usize| {
            format!("[{}]", vec![format!(r#"{{"id": 1, "type": "{kind}"}}"#); count].join(","))
        };
        assert_eq!(screen(&list("ping", MOST_MESSAGES)), Screened::Pass);
        assert_eq!(screen(&list("ping", MOST_MESSAGES + 1)), refused(None));
        let Screened::Refuse(answers) = screen(&list("hassio/x", MOST_MESSAGES)) else { panic!("it passes") };
        assert_eq!(answers.len(), MOST_MESSAGES);
        assert_eq!(screen(&list("hassio/x", MOST_MESSAGES + 1)), refused(None));
        assert_eq!(screen(&format!("[{}]", vec!["{}"; 100_000].join(","))), refused(None));
    }

    /// Cases 58 and 59.
    #[test]
    fn everything_else_passes_as_it_is() {
        for text in [
            r#"{"id": 5, "type": "get_states"}"#,
            r#"{"id": 5, "type": "supervisory"}"#,
            r#"[{"id": 1, "type": "ping"}]"#,
            r#"{"id": 5, "type": "ping", "x": {"type": "supervisor/api"}}"#,
            "hello",
            "",
            "\"supervisor/api\"",
        ] {
            assert_eq!(screen(text), Screened::Pass, "{text}");
        }
    }
}

//! What is asked: whether a user may use an access key on an entity. All three are plain text, taken as they are.

use serde::Deserialize;

/// A question. As JSON it has exactly these keys.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::cli) struct Question {
    /// A user name or a user id.
    pub(in crate::cli) user: String,
    /// An entity's id, or any text.
    pub(in crate::cli) entity: String,
    /// `read`, `control`, `edit`, or any text.
    pub(in crate::cli) access: String,
}

/// Not a question.
#[derive(Debug, thiserror::Error)]
pub(super) enum BadQuestion {
    /// Something else than an object.
    #[error("this is not a JSON object with `user`, `entity` and `access`")]
    NotAnObject,
    /// An object with other keys, or no JSON at all.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

impl Question {
    /// Reads one line.
    pub(super) fn parse(line: &[u8]) -> Result<Self, BadQuestion> {
        // A list of three texts would do for serde.
        if line.trim_ascii_start().first() != Some(&b'{') {
            return Err(BadQuestion::NotAnObject);
        }
        Ok(serde_json::from_slice(line)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_has_exactly_its_three_texts() {
        assert!(Question::parse(br#"{"user": "", "entity": "a b", "access": "\n"}"#).is_ok());
        let wrong: [&[u8]; 8] = [
            b"",
            b"[\"frank\", \"light.a\", \"read\"]",
            br#"{"user": "frank", "entity": "light.a"}"#,
            br#"{"user": "frank", "entity": "light.a", "access": "read", "url": "/"}"#,
            br#"{"user": "frank", "user": "owner", "entity": "light.a", "access": "read"}"#,
            br#"{"user": "frank", "entity": 1, "access": "read"}"#,
            br#"{"user": "frank", "entity": "light.a", "access": "read"} x"#,
            b"{\"user\": \"\xff\", \"entity\": \"light.a\", \"access\": \"read\"}",
        ];
        for line in wrong {
            assert!(Question::parse(line).is_err(), "{}", String::from_utf8_lossy(line));
        }
    }
}

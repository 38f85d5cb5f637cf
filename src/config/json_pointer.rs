//! JSON pointers (RFC 6901): in comes text, out come the names and positions that lead from the top of a document to a
//! value in it.

use std::fmt;
use std::str::FromStr;

use super::findings::Explained;

/// A pointer, as in `/target/entity_id`; the empty one is the whole document.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct JsonPointer {
    text: String,
    tokens: Vec<String>,
}

/// Why a text is not a pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadPointer {
    /// Does not begin with a slash.
    #[error("a JSON pointer that does not begin with `/`")]
    Relative,
    /// `~` and neither 0 nor 1.
    #[error("a `~` in a JSON pointer that neither 0 nor 1 follows")]
    Escape,
    /// Too many steps.
    #[error("a JSON pointer of more than {DEEPEST} steps")]
    TooDeep,
}

impl JsonPointer {
    /// The steps, unescaped.
    pub fn tokens(&self) -> &[String] {
        &self.tokens
    }
}

/// As it stands in the file.
impl fmt::Display for JsonPointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for JsonPointer {
    type Err = BadPointer;

    /// RFC 6901 section 4: `~1` becomes `/` first, then `~0` becomes `~`.
    fn from_str(text: &str) -> Result<Self, BadPointer> {
        let mut tokens = Vec::new();
        if !text.is_empty() {
            let body = text.strip_prefix('/').ok_or(BadPointer::Relative)?;
            for token in body.split('/') {
                let escaped = token.split('~').skip(1).all(|after| after.starts_with(['0', '1']));
                if !escaped {
                    return Err(BadPointer::Escape);
                }
                tokens.push(token.replace("~1", "/").replace("~0", "~"));
            }
        }
        if tokens.len() > DEEPEST { Err(BadPointer::TooDeep) } else { Ok(Self { text: text.to_owned(), tokens }) }
    }
}

/// No body that a person writes is deeper.
const DEEPEST: usize = 32;

impl Explained for BadPointer {
    fn expected(&self) -> &'static str {
        "expected a JSON pointer as in \"/entity_id\""
    }

    fn hint(&self) -> String {
        match self {
            Self::Relative => "put a `/` before each name, as in \"/target/entity_id\"",
            Self::Escape => "write `~0` for `~` and `~1` for `/` in a name",
            Self::TooDeep => "name a value that lies less deep",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_read_as_rfc_6901_section_5_shows() {
        let tokens = |text: &str| text.parse::<JsonPointer>().map(|pointer| pointer.tokens);
        for (text, expected) in [
            ("", &[][..]),
            ("/foo/0", &["foo", "0"]),
            ("/", &[""]),
            ("/a~1b", &["a/b"]),
            ("/m~0n", &["m~n"]),
            ("/~01", &["~1"]),
            ("/ ", &[" "]),
        ] {
            assert_eq!(tokens(text).unwrap(), expected, "{text}");
        }
        assert_eq!(tokens("entity_id"), Err(BadPointer::Relative));
        for bad in ["/~", "/a~2", "/a~/b"] {
            assert_eq!(tokens(bad), Err(BadPointer::Escape), "{bad}");
        }
        assert_eq!(tokens(&"/a".repeat(33)), Err(BadPointer::TooDeep));
    }
}

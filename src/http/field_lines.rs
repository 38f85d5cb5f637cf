//! How often a header stands in a request: not at all, once, or more often, where nobody knows which line counts.

use http::HeaderMap;
use http::header::{AsHeaderName, HeaderValue};

/// The lines of one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FieldLines<'h> {
    /// None.
    Absent,
    /// Exactly one.
    One(&'h HeaderValue),
    /// Two or more. Software differs in which of them it takes, so that none of them is believed.
    Several,
}

impl<'h> FieldLines<'h> {
    /// The lines of this name.
    pub fn of(headers: &'h HeaderMap, name: impl AsHeaderName) -> Self {
        let mut lines = headers.get_all(name).into_iter();
        match (lines.next(), lines.next()) {
            (None, _) => Self::Absent,
            (Some(line), None) => Self::One(line),
            (Some(_), Some(_)) => Self::Several,
        }
    }

    /// The one line, if there is one.
    pub fn one(self) -> Option<&'h HeaderValue> {
        if let Self::One(line) = self { Some(line) } else { None }
    }
}

/// The value of a header that stands there exactly once.
pub fn one_line(headers: &HeaderMap, name: impl AsHeaderName) -> Option<&HeaderValue> {
    FieldLines::of(headers, name).one()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_lines_none_is_the_one() {
        let mut headers = HeaderMap::new();
        assert_eq!(FieldLines::of(&headers, "a"), FieldLines::Absent);
        headers.append("a", HeaderValue::from_static("1"));
        assert_eq!(one_line(&headers, "a"), Some(&HeaderValue::from_static("1")));
        headers.append("a", HeaderValue::from_static("1"));
        assert_eq!((FieldLines::of(&headers, "a"), one_line(&headers, "a")), (FieldLines::Several, None));
    }
}

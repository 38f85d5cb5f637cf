//! Patterns of protected paths: in comes text, out comes a [`PathPattern`] whose every segment is a text, a
//! placeholder, or, at its end, all the rest. A placeholder stands for a whole segment, so that matching never has to
//! try twice.

use std::fmt;
use std::str::FromStr;

use super::findings::Explained;

/// A pattern, as in `/api/covers/{cover}/open` or `/settings/{*rest}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PathPattern {
    text: String,
    segments: Vec<Segment>,
    rest: Option<String>,
}

/// A segment of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Segment {
    /// This text, not percent-encoded.
    Text(String),
    /// Any one segment that is not empty, under this name.
    Placeholder(String),
}

/// Why a text is not a pattern.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadPattern {
    /// Does not begin with a slash.
    #[error("a pattern that does not begin with `/`")]
    Relative,
    /// What looks like a regular expression.
    #[error("a pattern that looks like a regular expression")]
    Regex,
    /// `//`
    #[error("a pattern with an empty segment")]
    EmptySegment,
    /// `.` or `..`
    #[error("a pattern with a dot segment")]
    DotSegment,
    /// A character that has another meaning in a request.
    #[error("a pattern with `{0}`")]
    Reserved(char),
    /// Text beside a placeholder.
    #[error("a placeholder that is not a whole segment")]
    Part,
    /// A name that is none.
    #[error("`{{{0}}}` is not a placeholder")]
    Name(String),
    /// One name twice.
    #[error("two placeholders are called `{0}`")]
    Twice(String),
    /// The rest, and something behind it.
    #[error("`{{*{0}}}` is not the last segment")]
    NotLast(String),
    /// Too many characters.
    #[error("a pattern of more than {LONGEST} characters")]
    TooLong,
}

impl PathPattern {
    /// The segments before the rest.
    pub fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// The name of the rest, when more segments may follow, or none.
    pub fn rest(&self) -> Option<&str> {
        self.rest.as_deref()
    }

    /// The names of the placeholders, in order; the rest is not among them.
    pub fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Text(_) => None,
            Segment::Placeholder(name) => Some(name.as_str()),
        })
    }
}

/// As it stands in the file.
impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for PathPattern {
    type Err = BadPattern;

    /// A slash at the end means nothing: requests are matched with and without it.
    fn from_str(text: &str) -> Result<Self, BadPattern> {
        if text.len() > LONGEST {
            return Err(BadPattern::TooLong);
        }
        if is_regular_expression(text) {
            return Err(BadPattern::Regex);
        }
        let body = text.strip_prefix('/').ok_or(BadPattern::Relative)?;
        let body = body.strip_suffix('/').unwrap_or(body);
        let mut pattern = Self { text: text.to_owned(), segments: Vec::new(), rest: None };
        if text == "/" {
            return Ok(pattern);
        }
        for segment in body.split('/') {
            if let Some(name) = &pattern.rest {
                return Err(BadPattern::NotLast(name.clone()));
            }
            match segment.strip_prefix('{').and_then(|inside| inside.strip_suffix('}')) {
                Some(inside) => pattern.add_placeholder(inside)?,
                None => pattern.segments.push(Segment::Text(text_of(segment)?)),
            }
        }
        Ok(pattern)
    }
}

impl PathPattern {
    fn add_placeholder(&mut self, inside: &str) -> Result<(), BadPattern> {
        let name = inside.strip_prefix('*').unwrap_or(inside);
        let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        if name.is_empty() || !name.bytes().all(legal) {
            return Err(BadPattern::Name(inside.to_owned()));
        }
        if self.placeholders().any(|known| known == name) {
            return Err(BadPattern::Twice(name.to_owned()));
        }
        if inside.starts_with('*') {
            self.rest = Some(name.to_owned());
        } else {
            self.segments.push(Segment::Placeholder(name.to_owned()));
        }
        Ok(())
    }
}

/// A text that has one reading in a path: what would be refused in a request, or is percent-encoded, is refused here.
fn text_of(segment: &str) -> Result<String, BadPattern> {
    let reserved = |c: &char| c.is_control() || matches!(c, '%' | '?' | '#' | ';' | '\\' | '*');
    if segment.is_empty() {
        Err(BadPattern::EmptySegment)
    } else if segment == "." || segment == ".." {
        Err(BadPattern::DotSegment)
    } else if segment.contains(['{', '}']) {
        Err(BadPattern::Part)
    } else if let Some(reserved) = segment.chars().find(reserved) {
        Err(BadPattern::Reserved(reserved))
    } else {
        Ok(segment.to_owned())
    }
}

/// What is in no path, and in many expressions. Brackets alone stand in some paths.
fn is_regular_expression(text: &str) -> bool {
    let signs = [".*", ".+", "(?", "[^", "[0-9", "[a-z", "[A-Z", "]+", "]*", ")+", ")*", "\\d", "\\w", "\\."];
    let groups = text.split('(').skip(1).filter_map(|rest| rest.split_once(')'));
    let has_choice = groups.into_iter().any(|(group, _)| group.contains('|'));
    text.starts_with('^') || text.ends_with('$') || has_choice || signs.iter().any(|sign| text.contains(sign))
}

/// No real path is longer.
const LONGEST: usize = 1024;

impl Explained for BadPattern {
    fn expected(&self) -> &'static str {
        "expected a path as the add-on sees it, as in \"/api/covers/{cover}/open\""
    }

    fn hint(&self) -> String {
        match self {
            Self::Relative => "put a `/` in front",
            Self::Regex => {
                "write `{name}` for one segment, or `{*rest}` at the end for all that follows: \"/x/{*rest}\""
            }
            Self::EmptySegment => "write one `/` where there are two",
            Self::DotSegment => "write the path without `.` and `..`",
            Self::Reserved('%') => "write the character itself: requests are compared when they are decoded",
            Self::Reserved('*') => "write `{name}` for one segment, or `{*rest}` at the end for all that follows",
            Self::Reserved('?') => "the query is no part of the path; `query = \"name\"` reads from it",
            Self::Reserved(_) => "take it out: no request with it in its path reaches a protected add-on",
            Self::Part => "a placeholder stands for a whole segment, as in \"/covers/{cover}\"",
            Self::Name(_) => "write `{name}` with lower-case letters, digits and `_`, or `{*rest}` at the end",
            Self::Twice(_) => "give one of them another name",
            Self::NotLast(_) => "what follows it can never be told from it: take it out",
            Self::TooLong => "protect a shorter path with `{*rest}` at its end",
        }
        .into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<PathPattern, BadPattern> {
        text.parse()
    }

    #[test]
    fn a_pattern_has_texts_placeholders_and_a_rest() {
        let (text, name) = (|t: &str| Segment::Text(t.to_owned()), |n: &str| Segment::Placeholder(n.to_owned()));
        let pattern = parse("/api/covers/{cover}/open/").unwrap();
        assert_eq!(pattern.segments(), [text("api"), text("covers"), name("cover"), text("open")]);
        assert_eq!((pattern.rest(), pattern.to_string().as_str()), (None, "/api/covers/{cover}/open/"));
        assert_eq!(parse("/{*rest}").unwrap().rest(), Some("rest"));
        assert!(parse("/").unwrap().segments().is_empty());
        assert!(parse("/caf\u{e9} au lait/a+b@c").is_ok());
        assert!(parse("/pages/[id].js/(x)/1|2").is_ok());
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_no_pattern() {
        for (text, bad) in [
            ("", BadPattern::Relative),
            ("settings", BadPattern::Relative),
            ("//", BadPattern::EmptySegment),
            ("/a//b", BadPattern::EmptySegment),
            ("/a/../b", BadPattern::DotSegment),
            ("/a%20b", BadPattern::Reserved('%')),
            ("/a?b", BadPattern::Reserved('?')),
            ("/a;b", BadPattern::Reserved(';')),
            ("/a\\b", BadPattern::Reserved('\\')),
            ("/a/*", BadPattern::Reserved('*')),
            ("/a{b}", BadPattern::Part),
            ("/{a}{b}", BadPattern::Name("a}{b".to_owned())),
            ("/{}", BadPattern::Name(String::new())),
            ("/{*}", BadPattern::Name("*".to_owned())),
            ("/{Cover}", BadPattern::Name("Cover".to_owned())),
            ("/{a}/{a}", BadPattern::Twice("a".to_owned())),
            ("/{*a}/b", BadPattern::NotLast("a".to_owned())),
        ] {
            assert_eq!(parse(text), Err(bad), "{text}");
        }
        assert_eq!(parse(&format!("/{}", "a".repeat(LONGEST))), Err(BadPattern::TooLong));
    }
}

//! Whether a body may be a form: then its fields are parameters to many servers, beside those of the query or over
//! them.

use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::media_type::{is_alike, is_called_json};

/// What kind of body a request has, as far as its head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyKind {
    /// The request has no body.
    None,
    /// One whose head calls it JSON; what it really is, is not known.
    CalledJson,
    /// One that some server may read as a form.
    MaybeForm,
}

impl BodyKind {
    /// The kind of body of a request with these headers. Rack reads a body of no type as a form, Bottle one of nearly
    /// any type (S-208).
    pub(super) fn of(headers: &HeaderMap, has_body: bool) -> Self {
        let names = headers.iter().filter(|(name, _)| is_alike(name.as_str(), CONTENT_TYPE.as_str()));
        let types: Vec<_> = names.map(|(_, value)| value.as_bytes().to_ascii_lowercase()).collect();
        let is_form = |value: &Vec<u8>| [&b"form"[..], b"multipart"].iter().any(|word| contains(value, word));
        match types.as_slice() {
            [] if !has_body => Self::None,
            // A form's type counts as a form even where we see no body, to be on the safe side.
            [only] if !has_body && !is_form(only) => Self::None,
            [_] if is_called_json(headers) => Self::CalledJson,
            _ => Self::MaybeForm,
        }
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn kind(lines: &[(&'static str, &'static str)], has_body: bool) -> BodyKind {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        BodyKind::of(&headers, has_body)
    }

    #[test]
    fn what_could_be_a_form_is_one() {
        for lines in [
            &[][..],
            &[("content-type", "application/x-www-form-urlencoded")],
            &[("content-type", "Multipart/Form-Data; boundary=x")],
            &[("content-type", "text/plain"), ("content-type", "text/plain")],
            &[("content-type", "text/plain"), ("content_type", "text/plain")],
            &[("content_type", "application/x-www-form-urlencoded")],
        ] {
            assert_eq!(kind(lines, true), BodyKind::MaybeForm, "{lines:?}");
        }
        for lines in
            [&[("content-type", "")][..], &[("content-type", "text/plain")], &[("content-type", "application/sdp")]]
        {
            assert_eq!(kind(lines, true), BodyKind::MaybeForm, "{lines:?}");
            assert_eq!(kind(lines, false), BodyKind::None, "{lines:?}");
        }
        assert_eq!(kind(&[("content-type", "application/x-www-form-urlencoded")], false), BodyKind::MaybeForm);
        assert_eq!(kind(&[], false), BodyKind::None);
        assert_eq!(kind(&[("content-type", "application/json")], true), BodyKind::CalledJson);
    }
}

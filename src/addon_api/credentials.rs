//! The user name and password that an add-on asks about (docs/design/supervisor.md section 5).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use serde::de::IgnoredAny;
use zeroize::Zeroizing;

use crate::entity_filter::bounded_json::{Scalar, fields};
use crate::http::one_line;

/// What a user typed into an add-on.
pub(super) struct Credentials {
    pub(super) username: String,
    pub(super) password: Zeroizing<String>,
    /// They came in `Authorization: Basic`, so that a refusal asks for them again in that way.
    pub(super) basic: bool,
}

/// Why there are none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoCredentials {
    /// There are none, or not in a form that is understood: 401, with the realm.
    Missing,
    /// A name or a password that is not text: 401, with the realm and a key.
    NotText,
    /// JSON that is none: 400.
    BadJson,
}

impl Credentials {
    /// Reads them: from `Authorization` when it is there at all, else from the body by its type.
    pub(super) fn read(headers: &HeaderMap, body: &[u8]) -> Result<Self, NoCredentials> {
        if headers.contains_key(AUTHORIZATION) {
            return basic(headers).ok_or(NoCredentials::Missing);
        }
        match media_type(headers).as_deref() {
            Some("application/json") => json(body),
            Some("application/x-www-form-urlencoded") => form(body),
            _ => Err(NoCredentials::Missing),
        }
    }
}

/// RFC 7617. One line, one scheme, UTF-8.
fn basic(headers: &HeaderMap) -> Option<Credentials> {
    let (scheme, encoded) = one_line(headers, AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let (username, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
    Some(Credentials { username: username.to_owned(), password: password.to_owned().into(), basic: true })
}

/// Without its parameters. The charset may only be one that is UTF-8 in what it can say.
fn media_type(headers: &HeaderMap) -> Option<String> {
    let line = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let mut parts = line.split(';').map(str::trim);
    let media_type = parts.next()?.to_ascii_lowercase();
    let utf8 = |parameter: &str| {
        let Some((name, value)) = parameter.split_once('=') else { return false };
        let charset = value.trim_matches('"').to_ascii_lowercase();
        !name.trim().eq_ignore_ascii_case("charset") || matches!(charset.as_str(), "utf-8" | "utf8" | "us-ascii")
    };
    parts.filter(|parameter| !parameter.is_empty()).all(utf8).then_some(media_type)
}

fn json(body: &[u8]) -> Result<Credentials, NoCredentials> {
    if body.is_empty() {
        return Err(NoCredentials::NotText);
    }
    let text = std::str::from_utf8(body).map_err(|_| NoCredentials::BadJson)?;
    let Some([username, user, password]) = fields(text, ["username", "user", "password"]) else {
        // Another value than an object, or one that says something twice.
        let is_json = serde_json::from_str::<IgnoredAny>(text).is_ok();
        return Err(if is_json { NoCredentials::NotText } else { NoCredentials::BadJson });
    };
    let given = |field: Option<&str>| {
        // `null` says nothing, so that the other name of the field counts.
        let field = field.filter(|text| *text != "null")?;
        serde_json::from_str(field).ok()
    };
    match (given(username).or_else(|| given(user)), given(password)) {
        (Some(Scalar::Text(username)), Some(Scalar::Text(password))) => {
            Ok(Credentials { username, password: password.into(), basic: false })
        }
        _ => Err(NoCredentials::NotText),
    }
}

fn form(body: &[u8]) -> Result<Credentials, NoCredentials> {
    let (mut username, mut user, mut password) = (None, None, None);
    for (name, value) in form_urlencoded::parse(body) {
        let field = match &*name {
            "username" => &mut username,
            "user" => &mut user,
            "password" => &mut password,
            _ => continue,
        };
        if field.replace(value.into_owned()).is_some() {
            // Given twice: which of them is meant cannot be told.
            return Err(NoCredentials::Missing);
        }
    }
    match (username.or(user), password) {
        (Some(username), Some(password)) => Ok(Credentials { username, password: password.into(), basic: false }),
        _ => Err(NoCredentials::NotText),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: (&str, &str) = ("content-type", "application/json");
    const FORM: (&str, &str) = ("content-type", "application/x-www-form-urlencoded");

    fn read(lines: &[(&'static str, &str)], body: &str) -> Result<(String, String, bool), NoCredentials> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        let found = Credentials::read(&headers, body.as_bytes())?;
        Ok((found.username, found.password.to_string(), found.basic))
    }

    fn good(basic: bool) -> (String, String, bool) {
        ("jürgen".to_owned(), "a:b c".to_owned(), basic)
    }

    /// Cases 37, 42 and 45, and types with a charset.
    #[test]
    fn three_forms_are_understood() {
        let encoded = format!("Basic {}", STANDARD.encode("jürgen:a:b c"));
        assert_eq!(read(&[("authorization", &encoded)], ""), Ok(good(true)));
        assert_eq!(read(&[("authorization", &encoded), JSON], r#"{"username": "x", "password": "y"}"#), Ok(good(true)));
        for name in ["username", "user"] {
            let body = format!(r#"{{"{name}": "jürgen", "password": "a:b c"}}"#);
            assert_eq!(read(&[JSON], &body), Ok(good(false)));
            assert_eq!(read(&[("content-type", "Application/JSON; charset=UTF-8")], &body), Ok(good(false)));
            let body = format!("{name}=j%C3%BCrgen&password=a%3Ab+c");
            assert_eq!(read(&[FORM], &body), Ok(good(false)));
            assert_eq!(
                read(&[("content-type", "application/x-www-form-urlencoded; charset=utf-8")], &body),
                Ok(good(false))
            );
        }
    }

    /// Cases 38, 40, 41, 44 and 46.
    #[test]
    fn everything_else_is_none() {
        for (lines, body, why) in [
            (vec![], "", NoCredentials::Missing),
            (vec![("authorization", "Bearer abc")], "", NoCredentials::Missing),
            (vec![("authorization", "Basic %%%")], "", NoCredentials::Missing),
            (vec![("authorization", "Basic YQ==")], "", NoCredentials::Missing),
            (
                vec![("authorization", "Bearer abc"), JSON],
                r#"{"username": "a", "password": "b"}"#,
                NoCredentials::Missing,
            ),
            (vec![("content-type", "text/plain")], "username=a&password=b", NoCredentials::Missing),
            (vec![("content-type", "application/json; charset=utf-16")], "{}", NoCredentials::Missing),
            (vec![JSON], "", NoCredentials::NotText),
            (vec![JSON], "{}", NoCredentials::NotText),
            (vec![JSON], "[]", NoCredentials::NotText),
            (vec![JSON], r#"{"username": null, "password": "b"}"#, NoCredentials::NotText),
            (vec![JSON], r#"{"user": "a", "password": 5}"#, NoCredentials::NotText),
            (vec![JSON], r#"{"user": "a", "user": "b", "password": "c"}"#, NoCredentials::NotText),
            (vec![JSON], r#"{"user": "a""#, NoCredentials::BadJson),
            (vec![FORM], "username=a", NoCredentials::NotText),
            (vec![FORM], "username=a&username=b&password=c", NoCredentials::Missing),
        ] {
            assert_eq!(read(&lines, body), Err(why), "{lines:?} {body}");
        }
    }
}

//! Challenges in an add-on's answer (RFC 9110 section 11.6.1), confined to its prefix.
//!
//! A browser keeps a password by origin and realm (RFC 7617 section 2.2) and sends it, without asking, to any add-on on
//! that origin that asks for a realm that it knows. Under a prefix an add-on could so have the password for another
//! one. Hence the realm of `Basic` begins with the prefix, which changes nothing for the add-on: it never sees the
//! realm again. The realm of `Digest` is part of what is signed, so it cannot be changed, and that challenge is left
//! out. Other schemes pass.

use http::HeaderValue;

/// The line with its challenges as the browser may see them; nothing when none is left, or when it cannot be read.
pub(super) fn confine(line: &HeaderValue, prefix: &str) -> Option<HeaderValue> {
    let challenges = read(std::str::from_utf8(line.as_bytes()).ok()?)?;
    let confined = challenges.iter().filter_map(|challenge| challenge.confined(prefix));
    let confined: Vec<String> = confined.collect();
    if confined.is_empty() { None } else { HeaderValue::from_str(&confined.join(", ")).ok() }
}

/// A scheme, and its parameters or its one token, as they were written.
#[derive(Debug, PartialEq, Eq)]
struct Challenge<'a> {
    scheme: &'a str,
    parameters: Vec<&'a str>,
}

impl Challenge<'_> {
    fn confined(&self, prefix: &str) -> Option<String> {
        if self.scheme.eq_ignore_ascii_case("digest") {
            return None;
        }
        if !self.scheme.eq_ignore_ascii_case("basic") {
            let parameters = self.parameters.join(", ");
            return Some(if parameters.is_empty() {
                self.scheme.to_owned()
            } else {
                format!("{} {parameters}", self.scheme)
            });
        }
        let mut realm = String::new();
        let mut others = String::new();
        for parameter in &self.parameters {
            let (name, value) = parameter.split_once('=').filter(|(_, value)| is_value(value.trim()))?;
            if name.trim().eq_ignore_ascii_case("realm") {
                // Of two realms browsers take the first or the last: a list of both is another realm in any case.
                realm = format!("{realm} {}", unquoted(value.trim()));
            } else {
                others = format!("{others}, {parameter}");
            }
        }
        Some(format!("Basic realm=\"{prefix}{realm}\"{others}"))
    }

    /// Whether all parsers read it alike. In `realm=x", realm="y` some see one parameter and some see two.
    fn is_well_formed(&self) -> bool {
        is_token(self.scheme)
            && self.parameters.iter().all(|parameter| is_parameter(parameter) || is_token68(parameter))
    }
}

fn is_parameter(text: &str) -> bool {
    text.split_once('=').is_some_and(|(name, value)| is_token(name.trim()) && is_value(value.trim()))
}

fn is_value(text: &str) -> bool {
    is_token(text) || is_quoted(text)
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(is_tchar)
}

/// RFC 9110 section 5.6.4: between quotation marks, in which every other one is escaped.
fn is_quoted(text: &str) -> bool {
    let Some(inner) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')) else { return false };
    let mut escaped = false;
    let open = inner.bytes().any(|byte| {
        let ends = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        ends
    });
    !open && !escaped
}

/// RFC 9110 section 11.2.
fn is_token68(text: &str) -> bool {
    let bare = text.trim_end_matches('=');
    !bare.is_empty() && bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte))
}

/// What a value says between its quotation marks, still escaped.
fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// The challenges of a line; nothing when it has none, or when two parsers could read it differently.
fn read(line: &str) -> Option<Vec<Challenge<'_>>> {
    let mut challenges: Vec<Challenge<'_>> = Vec::new();
    for item in items(line)? {
        let item = item.trim_matches([' ', '\t']);
        if item.is_empty() {
            continue;
        }
        let (word, rest) = item.split_at(item.find([' ', '\t', '=']).unwrap_or(item.len()));
        let rest = rest.trim_start_matches([' ', '\t']);
        // `name = value` goes on with the challenge before it; all else begins one.
        if rest.starts_with('=') {
            challenges.last_mut()?.parameters.push(item);
        } else {
            let parameters = if rest.is_empty() { Vec::new() } else { vec![rest] };
            challenges.push(Challenge { scheme: word, parameters });
        }
    }
    challenges.iter().all(Challenge::is_well_formed).then_some(challenges)
}

/// What stands between commas that are in no quoted string.
fn items(line: &str) -> Option<Vec<&str>> {
    let mut items = Vec::new();
    let (mut begun, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in line.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' if !quoted => {
                items.push(line.get(begun..at)?);
                begun = at.saturating_add(1);
            }
            _ => {}
        }
    }
    items.push(line.get(begun..)?);
    (!quoted).then_some(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn confined(line: &str) -> Option<String> {
        let line = HeaderValue::from_bytes(line.as_bytes()).unwrap();
        confine(&line, "/x").map(|line| line.to_str().unwrap().to_owned())
    }

    #[test]
    fn s184_a_realm_begins_with_the_prefix_however_it_is_written() {
        for (line, seen) in [
            ("Basic realm=\"a\"", "Basic realm=\"/x a\""),
            ("BASIC\tRealm = a , charset=utf-8", "Basic realm=\"/x a\", charset=utf-8"),
            ("Basic charset=\"UTF-8\", realm=\"a, b=\\\"c\"", "Basic realm=\"/x a, b=\\\"c\", charset=\"UTF-8\""),
            ("Basic realm=a, realm=b", "Basic realm=\"/x a b\""),
            ("Basic", "Basic realm=\"/x\""),
            (",Basic realm=a,, ,NTLM", "Basic realm=\"/x a\", NTLM"),
            ("Negotiate YII=, Bearer realm=\"r\", error=\"e\"", "Negotiate YII=, Bearer realm=\"r\", error=\"e\""),
            ("Digest realm=\"a\", nonce=\"n\", Basic realm=\"b\"", "Basic realm=\"/x b\""),
        ] {
            assert_eq!(confined(line).as_deref(), Some(seen), "{line}");
        }
    }

    #[test]
    fn s184_what_cannot_be_read_or_confined_goes() {
        for line in [
            "Basic realm=x\", realm=\"Files",
            "Basic charset=x\", realm=\"Files",
            "Bearer a=b\", Basic realm=\"Files",
            "Basic realm=\"a\" realm=\"Files\"",
            "Basic realm=\"a\"b\"",
            "Basic realm=\"a\\\\\"Files\"",
            "Ba\"sic realm=a\"",
            "Basic realm==",
            "Basic realm = a b",
            "Digest realm=\"a\"",
            "Basic realm=\"a",
            "realm=a",
            "=",
            "",
            " , ",
            "Basic dXNlcg",
            "Basic realm=\"a\\\"",
        ] {
            assert_eq!(confined(line), None, "{line}");
        }
    }
}

//! Our cookie out of the `Cookie` lines, the other cookies byte for byte and in order (DESIGN section 2, step 4).
//!
//! RFC 9113 section 8.2.3: an HTTP/2 client may split the header into crumbs, which are joined with `; ` first. Names
//! are compared as bytes after cutting spaces and tabs: nothing is percent-decoded and nothing is trimmed that Unicode
//! calls a space, so that no other spelling becomes our cookie (S-77).

use bytes::{BufMut, Bytes, BytesMut};
use http::header::COOKIE;
use http::{HeaderMap, HeaderValue};

use super::own_cookies::HOME_ASSISTANTS_COOKIE;

/// What a request says in our cookie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// There is no cookie of this name.
    Nothing,
    /// One value, whatever it is worth.
    One(Bytes),
    /// More than one: which is meant cannot be told, so none counts (S-76).
    Several,
}

/// Takes the cookies called `names` out of `headers` and says what they were, in the order of `names`. `Cookie` is one
/// line afterwards, or none.
pub(crate) fn take<const N: usize>(headers: &mut HeaderMap, names: &[&str; N]) -> [Presented; N] {
    let mut presented = [const { Presented::Nothing }; N];
    let mut lines = headers.get_all(COOKIE).iter();
    let (Some(first), second) = (lines.next(), lines.next()) else { return presented };
    let joined = if second.is_none() {
        // Copied because a `HeaderValue` does not give out its `Bytes`, which `slice_ref` below needs.
        Bytes::copy_from_slice(first.as_bytes())
    } else {
        join(headers.get_all(COOKIE).iter().map(HeaderValue::as_bytes))
    };
    let mut found = false;
    for pair in joined.split(|b| *b == b';') {
        if !may_be_ours(pair) {
            continue;
        }
        for (name, said) in names.iter().zip(&mut presented) {
            let Some(value) = value_of(pair, name) else { continue };
            // A second one may have been planted beside ours: `__Host-` prevents that, but not in every browser.
            let first = *said == Presented::Nothing;
            *said = if first { Presented::One(joined.slice_ref(value)) } else { Presented::Several };
            found = true;
        }
    }
    if found {
        replace(headers, others(&joined, names));
    // Several lines become one even without a cookie of ours: over HTTP/1.1 only one is allowed (RFC 6265 section 5.4).
    } else if second_line(headers) {
        replace(headers, joined);
    }
    presented
}

/// What our names begin with: most cookies are told apart by this.
fn may_be_ours(pair: &[u8]) -> bool {
    let pair = trim(pair);
    pair.starts_with(b"__Host-") || pair.starts_with(HOME_ASSISTANTS_COOKIE.as_bytes())
}

/// Whether a `Set-Cookie` line sets the cookie called `name`. A cookie without a name (`=name=value`) counts: browsers
/// send its value alone, which would read as ours.
pub(crate) fn sets(set_cookie: &HeaderValue, name: &str) -> bool {
    let pair = set_cookie.as_bytes().split(|b| *b == b';').next().unwrap_or_default();
    let is_padding = |b: &u8| b.is_ascii_whitespace() || *b == b'=';
    let start = pair.iter().position(|b| !is_padding(b)).unwrap_or(pair.len());
    let key = pair.get(start..).unwrap_or_default().split(|b| *b == b'=').next().unwrap_or_default();
    key.trim_ascii().eq_ignore_ascii_case(name.as_bytes())
}

fn value_of<'a>(pair: &'a [u8], name: &str) -> Option<&'a [u8]> {
    let pair = trim(pair);
    // Case counts: to browsers `__host-...` is another cookie, and so it is here (S-77).
    let rest = pair.strip_prefix(name.as_bytes())?;
    trim(rest).strip_prefix(b"=").map(trim)
}

fn trim(mut bytes: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = bytes {
        bytes = rest;
    }
    bytes
}

fn second_line(headers: &HeaderMap) -> bool {
    headers.get_all(COOKIE).iter().nth(1).is_some()
}

fn join<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Bytes {
    let mut joined = BytesMut::new();
    for line in lines {
        if !joined.is_empty() {
            joined.put_slice(b"; ");
        }
        joined.put_slice(line);
    }
    joined.freeze()
}

/// All pairs but ours, each with the bytes it had; only the space that followed a removed pair goes with it.
fn others(cookies: &Bytes, names: &[&str]) -> Bytes {
    let mut kept = BytesMut::with_capacity(cookies.len());
    for pair in cookies.split(|b| *b == b';') {
        if may_be_ours(pair) && names.iter().any(|name| value_of(pair, name).is_some()) {
            continue;
        }
        if kept.is_empty() {
            kept.put_slice(pair.trim_ascii_start());
        } else {
            kept.put_u8(b';');
            kept.put_slice(pair);
        }
    }
    kept.freeze()
}

fn replace(headers: &mut HeaderMap, cookies: Bytes) {
    // A `Cookie` line has at least one pair (RFC 6265 section 4.2.1), so separators alone are no line.
    if cookies.iter().all(|b| matches!(b, b' ' | b'\t' | b';')) {
        headers.remove(COOKIE);
    } else if let Ok(value) = HeaderValue::from_maybe_shared(cookies) {
        headers.insert(COOKIE, value);
    } else {
        // Parts of legal values make a legal value. Should that ever fail, no cookies are better than ours among them.
        headers.remove(COOKIE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "__Host-ingress_session";

    fn taken(lines: &[&[u8]]) -> (Presented, Option<Vec<u8>>) {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(COOKIE, HeaderValue::from_bytes(line).unwrap());
        }
        let [presented, _] = take(&mut headers, &[NAME, "__Host-other"]);
        assert!(!second_line(&headers));
        (presented, headers.get(COOKIE).map(|v| v.as_bytes().to_vec()))
    }

    fn one(value: &'static str) -> Presented {
        Presented::One(Bytes::from_static(value.as_bytes()))
    }

    #[test]
    fn ours_goes_and_the_others_keep_their_bytes() {
        for (line, rest) in [
            ("__Host-ingress_session=T", None),
            ("a=1; __Host-ingress_session=T", Some("a=1")),
            ("__Host-ingress_session=T; a=1", Some("a=1")),
            (
                "a=1;__Host-ingress_session=T;b=\"x,y\"; session_P1|ingress|o=2",
                Some("a=1;b=\"x,y\"; session_P1|ingress|o=2"),
            ),
            ("a=1; \t__Host-ingress_session \t=\t T ; b", Some("a=1; b")),
        ] {
            assert_eq!(taken(&[line.as_bytes()]), (one("T"), rest.map(|r| r.as_bytes().to_vec())), "{line}");
        }
    }

    #[test]
    fn all_of_ours_go_at_once() {
        let mut headers = HeaderMap::new();
        headers.append(COOKIE, HeaderValue::from_static("a=1; __Host-other=2; __Host-ingress_session=3; b=4"));
        assert_eq!(take(&mut headers, &[NAME, "__Host-other"]), [one("3"), one("2")]);
        assert_eq!(headers[COOKIE], "a=1; b=4");
    }

    #[test]
    fn crumbs_are_joined_first() {
        assert_eq!(taken(&[b"a=1", b"__Host-ingress_session=T", b"b=2"]), (one("T"), Some(b"a=1; b=2".to_vec())));
        assert_eq!(taken(&[b"a=1", b"b=2"]), (Presented::Nothing, Some(b"a=1; b=2".to_vec())));
    }

    #[test]
    fn two_values_are_none() {
        for lines in [
            &[&b"__Host-ingress_session=T; __Host-ingress_session=T"[..]][..],
            &[b"__Host-ingress_session=T", b"__Host-ingress_session=U"],
            &[b"__Host-ingress_session=; x=1; __Host-ingress_session=U"],
        ] {
            let (presented, rest) = taken(lines);
            assert_eq!(presented, Presented::Several);
            assert!(!String::from_utf8(rest.unwrap_or_default()).unwrap().contains("ingress_session"));
        }
    }

    #[test]
    fn another_spelling_is_another_cookie() {
        for line in [
            "%5F_Host-ingress_session=x",
            "__host-ingress_session=x",
            "=__Host-ingress_session=x",
            "__Host-ingress_session",
            "\u{2000}__Host-ingress_session=x",
            "__Host-ingress_session\u{a0}=x",
            "x__Host-ingress_session=x",
            "__Host-ingress_session2=x",
        ] {
            assert_eq!(taken(&[line.as_bytes()]), (Presented::Nothing, Some(line.as_bytes().to_vec())), "{line}");
        }
    }
}

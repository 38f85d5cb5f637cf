//! Secrets taken out of request targets before they are logged (S-83).
//!
//! In comes a target as the client sent it, out come its pieces with the secret ones replaced. When it is not plain what a
//! piece is, it counts as secret: a log that says too little is better than one that says too much.

/// Passes the target on in pieces, in order, with [`MARK`] in the place of each secret.
pub(super) fn redact<'a>(target: &'a [u8], mut emit: impl FnMut(&'a [u8])) {
    let query = target.iter().position(|&byte| byte == b'?').unwrap_or(target.len());
    let (path, query) = target.split_at(query);
    redact_path(redact_userinfo(path, &mut emit), &mut emit);
    redact_query(query, &mut emit);
}

/// `https://user:password@host/`: no legal target of ours, but one that is refused is logged too. Gives back the rest.
fn redact_userinfo<'a>(path: &'a [u8], emit: &mut impl FnMut(&'a [u8])) -> &'a [u8] {
    if path.first() == Some(&b'/') {
        return path;
    }
    let Some(at) = path.iter().rposition(|&byte| byte == b'@') else { return path };
    emit(MARK);
    path.get(at..).unwrap_or_default()
}

/// The segment after `hassio_ingress` is the key of an add-on's session: `/api/hassio_ingress/KEY/...`. A spelling with
/// escapes or dot segments behind it loses the whole rest of its path.
fn redact_path<'a>(path: &'a [u8], emit: &mut impl FnMut(&'a [u8])) {
    let Some(end) = end_of_ingress(path) else { return emit(path) };
    let (head, rest) = path.split_at(end);
    emit(head);
    let after_slashes = rest.iter().position(|&byte| byte != b'/').unwrap_or(rest.len());
    let (slashes, key) = rest.split_at(after_slashes);
    emit(slashes);
    if key.is_empty() {
        return;
    }
    emit(MARK);
    let key_end = key.iter().position(|&byte| byte == b'/').unwrap_or(key.len());
    let (key, rest) = key.split_at(key_end);
    let plain = !slashes.is_empty() && !key.iter().any(|byte| b"%\\;.".contains(byte));
    if plain {
        emit(rest);
    }
}

/// Where `hassio_ingress`, in any case and any percent-encoding, ends in the path.
fn end_of_ingress(path: &[u8]) -> Option<usize> {
    // Its `_` is in the path, or an escape is: most paths have neither.
    if path.len() < INGRESS.len() || !path.iter().any(|byte| b"_%".contains(byte)) {
        return None;
    }
    let first = |&(_, &byte): &(usize, &u8)| matches!(byte, b'h' | b'H' | b'%');
    path.iter().enumerate().filter(first).find_map(|(start, _)| {
        let mut at = start;
        for &expected in INGRESS {
            let (byte, length) = decoded(path.get(at..)?)?;
            if !byte.eq_ignore_ascii_case(&expected) {
                return None;
            }
            at = at.saturating_add(length);
        }
        Some(at)
    })
}

/// Every `name=value` whose name is secret loses its value. Separators and `=` count in percent-encoding too, so that a
/// target carried inside a parameter (`return_to=%2Fx%3Fcode%3D...`) is no hiding place. A value reaches to the next `&` of
/// its own level: `%26` is a part of a value that began after a plain `=`.
fn redact_query<'a>(query: &'a [u8], emit: &mut impl FnMut(&'a [u8])) {
    let (mut unsaid, mut rest) = (query, query);
    while let Some((name_end, byte, length)) = find(rest, |byte| byte == b'=' || is_separator(byte)) {
        let (name, _) = rest.split_at(name_end);
        rest = rest.get(name_end.saturating_add(length)..).unwrap_or_default();
        if byte == b'=' && is_secret(name) {
            let (before, _) = unsaid.split_at(unsaid.len().saturating_sub(rest.len()));
            emit(before);
            let value_end = if length == 1 {
                rest.iter().position(|&byte| byte == b'&')
            } else {
                find(rest, |byte| byte == b'&').map(|(end, ..)| end)
            };
            let (value, after) = rest.split_at(value_end.unwrap_or(rest.len()));
            if !value.is_empty() {
                emit(MARK);
            }
            (unsaid, rest) = (after, after);
        }
    }
    emit(unsaid);
}

fn is_separator(byte: u8) -> bool {
    matches!(byte, b'?' | b'&' | b';' | b'#')
}

/// Whether a parameter's name, decoded, is on the list. `token[]` and `token[a]` count as `token`, `-` as `_`.
fn is_secret(name: &[u8]) -> bool {
    if name.len() < SHORTEST {
        return false;
    }
    let mut letters = [0_u8; LONGEST];
    let mut length = 0;
    let mut rest = name;
    while let Some((byte, taken)) = decoded(rest) {
        rest = rest.get(taken..).unwrap_or_default();
        match byte {
            b'[' => break,
            b'+' | b' ' => {}
            _ => {
                let Some(slot) = letters.get_mut(length) else { return false };
                *slot = if byte == b'-' { b'_' } else { byte.to_ascii_lowercase() };
                length = length.saturating_add(1);
            }
        }
    }
    letters.get(..length).is_some_and(|name| SECRET.contains(&name))
}

/// The first decoded byte that `wanted` wants: where it begins, what it is, and how many bytes it takes.
fn find(text: &[u8], wanted: impl Fn(u8) -> bool) -> Option<(usize, u8, usize)> {
    let mut at = 0_usize;
    loop {
        let (byte, length) = match *text.get(at)? {
            b'%' => decoded(text.get(at..)?)?,
            byte => (byte, 1),
        };
        if wanted(byte) {
            return Some((at, byte, length));
        }
        at = at.saturating_add(length);
    }
}

/// The first byte of `text`, percent-decoded, and how many bytes it took (RFC 3986 section 2.1).
fn decoded(text: &[u8]) -> Option<(u8, usize)> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    match text {
        [b'%', high, low, ..] => match (digit(*high), digit(*low)) {
            (Some(high), Some(low)) => Some((high << 4 | low, 3)),
            _ => Some((b'%', 1)),
        },
        [byte, ..] => Some((*byte, 1)),
        [] => None,
    }
}

const MARK: &[u8] = b"***";

const INGRESS: &[u8] = b"hassio_ingress";

/// Shorter names are not on the list, and an escape makes a name longer.
const SHORTEST: usize = 3;

/// Longer names are not on the list.
const LONGEST: usize = 24;

/// Names of parameters that carry secrets, in lower case.
const SECRET: &[&[u8]] = &[
    b"access_token",
    b"api_key",
    b"api_password",
    b"apikey",
    b"assertion",
    b"authsig",
    b"client_secret",
    b"code",
    b"id_token",
    b"ingress_token",
    b"key",
    b"passwd",
    b"password",
    b"refresh_token",
    b"secret",
    b"state",
    b"token",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// What is sent, and what is logged.
    const TABLE: &[(&str, &str)] = &[
        ("/", "/"),
        ("/a/b?x=1&y=2", "/a/b?x=1&y=2"),
        ("/cb?code=abc&state=def&x=1", "/cb?code=***&state=***&x=1"),
        ("/?access_token=a;b&refresh_token=b%26c", "/?access_token=***&refresh_token=***"),
        ("/?x=1;refresh_token=b", "/?x=1;refresh_token=***"),
        ("/api/camera?authSig=eyJ.x.y", "/api/camera?authSig=***"),
        ("/?AUTHSIG=1&Token=2&PassWord=3", "/?AUTHSIG=***&Token=***&PassWord=***"),
        ("/?t%6Fken=x&%63%6f%64%65=y", "/?t%6Fken=***&%63%6f%64%65=***"),
        ("/?token%3Dx&a=1", "/?token%3D***&a=1"),
        ("/?token[]=x&token%5B0%5D=y", "/?token[]=***&token%5B0%5D=***"),
        ("/?api-key=x&api_key=y&key=z&+key=w", "/?api-key=***&api_key=***&key=***&+key=***"),
        ("/?ingress_token=x", "/?ingress_token=***"),
        ("/?a=/b?token=x", "/?a=/b?token=***"),
        ("/?return_to=%2Fx%3Fcode%3Dabc%26y%3D1&z=2", "/?return_to=%2Fx%3Fcode%3D***%26y%3D1&z=2"),
        ("/?token=a=b?c&d=1", "/?token=***&d=1"),
        ("/?token=&token", "/?token=&token"),
        ("/?tokens=1&encode=2&monkey=3", "/?tokens=1&encode=2&monkey=3"),
        ("/?%zz=1&%=2&token=%", "/?%zz=1&%=2&token=***"),
        ("/api/hassio_ingress/AbC123/ui?x=1", "/api/hassio_ingress/***/ui?x=1"),
        ("/api/hassio_ingress/AbC123", "/api/hassio_ingress/***"),
        ("/api/hassio_ingress/", "/api/hassio_ingress/"),
        ("/api/hassio_ingress", "/api/hassio_ingress"),
        ("/home/api/HASSIO_ingress//AbC/x", "/home/api/HASSIO_ingress//***/x"),
        ("/api/hassio%5Fingress/AbC/x", "/api/hassio%5Fingress/***/x"),
        ("/api/%68assio_ingress/AbC/x", "/api/%68assio_ingress/***/x"),
        ("/api/hassio_ingress/./AbC/x", "/api/hassio_ingress/***"),
        ("/api/hassio_ingress%2FAbC/x", "/api/hassio_ingress***"),
        ("/api/hassio_ingress/%2e/AbC/x?token=1", "/api/hassio_ingress/***?token=***"),
        ("https://frank:hunter2@home/x", "***@home/x"),
        ("*", "*"),
        ("", ""),
    ];

    fn redacted(target: &str) -> String {
        let mut shown = String::new();
        redact(target.as_bytes(), |piece| shown.push_str(&String::from_utf8_lossy(piece)));
        shown
    }

    #[test]
    fn secrets_do_not_reach_the_log() {
        for (sent, logged) in TABLE {
            assert_eq!(redacted(sent), *logged, "for {sent}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_secret_parameter_is_never_shown(before in "[a-z%=&;/?]{0,12}", name in "(code|t%6fken|AuthSig)") {
            let mark = if before.contains('?') { "" } else { "?" };
            let target = format!("/{mark}{before}&{name}=SESAME&after=1");
            proptest::prop_assert!(!redacted(&target).contains("SESAME"), "{}", target);
        }
    }
}

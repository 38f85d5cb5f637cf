//! Secrets taken out of request targets before they are logged (S-83).
//!
//! A target is passed on in pieces, with the secret ones replaced. When it is not plain what a piece is, it counts as
//! secret: a log that says too little is better than one that says too much.

use std::fmt;

/// Passes the target on in pieces, in order, with [`MARK`] in the place of each secret.
pub(super) fn redact<'a>(target: &'a [u8], mut emit: impl FnMut(&'a [u8])) {
    let query = target.iter().position(|&byte| byte == b'?').unwrap_or(target.len());
    let (path, query) = target.split_at(query);
    redact_path(redact_userinfo(path, &mut emit), EVERYWHERE, &mut emit);
    redact_query(query, &mut |piece| redact_paths_within(piece, &mut emit));
}

/// A target without its secrets, and of at most so many bytes.
pub fn redacted(target: &str, most: usize) -> String {
    // Redacted after it was cut, as in the log: what says that a secret follows stands before it.
    let shown = target.get(..target.floor_char_boundary(most)).unwrap_or_default();
    let mut text = String::new();
    redact(shown.as_bytes(), |piece| text.push_str(&String::from_utf8_lossy(piece)));
    if shown.len() < target.len() {
        text.push_str("...");
    }
    text
}

/// The path of a call of the add-on API, as it is logged: without its secrets, and of bounded length.
#[derive(Debug, Clone, Copy)]
pub struct ApiCallPath<'a>(pub &'a str);

impl fmt::Display for ApiCallPath<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.0.get(..self.0.floor_char_boundary(PATH_LIMIT)).unwrap_or_default();
        let mut written = Ok(());
        redact_path(shown.as_bytes(), IN_ADDON_API, &mut |piece| {
            written = written.and_then(|()| f.write_str(&String::from_utf8_lossy(piece)));
        });
        written?;
        if shown.len() < self.0.len() { f.write_str("...") } else { Ok(()) }
    }
}

/// `https://user:password@host/`: no legal target of ours, but one that is refused is logged too. Gives back the rest.
fn redact_userinfo<'a>(path: &'a [u8], emit: &mut impl FnMut(&'a [u8])) -> &'a [u8] {
    if path.first() == Some(&b'/') {
        return path;
    }
    // The last one, since a password may have an `@` in it.
    let Some(at) = path.iter().rposition(|&byte| byte == b'@') else { return path };
    emit(MARK);
    path.get(at..).unwrap_or_default()
}

/// The segment after `hassio_ingress` is the key of an add-on's session, the one after `webhook` is all that whoever
/// calls it has to know, and the one after `hls` opens a camera's stream: `/api/hassio_ingress/KEY/...`. A spelling
/// with escapes or dot segments behind such a name, or a second such name, loses the whole rest of its path.
fn redact_path<'a>(path: &'a [u8], names: &[Name], emit: &mut impl FnMut(&'a [u8])) {
    let mut path = path;
    while let Some((name, end)) = find_name(path, names) {
        let (head, rest) = path.split_at(end);
        emit(head);
        let after_slashes = rest.iter().position(|&byte| byte != b'/').unwrap_or(rest.len());
        let (slashes, key) = rest.split_at(after_slashes);
        emit(slashes);
        if key.is_empty() {
            return;
        }
        let key_end = key.iter().position(|&byte| byte == b'/').unwrap_or(key.len());
        let (key, rest) = key.split_at(key_end);
        // A key that is such a name itself may have a secret behind it: what a server makes of the two is not known.
        let is_name = find_name(key, names).is_some();
        let plain = !slashes.is_empty() && !is_name && !key.iter().any(|byte| b"%\\;.".contains(byte));
        emit(if plain && name.not_secret.contains(&key) { key } else { MARK });
        if !plain {
            return;
        }
        // One such path may stand below another: a webhook behind an ingress.
        path = rest;
    }
    emit(path);
}

/// A target may be carried inside a parameter: `return_to=%2Fapi%2Fwebhook%2FID`.
fn redact_paths_within<'a>(query: &'a [u8], emit: &mut impl FnMut(&'a [u8])) {
    let mut rest = query;
    while let Some(end) = rest.iter().position(|&byte| byte == b'&') {
        let (part, after) = rest.split_at(end);
        redact_path(part, EVERYWHERE, emit);
        let (separator, after) = after.split_at(1);
        emit(separator);
        rest = after;
    }
    redact_path(rest, EVERYWHERE, emit);
}

/// The first of these names, in any case and any percent-encoding, and where it ends in the path.
fn find_name<'n>(path: &[u8], names: &'n [Name]) -> Option<(&'n Name, usize)> {
    // Most bytes begin no name, and every request has a path.
    let starts = path.iter().enumerate().filter(|(_, byte)| may_begin(**byte)).map(|(start, _)| start);
    let found = |start| names.iter().find_map(|name| Some((name, end_of(name, path, start)?)));
    starts.into_iter().find_map(found)
}

/// Whether the name of a segment can begin with this byte; an escape can stand for any.
fn may_begin(byte: u8) -> bool {
    matches!(byte.to_ascii_lowercase(), b'%' | b'h' | b'w' | b'i')
}

/// Where this name ends, if it begins here.
fn end_of(name: &Name, path: &[u8], start: usize) -> Option<usize> {
    let mut at = start;
    for &expected in name.text {
        let (byte, length) = decoded(path.get(at..)?)?;
        if !byte.eq_ignore_ascii_case(&expected) {
            return None;
        }
        at = at.saturating_add(length);
    }
    let whole = || {
        let (before, after) = (path.get(..start).unwrap_or_default(), path.get(at..).unwrap_or_default());
        // The end of an escape counts as a border, whatever it stands for: it may be a slash.
        let escape = before.len().checked_sub(3).and_then(|at| before.get(at)).is_some_and(|&byte| byte == b'%');
        let begins = escape || before.last().is_none_or(|byte| BORDERS.contains(byte));
        begins && after.first().is_none_or(|byte| BORDERS.contains(byte))
    };
    (name.in_parts || whole()).then_some(at)
}

/// Every `name=value` whose name is secret loses its value. Separators and `=` count in percent-encoding too, so that a
/// target carried inside a parameter (`return_to=%2Fx%3Fcode%3D...`) is no hiding place. A value reaches to the next
/// `&` of its own level: `%26` is a part of a value that began after a plain `=`.
fn redact_query<'a>(query: &'a [u8], emit: &mut impl FnMut(&'a [u8])) {
    // Nothing is copied: all that stands before a secret goes out in one piece when the secret is found.
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
            // Blanks do not count: a server may trim them off, and one secret too many does no harm.
            b'+' | b' ' => {}
            _ => {
                // Longer than every name on the list.
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

/// The name of a segment after which a secret stands.
struct Name {
    text: &'static [u8],
    /// Whether it counts as a part of a longer segment, too.
    in_parts: bool,
    /// What may stand there and is no secret.
    not_secret: &'static [&'static [u8]],
}

const INGRESS: Name = Name { text: b"hassio_ingress", in_parts: true, not_secret: &[] };
const WEBHOOK: Name = Name { text: b"webhook", in_parts: false, not_secret: &[] };
const STREAM: Name = Name { text: b"hls", in_parts: false, not_secret: &[] };

/// As it is called in a Supervisor. Elsewhere it is a prefix that operators like to give to add-ons.
const SUPERVISORS_INGRESS: Name =
    Name { text: b"ingress", in_parts: false, not_secret: &[b"panels", b"session", b"validate_session"] };

const EVERYWHERE: &[Name] = &[INGRESS, WEBHOOK, STREAM];

const IN_ADDON_API: &[Name] = &[INGRESS, WEBHOOK, STREAM, SUPERVISORS_INGRESS];

/// What may stand beside the name of a segment, in any spelling of the slash.
const BORDERS: &[u8] = b"/%\\;.?=&#";

/// Bytes that are shown of a path of the add-on API.
const PATH_LIMIT: usize = 512;

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
        ("/api/webhook/AbC123", "/api/webhook/***"),
        ("/home/api//WebHook//AbC/x?y=1", "/home/api//WebHook//***/x?y=1"),
        ("/api/w%65bhook/AbC", "/api/w%65bhook/***"),
        ("/api%2Fwebhook%2FAbC/x", "/api%2Fwebhook***"),
        ("/api/./webhook/./AbC", "/api/./webhook/***"),
        ("/api/hassio_ingress/AbC/api/webhook/DeF/x", "/api/hassio_ingress/***/api/webhook/***/x"),
        ("/api/webhook/webhook/x", "/api/webhook/***"),
        ("/hls/webhook/AbC123", "/hls/***"),
        ("/webhooks/list", "/webhooks/list"),
        ("/api/hls/AbC123/master_playlist.m3u8", "/api/hls/***/master_playlist.m3u8"),
        ("/?return_to=%2Fapi%2Fwebhook%2FAbC&x=1", "/?return_to=%2Fapi%2Fwebhook***&x=1"),
        (
            "/?return_to=/api/webhook/AbC&x=/api/hassio_ingress/D/e",
            "/?return_to=/api/webhook/***&x=/api/hassio_ingress/***/e",
        ),
        ("/ingress/admin/x", "/ingress/admin/x"),
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
    fn every_name_begins_as_the_search_believes() {
        for name in IN_ADDON_API.iter().chain(EVERYWHERE) {
            assert!(name.text.first().copied().is_some_and(may_begin));
        }
    }

    #[test]
    fn secrets_do_not_reach_the_log() {
        for (sent, logged) in TABLE {
            assert_eq!(redacted(sent), *logged, "for {sent}");
        }
    }

    #[test]
    fn calls_of_the_addon_api_are_shown_without_what_they_carry() {
        for (sent, logged) in [
            ("/ingress/AbC123/ui", "/ingress/***/ui"),
            ("/v2/ingress/validate_session", "/v2/ingress/validate_session"),
            ("/ingress/session/AbC", "/ingress/session/AbC"),
            ("/ingress%2FAbC", "/ingress***"),
            ("/core/api/webhook/AbC", "/core/api/webhook/***"),
            ("/addons/self/info", "/addons/self/info"),
        ] {
            assert_eq!(ApiCallPath(sent).to_string(), logged, "for {sent}");
        }
        let long = format!("/{}", "é".repeat(4000));
        assert!(ApiCallPath(&long).to_string().len() <= PATH_LIMIT + 3);
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

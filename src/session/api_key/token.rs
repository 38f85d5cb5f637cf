//! The key itself, and the header lines that show one.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use zeroize::Zeroizing;

use crate::entropy;
use crate::secret::Secret;
use crate::session::SessionDigest;
use crate::session::bearer::is_bearer;

/// 256 random bits that a program holds. Redacted in `Debug`, wiped when dropped.
#[derive(Debug)]
pub struct ApiKeyToken(Secret<String>);

/// What the header lines of a request show.
#[derive(Debug)]
pub(in crate::session) enum Shown {
    /// No key of ours: the lines are the add-on's own.
    Nothing,
    /// One key, in one line.
    One(ApiKeyToken),
    /// What begins as one and is none.
    Malformed,
    /// More than one line that could be it.
    Several,
}

impl ApiKeyToken {
    /// A new key from the operating system's random bytes.
    pub fn random() -> Self {
        let raw = Zeroizing::new(entropy::random::<32>());
        Self(Secret::new(format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(*raw))))
    }

    /// Reads the one spelling that [`Self::random`] makes: the prefix and 43 characters of base64url.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let body = text.strip_prefix(PREFIX.as_bytes()).filter(|body| body.len() == ENCODED)?;
        let raw = Zeroizing::new(URL_SAFE_NO_PAD.decode(body).ok()?);
        let text = std::str::from_utf8(text).ok()?;
        (raw.len() == RAW).then(|| Self(Secret::new(text.to_owned())))
    }

    /// What it is kept and looked up under.
    pub fn digest(&self) -> SessionDigest {
        // With the prefix: the digest of a key is none of a session, whatever their random bytes are.
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, self.0.reveal().as_bytes()).as_ref());
        SessionDigest::from_bytes(bytes)
    }

    /// The key in clear, for the one who has asked for it.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl Shown {
    /// What these lines show: `Authorization: Bearer` or `X-Api-Key` with a key of ours.
    pub(in crate::session) fn of(headers: &HeaderMap) -> Self {
        let bearers = headers.get_all(AUTHORIZATION).iter().filter_map(bearer);
        let mut ours = bearers.chain(headers.get_all(X_API_KEY).iter().map(HeaderValue::as_bytes)).filter(is_ours);
        let Some(first) = ours.next() else { return Self::Nothing };
        // A second line of the same name could be the one that an add-on reads, and what it says is not looked at here.
        let lines = headers.get_all(AUTHORIZATION).iter().count().max(headers.get_all(X_API_KEY).iter().count());
        if ours.next().is_some() || lines > 1 {
            return Self::Several;
        }
        ApiKeyToken::parse(first).map_or(Self::Malformed, Self::One)
    }

    /// The names of the lines that show a key of ours, readable or not.
    pub(in crate::session) fn names(headers: &HeaderMap) -> [Option<HeaderName>; 2] {
        let in_authorization = headers.get_all(AUTHORIZATION).iter().filter_map(bearer).any(|text| is_ours(&text));
        let in_api_key = headers.get_all(X_API_KEY).iter().any(|line| is_ours(&line.as_bytes()));
        [in_authorization.then_some(AUTHORIZATION), in_api_key.then_some(X_API_KEY)]
    }
}

/// What stands behind the scheme `Bearer`, read as leniently as any server may: what is looked for here is taken out
/// for the add-on, and what is not goes on to it.
fn bearer(line: &HeaderValue) -> Option<&[u8]> {
    let line = line.as_bytes();
    let is_between = |byte: &u8| matches!(byte, b' ' | b'\t' | b',');
    let rest = line.get(line.iter().position(is_between)?..)?;
    is_bearer(line).then(|| rest.get(rest.iter().position(|byte| !is_between(byte))?..))?
}

fn is_ours(text: &&[u8]) -> bool {
    text.starts_with(PREFIX.as_bytes())
}

/// By this scanners of repositories know one.
const PREFIX: &str = "vstk_";
const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const RAW: usize = 32;
const ENCODED: usize = 43;

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(lines: &[(&'static str, String)]) -> HeaderMap {
        lines.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).fold(
            HeaderMap::new(),
            |mut headers, (name, value): (HeaderName, HeaderValue)| {
                headers.append(name, value);
                headers
            },
        )
    }

    #[test]
    fn a_key_is_read_back_as_it_was_made_and_nothing_else_is_one() {
        let key = ApiKeyToken::random();
        assert_eq!(key.reveal().len(), PREFIX.len() + 43);
        assert_eq!(ApiKeyToken::parse(key.reveal().as_bytes()).unwrap().digest(), key.digest());
        assert!(!format!("{key:?}").contains(key.reveal()));
        let text = key.reveal().to_owned();
        let body = text.strip_prefix(PREFIX).unwrap();
        let mut shorter = text.clone();
        shorter.pop();
        let longer = format!("{text}A");
        let others = ["", PREFIX, body, &shorter, &longer, &text.replace(PREFIX, "VSTK_")];
        for other in others {
            assert!(ApiKeyToken::parse(other.as_bytes()).is_none(), "{other}");
        }
    }

    #[test]
    fn what_begins_as_a_key_reaches_no_add_on_and_other_lines_stay() {
        let key = ApiKeyToken::random().reveal().to_owned();
        let one = |headers: &HeaderMap| matches!(Shown::of(headers), Shown::One(_));
        assert!(one(&lines(&[("authorization", format!("Bearer {key}"))])));
        for spelt in ["bearer  ", "BEARER\t", "Bearer, "] {
            let lines = lines(&[("authorization", format!("{spelt}{key}"))]);
            assert!(one(&lines), "{spelt}");
            assert_eq!(Shown::names(&lines), [Some(AUTHORIZATION), None], "{spelt}");
        }
        assert!(one(&lines(&[("x-api-key", key.clone()), ("authorization", "Basic eDp5".into())])));
        for several in [
            lines(&[("x-api-key", key.clone()), ("authorization", format!("Bearer {key}"))]),
            lines(&[("x-api-key", key.clone()), ("x-api-key", "other".into())]),
            lines(&[("authorization", "Basic eDp5".into()), ("authorization", format!("Bearer {key}"))]),
        ] {
            assert!(matches!(Shown::of(&several), Shown::Several), "{several:?}");
        }
        let mut malformed = lines(&[("x-api-key", format!("{key}x")), ("authorization", "Bearer own".into())]);
        assert!(matches!(Shown::of(&malformed), Shown::Malformed));
        assert_eq!(Shown::names(&malformed), [None, Some(X_API_KEY)]);
        malformed.remove(X_API_KEY);
        assert!(matches!(Shown::of(&malformed), Shown::Nothing));
    }
}

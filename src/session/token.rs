//! The token that a browser holds, and the digest that we keep.
//!
//! A [`SessionToken`] is made of 32 random bytes or read from a cookie's value; its [`SessionDigest`] is what its
//! session is found under. The token itself is never stored, logged or compared (S-80): what is looked up is its
//! SHA-256, so the time that a look-up takes says nothing about any token. That of a remembered session has a second
//! secret behind it, of as many bytes, which is replaced while the first stays (see `rotation`).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use zeroize::Zeroizing;

use crate::entropy;
use crate::secret::Secret;

/// 256 random bits that stand for a session, and as many more that are replaced now and then where it is remembered.
/// Redacted in `Debug`, wiped when dropped.
#[derive(Debug)]
pub struct SessionToken {
    lasting: Secret<[u8; RAW]>,
    rotating: Option<Secret<[u8; RAW]>>,
}

impl SessionToken {
    /// A new token from the operating system's random bytes.
    pub fn random() -> Self {
        Self { lasting: Secret::new(entropy::random()), rotating: None }
    }

    /// The same for a session that is remembered.
    pub fn random_remembered() -> Self {
        Self { rotating: Some(Secret::new(entropy::random())), ..Self::random() }
    }

    /// The token of the same session with another second secret.
    pub(super) fn with_new_secret(&self) -> Self {
        Self { lasting: Secret::new(*self.lasting.reveal()), rotating: Some(Secret::new(entropy::random())) }
    }

    /// Reads the one spelling that [`Self::encode`] writes: 43 characters of base64url (RFC 4648 section 5) without
    /// padding, whose last character has no stray bits (RFC 4648 section 3.5), or two of these with a dot between.
    /// Anything else is no token.
    pub fn parse(value: &[u8]) -> Option<Self> {
        if value.len() == ENCODED {
            return Some(Self { lasting: parse_raw(value)?, rotating: None });
        }
        let (lasting, rest) = value.split_at_checked(ENCODED)?;
        let rotating = Some(parse_raw(rest.strip_prefix(b".")?)?);
        Some(Self { lasting: parse_raw(lasting)?, rotating })
    }

    /// The token as it stands in the cookie.
    pub fn encode(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(2 * ENCODED + 1));
        URL_SAFE_NO_PAD.encode_string(self.lasting.reveal(), &mut text);
        if let Some(rotating) = &self.rotating {
            text.push('.');
            URL_SAFE_NO_PAD.encode_string(rotating.reveal(), &mut text);
        }
        text
    }

    /// What the session is stored under: SHA-256 of the first 32 raw bytes.
    pub fn digest(&self) -> SessionDigest {
        SessionDigest::of(self.lasting.reveal())
    }

    /// SHA-256 of the second secret, if there is one.
    pub(super) fn rotating_digest(&self) -> Option<SessionDigest> {
        self.rotating.as_ref().map(|secret| SessionDigest::of(secret.reveal()))
    }
}

fn parse_raw(value: &[u8]) -> Option<Secret<[u8; RAW]>> {
    if value.len() != ENCODED {
        return None;
    }
    // The decoder asks for room by whole groups of three bytes.
    let mut room = Zeroizing::new([0_u8; RAW + 1]);
    let written = URL_SAFE_NO_PAD.decode_slice(value, room.as_mut_slice()).ok()?;
    let raw = room.get(..written)?.try_into().ok()?;
    Some(Secret::new(raw))
}

/// SHA-256 of a token. Nobody gets from it to the token.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionDigest(pub(super) [u8; 32]);

impl SessionDigest {
    pub(super) fn of(raw: &[u8]) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(digest(&SHA256, raw).as_ref());
        Self(bytes)
    }

    pub(super) fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// All of it, as it stands in a store.
    pub(crate) fn hex(self) -> String {
        HEXLOWER.encode(&self.0)
    }

    /// Reads what [`Self::hex`] writes.
    pub(crate) fn from_hex(text: &str) -> Option<Self> {
        HEXLOWER.decode(text.as_bytes()).ok()?.try_into().ok().map(Self)
    }

    /// What operators call the session.
    pub fn id(self) -> SessionId {
        let mut head = [0; 8];
        head.iter_mut().zip(self.0).for_each(|(to, from)| *to = from);
        SessionId(head)
    }
}

/// Only the first 16 hexadecimal digits: enough to name a session, too few to be mistaken for the key of one.
impl fmt::Display for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

impl fmt::Debug for SessionDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id().fmt(f)
    }
}

/// The name of a session in lists, logs and commands: the first 16 hexadecimal digits of its digest.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId([u8; 8]);

/// The text cannot be the name of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a session is named by 16 hexadecimal digits")]
pub struct BadSessionId;

impl FromStr for SessionId {
    type Err = BadSessionId;

    fn from_str(text: &str) -> Result<Self, BadSessionId> {
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).map_err(|_| BadSessionId)?;
        bytes.try_into().map(Self).map_err(|_| BadSessionId)
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", u64::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

const RAW: usize = 32;
const ENCODED: usize = 43;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_token_is_read_back_as_it_was_written() {
        let token = SessionToken::random();
        let text = token.encode();
        assert_eq!(text.len(), 43);
        assert_eq!(SessionToken::parse(text.as_bytes()).expect("our own spelling").digest(), token.digest());
    }

    #[test]
    fn the_token_of_a_remembered_session_keeps_its_first_half() {
        let token = SessionToken::random_remembered();
        let read = SessionToken::parse(token.encode().as_bytes()).expect("our own spelling");
        assert_eq!((read.digest(), read.rotating_digest()), (token.digest(), token.rotating_digest()));
        let renewed = token.with_new_secret();
        assert_eq!(renewed.digest(), token.digest());
        assert_ne!(renewed.rotating_digest(), token.rotating_digest());
        assert!(SessionToken::random().rotating_digest().is_none());
        let text = token.encode();
        for bad in
            [text.get(..86).unwrap(), text.get(..44).unwrap(), &text.replace('.', ","), &format!("{}.", text.as_str())]
        {
            assert!(SessionToken::parse(bad.as_bytes()).is_none(), "{bad}");
        }
    }

    #[test]
    fn two_tokens_differ() {
        assert_ne!(SessionToken::random().digest(), SessionToken::random().digest());
    }

    #[test]
    fn the_digest_is_sha_256_of_the_raw_bytes() {
        // printf 'AAAA...' (32 zero bytes) | sha256sum
        let token = SessionToken::parse(&[b'A'; 43]).expect("32 zero bytes");
        assert_eq!(token.digest().to_string(), "66687aadf862bd77");
    }

    #[test]
    fn only_the_canonical_spelling_is_a_token() {
        let refused: &[&[u8]] = &[
            b"",
            &[b'A'; 42],
            &[b'A'; 44],
            b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB", // stray bits in the last character
            b"+AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            b"/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            b" AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
            b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\xc3",
        ];
        for value in refused {
            assert!(SessionToken::parse(value).is_none(), "{value:?}");
        }
    }

    #[test]
    fn neither_token_nor_whole_digest_can_be_printed() {
        let token = SessionToken::random();
        assert!(!format!("{token:?}").contains(token.encode().as_str()) && format!("{token:?}").contains("redacted"));
        assert_eq!(format!("{:?}", token.digest()).len(), 16);
    }

    #[test]
    fn a_session_is_named_by_sixteen_digits_and_nothing_else() {
        let digest = SessionToken::random().digest();
        assert_eq!(digest.to_string().parse(), Ok(digest.id()));
        for bad in ["", "+66687aadf862bd7", "66687aadf862bd7", "66687aadf862bd777", "66687aadf862bdzz"] {
            assert_eq!(bad.parse::<SessionId>(), Err(BadSessionId), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn no_two_spellings_are_one_token(value in proptest::collection::vec(any::<u8>(), 0..50)) {
            if let Some(token) = SessionToken::parse(&value) {
                let spelling = token.encode();
                prop_assert_eq!(spelling.as_bytes(), &value[..]);
            }
        }

        #[test]
        fn every_base64url_text_is_its_own_spelling_or_refused(value in "[A-Za-z0-9_-]{43}") {
            if let Some(token) = SessionToken::parse(value.as_bytes()) {
                let spelling = token.encode();
                prop_assert_eq!(spelling.as_str(), value.as_str());
            }
        }
    }
}

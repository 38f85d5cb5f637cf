//! The tokens that add-ons show to the API, and the digests that we keep of them.
//!
//! A token is 256 random bits, shown once, when it is made. What is kept and compared is its SHA-256, which needs no
//! salt because nobody can guess 256 bits; all digests are compared to their last byte, so that the time says nothing.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::entropy;
use crate::secret::Secret;

/// 256 random bits that stand for an add-on. Redacted in `Debug`, wiped when dropped.
#[derive(Debug)]
pub struct AddonToken(Secret<[u8; RAW]>);

impl AddonToken {
    /// A new token from the operating system's random numbers.
    pub fn random() -> Self {
        Self(Secret::new(entropy::random()))
    }

    /// As it is handed to the add-on: 64 hexadecimal digits, as Home Assistant's are hexadecimal too.
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(self.0.reveal()))
    }

    /// What is kept of it.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest::of(self.encode().as_bytes())
    }
}

/// SHA-256 of a token as it is shown. The token cannot be worked out from it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest([u8; RAW]);

impl TokenDigest {
    /// The digest of any text that is shown as a token.
    pub fn of(shown: &[u8]) -> Self {
        let mut bytes = [0; RAW];
        bytes.copy_from_slice(digest(&SHA256, shown).as_ref());
        Self(bytes)
    }

    /// Whether two are the same, in a time that does not depend on where they differ.
    pub fn is(&self, other: &Self) -> bool {
        verify_slices_are_equal(&self.0, &other.0).is_ok()
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenDigest(..)")
    }
}

impl Serialize for TokenDigest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for TokenDigest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let bytes = HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok();
        let bytes = bytes.and_then(|bytes| <[u8; RAW]>::try_from(bytes).ok());
        bytes.map(Self).ok_or_else(|| serde::de::Error::custom("a digest is 64 hexadecimal digits"))
    }
}

/// Bytes of a token, and of a digest.
const RAW: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_64_hexadecimal_digits_and_its_digest_is_of_these() {
        let token = AddonToken(Secret::new([0xa5; RAW]));
        assert_eq!(*token.encode(), "a5".repeat(RAW));
        assert!(token.digest().is(&TokenDigest::of("a5".repeat(RAW).as_bytes())));
        assert!(!token.digest().is(&TokenDigest::of("A5".repeat(RAW).as_bytes())));
        assert_ne!(*AddonToken::random().encode(), *AddonToken::random().encode());
        assert_eq!(format!("{token:?} {:?}", token.digest()), "AddonToken(redacted) TokenDigest(..)");
    }

    #[test]
    fn digests_that_differ_in_one_bit_anywhere_are_two() {
        let digest = TokenDigest::of(b"x");
        for at in 0..RAW * 8 {
            let mut other = digest;
            other.0[at / 8] ^= 1 << (at % 8);
            assert!(!digest.is(&other), "bit {at}");
        }
    }

    #[test]
    fn a_digest_comes_back_from_its_file_and_nothing_else_does() {
        let digest = TokenDigest::of(b"x");
        let text = serde_json::to_string(&digest).unwrap();
        assert!(serde_json::from_str::<TokenDigest>(&text).unwrap().is(&digest));
        for bad in ["\"\"", "\"00\"", "5", &text.replace('2', "g"), &text.replace("\"2", "\"+")] {
            assert!(serde_json::from_str::<TokenDigest>(bad).is_err(), "{bad}");
        }
    }
}

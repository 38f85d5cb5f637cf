//! The token of a session that Home Assistant has made for one of its users, as the Supervisor's are written: 128
//! hexadecimal digits (docs/design/supervisor.md section 1.4).
//!
//! An [`IngressToken`] is made of 64 random bytes or read from a cookie's value; its [`SessionDigest`] is what its
//! session is found under. It is a type of its own, and no text is a token of both kinds: what opens Home Assistant's
//! entry point opens no other (S-80).

use data_encoding::HEXLOWER;
use zeroize::Zeroizing;

use super::token::SessionDigest;
use crate::entropy;
use crate::secret::Secret;

/// 512 random bits that stand for a session at Home Assistant's entry point. Redacted in `Debug`, wiped when dropped.
#[derive(Debug)]
pub struct IngressToken(Secret<[u8; RAW]>);

impl IngressToken {
    /// A new token from the operating system's random bytes.
    pub fn random() -> Self {
        Self(Secret::new(entropy::random()))
    }

    /// Reads the one spelling that [`Self::encode`] writes: 128 hexadecimal digits in lower case. Anything else is no
    /// token.
    pub fn parse(value: &[u8]) -> Option<Self> {
        if value.len() != RAW.saturating_mul(2) {
            return None;
        }
        let mut raw = Zeroizing::new([0; RAW]);
        // Into memory that is wiped.
        HEXLOWER.decode_mut(value, raw.as_mut_slice()).ok()?;
        Some(Self(raw.into()))
    }

    /// The token as it stands in the answer to Home Assistant and in the cookie.
    pub fn encode(&self) -> Zeroizing<String> {
        Zeroizing::new(HEXLOWER.encode(self.0.reveal()))
    }

    /// What the session is stored under: SHA-256 of the 64 raw bytes.
    pub fn digest(&self) -> SessionDigest {
        SessionDigest::of(self.0.reveal())
    }
}

const RAW: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::SessionToken;

    #[test]
    fn a_token_is_128_digits_and_read_back_as_it_was_written() {
        let token = IngressToken::random();
        let text = token.encode();
        assert_eq!(text.len(), 128);
        assert_eq!(IngressToken::parse(text.as_bytes()).unwrap().digest(), token.digest());
        assert_ne!(IngressToken::random().digest(), token.digest());
        assert_eq!(format!("{token:?}"), "IngressToken(redacted)");
    }

    #[test]
    fn s80_no_text_is_a_token_of_both_doors() {
        let ours = SessionToken::random().encode();
        assert!(IngressToken::parse(ours.as_bytes()).is_none());
        let theirs = IngressToken::random().encode();
        assert!(SessionToken::parse(theirs.as_bytes()).is_none());
        for wrong in ["", "0", &"0".repeat(127), &"0".repeat(129), &"A".repeat(128), &"g".repeat(128)] {
            assert!(IngressToken::parse(wrong.as_bytes()).is_none(), "{wrong}");
        }
    }
}

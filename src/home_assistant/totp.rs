//! Codes of authenticator apps (RFC 6238), as Home Assistant's `totp` module makes and takes them: SHA-1, six digits, a
//! new one every half a minute, and the one before and after count as well.
//!
//! Unlike there a code is good once (RFC 6238 section 5.2): whoever reads one over a shoulder cannot use it.

use std::collections::HashMap;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use parking_lot::Mutex;
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::ids::UserId;
use crate::secret::Secret;

/// What a user's app and Home Assistant share.
#[derive(Debug, Clone)]
pub(super) struct TotpSecret(Secret<Vec<u8>>);

/// The half-minute that a code belongs to, since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Step(u64);

/// What a code was found to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeOutcome {
    /// It is right.
    Right,
    /// It is not, or was used before.
    Wrong,
    /// No secret of this user is known here.
    Unknown,
}

impl TotpSecret {
    /// Reads base32 (RFC 4648 section 6) as Home Assistant stores it; what is none, or empty, is no secret.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mut bits, mut count) = (0_u32, 0_u32);
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len()));
        for letter in text.trim_end_matches('=').bytes() {
            let value = match letter.to_ascii_uppercase() {
                letter @ b'A'..=b'Z' => letter.wrapping_sub(b'A'),
                digit @ b'2'..=b'7' => digit.wrapping_sub(b'2').wrapping_add(26),
                _ => return None,
            };
            bits = (bits << 5) | u32::from(value);
            count = count.wrapping_add(5);
            if count >= 8 {
                count = count.wrapping_sub(8);
                bytes.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
                bits &= (1 << count) - 1;
            }
        }
        (!bytes.is_empty()).then(|| Self(bytes.into()))
    }

    /// The half-minute that this code is of, if it is one of the three that count now.
    fn find(&self, code: &str, now: Timestamp) -> Option<Step> {
        let current = now.as_millis() / MILLIS;
        let steps = [current.saturating_sub(1), current, current.saturating_add(1)].map(Step);
        // All three are worked out, right or not, so that the time does not tell how far a code is off.
        let found = steps.map(|step| verify_slices_are_equal(self.code(step).as_bytes(), code.as_bytes()).is_ok());
        steps.into_iter().zip(found).find_map(|(step, is_it)| is_it.then_some(step))
    }

    /// RFC 4226 section 5.3.
    fn code(&self, step: Step) -> Zeroizing<String> {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, self.0.reveal());
        let tag = hmac::sign(&key, &step.0.to_be_bytes());
        let bytes = tag.as_ref();
        let at = usize::from(bytes.last().copied().unwrap_or_default() & 0xf);
        let four = bytes.get(at..at.saturating_add(4)).and_then(|four| four.try_into().ok()).unwrap_or_default();
        let number = (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000;
        Zeroizing::new(format!("{number:06}"))
    }
}

/// The last code of each user that was taken.
#[derive(Debug, Default)]
pub(super) struct UsedCodes(Mutex<HashMap<UserId, Step>>);

impl UsedCodes {
    /// Takes a code, once. What people type between the digits does not count.
    pub(super) fn take(&self, user: &UserId, secret: &TotpSecret, code: &str, now: Timestamp) -> CodeOutcome {
        let typed: Zeroizing<String> = Zeroizing::new(code.chars().filter(|c| !c.is_whitespace()).collect());
        let Some(step) = secret.find(&typed, now) else { return CodeOutcome::Wrong };
        // Looked up and noted under one lock: of two that show one code at once, one comes in.
        let mut taken = self.0.lock();
        if taken.get(user).is_some_and(|last| *last >= step) {
            return CodeOutcome::Wrong;
        }
        taken.insert(user.clone(), step);
        CodeOutcome::Right
    }
}

/// How long a code is the current one.
const MILLIS: u64 = 30_000;

#[cfg(test)]
mod tests {
    use super::*;

    /// "12345678901234567890", of RFC 6238 appendix B.
    fn secret() -> TotpSecret {
        TotpSecret::parse("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ").unwrap()
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn codes_are_those_of_the_rfc() {
        // The last six of the RFC's eight digits.
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(*secret().code(Step(seconds / 30)), code, "{seconds}");
        }
    }

    #[test]
    fn a_code_counts_half_a_minute_early_and_late_and_once() {
        let (codes, user) = (UsedCodes::default(), "u1".parse().unwrap());
        let take = |code: &str, seconds| codes.take(&user, &secret(), code, at(seconds));
        for wrong in ["", "287083", "28708", "2870822", "٢٨٧٠٨٢", "287082\0"] {
            assert_eq!(take(wrong, 59), CodeOutcome::Wrong, "{wrong:?}");
        }
        assert_eq!(take("287082", 119), CodeOutcome::Wrong, "too late");
        assert_eq!(take("287 082", 89), CodeOutcome::Right);
        assert_eq!(take("287082", 59), CodeOutcome::Wrong, "used");
        let before = secret().code(Step(0));
        assert_eq!(take(&before, 59), CodeOutcome::Wrong, "one that is older than the last");
        let next = secret().code(Step(2));
        assert_eq!(take(&next, 59), CodeOutcome::Right, "half a minute early");
        let other = "u2".parse().unwrap();
        assert_eq!(codes.take(&other, &secret(), "287082", at(59)), CodeOutcome::Right, "another user's");
    }

    #[test]
    fn what_is_no_base32_is_no_secret() {
        for text in ["", "=", "A", "GEZD GNBV", "0189", "é"] {
            assert!(TotpSecret::parse(text).is_none(), "{text:?}");
        }
        assert_eq!(TotpSecret::parse("jbswy3dpehpk3pxp").unwrap().0.reveal(), b"Hello!\xde\xad\xbe\xef");
    }
}

//! The id that ties a request's access line, audit line, refusal page and add-on log together.

use std::fmt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::entropy;

/// Sixteen hexadecimal digits. Unique in a process; nothing may be read from it but equality.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// The next id. A counter run through a bijection whose start is random: no two alike, and not a count that tells a
    /// client how many requests there were.
    pub(crate) fn next() -> Self {
        static START: OnceLock<[u8; 8]> = OnceLock::new();
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let start = u64::from_ne_bytes(*START.get_or_init(entropy::random));
        // The steps of splitmix64. Each is a bijection of `u64`, so different counts make different ids. Relaxed is
        // enough, because `fetch_add` gives each caller its own number in any ordering.
        let mut mixed = start.wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let mut digits = [0; 16];
        for (place, nibble) in digits.iter_mut().zip((0..16).rev()) {
            let value = (mixed >> (nibble * 4)) & 0xf;
            *place = char::from_digit(u32::try_from(value).unwrap_or_default(), 16).map_or(b'0', |c| c as u8);
        }
        Self(digits)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

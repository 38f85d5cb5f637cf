//! Signatures of messages with a shared key (RFC 8945), HMAC with SHA-256 alone.

use aws_lc_rs::hmac::{self, HMAC_SHA256};

use super::message::{Answer, TSIG, write_name};
use crate::clock::Timestamp;

/// A key that the server has too.
pub(super) struct Key<'a> {
    pub(super) name: &'a str,
    pub(super) secret: &'a [u8],
}

/// Puts a signature at the end of a message that has nothing in its additional section. Gives the digest, which the
/// answer is signed over as well.
pub(super) fn sign(message: &mut Vec<u8>, key: &Key<'_>, now: Timestamp) -> Vec<u8> {
    let seconds = (now.as_millis() / 1000).to_be_bytes();
    let times = [seconds.get(2..).unwrap_or_default(), &FUDGE].concat();
    // No error, and nothing beside it.
    let rest = [0; 4];
    let mac = hmac::sign(&key.hmac(), &[&**message, &key.variables(&times, &rest)].concat()).as_ref().to_vec();
    let id: Vec<u8> = message.iter().take(2).copied().collect();
    write_name(message, key.name);
    message.extend(TSIG.to_be_bytes());
    message.extend(ANY_AND_NO_TTL);
    let mut data = Vec::new();
    write_name(&mut data, ALGORITHM);
    data.extend(times);
    data.extend(length_of(&mac));
    data.extend(&mac);
    data.extend(id);
    data.extend(rest);
    message.extend(length_of(&data));
    message.extend(data);
    if let Some(additional) = message.get_mut(ADDITIONAL) {
        additional.copy_from_slice(&[0, 1]);
    }
    mac
}

/// Whether an answer is signed with the key, as the answer to a message with this digest (RFC 8945 section 5.3).
pub(super) fn is_signed(answer: &[u8], read: &Answer<'_>, key: &Key<'_>, request: &[u8]) -> bool {
    let Some(tsig) = &read.tsig else { return false };
    let Some(unsigned) = answer.get(..tsig.start) else { return false };
    let mut signed = [&length_of(request), request, unsigned].concat();
    let start = request.len().saturating_add(2);
    let additional = signed.get_mut(start..).and_then(|message| message.get_mut(ADDITIONAL));
    // The signature is not among what is signed.
    let Some([high, low]) = additional else { return false };
    let Some(others) = u16::from_be_bytes([*high, *low]).checked_sub(1) else { return false };
    [*high, *low] = others.to_be_bytes();
    signed.extend(key.variables(tsig.times, tsig.rest));
    // In full: a digest that was cut is guessed sooner.
    hmac::verify(&key.hmac(), &signed, tsig.mac).is_ok()
}

impl Key<'_> {
    fn hmac(&self) -> hmac::Key {
        hmac::Key::new(HMAC_SHA256, self.secret)
    }

    /// What is signed besides the message (RFC 8945 section 4.3.3).
    fn variables(&self, times: &[u8], rest: &[u8]) -> Vec<u8> {
        let mut variables = Vec::new();
        write_name(&mut variables, self.name);
        variables.extend(ANY_AND_NO_TTL);
        write_name(&mut variables, ALGORITHM);
        variables.extend(times);
        variables.extend(rest);
        variables
    }
}

fn length_of(bytes: &[u8]) -> [u8; 2] {
    u16::try_from(bytes.len()).unwrap_or(u16::MAX).to_be_bytes()
}

const ALGORITHM: &str = "hmac-sha256";
/// Seconds by which clocks may differ (RFC 8945 section 10).
const FUDGE: [u8; 2] = 300_u16.to_be_bytes();
const ANY_AND_NO_TTL: [u8; 6] = [0, 255, 0, 0, 0, 0];
/// Where the number of additional records stands.
const ADDITIONAL: std::ops::Range<usize> = 10..12;

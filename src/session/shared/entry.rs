//! How a session stands in Redis: when it was last seen, a seal, and the record.
//!
//! An entry is `LAST_SEEN:SEAL:RECORD`: sixteen hexadecimal digits, so that a script can compare two of them as text;
//! HMAC-SHA256 (RFC 2104) in base64url over the digest and the record, or `-` without a key; and the record as it
//! stands in the file. The digest is under the seal, so that no entry can be put in another one's place: whoever can
//! write to Redis and does not have the key can end sessions, and make none.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::config::SecretText;
use crate::session::record::{Foreign, Record};
use crate::session::token::SessionDigest;

/// The key that all proxies of one store have, if the operator gave them one.
#[derive(Debug)]
pub(super) struct Seal(Option<hmac::Key>);

impl Seal {
    pub(super) fn new(key: Option<&SecretText>) -> Self {
        Self(key.map(|key| hmac::Key::new(hmac::HMAC_SHA256, key.reveal().as_bytes())))
    }

    /// Whether the operator gave a key, without which nothing here is secret.
    pub(super) fn has_key(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn close(&self, digest: SessionDigest, record: &Record) -> Vec<u8> {
        let text = record.encode();
        let seal = match &self.0 {
            Some(key) => URL_SAFE_NO_PAD.encode(hmac::sign(key, &sealed(digest, &text))),
            None => UNSEALED.to_owned(),
        };
        let mut entry = format!("{:016x}:{seal}:", record.last_seen.as_millis()).into_bytes();
        entry.extend(text);
        entry
    }

    /// A key that is made of these parts, and of the seal's own: for what is not to be read either.
    pub(super) fn key_of(&self, parts: &[&[u8]]) -> Zeroizing<[u8; 32]> {
        // Without a key of the operator's, the browser's secret among the parts is all that protects what is encrypted.
        let nobodys = || hmac::Key::new(hmac::HMAC_SHA256, &[0; 32]);
        // The prefix keeps this use of the key apart from the seals: a tag of one is none of the other.
        let text = Zeroizing::new([b"vestibule parcel key 1\0", parts.concat().as_slice()].concat());
        let tag = hmac::sign(self.0.as_ref().unwrap_or(&nobodys()), &text);
        Zeroizing::new(tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes"))
    }

    /// Reads an entry. One that is not sealed as ours are, or says two different times, counts for no user.
    pub(super) fn open(&self, digest: SessionDigest, entry: &[u8]) -> Result<Record, Foreign> {
        let nobody = Foreign { user: None };
        // Three at most, since the record is JSON and has colons of its own.
        let mut parts = entry.splitn(3, |byte| *byte == b':');
        let (Some(seen), Some(seal), Some(text)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(nobody);
        };
        // With a key an unsealed entry is foreign, and without one a sealed one is: no node takes what another would
        // not.
        let ours = match &self.0 {
            Some(key) => {
                URL_SAFE_NO_PAD.decode(seal).is_ok_and(|seal| hmac::verify(key, &sealed(digest, text), &seal).is_ok())
            }
            None => seal == UNSEALED.as_bytes(),
        };
        if !ours {
            return Err(nobody);
        }
        let record = Record::decode(text)?;
        // The time before the seal is what the script compares. It is not sealed itself, so it has to agree with the
        // record.
        if format!("{:016x}", record.last_seen.as_millis()).as_bytes() == seen { Ok(record) } else { Err(nobody) }
    }
}

fn sealed(digest: SessionDigest, text: &[u8]) -> Vec<u8> {
    [PURPOSE, &digest.0, text].concat()
}

/// Keeps these seals apart from everything else that the same key might ever be used for.
const PURPOSE: &[u8] = b"vestibule session entry 1\0";

const UNSEALED: &str = "-";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Timestamp;
    use crate::session::record::{MadeBy, NewSession};

    fn seal(key: &str) -> Seal {
        Seal::new(Some(&SecretText::new(key.to_owned())))
    }

    fn record() -> Record {
        let about = NewSession::new("alice".parse().unwrap(), MadeBy::Password);
        Record { about, created: Timestamp::from_millis(7), last_seen: Timestamp::from_millis(0xabc), rotation: None }
    }

    const DIGEST: SessionDigest = SessionDigest([7; 32]);

    #[test]
    fn an_entry_is_read_back_as_it_was_written() {
        for seal in [seal("key"), Seal::new(None)] {
            let entry = seal.close(DIGEST, &record());
            assert!(entry.starts_with(b"0000000000000abc:"));
            assert_eq!(seal.open(DIGEST, &entry), Ok(record()));
        }
    }

    #[test]
    fn nothing_is_forged() {
        let entry = seal("key").close(DIGEST, &record());
        let refused = |seal: Seal, digest, entry: &[u8]| seal.open(digest, entry).is_err();
        assert!(refused(seal("other"), DIGEST, &entry), "another key");
        assert!(refused(seal("key"), SessionDigest([8; 32]), &entry), "in the place of another session");
        assert!(refused(Seal::new(None), DIGEST, &entry), "sealed, where nobody knows the key");
        assert!(refused(seal("key"), DIGEST, &Seal::new(None).close(DIGEST, &record())), "not sealed");
        let text = String::from_utf8(entry.clone()).unwrap();
        assert!(refused(seal("key"), DIGEST, text.replace("alice", "frank").as_bytes()), "another user");
        assert!(refused(seal("key"), DIGEST, text.replacen("abc:", "abd:", 1).as_bytes()), "two times");
        for place in 0..entry.len() {
            let mut flipped = entry.clone();
            flipped[place] ^= 1;
            assert!(refused(seal("key"), DIGEST, &flipped), "byte {place}");
        }
        for short in 0..entry.len() {
            assert!(refused(seal("key"), DIGEST, &entry[..short]), "cut at {short}");
        }
        assert!(refused(Seal::new(None), DIGEST, b"ended") && refused(Seal::new(None), DIGEST, b"::"));
    }
}

//! The sealed file: the format of age (age-encryption.org/v1) with a passphrase, so that `age --decrypt` opens a backup
//! where there is no vestibule.
//!
//! A random file key is wrapped with a key that scrypt makes of the passphrase; the header is authenticated with the
//! file key, and the payload is cut into chunks that ChaCha20-Poly1305 seals, each with its number and whether it is
//! the last.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, Salt};
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use zeroize::Zeroizing;

use super::error::BackupError;
use super::passphrase::Passphrase;
use crate::entropy::random;

/// What scrypt takes: 2^16 rounds, 64 MiB and a fifth of a second of a small machine.
pub(super) const WORK: u8 = 16;

/// More is refused: a forged file could have us work for hours, with all memory there is.
const MOST_WORK: u8 = 20;

const VERSION: &str = "age-encryption.org/v1";
const SCRYPT_LABEL: &[u8] = b"age-encryption.org/v1/scrypt";
const CHUNK: usize = 64 * 1024;
const TAG: usize = 16;

type Key = Zeroizing<[u8; 32]>;

/// `plain`, to be opened with the passphrase alone.
pub(super) fn seal(plain: &[u8], passphrase: &Passphrase, work: u8) -> Vec<u8> {
    let (file_key, salt, nonce) = (Zeroizing::new(random::<16>()), random::<16>(), random::<16>());
    let mut wrapped = file_key.to_vec();
    seal_in_place(&wrapping_key(passphrase, &salt, work), [0; 12], &mut wrapped);
    let (salt, wrapped) = (BASE64_STANDARD_NO_PAD.encode(salt), BASE64_STANDARD_NO_PAD.encode(wrapped));
    let header = format!("{VERSION}\n-> scrypt {salt} {work}\n{wrapped}\n---");
    let mac = hmac::sign(&header_key(&*file_key), header.as_bytes());
    let mut sealed = format!("{header} {}\n", BASE64_STANDARD_NO_PAD.encode(mac)).into_bytes();
    sealed.extend_from_slice(&nonce);
    let key = derived(&*file_key, &nonce, b"payload");
    let last = plain.len().saturating_sub(1) / CHUNK;
    // Of nothing there is one chunk all the same: an empty payload would be one that was cut off.
    let chunks = plain.chunks(CHUNK).chain(plain.is_empty().then_some(&[][..]));
    for (number, chunk) in chunks.enumerate() {
        let mut chunk = Zeroizing::new(chunk.to_vec());
        seal_in_place(&key, chunk_nonce(number, number == last), &mut chunk);
        sealed.extend_from_slice(&chunk);
    }
    sealed
}

/// What was sealed, when the passphrase is right and not a byte has changed.
pub(super) fn open(sealed: &[u8], passphrase: &Passphrase) -> Result<Zeroizing<Vec<u8>>, BackupError> {
    let header = Header::read(sealed)?;
    let mut wrapped = Zeroizing::new(header.wrapped.to_vec());
    let file_key = open_in_place(&wrapping_key(passphrase, &header.salt, header.work), [0; 12], &mut wrapped)
        .ok_or(BackupError::WrongPassphrase)?;
    hmac::verify(&header_key(file_key), header.authenticated, &header.mac)
        .map_err(|_| BackupError::Broken("its header was changed"))?;
    let (nonce, payload) = header.payload.split_at_checked(16).ok_or(BackupError::Broken(CUT))?;
    let key = derived(file_key, nonce, b"payload");
    let mut plain = Zeroizing::new(Vec::with_capacity(payload.len()));
    let last = payload.len().saturating_sub(1) / (CHUNK + TAG);
    let mut chunks = payload.chunks(CHUNK + TAG).enumerate().peekable();
    if chunks.peek().is_none() {
        return Err(BackupError::Broken(CUT));
    }
    for (number, chunk) in chunks {
        let mut chunk = Zeroizing::new(chunk.to_vec());
        let opened = open_in_place(&key, chunk_nonce(number, number == last), &mut chunk);
        let opened = opened.ok_or(BackupError::Broken(CUT))?;
        // Only an empty payload has an empty chunk.
        if opened.is_empty() && number > 0 {
            return Err(BackupError::Broken(CUT));
        }
        plain.extend_from_slice(opened);
    }
    Ok(plain)
}

const CUT: &str = "it was cut off or changed";

/// The lines before the payload.
struct Header<'a> {
    salt: [u8; 16],
    work: u8,
    wrapped: [u8; 32],
    mac: Vec<u8>,
    /// What the MAC is made of: everything up to the three dashes.
    authenticated: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Header<'a> {
    fn read(sealed: &'a [u8]) -> Result<Self, BackupError> {
        let no_backup = || BackupError::Broken("it is not in the format of age, or not sealed with a passphrase");
        // Four lines, of a header that has one recipient: with a passphrase there is never another.
        let ends: Vec<usize> =
            sealed.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).take(4).collect();
        let &[.., end] = &ends[..] else { return Err(no_backup()) };
        let (head, payload) = sealed.split_at_checked(end.saturating_add(1)).ok_or_else(no_backup)?;
        let text = str::from_utf8(head).map_err(|_| no_backup())?;
        let lines: Vec<&str> = text.lines().collect();
        let &[VERSION, recipient, wrapped, mac] = &lines[..] else { return Err(no_backup()) };
        let recipient = recipient.strip_prefix("-> scrypt ").ok_or_else(no_backup)?;
        let (salt, work) = recipient.split_once(' ').ok_or_else(no_backup)?;
        let mac = mac.strip_prefix("--- ").ok_or_else(no_backup)?;
        let bytes = |text: &str| BASE64_STANDARD_NO_PAD.decode(text).map_err(|_| no_backup());
        let dashes = text.rfind(' ').filter(|_| text.ends_with('\n')).ok_or_else(no_backup)?;
        Ok(Self {
            salt: bytes(salt)?.try_into().map_err(|_| no_backup())?,
            work: work.parse().ok().filter(|work| (1..=MOST_WORK).contains(work)).ok_or_else(no_backup)?,
            wrapped: bytes(wrapped)?.try_into().map_err(|_| no_backup())?,
            mac: bytes(mac)?,
            authenticated: head.get(..dashes).ok_or_else(no_backup)?,
            payload,
        })
    }
}

fn wrapping_key(passphrase: &Passphrase, salt: &[u8; 16], work: u8) -> Key {
    let params = scrypt::Params::new(work, 8, 1).expect("the rounds are between 2 and 2^20");
    let salt = [SCRYPT_LABEL, salt].concat();
    let mut key = Key::default();
    scrypt::scrypt(passphrase.bytes(), &salt, &params, &mut *key).expect("32 bytes are a length that scrypt can make");
    key
}

fn header_key(file_key: &[u8]) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, &*derived(file_key, &[], b"header"))
}

/// HKDF-SHA-256 of the file key (RFC 5869).
fn derived(file_key: &[u8], salt: &[u8], label: &[u8]) -> Key {
    let mut key = Key::default();
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(file_key);
    let label = [label];
    let output = pseudorandom.expand(&label, HKDF_SHA256).expect("the length of one hash can be made");
    output.fill(&mut *key).expect("the key has that length");
    key
}

/// Eleven bytes count the chunks, big-endian; the twelfth is 1 for the last one.
fn chunk_nonce(number: usize, is_last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    let (counter, last) = nonce.split_at_mut(11);
    for (place, byte) in counter.iter_mut().rev().zip((number as u64).to_le_bytes()) {
        *place = byte;
    }
    last.fill(u8::from(is_last));
    nonce
}

fn seal_in_place(key: &Key, nonce: [u8; 12], bytes: &mut Vec<u8>) {
    cipher(key)
        .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), bytes)
        .expect("a chunk is far from the longest message");
}

fn open_in_place<'a>(key: &Key, nonce: [u8; 12], bytes: &'a mut [u8]) -> Option<&'a [u8]> {
    let opened = cipher(key).open_in_place(Nonce::assume_unique_for_key(nonce), Aad::empty(), bytes);
    opened.ok().map(|plain| &*plain)
}

fn cipher(key: &Key) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&CHACHA20_POLY1305, &**key).expect("the key has the cipher's length"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passphrase(text: &str) -> Passphrase {
        Passphrase::read(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_is_sealed_opens_with_its_passphrase_alone_whatever_its_length() {
        let right = passphrase("correct horse battery");
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK] {
            let plain: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let sealed = seal(&plain, &right, 1);
            assert_eq!(*open(&sealed, &right).unwrap(), plain, "{length}");
            assert!(matches!(open(&sealed, &passphrase("wrong")), Err(BackupError::WrongPassphrase)));
            assert!(open(&sealed[..sealed.len() - 1], &right).is_err(), "{length}: a byte is missing");
            assert!(open(&[&sealed[..], b"x"].concat(), &right).is_err(), "{length}: a byte is too many");
            if length == 2 * CHUNK {
                assert!(open(&sealed[..sealed.len() - CHUNK - TAG], &right).is_err(), "a whole chunk is missing");
            }
        }
    }

    #[test]
    fn no_bit_of_it_can_be_changed() {
        let right = passphrase("correct horse battery");
        let sealed = seal(b"secret", &right, 1);
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(open(&changed, &right).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_file_that_asks_for_hours_of_work_is_refused() {
        let sealed = seal(b"secret", &passphrase("correct horse battery"), 1);
        for (work, is_bearable) in
            [("1", true), ("20", true), ("21", false), ("63", false), ("0", false), ("256", false)]
        {
            let text = String::from_utf8_lossy(&sealed).replacen(" 1\n", &format!(" {work}\n"), 1);
            assert_eq!(Header::read(text.as_bytes()).is_ok(), is_bearable, "{work}");
        }
    }

    #[test]
    fn a_file_that_age_itself_has_sealed_opens() {
        let sealed = include_bytes!("../../tests/fixtures/backup/sealed-by-age");
        let opened = open(sealed, &passphrase("correct horse battery staple")).unwrap();
        assert_eq!(&**opened, b"sealed by age 1.1.1\n");
    }
}

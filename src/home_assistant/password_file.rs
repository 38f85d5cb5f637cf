//! `.storage/auth_provider.homeassistant`: user names and bcrypt hashes.
//!
//! Reads what a password is checked against. A hash shows itself nowhere, and is wiped. The file is refused as a whole
//! when one hash is not bcrypt, or would take far longer to check than Home Assistant's own.

use aws_lc_rs::{constant_time, digest};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

use crate::secret::Secret;

use super::fields::{FieldError, Fields};
use super::storage_file::{StorageError, StorageFile};
use super::username::Comparison;

/// Why a password file is refused.
#[derive(Debug, thiserror::Error)]
pub enum PasswordFileError {
    /// The file is no storage file that we understand.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// `data` is not an object, or lacks the list of users.
    #[error("its `data` is not as Home Assistant writes it")]
    Data(#[source] FieldError),
    /// An entry is not what Home Assistant writes.
    #[error("users[{index}] is not as Home Assistant writes it")]
    Entry {
        /// Which one, counted from zero.
        index: usize,
        /// The field of the entry, and why it cannot be used.
        source: FieldError,
    },
    /// An entry's hash is not a bcrypt hash that we check.
    #[error("the password of users[{index}] is not a bcrypt hash of cost 4 to {MAX_COST} in base64")]
    Hash {
        /// Which one, counted from zero.
        index: usize,
    },
}

/// All user names and hashes.
#[derive(Debug)]
pub struct PasswordFile {
    comparison: Comparison,
    entries: Vec<RawUser>,
    dummy: StoredHash,
}

/// One user name and its hash.
#[derive(Debug)]
pub(super) struct RawUser {
    /// What is compared, hashed: all comparisons are of the same length and take the same time.
    key: [u8; 32],
    pub(super) hash: StoredHash,
}

impl PasswordFile {
    /// Reads a whole file. Of two entries that are compared as equal the last wins.
    pub fn parse(bytes: &[u8]) -> Result<Self, PasswordFileError> {
        let file = StorageFile::parse(bytes)?;
        let list = match file.data() {
            serde_json::Value::Null => &[][..],
            data => Fields::of(data).and_then(|data| data.list("users")).map_err(PasswordFileError::Data)?,
        };
        let mut read = Vec::with_capacity(list.len());
        for (index, entry) in list.iter().enumerate() {
            let wrong = |source| PasswordFileError::Entry { index, source };
            let fields = Fields::of(entry).map_err(wrong)?;
            let hash = fields.text("password").map_err(wrong)?;
            let hash = StoredHash::decode(hash).ok_or(PasswordFileError::Hash { index })?;
            read.push((fields.text("username").map_err(wrong)?, hash));
        }
        let comparison = Comparison::among(read.iter().map(|(name, _)| *name));
        // As slow as the slowest real hash: a faster one would tell unknown names by the time.
        let dummy = StoredHash::dummy(read.iter().map(|(_, hash)| hash.cost()).max().unwrap_or(USUAL_COST));
        let mut entries: Vec<RawUser> = Vec::with_capacity(read.len());
        for (name, hash) in read {
            let key = digest_of(&comparison.key(name));
            entries.retain(|earlier| earlier.key != key);
            entries.push(RawUser { key, hash });
        }
        Ok(Self { comparison, entries, dummy })
    }

    /// How many user names there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no user name at all.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The entry of this user name and its place. All entries are compared, whether or not one was found.
    pub(super) fn find(&self, username: &str) -> Option<(usize, &RawUser)> {
        let key = digest_of(&self.comparison.key(username));
        let mut found = None;
        for (index, entry) in self.entries.iter().enumerate() {
            if constant_time::verify_slices_are_equal(&entry.key, &key).is_ok() {
                found = Some((index, entry));
            }
        }
        found
    }

    /// The hash at this place.
    pub(super) fn hash(&self, index: usize) -> Option<&StoredHash> {
        self.entries.get(index).map(|entry| &entry.hash)
    }

    /// A hash to check for unknown users, as slow as the slowest real one.
    pub(super) fn dummy(&self) -> &StoredHash {
        &self.dummy
    }
}

/// A bcrypt hash in its own text form, known to be well-formed.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoredHash(Secret<String>);

impl StoredHash {
    fn decode(encoded: &str) -> Option<Self> {
        let bytes = Zeroizing::new(STANDARD.decode(encoded).ok()?);
        let text = Self(Secret::new(std::str::from_utf8(&bytes).ok()?.to_owned()));
        let parts: bcrypt::HashParts = text.reveal().parse().ok()?;
        (4..=MAX_COST).contains(&parts.get_cost()).then_some(text)
    }

    fn dummy(cost: u32) -> Self {
        Self(Secret::new(format!("$2b${cost:02}$......................{}", ".".repeat(31))))
    }

    fn cost(&self) -> u32 {
        self.0.reveal().parse::<bcrypt::HashParts>().map_or(USUAL_COST, |parts| parts.get_cost())
    }

    /// The hash in clear, for bcrypt alone.
    pub(super) fn reveal(&self) -> &str {
        self.0.reveal()
    }

    /// Whether this is the password. Home Assistant hashes the first 72 bytes. bcrypt repeats its key with a NUL in
    /// between, so that `a` and `a NUL a` are one to it: a password with a NUL in it is never right.
    pub(super) fn matches(&self, password: &str) -> bool {
        let bytes = password.as_bytes();
        let right = bcrypt::verify(bytes.get(..72).unwrap_or(bytes), self.0.reveal()).unwrap_or(false);
        // Behind bcrypt and not before it, so that such a password takes as long as any other.
        right && !bytes.contains(&0)
    }
}

fn digest_of(text: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, text.as_bytes());
    digest.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// What Home Assistant uses.
const USUAL_COST: u32 = 12;

/// Each step doubles the time; at 16 a check takes some seconds, and a file with more could stop all sign-ins for
/// hours.
const MAX_COST: u32 = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn file(users: &[(&str, &str)]) -> Vec<u8> {
        let users: Vec<_> = users
            .iter()
            .map(|(name, password)| {
                let hash = bcrypt::hash(password, 4).unwrap();
                serde_json::json!({"username": name, "password": STANDARD.encode(hash)})
            })
            .collect();
        serde_json::json!({"version": 1, "data": {"users": users}}).to_string().into_bytes()
    }

    fn is_right(file: &PasswordFile, name: &str, password: &str) -> bool {
        file.find(name).is_some_and(|(_, entry)| entry.hash.matches(password))
    }

    #[test]
    fn only_the_first_72_bytes_of_a_password_count() {
        let long = "ä".repeat(36);
        let file = PasswordFile::parse(&file(&[("bob", &long)])).unwrap();
        assert!(is_right(&file, "bob", &long));
        assert!(is_right(&file, "bob", &format!("{long}and more")));
        assert!(!is_right(&file, "bob", &"ä".repeat(35)));
    }

    #[test]
    fn a_nul_does_not_repeat_a_password() {
        let file = PasswordFile::parse(&file(&[("bob", "a")])).unwrap();
        assert!(is_right(&file, "bob", "a"));
        assert!(!is_right(&file, "bob", "a\0a"));
        assert!(!is_right(&file, "bob", "a\0"));
    }

    #[test]
    fn names_that_differ_only_in_case_are_two_users_and_the_last_of_equal_ones_wins() {
        let file = PasswordFile::parse(&file(&[("Bob", "one"), ("bob", "two"), ("bob", "three")])).unwrap();
        assert!(is_right(&file, "Bob", "one"));
        assert!(is_right(&file, "bob", "three"));
        assert!(!is_right(&file, "bob", "two"));
        assert!(file.find("BOB").is_none());
    }

    #[test]
    fn the_dummy_is_a_real_hash_and_as_slow_as_the_slowest() {
        let dummy = StoredHash::dummy(12);
        assert_eq!(dummy.cost(), 12);
        assert!(dummy.reveal().parse::<bcrypt::HashParts>().is_ok());
        assert_eq!(PasswordFile::parse(&file(&[("bob", "a")])).unwrap().dummy().cost(), 4);
        assert_eq!(PasswordFile::parse(b"{}").unwrap().dummy().cost(), 12);
    }

    #[test]
    fn a_hash_that_is_none_or_takes_for_ever_refuses_the_file() {
        let good = bcrypt::hash("a", 4).unwrap();
        let slow = good.replacen("$04$", "$17$", 1);
        let long = format!("{good}.");
        for hash in ["", "x", "$2b$04$", &slow, &long] {
            let file = serde_json::json!({"version": 1, "data": {"users": [
                {"username": "bob", "password": STANDARD.encode(hash)}]}});
            let result = PasswordFile::parse(file.to_string().as_bytes());
            assert!(matches!(result, Err(PasswordFileError::Hash { index: 0 })), "{hash}");
        }
    }

    #[test]
    fn no_hash_shows_itself() {
        let file = PasswordFile::parse(&file(&[("bob", "a")])).unwrap();
        assert!(!format!("{file:?}").contains("$2"));
    }
}

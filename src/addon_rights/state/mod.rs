//! What an operator decided about add-ons, and the digests of their tokens: in memory for every call, on disk for the
//! next start.
//!
//! A decision holds once it is on disk. A file that cannot be understood is left as it is: every add-on is protected,
//! no token is good, and nothing can be changed before the file is mended. Writing over it would forget which tokens
//! are out there.

mod file;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, MutexGuard};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::protection::Protection;
use super::tokens::{AddonToken, TokenDigest};
use crate::addon_rights::ingress_key::IngressKey;
use crate::clock::Timestamp;
use crate::ids::AddonSlug;
pub use file::KeptError;

/// What is kept of all add-ons.
#[derive(Debug)]
pub struct AddonStates {
    path: PathBuf,
    table: ArcSwap<Table>,
    /// Held while the file is written; a file that could not be read is never written over.
    writing: Mutex<Result<(), Arc<KeptError>>>,
    /// Notified when anything is decided otherwise: what is open may not be permitted any more.
    changed: watch::Sender<u64>,
}

/// Add-ons with a decision or a token, by slug.
#[derive(Debug, Clone, Default, PartialEq)]
struct Table {
    addons: BTreeMap<String, StoredAddon>,
    /// The key of the tokens by which Home Assistant's pages name add-ons; none before they are first wanted.
    ingress_key: Option<IngressKey>,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StoredAddon {
    #[serde(default)]
    protection: Protection,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    token: Option<Token>,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Token {
    digest: TokenDigest,
    /// Milliseconds since 1970.
    made: u64,
}

/// Why a token was not made.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// There is one already.
    #[error("it has a token, made {0}, and only a digest of it is kept")]
    Exists(Timestamp),
    /// The file cannot be read or written: nothing in it is changed.
    #[error(transparent)]
    AddonStates(#[from] Arc<KeptError>),
}

/// What becomes of the token that an add-on has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfPresent {
    /// It stays, and no other is made.
    Refuse,
    /// It is good no longer.
    Rotate,
}

impl AddonStates {
    /// Reads the file; there need not be one. Blocks.
    pub fn open(path: &Path) -> Self {
        let (table, writing) = match file::read(path) {
            Ok(table) => (table.unwrap_or_default(), Ok(())),
            Err(error) => (Table::default(), Err(Arc::new(error))),
        };
        let (table, changed) = (ArcSwap::from_pointee(table), watch::Sender::new(0));
        Self { path: path.to_owned(), table, writing: Mutex::new(writing), changed }
    }

    /// Notified when a token or a protection has changed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Why nothing is known and nothing can be changed, when that is so.
    pub fn broken(&self) -> Option<Arc<KeptError>> {
        self.writing().as_ref().err().cloned()
    }

    /// Whether an add-on's protection is on.
    pub fn protection(&self, addon: &AddonSlug) -> Protection {
        self.table.load().addons.get(addon.as_str()).map(|entry| entry.protection).unwrap_or_default()
    }

    /// Switches an add-on's protection, and says whether that changed anything. Blocks.
    pub fn protect(&self, addon: &AddonSlug, protection: Protection) -> Result<bool, Arc<KeptError>> {
        self.change(addon, |entry| std::mem::replace(&mut entry.protection, protection) != protection)
    }

    /// Whose token this is. All are compared, however early one fits; whether the add-on still exists is the caller's
    /// to ask.
    pub fn addon_of(&self, shown: &[u8]) -> Option<AddonSlug> {
        self.addon_with(&TokenDigest::of(shown))
    }

    /// The same, by the digest of what is shown: a token need not be kept to be asked about again.
    pub fn addon_with(&self, shown: &TokenDigest) -> Option<AddonSlug> {
        let table = self.table.load();
        let mut found = None;
        // To the end, even after a match: the time must not tell how far down the list an add-on is.
        for (slug, entry) in &table.addons {
            if entry.token.is_some_and(|token| token.digest.is(shown)) {
                found = Some(slug);
            }
        }
        found.and_then(|slug| slug.parse().ok())
    }

    /// When an add-on's token was made, if it has one.
    pub fn token_made(&self, addon: &AddonSlug) -> Option<Timestamp> {
        let table = self.table.load();
        let token = table.addons.get(addon.as_str())?.token?;
        Some(Timestamp::from_millis(token.made))
    }

    /// Makes a token for an add-on. Blocks.
    pub fn make_token(
        &self,
        addon: &AddonSlug,
        if_present: IfPresent,
        now: Timestamp,
    ) -> Result<AddonToken, TokenError> {
        let token = AddonToken::random();
        let kept = Token { digest: token.digest(), made: now.as_millis() };
        let before = self.change(addon, |entry| match entry.token {
            Some(before) if if_present == IfPresent::Refuse => Some(before),
            _ => {
                entry.token = Some(kept);
                None
            }
        })?;
        before.map_or(Ok(token), |before| Err(TokenError::Exists(Timestamp::from_millis(before.made))))
    }

    /// The key of the tokens by which Home Assistant's pages name add-ons, if there is one.
    pub fn ingress_key(&self) -> Option<IngressKey> {
        self.table.load().ingress_key.clone()
    }

    /// The same; made when there is none. Blocks.
    pub fn make_ingress_key(&self) -> Result<IngressKey, Arc<KeptError>> {
        self.update(|table| table.ingress_key.get_or_insert_with(IngressKey::random).clone())
    }

    /// Changes what is kept of an add-on.
    fn change<T>(&self, addon: &AddonSlug, change: impl FnOnce(&mut StoredAddon) -> T) -> Result<T, Arc<KeptError>> {
        self.update(|table| change(table.addons.entry(addon.to_string()).or_default()))
    }

    /// Changes what is kept: on disk first.
    fn update<T>(&self, change: impl FnOnce(&mut Table) -> T) -> Result<T, Arc<KeptError>> {
        let writing = self.writing();
        writing.as_ref().map_err(Arc::clone)?;
        let before = self.table.load_full();
        let mut table = Table::clone(&before);
        let result = change(&mut table);
        // What is as if nothing had been decided needs no entry: asking about an add-on must not make one.
        table.addons.retain(|_, entry| *entry != StoredAddon::default());
        if table != *before {
            // On disk before it holds: a protection that a crash would undo must not have been answered as done.
            file::write(&self.path, &table)?;
            self.table.store(Arc::new(table));
            self.changed.send_modify(|generation| *generation = generation.wrapping_add(1));
        }
        Ok(result)
    }

    fn writing(&self) -> MutexGuard<'_, Result<(), Arc<KeptError>>> {
        self.writing.lock()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    fn slug(text: &str) -> AddonSlug {
        text.parse().unwrap()
    }

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state/supervisor.json");
        (folder, path)
    }

    const NOW: Timestamp = Timestamp::from_millis(1_700_000_000_000);

    #[test]
    fn a_decision_survives_a_restart() {
        let (_folder, path) = folder();
        let kept = AddonStates::open(&path);
        assert_eq!(kept.protection(&slug("a")), Protection::On);
        assert!(kept.protect(&slug("a"), Protection::Off).unwrap());
        assert!(!kept.protect(&slug("a"), Protection::Off).unwrap());
        let again = AddonStates::open(&path);
        assert_eq!((again.protection(&slug("a")), again.protection(&slug("b"))), (Protection::Off, Protection::On));
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().mode() & 0o777, 0o700);
        again.protect(&slug("a"), Protection::On).unwrap();
        assert_eq!(AddonStates::open(&path).protection(&slug("a")), Protection::On);
    }

    #[test]
    fn a_token_is_found_by_what_the_add_on_shows_and_is_not_in_the_file() {
        let (_folder, path) = folder();
        let kept = AddonStates::open(&path);
        let (a, b) = (
            kept.make_token(&slug("a"), IfPresent::Refuse, NOW).unwrap(),
            kept.make_token(&slug("b"), IfPresent::Rotate, NOW).unwrap(),
        );
        let kept = AddonStates::open(&path);
        assert_eq!(kept.addon_of(a.encode().as_bytes()), Some(slug("a")));
        assert_eq!(kept.addon_of(b.encode().as_bytes()), Some(slug("b")));
        for wrong in [&b""[..], b"x", a.encode().to_uppercase().as_bytes(), &a.encode().as_bytes()[..63]] {
            assert_eq!(kept.addon_of(wrong), None);
        }
        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&**a.encode()) && !text.contains(&**b.encode()), "{text}");
        assert_eq!(kept.token_made(&slug("a")), Some(NOW));
    }

    #[test]
    fn a_rotated_token_ends_and_one_is_not_made_twice_by_mistake() {
        let (_folder, path) = folder();
        let kept = AddonStates::open(&path);
        let first = kept.make_token(&slug("a"), IfPresent::Refuse, NOW).unwrap();
        assert!(matches!(kept.make_token(&slug("a"), IfPresent::Refuse, NOW), Err(TokenError::Exists(NOW))));
        assert_eq!(kept.addon_of(first.encode().as_bytes()), Some(slug("a")));
        let second = kept.make_token(&slug("a"), IfPresent::Rotate, NOW).unwrap();
        assert_eq!(kept.addon_of(first.encode().as_bytes()), None);
        assert_eq!(kept.addon_of(second.encode().as_bytes()), Some(slug("a")));
    }

    #[test]
    fn the_key_of_ingress_tokens_is_made_once_and_kept() {
        let (_folder, path) = folder();
        let kept = AddonStates::open(&path);
        assert_eq!(kept.ingress_key(), None);
        let key = kept.make_ingress_key().unwrap();
        kept.protect(&slug("a"), Protection::Off).unwrap();
        let again = AddonStates::open(&path);
        assert_eq!((again.ingress_key(), again.make_ingress_key().unwrap()), (Some(key.clone()), key));
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_cannot_be_understood_protects_everybody_and_stays_as_it_is() {
        let (_folder, path) = folder();
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        for text in
            ["", "{", "{\"version\":2,\"addons\":{}}", "{\"version\":1,\"addons\":{\"a\":{\"protection\":\"of\"}}}"]
        {
            fs::write(&path, text).unwrap();
            let kept = AddonStates::open(&path);
            assert!(kept.broken().is_some(), "{text}");
            assert_eq!(kept.protection(&slug("a")), Protection::On);
            assert!(kept.protect(&slug("a"), Protection::Off).is_err());
            assert!(kept.make_token(&slug("a"), IfPresent::Rotate, NOW).is_err());
            assert!(kept.ingress_key().is_none() && kept.make_ingress_key().is_err());
            assert_eq!(kept.protection(&slug("a")), Protection::On);
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
    }

    #[test]
    fn what_cannot_be_written_does_not_hold() {
        let (folder, path) = folder();
        let kept = AddonStates::open(&path);
        let token = kept.make_token(&slug("a"), IfPresent::Refuse, NOW).unwrap();
        // Nobody, not even root, makes a file below a file.
        fs::rename(folder.path().join("state"), folder.path().join("elsewhere")).unwrap();
        fs::write(folder.path().join("state"), "a file").unwrap();
        assert!(kept.protect(&slug("a"), Protection::Off).is_err());
        assert!(kept.make_token(&slug("a"), IfPresent::Rotate, NOW).is_err());
        assert_eq!(kept.protection(&slug("a")), Protection::On);
        assert_eq!(kept.addon_of(token.encode().as_bytes()), Some(slug("a")));
    }

    #[test]
    fn a_file_that_was_open_to_others_is_closed_by_the_next_change() {
        let (_folder, path) = folder();
        let kept = AddonStates::open(&path);
        kept.protect(&slug("a"), Protection::Off).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        kept.protect(&slug("b"), Protection::Off).unwrap();
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }
}

//! The keys that sign, taking turns.
//!
//! The folder of keys and the time say which one signs now, and which public halves are published. A new key is
//! published for `overlap` before it signs, and an old one for `overlap` after it has ceased to: an add-on that keeps a
//! copy of the published keys for no longer than that always has the right one. Which key signs follows from the files
//! alone, so that proxies that share the folder agree. Reading and making keys blocks: not for async threads.

use std::fs::{self, DirBuilder};
use std::os::unix::fs::DirBuilderExt as _;
use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use serde_json::{Value, json};

use super::key::{EXTENSION, KeyError, SigningKey};
use crate::clock::{Clock, Timestamp};
use crate::config::Assertion;

/// The keys of one folder.
#[derive(Debug)]
pub struct Keyring {
    settings: Assertion,
    clock: Clock,
    keys: ArcSwap<Keys>,
    turning: Mutex<()>,
}

/// All keys, the oldest first, and the place of the one that signs.
#[derive(Debug)]
struct Keys {
    all: Vec<Arc<SigningKey>>,
    signer: Arc<SigningKey>,
}

impl Keyring {
    /// Reads the folder, and makes it and a key in it when there is none.
    pub fn open(settings: Assertion, clock: Clock) -> Result<Self, KeyError> {
        let keys = turn(&settings, clock.now())?;
        Ok(Self { settings, clock, keys: ArcSwap::from_pointee(keys), turning: Mutex::new(()) })
    }

    /// What it was opened with.
    pub fn settings(&self) -> &Assertion {
        &self.settings
    }

    /// Looks at the folder again, makes a key when the newest is old, and removes those that are no longer needed.
    pub fn turn(&self) -> Result<(), KeyError> {
        let _one_at_a_time = self.turning.lock();
        self.keys.store(Arc::new(turn(&self.settings, self.clock.now())?));
        Ok(())
    }

    /// The public halves, as a JSON Web Key Set (RFC 7517 section 5).
    pub fn published(&self) -> Value {
        let keys: Vec<Value> = self.keys.load().all.iter().map(|key| key.public()).collect();
        json!({ "keys": keys })
    }

    pub(super) fn signer(&self) -> Arc<SigningKey> {
        Arc::clone(&self.keys.load().signer)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }
}

fn turn(settings: &Assertion, now: Timestamp) -> Result<Keys, KeyError> {
    let mut all = read(settings)?;
    let newest_is_old = |key: &SigningKey| now.saturating_since(key.made()) >= settings.rotate;
    if all.last().is_none_or(newest_is_old) {
        // Made long before it signs. See the head of this file for why it is published first.
        let key = SigningKey::generate(now);
        key.store(&settings.keys)?;
        tracing::info!(kid = key.id(), "a new key for signed identities; it signs when everybody may know it");
        all.push(key);
    }
    let signs = |key: &&SigningKey| now.saturating_since(key.made()) >= settings.overlap;
    // Before any key is known for long enough, the oldest signs: no add-on has a copy of others yet.
    let signer = all.iter().rposition(|key| signs(&key)).unwrap_or_default();
    let begun = all.get(signer).map_or(now, |key| key.made().saturating_add(settings.overlap));
    // Only when the present signer has signed for `overlap`: an assertion of the old key may still be on its way.
    if now.saturating_since(begun) >= settings.overlap {
        for old in all.drain(..signer) {
            match fs::remove_file(old.path(&settings.keys)) {
                Ok(()) => tracing::info!(kid = old.id(), "an old key for signed identities is gone"),
                Err(error) => tracing::warn!(kid = old.id(), %error, "an old signing key cannot be taken away"),
            }
        }
    }
    let all: Vec<_> = all.into_iter().map(Arc::new).collect();
    let signer = all.iter().rfind(|key| signs(&key.as_ref())).or(all.first());
    let signer = Arc::clone(signer.expect("one was made when there was none"));
    Ok(Keys { all, signer })
}

/// The keys of the folder, the oldest first. One that cannot be read is left where it is, and said.
fn read(settings: &Assertion) -> Result<Vec<SigningKey>, KeyError> {
    let folder = &settings.keys;
    let failed = |source| KeyError::Folder { path: folder.clone(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(failed)?;
    let mut keys = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_none_or(|extension| extension != EXTENSION) {
            continue;
        }
        match SigningKey::read(&path) {
            Ok(key) => keys.push(key),
            Err(error) => tracing::error!(error = %crate::telemetry::chain(&error), "a signing key is left out"),
        }
    }
    // The id decides between keys of one moment, so that all proxies that share the folder agree on the order.
    keys.sort_by(|a, b| (a.made(), a.id()).cmp(&(b.made(), b.id())));
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const HOUR: Duration = Duration::from_hours(1);
    const START: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn settings(folder: &tempfile::TempDir) -> Assertion {
        Assertion {
            keys: folder.path().join("state/keys"),
            issuer: "https://home.example".to_owned(),
            rotate: HOUR * 24,
            overlap: HOUR,
        }
    }

    fn published(ring: &Keyring) -> Vec<String> {
        let keys = ring.published();
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn keys_take_turns_and_overlap() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let ring = Keyring::open(settings(&folder), clock.clone()).unwrap();
        let first = ring.signer();
        assert_eq!(published(&ring), [first.id()], "the only one signs at once");
        let at = |time: Duration| {
            clock.set(START.saturating_add(time));
            ring.turn().unwrap();
        };
        at((HOUR * 24).saturating_sub(Duration::from_millis(1)));
        assert_eq!(published(&ring).len(), 1);
        at(HOUR * 24);
        assert_eq!(published(&ring).len(), 2, "published before it signs");
        assert_eq!(ring.signer().id(), first.id());
        at((HOUR * 25).saturating_sub(Duration::from_millis(1)));
        assert_eq!(ring.signer().id(), first.id());
        at(HOUR * 25);
        let second = ring.signer();
        assert_ne!(second.id(), first.id());
        assert_eq!(published(&ring), [first.id(), second.id()], "published after it has ceased to sign");
        at(HOUR * 26);
        assert_eq!(published(&ring), [second.id()]);
        assert!(!first.path(&ring.settings.keys).exists());
    }

    #[test]
    fn proxies_that_share_a_folder_agree_and_a_restart_changes_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let one = Keyring::open(settings(&folder), clock.clone()).unwrap();
        let two = Keyring::open(settings(&folder), clock.clone()).unwrap();
        assert_eq!(one.signer().id(), two.signer().id());
        for hours in [24, 25, 26, 49, 50, 51] {
            clock.set(START.saturating_add(HOUR * hours));
            one.turn().unwrap();
            two.turn().unwrap();
            assert_eq!((one.signer().id(), published(&one)), (two.signer().id(), published(&two)), "{hours}");
        }
        let again = Keyring::open(settings(&folder), clock).unwrap();
        assert_eq!(again.signer().id(), one.signer().id());
    }

    #[test]
    fn a_clock_that_goes_back_and_a_broken_file_leave_a_signer() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(START);
        let ring = Keyring::open(settings(&folder), clock.clone()).unwrap();
        let signer = ring.signer();
        clock.set(Timestamp::from_millis(0));
        ring.turn().unwrap();
        assert_eq!(ring.signer().id(), signer.id());
        fs::write(signer.path(&ring.settings.keys), "{").unwrap();
        ring.turn().unwrap();
        assert_ne!(ring.signer().id(), signer.id(), "a new one is made");
        assert_eq!(fs::read_to_string(signer.path(&ring.settings.keys)).unwrap(), "{", "and the file is left");
    }
}

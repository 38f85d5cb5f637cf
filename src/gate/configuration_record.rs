//! What is known of the configuration in force, for operators to look at: where it was read and when, what counts, and
//! what was wrong with the last one that was refused.

use std::path::PathBuf;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::clock::Timestamp;
use crate::config::EffectiveKey;

/// It outlives the configurations that it is about.
#[derive(Debug)]
pub struct ConfigurationRecord(Mutex<Recorded>);

/// What is recorded.
#[derive(Debug, Clone)]
pub struct Recorded {
    /// The file.
    pub file: PathBuf,
    /// When the configuration in force was read.
    pub loaded: Timestamp,
    /// Every key that counts.
    pub keys: Arc<[EffectiveKey]>,
    /// What was wrong with the one that was refused since.
    pub mistake: Option<RefusedConfiguration>,
}

/// A configuration that was refused.
#[derive(Debug, Clone)]
pub struct RefusedConfiguration {
    /// When.
    pub at: Timestamp,
    /// Why, with the line, as `vestibule check` says it.
    pub why: Arc<str>,
}

impl ConfigurationRecord {
    /// The configuration of the start.
    pub fn new(file: PathBuf, keys: Vec<EffectiveKey>, now: Timestamp) -> Self {
        Self(Mutex::new(Recorded { file, loaded: now, keys: keys.into(), mistake: None }))
    }

    /// Another one is in force.
    pub fn put_in_force(&self, keys: Vec<EffectiveKey>, now: Timestamp) {
        let mut recorded = self.0.lock();
        (recorded.loaded, recorded.keys, recorded.mistake) = (now, keys.into(), None);
    }

    /// Another one was refused.
    pub fn refused(&self, why: &str, now: Timestamp) {
        self.0.lock().mistake = Some(RefusedConfiguration { at: now, why: why.into() });
    }

    /// What is known at this moment.
    pub fn load(&self) -> Recorded {
        self.0.lock().clone()
    }
}

//! One signing key, and how it stands in its file: a private JSON Web Key (RFC 8037 section 2) with the time at which
//! it was made. The file is readable for us alone and is written whole or not at all.

use std::fmt;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::clock::Timestamp;
use crate::entropy;

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The folder cannot be made or read.
    #[error("the folder of signing keys {} cannot be used", path.display())]
    Folder {
        /// Path of the folder with the keys.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// A key cannot be read or written.
    #[error("the signing key {} cannot be used", path.display())]
    File {
        /// Path of the key's file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// What stands in the file is no key.
    #[error("{} holds no signing key", path.display())]
    NoKey {
        /// Path of the key's file.
        path: PathBuf,
    },
}

/// A key that signs.
pub(super) struct SigningKey {
    pair: Ed25519KeyPair,
    seed: Zeroizing<[u8; 32]>,
    id: String,
    made: Timestamp,
}

/// The file. RFC 8037 section 2: `x` is the public half, `d` the private one.
#[derive(Serialize, Deserialize)]
struct Stored {
    kty: String,
    crv: String,
    kid: String,
    x: String,
    d: Zeroizing<String>,
    /// Milliseconds since 1970.
    made: u64,
}

impl SigningKey {
    pub(super) fn generate(now: Timestamp) -> Self {
        Self::of_seed(Zeroizing::new(entropy::random()), now).expect("every 32 bytes are a key of Ed25519")
    }

    fn of_seed(seed: Zeroizing<[u8; 32]>, made: Timestamp) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).ok()?;
        let id = thumbprint(&URL_SAFE_NO_PAD.encode(pair.public_key()));
        Some(Self { pair, seed, id, made })
    }

    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn made(&self) -> Timestamp {
        self.made
    }

    /// The signature, in base64url.
    pub(super) fn sign(&self, text: &str) -> String {
        URL_SAFE_NO_PAD.encode(self.pair.sign(text.as_bytes()))
    }

    /// Its public half, as it is published.
    pub(super) fn public(&self) -> Value {
        let x = URL_SAFE_NO_PAD.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": self.id, "x": x })
    }

    /// Its file in a folder of keys.
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(format!("{}.{EXTENSION}", self.id))
    }

    /// Reads a key. A file that others may read is closed to them first.
    pub(super) fn read(path: &Path) -> Result<Self, KeyError> {
        let failed = |source| KeyError::File { path: path.to_owned(), source };
        if fs::metadata(path).map_err(failed)?.mode() & 0o077 != 0 {
            tracing::warn!(file = %path.display(), "a signing key was open to others; whoever has read it can sign");
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        }
        let bytes = Zeroizing::new(fs::read(path).map_err(failed)?);
        Self::parse(&bytes).ok_or_else(|| KeyError::NoKey { path: path.to_owned() })
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        let seed = Zeroizing::new(URL_SAFE_NO_PAD.decode(stored.d.as_bytes()).ok()?);
        let seed = Zeroizing::new(seed.as_slice().try_into().ok()?);
        let key = Self::of_seed(seed, Timestamp::from_millis(stored.made))?;
        // The id is made of the public half, so this notices a private half that was changed.
        (key.id == stored.kid).then_some(key)
    }

    /// Puts the key into the folder. Another proxy that shares it sees the whole file or none.
    pub(super) fn store(&self, folder: &Path) -> Result<(), KeyError> {
        let path = self.path(folder);
        let stored = Stored {
            kty: "OKP".to_owned(),
            crv: "Ed25519".to_owned(),
            kid: self.id.clone(),
            x: URL_SAFE_NO_PAD.encode(self.pair.public_key()),
            d: Zeroizing::new(URL_SAFE_NO_PAD.encode(self.seed.as_slice())),
            made: self.made.as_millis(),
        };
        let text = Zeroizing::new(serde_json::to_vec(&stored).expect("an object of texts has a JSON form"));
        // What a crash has left under this name is written over.
        let beside = path.with_extension("new");
        let write = || {
            // Private from its first moment: with a `chmod` afterwards, another process could open it in between.
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
            file.write_all(&text)?;
            // On disk before it has its name: after a power cut there is the whole key or none.
            file.sync_all()?;
            fs::rename(&beside, &path)
        };
        write().map_err(|source| KeyError::File { path: path.clone(), source })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).field("made", &self.made).finish_non_exhaustive()
    }
}

/// RFC 7638, with the members that RFC 8037 section 2 asks for.
fn thumbprint(x: &str) -> String {
    let canonical = format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
    URL_SAFE_NO_PAD.encode(digest(&SHA256, canonical.as_bytes()))
}

/// How the file of a key is called behind its id.
pub(super) const EXTENSION: &str = "jwk";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumbprint_is_that_of_the_rfc() {
        // RFC 8037 appendix A.3.
        assert_eq!(
            thumbprint("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"),
            "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
        );
    }

    #[test]
    fn a_key_is_read_back_as_it_was_stored_and_does_not_show_itself() {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::generate(Timestamp::from_millis(7));
        key.store(folder.path()).unwrap();
        let path = key.path(folder.path());
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let again = SigningKey::read(&path).unwrap();
        assert_eq!((again.id(), again.made(), again.sign("x")), (key.id(), key.made(), key.sign("x")));
        let secret = URL_SAFE_NO_PAD.encode(key.seed.as_slice());
        assert!(!format!("{key:?}{}", key.public()).contains(&secret));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        SigningKey::read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace("\"kid\":\"", "\"kid\":\"x")).unwrap();
        assert!(matches!(SigningKey::read(&path), Err(KeyError::NoKey { .. })));
    }
}

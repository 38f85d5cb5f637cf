//! Signatures: whether one of the keys that the configuration names has signed a manifest's bytes, by the file
//! `config.yaml.minisig` beside it.
//!
//! Signatures are minisign's: Ed25519 over BLAKE2b of the file, with a signed comment. What is signed is the manifest,
//! not the image that it names. A signature that cannot be judged good is never taken for a missing one.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use minisign_verify::{Error, PublicKey, Signature};

use super::source;
use crate::diagnostic::findings::{Explained, Findings};
use crate::diagnostic::{Diagnostic, SourceLocation};

/// A key by which manifests may be signed.
#[derive(Clone, PartialEq, Eq)]
pub struct SigningKey {
    text: String,
    key: PublicKey,
}

/// The text is no minisign key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a public key of minisign")]
pub struct BadKey;

impl FromStr for SigningKey {
    type Err = BadKey;

    fn from_str(text: &str) -> Result<Self, BadKey> {
        let key = PublicKey::from_base64(text).map_err(|_| BadKey)?;
        Ok(Self { text: text.to_owned(), key })
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Explained for BadKey {
    fn expected(&self) -> &'static str {
        "expected a key as minisign shows it"
    }

    fn hint(&self) -> String {
        "the second line of `minisign.pub`: 56 characters that begin with `RW`".to_owned()
    }
}

/// Whether somebody stands by a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    /// There is no signature, or no key to judge it by.
    No,
    /// It is signed by this key.
    By(SigningKey),
}

/// Judges the signature, if there is one.
pub(super) fn judge(file: &Path, manifest: &[u8], keys: &[SigningKey], findings: &mut Findings) -> Signed {
    if !file.exists() {
        return Signed::No;
    }
    let refused = |message: String, hint: &str| Diagnostic::mistake(SourceLocation::File, message).hint(hint);
    let text = match source::bounded(file, LARGEST) {
        Ok(Some(bytes)) => String::from_utf8(bytes).ok(),
        Ok(None) => None,
        Err(err) => {
            let message = format!("the signature of this manifest cannot be read: {err}");
            findings.add(refused(message, "make it readable for vestibule, or take it away"));
            return Signed::No;
        }
    };
    let Some(signature) = text.and_then(|text| Signature::decode(&text).ok()) else {
        findings.add(refused("the signature of this manifest is not minisign's".to_owned(), SIGN_AGAIN));
        return Signed::No;
    };
    if keys.is_empty() {
        let nobody = Diagnostic::warning(
            SourceLocation::File,
            "this manifest is signed, and no key is configured to judge that",
        );
        findings.add(
            nobody.hint("name the author's key: [supervisor] signing_keys = [\"RW...\"]; until then it counts nothing"),
        );
        return Signed::No;
    }
    // `false`: no signatures of minisign's older kind, which are over the file itself and not over its hash.
    let verdicts = keys.iter().map(|key| (key, key.key.verify(manifest, &signature, false)));
    let mut why = "this manifest is signed by a key that the configuration does not name".to_owned();
    for (key, verdict) in verdicts {
        match verdict {
            Ok(()) => return Signed::By(key.clone()),
            Err(Error::UnexpectedKeyId) => {}
            Err(Error::UnsupportedLegacyMode | Error::UnexpectedAlgorithm | Error::UnsupportedAlgorithm) => {
                "the signature of this manifest is of an old kind".clone_into(&mut why);
            }
            Err(_) => "the signature does not fit this manifest: one of the two was changed".clone_into(&mut why),
        }
    }
    findings.add(refused(why, SIGN_AGAIN));
    Signed::No
}

const SIGN_AGAIN: &str =
    "get the manifest and its signature from the author again, or sign it yourself: minisign -Sm FILE";

/// Bytes of a signature's file.
const LARGEST: u64 = 16 * 1024;

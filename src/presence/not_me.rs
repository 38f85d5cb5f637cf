//! The link with which people end a session that is not theirs.
//!
//! It names the session and when it ends to be good, signed with a key of ours. It can do one thing, end that session
//! and those that were handed over from it, and a session ends once: a link that was used is good for nothing.

use std::fmt::Write as _;
use std::fs::{File, Permissions};
use std::io::{self, Read as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::sync::Arc;

use crate::atomic_file;
use crate::clock::Timestamp;
use crate::entropy;
use crate::secret::Secret;
use crate::session::SessionId;

/// What the links are signed with, once it was read.
#[derive(Debug, Default)]
pub struct NotMeLinks(ArcSwapOption<hmac::Key>);

/// What stands in a link that is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotMeToken {
    /// The session that it ends.
    pub session: SessionId,
}

impl NotMeLinks {
    /// Whether there is a key.
    pub fn is_open(&self) -> bool {
        self.0.load().is_some()
    }

    /// Reads the key in `state_dir`, or makes one. Without a file that can be written, links end with the process.
    pub fn open(&self, folder: &Path) -> io::Result<()> {
        if self.is_open() {
            return Ok(());
        }
        let (bytes, kept) = if let Some(bytes) = read(folder) {
            (bytes, Ok(()))
        } else {
            let bytes = Secret::new(entropy::random());
            let kept = atomic_file::write(folder, NAME, bytes.reveal(), 0o600);
            (bytes, kept)
        };
        self.0.store(Some(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, bytes.reveal()))));
        kept
    }

    /// The text of a link's token, good for this long.
    pub fn token(&self, session: SessionId, now: Timestamp, lifetime: Duration) -> Option<String> {
        let key = self.0.load_full()?;
        let mut text = String::new();
        let _ = write!(text, "{session}.{}", now.saturating_add(lifetime).as_millis());
        let tag = hmac::sign(&key, text.as_bytes());
        let _ = write!(text, ".{}", URL_SAFE_NO_PAD.encode(tag.as_ref()));
        Some(text)
    }

    /// What a token says, if it is ours and still good.
    pub fn read(&self, token: &str, now: Timestamp) -> Option<NotMeToken> {
        let key = self.0.load_full()?;
        let (said, tag) = token.rsplit_once('.').filter(|_| token.len() <= LONGEST)?;
        // The signature first: nothing of what a stranger has made up is looked at.
        hmac::verify(&key, said.as_bytes(), &URL_SAFE_NO_PAD.decode(tag).ok()?).ok()?;
        let (session, until) = said.split_once('.')?;
        let until = Timestamp::from_millis(until.parse().ok()?);
        let session = session.parse().ok()?;
        (now < until).then_some(NotMeToken { session })
    }
}

/// The key that is kept. With one that others could read, anybody of them could end sessions: it is closed to them, as
/// the keys of signed identities are.
fn read(folder: &Path) -> Option<Secret<[u8; 32]>> {
    let path = folder.join(NAME);
    let mut bytes = [0; 32];
    let mut file = File::open(&path).ok()?;
    file.read_exact(&mut bytes).ok()?;
    if file.metadata().is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0) {
        tracing::warn!(path = %path.display(), "others could read the key of links that end sessions; they cannot any more");
        if let Err(error) = file.set_permissions(Permissions::from_mode(0o600)) {
            tracing::warn!(path = %path.display(), %error, "the key of links that end sessions stays readable for others");
        }
    }
    Some(Secret::new(bytes))
}

/// The name of the key's file in `state_dir`.
const NAME: &str = "not-me.key";

/// Bytes of a token: 16, a number and 43, with two dots.
const LONGEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_good_until_its_time_and_nothing_in_it_can_be_changed() {
        let folder = tempfile::tempdir().unwrap();
        let (links, at) = (NotMeLinks::default(), Timestamp::from_millis);
        let session: SessionId = "00112233445566aa".parse().unwrap();
        assert!(links.token(session, at(0), Duration::from_secs(9)).is_none(), "no key was read");
        links.open(folder.path()).unwrap();
        let token = links.token(session, at(1_000), Duration::from_secs(9)).unwrap();
        assert_eq!(links.read(&token, at(9_999)), Some(NotMeToken { session }));
        assert_eq!(links.read(&token, at(10_000)), None);
        for place in 0..token.len() {
            let mut changed = token.clone().into_bytes();
            changed[place] = if changed[place] == b'0' { b'1' } else { b'0' };
            let changed = String::from_utf8(changed).unwrap();
            assert_eq!(links.read(&changed, at(2_000)), None, "{changed}");
        }
        for bad in
            ["", ".", "..", "a.b.c", token.get(1..).unwrap(), token.get(..token.len() - 1).unwrap(), &"x".repeat(9999)]
        {
            assert_eq!(links.read(bad, at(2_000)), None, "{bad}");
        }
        let restarted = NotMeLinks::default();
        restarted.open(folder.path()).unwrap();
        assert!(restarted.read(&token, at(2_000)).is_some(), "the key is kept");
        let key = folder.path().join(NAME);
        std::fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
        let again = NotMeLinks::default();
        again.open(folder.path()).unwrap();
        assert!(again.read(&token, at(2_000)).is_some());
        assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600, "closed to others");
        let other = NotMeLinks::default();
        other.open(tempfile::tempdir().unwrap().path()).unwrap();
        assert!(other.read(&token, at(2_000)).is_none());
    }
}

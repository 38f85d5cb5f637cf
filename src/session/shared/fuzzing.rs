//! Fuzz target: what stands in Redis.

use std::sync::LazyLock;

use super::entry::Seal;
use crate::config::SecretText;
use crate::session::token::SessionDigest;

/// Without the key nobody makes an entry, and no entry is another session's; what is read and written again is the
/// same.
pub(crate) fn redis_entries(bytes: &[u8]) {
    let (digest, other) = (SessionDigest::from_bytes([7; 32]), SessionDigest::from_bytes([8; 32]));
    assert!(SEALED.open(digest, bytes).is_err(), "an entry counts that we have not sealed");
    let Ok(record) = OPEN.open(digest, bytes) else { return };
    let written = OPEN.close(digest, &record);
    assert_eq!(OPEN.open(digest, &written).as_ref(), Ok(&record));
    let sealed = SEALED.close(digest, &record);
    assert_eq!(SEALED.open(digest, &sealed).as_ref(), Ok(&record));
    assert!(SEALED.open(other, &sealed).is_err(), "an entry was put in another one's place");
    assert!(OPEN.open(digest, &sealed).is_err());
}

static SEALED: LazyLock<Seal> = LazyLock::new(|| Seal::new(Some(&SecretText::new("of this test".to_owned()))));
static OPEN: LazyLock<Seal> = LazyLock::new(|| Seal::new(None));

//! What a backup opens with.

use std::io::{self, Read};

use zeroize::Zeroizing;

use super::error::BackupError;
use crate::secret::Secret;

/// A passphrase, as it stood in the first line of a file.
#[derive(Debug)]
pub struct Passphrase(Secret<Vec<u8>>);

/// Characters of the shortest passphrase: whoever has a backup can try as many as they like.
pub(super) const SHORTEST: usize = 12;

/// Bytes that are read of its file.
const LONGEST: usize = 4096;

impl Passphrase {
    /// The first line of what is read, without its end.
    pub fn read(from: impl Read) -> io::Result<Self> {
        // Room for all of it from the start: a vector that grows leaves copies behind that nobody wipes.
        let mut text = Zeroizing::new(Vec::with_capacity(LONGEST));
        from.take(LONGEST as u64).read_to_end(&mut text)?;
        let end = text.iter().position(|&byte| byte == b'\n').unwrap_or(text.len());
        text.truncate(end);
        if text.last() == Some(&b'\r') {
            text.pop();
        }
        Ok(Self(text.into()))
    }

    /// The same, where it is long enough to seal something.
    pub fn strong(self) -> Result<Self, BackupError> {
        let characters = self.bytes().utf8_chunks().map(|chunk| chunk.valid().chars().count()).sum::<usize>();
        if characters < SHORTEST { Err(BackupError::Short) } else { Ok(self) }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_first_line_and_twelve_characters_are_enough() {
        for text in ["correct horse\n", "correct horse\r\nbattery", "correct horse"] {
            assert_eq!(Passphrase::read(text.as_bytes()).unwrap().bytes(), b"correct horse", "{text:?}");
        }
        assert!(Passphrase::read("élevenchars\n".as_bytes()).unwrap().strong().is_err());
        assert!(Passphrase::read("twelve chars\n".as_bytes()).unwrap().strong().is_ok());
    }
}

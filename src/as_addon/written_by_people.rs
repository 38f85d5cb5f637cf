//! The part of the configuration that people write. It may hold restrictions, so it never falls away by accident: only
//! a file that is not there is none, and a change counts when two looks in a row have read the same.

use std::fs;
use std::io;
use std::path::Path;

/// What the file said, as far as it counts.
#[derive(Debug)]
pub(super) struct WrittenByPeople {
    text: Option<String>,
    /// What the last look has read. Another text than the one that counts may be half of what an editor is writing.
    seen: Option<String>,
}

impl WrittenByPeople {
    /// The first look, which has nothing to compare with.
    pub(super) fn read(path: &Path) -> io::Result<Self> {
        let text = content(path)?;
        Ok(Self { seen: text.clone(), text })
    }

    /// Another look.
    pub(super) fn look(&mut self, path: &Path) -> io::Result<()> {
        let seen = content(path)?;
        if seen == self.seen {
            self.text.clone_from(&seen);
        }
        self.seen = seen;
        Ok(())
    }

    /// What counts; none where there is no file.
    pub(super) fn text(&self) -> Option<&str> {
        self.text.as_deref()
    }
}

fn content(path: &Path) -> io::Result<Option<String>> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_counts_when_it_was_seen_twice() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.toml");
        let mut more = WrittenByPeople::read(&path).unwrap();
        assert_eq!(more.text(), None);
        let mut after = |text: Option<&str>, counts: Option<&str>| {
            match text {
                Some(text) => fs::write(&path, text).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            more.look(&path).unwrap();
            assert_eq!(more.text(), counts);
        };
        after(Some("half"), None);
        after(Some("whole"), None);
        after(Some("whole"), Some("whole"));
        after(None, Some("whole"));
        after(Some("whole"), Some("whole"));
        after(None, Some("whole"));
        more.look(&path).unwrap();
        assert_eq!(more.text(), None);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_a_file_that_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vestibule.toml");
        fs::write(&path, "kept").unwrap();
        let mut more = WrittenByPeople::read(&path).unwrap();
        fs::write(&path, b"not \xff UTF-8").unwrap();
        for _ in 0..2 {
            assert!(more.look(&path).is_err() && more.text() == Some("kept"));
        }
        assert!(WrittenByPeople::read(&path).is_err() && WrittenByPeople::read(folder.path()).is_err());
    }
}

//! What differs between the sets of files that are read together; how they are read, kept and watched does not.
//!
//! The contents of a set's files become one copy of all they say, or a list of what is wrong with each. A set must
//! never know of another one: what is wrong with one holds nothing back in the other.

use super::file_fault::{Fault, FileBytes};

/// Four files that are read together and swapped together.
pub(super) trait FileSet {
    /// All that they say at one moment.
    type Copy;

    /// What is still known of the last good copy when it has become too old to be used.
    type Memory;

    /// Their names in the folder.
    const NAMES: [&'static str; 4];

    /// The largest file that is read, in bytes.
    const LIMIT: u64;

    /// How the log speaks of them.
    const WORDS: Words;

    /// One copy, or what is wrong with each file, at least with one. The set says which of them may be missing.
    fn parse(files: [FileBytes; 4]) -> Result<Self::Copy, Faults>;

    /// How much is in a copy, for the log.
    fn size(copy: &Self::Copy) -> String;

    /// What to remember of a copy.
    fn remember(copy: &Self::Copy) -> Self::Memory;

    /// Why a copy must not follow the one that is remembered, although it can be read; told of the first file.
    fn alarm(memory: &Self::Memory, copy: &Self::Copy) -> Option<Fault>;
}

/// What is wrong with each file of a set.
pub(super) type Faults = Box<[Option<Fault>; 4]>;

/// How the log speaks of a set of files.
#[derive(Debug, Clone, Copy)]
pub(super) struct Words {
    /// What is in them.
    pub(super) content: &'static str,
    /// What it means that there is no copy of them.
    pub(super) without: &'static str,
}

//! A secret that stands in a file of its own, as the configuration names it.

use super::section::section;

section! {
    /// `{ file = "secrets/name" }`
    ValueFile {
        file: String,
    }
}

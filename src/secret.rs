//! A value that nobody may see: redacted in `Debug`, and wiped when it is dropped. Tokens, keys and passwords are made
//! of it, so that the two rules stand in one place.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::{Zeroize, Zeroizing};

/// A secret in memory. Whoever calls [`Self::reveal`] must keep it out of messages and logs.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret<T: Zeroize>(Zeroizing<T>);

impl<T: Zeroize> Secret<T> {
    /// Takes the value over.
    pub fn new(value: T) -> Self {
        Self(Zeroizing::new(value))
    }

    /// The value in clear.
    pub fn reveal(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> From<Zeroizing<T>> for Secret<T> {
    fn from(value: Zeroizing<T>) -> Self {
        Self(value)
    }
}

/// A type that is made of a secret may derive its own `Debug`: it shows the type's name and this word.
impl<T: Zeroize> fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("redacted")
    }
}

/// In clear: for the control socket and for files that are as secret as the value.
impl Serialize for Secret<String> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.reveal())
    }
}

impl<'de> Deserialize<'de> for Secret<String> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_by_no_debug_of_a_type_that_is_made_of_it() {
        #[derive(Debug)]
        struct Token(#[expect(dead_code, reason = "Debug does not count as a use")] Secret<String>);
        let shown = format!("{:?} {:#?}", Token(Secret::new("hunter2".to_owned())), Secret::new([104_u8, 117]));
        assert!(shown.contains("Token(redacted)") && !shown.contains("hunter2") && !shown.contains("104"), "{shown}");
    }
}

//! A text of the configuration that nobody may see.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::secret::Secret;

/// A secret: a token, a code, a password. Copies share one piece of memory, which is wiped with the last of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecretText(Arc<Secret<String>>);

impl SecretText {
    /// Takes the text over.
    pub fn new(text: String) -> Self {
        Self(Arc::new(Secret::new(text)))
    }

    /// The text.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

impl From<Zeroizing<String>> for SecretText {
    fn from(text: Zeroizing<String>) -> Self {
        Self(Arc::new(text.into()))
    }
}

//! `[pages]`: how vestibule's own pages look, and who may show them.

use std::fmt;
use std::sync::Arc;

/// `[pages]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pages {
    /// What the home is called; `None` calls it "Home", in the language of the page.
    pub title: Option<String>,
    /// Red, green and blue of the accent.
    pub accent: [u8; 3],
    /// The picture in the place of ours.
    pub logo: Option<Logo>,
    /// The origin whose pages may show the launcher in a frame: Home Assistant's.
    pub embedder: Option<String>,
}

/// A picture of the operator's.
#[derive(Clone, PartialEq, Eq)]
pub struct Logo {
    /// The ending of its name, which says what it is.
    pub extension: &'static str,
    /// Its media type.
    pub media: &'static str,
    /// What is in the file.
    pub bytes: Arc<[u8]>,
}

impl Pages {
    /// The accent of who chooses none.
    pub const ACCENT: [u8; 3] = [0x00, 0x5f, 0x87];
}

impl Default for Pages {
    fn default() -> Self {
        Self { title: None, accent: Self::ACCENT, logo: None, embedder: None }
    }
}

impl fmt::Debug for Logo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Logo({}, {} bytes)", self.media, self.bytes.len())
    }
}

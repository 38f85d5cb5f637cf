//! Header fields as they stood on the wire: in order, spelled as they came, values as bytes.

/// The fields of one head.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fields(pub(crate) Vec<(String, Vec<u8>)>);

impl Fields {
    /// The lines of a head after its first line, without their line ends; names keep their spelling.
    pub(crate) fn parse<'a>(lines: impl Iterator<Item = &'a [u8]>) -> Self {
        let parse = |line: &[u8]| {
            let colon = line.iter().position(|b| *b == b':').unwrap_or(line.len());
            let (name, value) = line.split_at(colon);
            let value = value.get(1..).unwrap_or_default();
            (String::from_utf8_lossy(name).into_owned(), trim(value).to_vec())
        };
        Self(lines.filter(|line| !line.is_empty()).map(parse).collect())
    }

    /// All values of a name, whatever its case, in order.
    pub(crate) fn all(&self, name: &str) -> Vec<&[u8]> {
        self.0.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_slice()).collect()
    }

    /// All values of a name as text.
    pub(crate) fn texts(&self, name: &str) -> Vec<String> {
        self.all(name).into_iter().map(|value| String::from_utf8_lossy(value).into_owned()).collect()
    }

    /// The first value of a name as text, or nothing.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.texts(name).into_iter().next()
    }

    /// The one value of a name; panics when there is none or more than one.
    #[track_caller]
    pub(crate) fn one(&self, name: &str) -> String {
        let mut values = self.texts(name);
        assert_eq!(values.len(), 1, "exactly one {name} in {self:#?}");
        values.remove(0)
    }

    /// Whether a name is there, whatever its case.
    pub(crate) fn has(&self, name: &str) -> bool {
        !self.all(name).is_empty()
    }
}

/// What servers that map header names to variables make of a name: lower case, everything else a hyphen (DESIGN section
/// 2, step 3). Written again here on purpose, so that the test does not inherit a mistake of the product's.
pub(crate) fn squash(name: &str) -> String {
    name.bytes()
        .map(|b| b.to_ascii_lowercase())
        .map(|b| if b.is_ascii_alphanumeric() { b as char } else { '-' })
        .collect()
}

/// Bytes as the security cases write them: `|` stands for CR LF.
pub(crate) fn wire(text: &str) -> Vec<u8> {
    text.replace('|', "\r\n").into_bytes()
}

/// Optional whitespace around a field value (RFC 9110 section 5.5).
fn trim(value: &[u8]) -> &[u8] {
    let blank = |b: &u8| matches!(b, b' ' | b'\t');
    let start = value.iter().position(|b| !blank(b)).unwrap_or(value.len());
    let end = value.iter().rposition(|b| !blank(b)).map_or(start, |last| last + 1);
    value.get(start..end).unwrap_or_default()
}

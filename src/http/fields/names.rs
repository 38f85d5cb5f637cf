//! A look-up by name, matched as the least careful add-on would read it.

/// Names and families of names, each with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Names<T> {
    // By first byte.
    entries: Vec<Vec<NameRow<T>>>,
    beginnings: Beginnings,
}

#[derive(Debug, Clone)]
struct NameRow<T> {
    squashed: Vec<u8>,
    kind: Kind,
    value: T,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Name,
    Family,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), beginnings: Beginnings([0; 16]) }
    }
}

impl<'a, T> FromIterator<(&'a str, T)> for Names<T> {
    /// A name that ends in `*` stands for all names that begin so.
    fn from_iter<I: IntoIterator<Item = (&'a str, T)>>(names: I) -> Self {
        let mut made = Self::default();
        for (name, value) in names {
            made.insert(name, value);
        }
        made
    }
}

impl<T> Names<T> {
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is known of this name, however it is spelled: of the name itself, else of the smallest family that it is
    /// in.
    pub(crate) fn get(&self, name: &str) -> Option<&T> {
        let matching = self.candidates(name).iter().filter(|entry| entry.matches(name.as_bytes()));
        matching.max_by_key(|entry| (entry.kind == Kind::Name, entry.squashed.len())).map(|entry| &entry.value)
    }

    /// Whether anything is known of this name, however it is spelled.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.candidates(name).iter().any(|entry| entry.matches(name.as_bytes()))
    }

    fn candidates(&self, name: &str) -> &[NameRow<T>] {
        let Some((first, second)) = beginning(name.as_bytes()) else { return &[] };
        // Most names of a message end here, without a look into the lists.
        if !self.beginnings.may_have(first, second) {
            return &[];
        }
        self.entries.get(usize::from(first)).map(Vec::as_slice).unwrap_or_default()
    }

    fn insert(&mut self, name: &str, value: T) {
        let (name, kind) = name.strip_suffix('*').map_or((name, Kind::Name), |name| (name, Kind::Family));
        let squashed: Vec<u8> = name.bytes().map(squash).collect();
        // A lone `*` has no first byte. It would stand for every header, so it stands for none.
        let Some((first, second)) = beginning(&squashed) else { return };
        if kind == Kind::Family && squashed.len() == 1 {
            (0..=u8::MAX).for_each(|second| self.beginnings.add(first, second));
        } else {
            self.beginnings.add(first, second);
        }
        let place = usize::from(first);
        if self.entries.len() <= place {
            self.entries.resize_with(place.saturating_add(1), Vec::new);
        }
        if let Some(entries) = self.entries.get_mut(place) {
            entries.push(NameRow { squashed, kind, value });
        }
    }
}

impl<T> NameRow<T> {
    fn matches(&self, name: &[u8]) -> bool {
        let long_enough = match self.kind {
            Kind::Name => name.len() == self.squashed.len(),
            Kind::Family => name.len() >= self.squashed.len(),
        };
        long_enough && name.iter().zip(&self.squashed).all(|(byte, want)| squash(*byte) == *want)
    }
}

/// Which first two bytes some name begins with. It may say so of others too, and never leaves one out.
#[derive(Debug, Clone)]
struct Beginnings([u64; 16]);

impl Beginnings {
    fn may_have(&self, first: u8, second: u8) -> bool {
        let (word, bit) = Self::place(first, second);
        self.0.get(word).is_some_and(|word| word >> bit & 1 == 1)
    }

    fn add(&mut self, first: u8, second: u8) {
        let (word, bit) = Self::place(first, second);
        if let Some(word) = self.0.get_mut(word) {
            *word |= 1 << bit;
        }
    }

    /// Letters differ in their low five bits: two of them make one of 1024 places.
    fn place(first: u8, second: u8) -> (usize, u8) {
        let bits = u16::from(first & 31) << 5 | u16::from(second & 31);
        (usize::from(bits >> 6), u8::try_from(bits & 63).unwrap_or_default())
    }
}

/// The first two bytes, squashed; of a single byte, with a second one that no name has.
fn beginning(name: &[u8]) -> Option<(u8, u8)> {
    let first = squash(*name.first()?);
    Some((first, name.get(1).map_or(0, |second| squash(*second))))
}

/// A name in the one spelling that all spellings of it have in common.
pub(crate) fn squashed(name: &str) -> String {
    name.bytes().map(|byte| char::from(squash(byte))).collect()
}

/// One byte of a squashed name: lower case, and `-` for all that is neither a letter nor a digit.
fn squash(byte: u8) -> u8 {
    SQUASHED.get(usize::from(byte)).copied().unwrap_or(b'-')
}

/// In a table, because every byte of nearly every name is asked for.
#[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses what is out of bounds")]
static SQUASHED: [u8; 256] = {
    let mut table = [b'-'; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            table[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_goes_before_its_family_and_a_small_family_before_a_large_one() {
        let names: Names<u8> = [("x-*", 1), ("x-auth-*", 2), ("x-auth-user", 3), ("te", 4)].into_iter().collect();
        for (name, value) in [
            ("x-a", Some(1)),
            ("X_Auth.Token", Some(2)),
            ("x-auth-", Some(2)),
            ("x-auth", Some(1)),
            ("X~AUTH-user", Some(3)),
            ("x-auth-users", Some(2)),
            ("TE", Some(4)),
            ("tea", None),
            ("x", None),
            ("", None),
        ] {
            assert_eq!(names.get(name).copied(), value, "{name}");
            assert_eq!(names.contains(name), value.is_some(), "{name}");
        }
        assert!(Names::<u8>::default().is_empty() && !Names::<u8>::default().contains("x"));
    }
}

//! A look-up by name, matched as the least careful add-on would read it.

/// Names and families of names, each with what is known of it.
#[derive(Debug, Clone)]
pub(crate) struct Names<T> {
    // By first byte, so that most names of a message are passed with one look.
    entries: Vec<Vec<NameRow<T>>>,
    first: [u64; 4],
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
        Self { entries: Vec::new(), first: [0; 4] }
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
        let Some(first) = name.bytes().next().map(squash) else { return &[] };
        // One bit for each first byte: most names of a message end here, without a look into the lists.
        let word = self.first.get(usize::from(first >> 6)).copied().unwrap_or_default();
        if word >> (first & 63) & 1 == 0 {
            return &[];
        }
        self.entries.get(usize::from(first)).map(Vec::as_slice).unwrap_or_default()
    }

    fn insert(&mut self, name: &str, value: T) {
        let (name, kind) = name.strip_suffix('*').map_or((name, Kind::Name), |name| (name, Kind::Family));
        let squashed: Vec<u8> = name.bytes().map(squash).collect();
        // A lone `*` has no first byte. It would stand for every header, so it stands for none.
        let Some(first) = squashed.first().copied() else { return };
        if let Some(word) = self.first.get_mut(usize::from(first >> 6)) {
            *word |= 1 << (first & 63);
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

/// A name in the one spelling that all spellings of it have in common.
pub(crate) fn squashed(name: &str) -> String {
    name.bytes().map(|byte| char::from(squash(byte))).collect()
}

/// One byte of a squashed name: lower case, and `-` for all that is neither a letter nor a digit.
const fn squash(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' | b'0'..=b'9' => byte,
        b'A'..=b'Z' => byte.to_ascii_lowercase(),
        _ => b'-',
    }
}

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

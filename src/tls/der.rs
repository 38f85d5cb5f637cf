//! Reads DER (X.690) one element at a time, as much of it as certificates need.
//!
//! It gives tags and contents, or nothing when the bytes are not DER. It never reads past an element's end and never
//! allocates.

/// What is left of a sequence of elements.
#[derive(Debug, Clone, Copy)]
pub(super) struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next element's tag and contents; `None` at the end, or when what follows is no element.
    pub(super) fn element(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        // A tag of several bytes: nothing that is read here has one.
        if tag & LONG_TAG == LONG_TAG {
            return None;
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = if first < LONG_LENGTH {
            (usize::from(first), rest)
        } else {
            let digits = usize::from(first & !LONG_LENGTH);
            // Zero digits are the indefinite length, which DER forbids (X.690 section 10.1).
            if digits == 0 || digits > LONGEST_LENGTH {
                return None;
            }
            let (digits, rest) = rest.split_at_checked(digits)?;
            (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
        };
        let (contents, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, contents))
    }

    /// The next element as it stands, its tag and length included: what signatures and digests are made over.
    pub(super) fn whole(&mut self) -> Option<&'a [u8]> {
        let before = self.0;
        self.element()?;
        before.get(..before.len().checked_sub(self.0.len())?)
    }

    /// The next element, which must be a string of whole bytes.
    pub(super) fn bits(&mut self) -> Option<&'a [u8]> {
        // The first byte says how many bits of the last one do not count.
        self.expect(BIT_STRING)?.split_first().filter(|(unused, _)| **unused == 0).map(|(_, bytes)| bytes)
    }

    /// What has not been read yet.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The next element, which must have this tag.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.element().filter(|(found, _)| *found == tag).map(|(_, contents)| contents)
    }

    /// The next element, which must be a sequence.
    pub(super) fn sequence(&mut self) -> Option<Der<'a>> {
        self.expect(SEQUENCE).map(Der)
    }

    /// Steps over the next element if it has this tag.
    pub(super) fn skip_optional(&mut self, tag: u8) {
        let mut ahead = *self;
        if ahead.expect(tag).is_some() {
            *self = ahead;
        }
    }
}

/// An element with this tag around these contents.
pub(super) fn enclosed(tag: u8, contents: &[&[u8]]) -> Vec<u8> {
    let length: usize = contents.iter().map(|part| part.len()).sum();
    let mut element = vec![tag];
    if let Ok(short @ 0..LONG_LENGTH) = u8::try_from(length) {
        element.push(short);
    } else {
        let digits = length.to_be_bytes();
        let first = digits.iter().position(|digit| *digit != 0).unwrap_or_default();
        let digits = digits.get(first..).unwrap_or_default();
        element.push(LONG_LENGTH | u8::try_from(digits.len()).unwrap_or_default());
        element.extend_from_slice(digits);
    }
    for part in contents {
        element.extend_from_slice(part);
    }
    element
}

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
const LONG_TAG: u8 = 0x1f;
const LONG_LENGTH: u8 = 0x80;
/// Three bytes of length are 16 MiB, more than any certificate has.
const LONGEST_LENGTH: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_come_one_by_one_and_never_past_the_end() {
        let mut der = Der::new(&[0x04, 1, 7, 0x30, 0x81, 2, 0x05, 0, 0x04, 5, 1]);
        assert_eq!(der.expect(OCTET_STRING), Some(&[7][..]));
        let mut inner = der.sequence().unwrap();
        assert_eq!(inner.element(), Some((0x05, &[][..])));
        assert_eq!(inner.element(), None);
        assert_eq!(der.element(), None, "five bytes are promised and one is there");
        assert_eq!(Der::new(&[0x30, 0x80]).element(), None, "indefinite lengths are BER");
        assert_eq!(Der::new(&[0x1f, 0x81, 0x01, 0]).element(), None);
    }

    #[test]
    fn what_is_enclosed_is_read_again() {
        for length in [0, 1, 127, 128, 255, 256, 70_000] {
            let contents = vec![7; length];
            let element = enclosed(OCTET_STRING, &[&contents, &[]]);
            let mut der = Der::new(&element);
            assert_eq!(der.whole(), Some(&*element), "{length}");
            assert_eq!(Der::new(&element).expect(OCTET_STRING), Some(&*contents), "{length}");
            assert_eq!(der.whole(), None);
        }
    }

    #[test]
    fn bits_are_whole_bytes() {
        assert_eq!(Der::new(&[0x03, 2, 0, 9]).bits(), Some(&[9][..]));
        assert_eq!(Der::new(&[0x03, 2, 1, 8]).bits(), None);
        assert_eq!(Der::new(&[0x03, 0]).bits(), None);
    }
}

//! The bytes of an update and of the answer to it (RFC 1035 section 4.1, RFC 2136 section 2).

use super::super::dns_hook::Action;

/// An update of one TXT record. Names are those of the configuration, whose lengths were looked at there.
pub(super) fn update(id: u16, zone: &str, action: Action, name: &str, value: &str) -> Vec<u8> {
    let mut message = Vec::with_capacity(512);
    message.extend(id.to_be_bytes());
    message.extend(UPDATE);
    // One zone, no prerequisite, one update, nothing more.
    message.extend([0, 1, 0, 0, 0, 1, 0, 0]);
    write_name(&mut message, zone);
    message.extend(SOA);
    message.extend(IN);
    write_name(&mut message, name);
    message.extend(TXT);
    // Section 2.5.1 adds to what is there; section 2.5.4 takes away what is the same.
    let (class, ttl) = match action {
        Action::Present => (IN, SHORT_LIVED),
        Action::Cleanup => (NONE, [0; 4]),
    };
    message.extend(class);
    message.extend(ttl);
    // A digest in base64url has 43 characters.
    let length = u8::try_from(value.len()).unwrap_or(u8::MAX);
    let text = value.as_bytes().get(..usize::from(length)).unwrap_or_default();
    message.extend((u16::from(length).saturating_add(1)).to_be_bytes());
    message.push(length);
    message.extend(text);
    message
}

/// A name in full and in lower case.
pub(super) fn write_name(to: &mut Vec<u8>, name: &str) {
    for label in name.split('.').filter(|label| !label.is_empty()) {
        let length = label.len().min(63);
        to.push(u8::try_from(length).unwrap_or_default());
        to.extend(label.bytes().take(length).map(|byte| byte.to_ascii_lowercase()));
    }
    to.push(0);
}

/// What counts of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer<'a> {
    pub(super) id: u16,
    code: u8,
    pub(super) tsig: Option<Tsig<'a>>,
}

/// The signature at the end of a message (RFC 8945 section 4.2).
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Tsig<'a> {
    /// Where its record begins.
    pub(super) start: usize,
    /// When it was made, and by how many seconds clocks may differ.
    pub(super) times: &'a [u8],
    pub(super) mac: &'a [u8],
    pub(super) error: u16,
    /// The error, and what is beside it with its length.
    pub(super) rest: &'a [u8],
}

impl<'a> Answer<'a> {
    /// Reads an answer to an update; `None` where it is none.
    pub(super) fn read(bytes: &'a [u8]) -> Option<Self> {
        let mut reader = Reader { bytes, at: 0 };
        let (id, flags) = (reader.number()?, reader.number()?);
        if flags & RESPONSE_AND_OPCODE != IS_UPDATE_RESPONSE {
            return None;
        }
        let [zones, prerequisites, updates, more] = [(); 4].map(|()| reader.number());
        for _ in 0..zones? {
            reader.name()?;
            reader.take(4)?;
        }
        let records = u32::from(prerequisites?).saturating_add(updates?.into()).saturating_add(more?.into());
        let mut tsig = None;
        for _ in 0..records {
            // It is the last one (RFC 8945 section 5.1).
            if tsig.is_some() {
                return None;
            }
            tsig = reader.record()?;
        }
        Some(Self { id, code: u8::try_from(flags & 0xf).unwrap_or_default(), tsig })
    }

    /// Why the server has not done it; nothing where it says that it has.
    pub(super) fn refusal(&self) -> Option<&'static str> {
        Some(match (self.code, self.tsig.as_ref().map(|tsig| tsig.error)) {
            (_, Some(16)) => "BADSIG: it has another secret under this name of a key",
            (_, Some(17)) => "BADKEY: it does not know this key",
            (_, Some(18)) => "BADTIME: its clock and ours differ by minutes",
            (0, _) => return None,
            (1, _) => "FORMERR: it does not understand the update",
            (2, _) => "SERVFAIL: it failed",
            (4, _) => "NOTIMP: it takes no updates",
            (5, _) => "REFUSED: the key may not change this name",
            (9, _) => "NOTAUTH: it has no authority for the zone",
            (10, _) => "NOTZONE: the name is not in the zone",
            _ => "no, without a reason that is known",
        })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn number(&mut self) -> Option<u16> {
        self.take(2)?.try_into().map(u16::from_be_bytes).ok()
    }

    /// Steps over a name, which may end in a pointer (RFC 1035 section 4.1.4). Pointers are not followed.
    fn name(&mut self) -> Option<()> {
        loop {
            match *self.take(1)?.first()? {
                0 => return Some(()),
                length @ 1..=63 => drop(self.take(length.into())?),
                192..=255 => return self.take(1).map(drop),
                _ => return None,
            }
        }
    }

    /// Steps over a record, and reads it where it is a signature.
    #[allow(clippy::option_option, reason = "unreadable, and readable but no signature")]
    fn record(&mut self) -> Option<Option<Tsig<'a>>> {
        let start = self.at;
        self.name()?;
        let kind = self.number()?;
        self.take(6)?;
        let length = self.number()?;
        let mut data = Reader { bytes: self.take(length.into())?, at: 0 };
        if kind != TSIG {
            return Some(None);
        }
        data.name()?;
        let times = data.take(8)?;
        let length = data.number()?;
        let mac = data.take(length.into())?;
        // The number of the message that was signed: ours is the same, or the answer would not be one to it.
        data.take(2)?;
        let rest = data.bytes.get(data.at..)?;
        let error = data.number()?;
        let length = data.number()?;
        data.take(length.into())?;
        (data.at == data.bytes.len()).then_some(Some(Tsig { start, times, mac, error, rest }))
    }
}

/// Opcode 5, no flag.
const UPDATE: [u8; 2] = [0x28, 0];
const RESPONSE_AND_OPCODE: u16 = 0xf800;
const IS_UPDATE_RESPONSE: u16 = 0xa800;
const SOA: [u8; 2] = [0, 6];
const TXT: [u8; 2] = [0, 16];
pub(super) const TSIG: u16 = 250;
const IN: [u8; 2] = [0, 1];
const NONE: [u8; 2] = [0, 254];
/// Seconds. It is asked for once and taken away.
const SHORT_LIVED: [u8; 4] = [0, 0, 0, 60];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_update_adds_one_record_or_takes_it_away() {
        let added = update(0x0102, "home.example", Action::Present, "_acme-challenge.Home.example", "abc");
        let head = b"\x01\x02\x28\0\0\x01\0\0\0\x01\0\0\x04home\x07example\0\0\x06\0\x01";
        let record = b"\x0f_acme-challenge\x04home\x07example\0\0\x10";
        let wanted = [&head[..], record, b"\0\x01\0\0\0\x3c\0\x04\x03abc"].concat();
        assert_eq!(added, wanted);
        let removed = update(0x0102, "home.example.", Action::Cleanup, "_acme-challenge.home.example", "abc");
        assert_eq!(removed, [&head[..], record, b"\0\xfe\0\0\0\0\0\x04\x03abc"].concat());
    }

    #[test]
    fn an_answer_says_why_not() {
        let of = |code: u8| Answer::read(&[0, 7, 0xa8, code, 0, 0, 0, 0, 0, 0, 0, 0]).unwrap().refusal();
        assert_eq!(of(0), None);
        assert!(of(5).unwrap().starts_with("REFUSED") && of(15).is_some());
        // A question, another opcode, half of one.
        assert_eq!(Answer::read(&[0, 7, 0x28, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Answer::read(&[0, 7, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
        assert_eq!(Answer::read(&[0, 7, 0xa8, 0, 0, 1, 0, 0, 0, 0, 0, 0]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Answer::read(&bytes);
            let _ = Answer::read(&[&[0, 7, 0xa8, 0, 0, 0, 0, 0, 0, 0, 0, 2][..], &bytes].concat());
        }
    }
}

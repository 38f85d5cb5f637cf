//! Who is asking, as the add-on is told: id, name, display name, and what it asks for besides.
//!
//! In come the user and their [`UserAttributes`], out come values that can be sent, or none.

use std::io::Write as _;

use http::HeaderName;

use crate::authorization::UserAttributes;
use crate::config::{Addon, DisplayNameEncoding};
use crate::identity::User;

/// What of the user a header says.
#[derive(Debug, Clone, Copy)]
pub(super) enum Identity {
    Id,
    Username,
    DisplayName(DisplayNameEncoding),
    Role,
    Groups(DisplayNameEncoding),
    IsAdmin,
    Email,
    /// That everybody may ask this, and that nobody is known.
    Public,
}

/// The headers in which this add-on is told who asks.
pub(super) fn of(addon: &Addon) -> impl Iterator<Item = (&HeaderName, Identity)> {
    let (names, encoding) = (&addon.headers.identity, addon.headers.display_name);
    let always = [
        (&names.id, Identity::Id),
        (&names.name, Identity::Username),
        (&names.display_name, Identity::DisplayName(encoding)),
    ];
    let asked = [
        (&names.role, Identity::Role),
        (&names.groups, Identity::Groups(encoding)),
        (&names.is_admin, Identity::IsAdmin),
        (&names.email, Identity::Email),
    ];
    let public = (!addon.authorization.public.is_empty()).then_some((&PUBLIC, Identity::Public));
    let asked = asked.into_iter().filter_map(|(name, identity)| Some((name.as_ref()?, identity)));
    always.into_iter().chain(asked).chain(public)
}

impl Identity {
    /// Writes what the header says of this user, or that there is none where everybody may ask; nothing where there is
    /// nothing to say.
    pub(super) fn say(self, out: &mut Vec<u8>, user: Option<&User>, attributes: Option<&UserAttributes>) -> Option<()> {
        let Some(user) = user else {
            let Self::Public = self else { return None };
            out.push(b'1');
            return Some(());
        };
        match self {
            Self::Public => return None,
            Self::Id => out.extend_from_slice(exact(user.id.as_str())?.as_bytes()),
            Self::Username => out.extend_from_slice(exact(UserAttributes::username(attributes, user)?)?.as_bytes()),
            Self::DisplayName(encoding) => display_name(out, user.name.as_deref()?, encoding)?,
            Self::Role => out.extend_from_slice(exact(attributes?.role.as_deref()?)?.as_bytes()),
            Self::Groups(encoding) => groups(out, attributes?.groups.as_deref()?, encoding)?,
            Self::Email => out.extend_from_slice(exact(attributes?.email.as_deref()?)?.as_bytes()),
            Self::IsAdmin => out.extend_from_slice(if attributes?.is_admin? { b"true" } else { b"false" }),
        }
        Some(())
    }
}

/// Says that everybody may ask this, and that nobody is known.
static PUBLIC: HeaderName = HeaderName::from_static("x-remote-user-public");

/// Longer display names are cut: some add-ons refuse heads of 15 kB (spec/addon-uis.md section 1).
const LONGEST_DISPLAY_NAME: usize = 1024;

/// A longer list of groups is not sent at all: without its end it would say that the user is in fewer groups, and one
/// of those may be what keeps them from something.
const LONGEST_GROUPS: usize = 4096;

/// The names of groups with commas between them. A comma or a `%` within a name, and what cannot be sent, is
/// percent-encoded, so that no name can be taken for two, or for another.
fn groups<T: AsRef<str>>(out: &mut Vec<u8>, names: &[T], encoding: DisplayNameEncoding) -> Option<()> {
    let start = out.len();
    for name in names.iter().map(AsRef::as_ref).filter(|name| !name.is_empty()) {
        if out.len() > start {
            out.push(b',');
        }
        match encoding {
            DisplayNameEncoding::Percent => percent(out, name),
            DisplayNameEncoding::Utf8 => escape(out, name),
        }
    }
    let length = out.len().saturating_sub(start);
    (1..=LONGEST_GROUPS).contains(&length).then_some(())
}

/// Blanks around a name are encoded as well: add-ons drop them.
fn escape(out: &mut Vec<u8>, name: &str) {
    let inner = name.trim();
    let begin = name.len().saturating_sub(name.trim_start().len());
    for (at, c) in name.char_indices() {
        let outside = at < begin || at >= begin.saturating_add(inner.len());
        let mut bytes = [0; 4];
        let text = c.encode_utf8(&mut bytes);
        if outside || c.is_control() || matches!(c, ',' | '%') {
            percent(out, text);
        } else {
            out.extend_from_slice(text.as_bytes());
        }
    }
}

/// What identifies the user is sent as it is or not at all: a name with control characters or with spaces around it
/// would reach the add-on as another.
fn exact(name: &str) -> Option<&str> {
    let sendable = is_plain(name) || (name.trim() == name && !name.chars().any(char::is_control));
    (sendable && !name.is_empty()).then_some(name)
}

/// A display name is for people: what cannot be sent is left out of it (S-14).
fn display_name(out: &mut Vec<u8>, name: &str, encoding: DisplayNameEncoding) -> Option<()> {
    if encoding == DisplayNameEncoding::Utf8 && is_plain(name) && name.len() <= LONGEST_DISPLAY_NAME {
        out.extend_from_slice(name.as_bytes());
        return Some(());
    }
    let mut clean: String = name.trim().chars().filter(|c| !c.is_control()).collect();
    let mut end = clean.len().min(LONGEST_DISPLAY_NAME);
    // `truncate` panics within a character, and half of one would not be UTF-8.
    while !clean.is_char_boundary(end) {
        end = end.saturating_sub(1);
    }
    clean.truncate(end);
    let clean = clean.trim();
    if clean.is_empty() {
        return None;
    }
    match encoding {
        DisplayNameEncoding::Utf8 => out.extend_from_slice(clean.as_bytes()),
        DisplayNameEncoding::Percent => percent(out, clean),
    }
    Some(())
}

/// Whether it is of printable ASCII, begins and ends with something to see, and so needs no closer look.
fn is_plain(name: &str) -> bool {
    let ends = [name.as_bytes().first(), name.as_bytes().last()];
    ends.iter().all(|end| end.is_some_and(u8::is_ascii_graphic))
        && name.bytes().all(|byte| (0x20..0x7f).contains(&byte))
}

/// RFC 3986 section 2.1, everything but the unreserved characters of section 2.3.
fn percent(out: &mut Vec<u8>, text: &str) {
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(byte);
        } else {
            // Writing to a vector does not fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Vec<u8>) -> Option<()>) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        write(&mut out).map(|()| out)
    }

    fn shown(name: &str) -> Option<Vec<u8>> {
        written(|out| display_name(out, name, DisplayNameEncoding::Utf8))
    }

    #[test]
    fn a_display_name_is_sent_without_what_cannot_be_sent() {
        assert_eq!(shown("Jose é"), Some("Jose é".into()));
        assert_eq!(shown("Frank Guest"), Some("Frank Guest".into()));
        assert_eq!(shown(" a\r\nX-Remote-User-Id: root\u{85}"), Some("aX-Remote-User-Id: root".into()));
        assert_eq!(shown("\r\n \u{7}"), None);
        assert_eq!(shown(&"é".repeat(8000)).unwrap().len(), LONGEST_DISPLAY_NAME);
        let percent = written(|out| display_name(out, "Zoë 日", DisplayNameEncoding::Percent));
        assert_eq!(percent.unwrap(), b"Zo%C3%AB%20%E6%97%A5");
    }

    #[test]
    fn s105_no_name_of_a_group_can_be_taken_for_two_or_for_another() {
        let list = |names: &[&str]| written(|out| groups(out, names, DisplayNameEncoding::Utf8));
        assert_eq!(list(&["Users", "Zoë's, all", "50%"]), Some("Users,Zoë's%2C all,50%25".into()));
        assert_eq!(list(&[" a\r\nb\t", "\u{85}"]), Some("%20a%0D%0Ab%09,%C2%85".into()));
        assert_eq!(list(&["", "a"]), Some("a".into()));
        assert_eq!(list(&[""]), None);
        assert_eq!(list(&[]), None);
        let percent = written(|out| groups(out, &["Zoë, 1", "b"], DisplayNameEncoding::Percent));
        assert_eq!(percent.unwrap(), b"Zo%C3%AB%2C%201,b");
        assert_eq!(list(&[&"a".repeat(LONGEST_GROUPS)]).unwrap().len(), LONGEST_GROUPS);
        assert_eq!(list(&[&"a".repeat(LONGEST_GROUPS), ""]).unwrap().len(), LONGEST_GROUPS);
        assert_eq!(list(&[&"a".repeat(LONGEST_GROUPS + 1)]), None);
    }

    #[test]
    fn a_user_name_is_sent_as_it_is_or_not_at_all() {
        assert_eq!(exact("zoë"), Some("zoë"));
        for name in ["", " root", "root ", "ro\0ot", "root\r\n", "\u{a0}root"] {
            assert_eq!(exact(name), None, "{name:?}");
        }
    }
}

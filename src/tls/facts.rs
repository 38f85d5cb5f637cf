//! What a certificate says of itself: when it is valid and for whom (RFC 5280 sections 4.1.2.5 and 4.2.1.6).
//!
//! Reads the dates and names of a certificate in DER. It judges no signature: our own certificates are judged by the
//! clients, and those of clients were judged before. The common name of a server is no name (RFC 9525 section 2).

use std::net::IpAddr;

use super::der::{BOOLEAN, Der, OBJECT_IDENTIFIER};
use super::parts::{Extension, Parts};
use super::revocation::Sources;
use crate::clock::Timestamp;

/// The dates and names of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The first moment at which it is valid.
    pub not_before: Timestamp,
    /// The last moment at which it is valid.
    pub not_after: Timestamp,
    /// In lower case, wildcards included. A name with other bytes than a host name has is left out (S-43).
    pub dns_names: Vec<String>,
    /// The addresses that it is for.
    pub addresses: Vec<IpAddr>,
    /// Its mail addresses, as they are written; those with other characters than the visible ones of ASCII are left
    /// out.
    pub emails: Vec<String>,
    /// Its URIs, as `emails`.
    pub uris: Vec<String>,
    /// The common name of its subject, if there is exactly one, without control characters (S-43).
    pub common_name: Option<String>,
    /// Its subject, as a whole element of DER.
    pub subject: Vec<u8>,
    /// Whether it may sign certificates (RFC 5280 section 4.2.1.9).
    pub is_authority: bool,
    /// Who has signed it, for people: the common name of the issuer, or its organisation.
    pub issuer: String,
    /// Its number, as the bytes of an integer in DER.
    pub serial: Vec<u8>,
    /// Which key has signed it (RFC 5280 section 4.2.1.1), if it says so.
    pub authority_key_id: Option<Vec<u8>>,
    /// Who tells whether it was revoked.
    pub revocation: Sources,
}

impl Facts {
    /// Reads a certificate; `None` when the bytes are not one.
    pub(super) fn read(certificate: &[u8]) -> Option<Self> {
        let parts = Parts::read(certificate)?;
        let mut facts = Self {
            not_before: parts.not_before,
            not_after: parts.not_after,
            issuer: common_name(Der::new(parts.issuer).sequence()?),
            common_name: only_common_name(Der::new(parts.subject).sequence()?),
            subject: parts.subject.to_vec(),
            serial: parts.serial.to_vec(),
            ..Self::default()
        };
        for extension in parts.extensions() {
            // A malformed one makes the certificate unreadable: names left out in silence would show only as refused
            // requests.
            facts.extension(extension?)?;
        }
        Some(facts)
    }

    fn extension(&mut self, Extension { id, value }: Extension<'_>) -> Option<()> {
        self.revocation.extension(id, value);
        if id == AUTHORITY_KEY_IDENTIFIER {
            self.authority_key_id = Der::new(value).sequence()?.expect(KEY_IDENTIFIER).map(<[u8]>::to_vec);
        }
        if id == BASIC_CONSTRAINTS {
            self.is_authority = Der::new(value).sequence()?.expect(BOOLEAN).is_some_and(|is| is == [0xff]);
        }
        if id != SUBJECT_ALTERNATIVE_NAME {
            return Some(());
        }
        let mut names = Der::new(value).sequence()?;
        while let Some((kind, name)) = names.element() {
            match kind {
                DNS_NAME => self.dns_names.extend(host_name(name)),
                IP_ADDRESS => self.addresses.extend(address(name)),
                EMAIL => self.emails.extend(visible(name)),
                URI => self.uris.extend(visible(name)),
                _ => {}
            }
        }
        Some(())
    }
}

/// What people call the issuer. It decides nothing, so that what cannot be read is left out.
fn common_name(mut name: Der<'_>) -> String {
    let mut organisation = String::new();
    while let Some(set) = name.expect(SET) {
        let Some(mut attribute) = Der::new(set).sequence() else { continue };
        let (id, text) = (attribute.expect(OBJECT_IDENTIFIER), attribute.element());
        let text = || {
            let text = text.map(|(_, bytes)| String::from_utf8_lossy(bytes)).unwrap_or_default();
            text.chars().filter(|c| !c.is_control()).collect()
        };
        match id {
            Some(COMMON_NAME) => return text(),
            Some(ORGANISATION) => organisation = text(),
            _ => {}
        }
    }
    organisation
}

/// The common name, where there is exactly one and all of it can be seen.
fn only_common_name(mut name: Der<'_>) -> Option<String> {
    let mut found = None;
    while let Some(set) = name.expect(SET) {
        // A set may have several attributes (RFC 5280 section 4.1.2.4): a second name in it counts as one.
        let mut set = Der::new(set);
        while let Some(mut attribute) = set.sequence() {
            if attribute.expect(OBJECT_IDENTIFIER) != Some(COMMON_NAME) {
                continue;
            }
            let Some((UTF8_STRING | PRINTABLE_STRING, text)) = attribute.element() else { return None };
            let text = std::str::from_utf8(text).ok().filter(|text| !text.chars().any(char::is_control))?;
            if found.replace(text.to_owned()).is_some() {
                return None;
            }
        }
    }
    found
}

fn visible(bytes: &[u8]) -> Option<String> {
    let is_visible = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_graphic);
    is_visible.then(|| String::from_utf8_lossy(bytes).into_owned())
}

fn host_name(bytes: &[u8]) -> Option<String> {
    // A NUL in a name is how certificates were made to read as two (CVE-2009-2408).
    let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'*');
    let text = std::str::from_utf8(bytes).ok()?;
    (!bytes.is_empty() && bytes.iter().all(legal)).then(|| text.to_ascii_lowercase())
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

const EMAIL: u8 = 0x81;
const DNS_NAME: u8 = 0x82;
const URI: u8 = 0x86;
const IP_ADDRESS: u8 = 0x87;
const SET: u8 = 0x31;
const UTF8_STRING: u8 = 0x0c;
const PRINTABLE_STRING: u8 = 0x13;
const KEY_IDENTIFIER: u8 = 0x80;
/// 2.5.4.3
const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];
/// 2.5.4.10
const ORGANISATION: &[u8] = &[0x55, 0x04, 0x0a];
/// 2.5.29.19
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
/// 2.5.29.35
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 0x23];
/// 2.5.29.17
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(names: &[&str], from: (i32, u8, u8), to: (i32, u8, u8)) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.not_before = date_time_ymd(from.0, from.1, from.2);
        params.not_after = date_time_ymd(to.0, to.1, to.2);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn a_certificate_tells_its_dates_and_names() {
        let der = certificate(&["Home.Example", "*.home.example", "192.0.2.1", "::1"], (2026, 1, 2), (2051, 3, 4));
        let facts = Facts::read(&der).unwrap();
        assert_eq!(facts.not_before.to_string(), "2026-01-02T00:00:00.000Z");
        assert_eq!(facts.not_after.to_string(), "2051-03-04T00:00:00.000Z", "from 2050 on the year has four digits");
        assert_eq!(facts.dns_names, ["home.example", "*.home.example"]);
        assert_eq!(facts.addresses, ["192.0.2.1".parse::<IpAddr>().unwrap(), "::1".parse().unwrap()]);
    }

    #[test]
    fn a_certificate_tells_who_has_signed_it() {
        let authority_key = KeyPair::generate().unwrap();
        let mut authority = CertificateParams::default();
        authority.distinguished_name.push(rcgen::DnType::OrganizationName, "Home");
        authority.distinguished_name.push(rcgen::DnType::CommonName, "Home\u{1b} CA");
        let key_id = authority.key_identifier(&authority_key);
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let mut params = CertificateParams::new(vec!["home.example".to_owned()]).unwrap();
        params.serial_number = Some(vec![0x7f, 1, 2].into());
        params.use_authority_key_identifier_extension = true;
        let facts = Facts::read(params.signed_by(&KeyPair::generate().unwrap(), &issuer).unwrap().der()).unwrap();
        assert_eq!((&*facts.issuer, &*facts.serial), ("Home CA", &[0x7f, 1, 2][..]));
        assert_eq!(facts.authority_key_id, Some(key_id));
    }

    #[test]
    fn s43_a_name_with_a_nul_is_no_name() {
        let mut der = certificate(&["home.example"], (2026, 1, 1), (2027, 1, 1));
        let at = der.windows(12).position(|window| window == b"home.example").unwrap();
        der[at + 4] = 0;
        assert_eq!(Facts::read(&der).unwrap().dns_names, Vec::<String>::new());
    }

    #[test]
    fn s43_the_common_name_is_the_only_one_and_all_of_it_can_be_seen() {
        let of = |names: &[&str]| {
            let mut params = CertificateParams::default();
            params.distinguished_name = rcgen::DistinguishedName::new();
            let kinds = [rcgen::DnType::CommonName, rcgen::DnType::CustomDnType(vec![2, 5, 4, 3])];
            for (kind, name) in kinds.into_iter().zip(names) {
                params.distinguished_name.push(kind, *name);
            }
            let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec();
            Facts::read(&der).unwrap().common_name
        };
        assert_eq!(of(&["Kitchen"]), Some("Kitchen".to_owned()));
        assert_eq!(of(&["Kitchen\0.evil"]), None);
        assert_eq!(of(&["frank", "mallory"]), None, "which of them it is nobody can say");
        assert_eq!(of(&[]), None);
    }

    #[test]
    fn a_certificate_tells_the_names_of_people_and_whether_it_may_sign_others() {
        let mut params = CertificateParams::default();
        let text = |text: &str| text.try_into().unwrap();
        params.subject_alt_names = vec![
            rcgen::SanType::Rfc822Name(text("Frank@home.example")),
            rcgen::SanType::URI(text("urn:device:tablet")),
            rcgen::SanType::Rfc822Name(text("a\0b@home.example")),
        ];
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let facts = Facts::read(params.self_signed(&key).unwrap().der()).unwrap();
        assert_eq!((facts.emails, facts.uris), (vec!["Frank@home.example".into()], vec!["urn:device:tablet".into()]));
        assert!(facts.is_authority);
        params.is_ca = rcgen::IsCa::ExplicitNoCa;
        assert!(!Facts::read(params.self_signed(&key).unwrap().der()).unwrap().is_authority);
    }

    #[test]
    fn a_certificate_without_names_has_none() {
        assert_eq!(Facts::read(&certificate(&[], (2026, 1, 1), (2027, 1, 1))).unwrap().dns_names, Vec::<String>::new());
        assert_eq!(Facts::read(b""), None);
        assert_eq!(Facts::read(b"0\x03abc"), None);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = Facts::read(&bytes);
        }

        #[test]
        fn no_change_to_a_certificate_makes_it_panic(at in 0usize..400, byte: u8, cut in 0usize..400) {
            let mut der = certificate(&["home.example", "192.0.2.1"], (2026, 1, 1), (2027, 1, 1));
            if let Some(place) = der.get_mut(at) {
                *place = byte;
            }
            let _ = Facts::read(&der);
            let _ = Facts::read(&der[..cut.min(der.len())]);
        }
    }
}

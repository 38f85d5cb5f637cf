//! The parts of a certificate as they stand in its bytes (RFC 5280 section 4.1): for who reads what it says, and for
//! who proves its signature.

use super::der::{BOOLEAN, Der, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING};
use super::der_time::instant;
use super::signed::{PublicKey, Signed};
use crate::clock::Timestamp;

/// A certificate, taken apart.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// What was signed, and the signature.
    pub(super) signed: Signed<'a>,
    /// The bytes of an integer in DER.
    pub(super) serial: &'a [u8],
    /// The issuer's name, as a whole element.
    pub(super) issuer: &'a [u8],
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    /// The subject's name, as a whole element.
    pub(super) subject: &'a [u8],
    pub(super) key: PublicKey<'a>,
    extensions: Option<Der<'a>>,
}

/// An extension, critical or not.
#[derive(Debug, Clone, Copy)]
pub(super) struct Extension<'a> {
    pub(super) id: &'a [u8],
    pub(super) value: &'a [u8],
}

impl<'a> Parts<'a> {
    /// Takes a certificate apart; `None` when the bytes are not one.
    pub(super) fn read(certificate: &'a [u8]) -> Option<Self> {
        let signed = Signed::read(&mut Der::new(certificate).sequence()?)?;
        let mut tbs = Der::new(signed.message).sequence()?;
        tbs.skip_optional(VERSION);
        let serial = tbs.expect(INTEGER)?;
        // Signature algorithm, once more.
        tbs.element()?;
        let issuer = tbs.whole()?;
        let mut validity = tbs.sequence()?;
        let (not_before, not_after) = (instant(&mut validity)?, instant(&mut validity)?);
        let (subject, key) = (tbs.whole()?, PublicKey::read(&mut tbs)?);
        tbs.skip_optional(ISSUER_UNIQUE_ID);
        tbs.skip_optional(SUBJECT_UNIQUE_ID);
        let extensions = match tbs.expect(EXTENSIONS) {
            Some(extensions) => Some(Der::new(extensions).sequence()?),
            None => None,
        };
        Some(Self { signed, serial, issuer, not_before, not_after, subject, key, extensions })
    }

    /// Its extensions; `None` for one that is malformed.
    pub(super) fn extensions(&self) -> impl Iterator<Item = Option<Extension<'a>>> {
        let mut left = self.extensions;
        std::iter::from_fn(move || {
            let mut extension = left.as_mut()?.sequence()?;
            Some(Extension::read(&mut extension))
        })
    }

    /// What its extension of this id says.
    pub(super) fn extension(&self, id: &[u8]) -> Option<&'a [u8]> {
        self.extensions().flatten().find(|extension| extension.id == id).map(|extension| extension.value)
    }
}

impl<'a> Extension<'a> {
    fn read(der: &mut Der<'a>) -> Option<Self> {
        let id = der.expect(OBJECT_IDENTIFIER)?;
        // `critical`, which is left out where it is false.
        der.skip_optional(BOOLEAN);
        Some(Self { id, value: der.expect(OCTET_STRING)? })
    }
}

const VERSION: u8 = 0xa0;
const ISSUER_UNIQUE_ID: u8 = 0x81;
const SUBJECT_UNIQUE_ID: u8 = 0x82;
const EXTENSIONS: u8 = 0xa3;

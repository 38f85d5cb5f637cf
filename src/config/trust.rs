//! Whom we believe that they are who we dial: the authorities of the system, those in a file, or one certificate.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::{HEXLOWER, HEXLOWER_PERMISSIVE, HEXUPPER};

use super::findings::Explained;

/// Whose certificate a server that we dial must show. There is no trust that lets any certificate pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// One for its name, from an authority that the system trusts.
    System,
    /// One for its name, from one of the authorities in this PEM text and from no other.
    Authorities(Arc<[u8]>),
    /// This very certificate, whatever names and dates stand in it.
    Pinned(CertificatePin),
}

/// The SHA-256 of a certificate, as `openssl x509 -noout -fingerprint -sha256` prints it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct CertificatePin([u8; 32]);

/// What is wrong with a pin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the SHA-256 of a certificate")]
pub struct BadPin;

impl CertificatePin {
    /// The pin of this certificate, in DER.
    pub fn of(certificate: &[u8]) -> Self {
        let mut pin = Self([0; 32]);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, certificate);
        pin.0.iter_mut().zip(digest.as_ref()).for_each(|(to, from)| *to = *from);
        pin
    }

    /// The digest.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its first eight bytes, as logs show it.
    pub fn short(&self) -> String {
        let (first, _) = self.0.split_first_chunk::<8>().expect("a digest has 32 bytes");
        format!("sha256:{}", HEXLOWER.encode(first))
    }
}

impl FromStr for CertificatePin {
    type Err = BadPin;

    fn from_str(text: &str) -> Result<Self, BadPin> {
        let digits = text.strip_prefix("sha256:").ok_or(BadPin)?.replace(':', "");
        let bytes = HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| BadPin)?;
        bytes.try_into().map(Self).map_err(|_| BadPin)
    }
}

impl Explained for BadPin {
    fn expected(&self) -> &'static str {
        "expected \"sha256:\" and 64 hexadecimal digits, with or without colons between them"
    }

    fn hint(&self) -> String {
        "`openssl x509 -in FILE -noout -fingerprint -sha256` prints it; a server's own comes from `openssl s_client -connect \
         HOST:PORT </dev/null`"
            .to_owned()
    }
}

impl fmt::Display for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", HEXUPPER.encode(&self.0))
    }
}

impl fmt::Debug for CertificatePin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_read_as_openssl_prints_it_and_in_one_piece() {
        let digits = "0A".repeat(31) + "fF";
        let colons = digits.as_bytes().chunks(2).map(|two| str::from_utf8(two).unwrap()).collect::<Vec<_>>().join(":");
        let pin: CertificatePin = format!("sha256:{digits}").parse().unwrap();
        assert_eq!(format!("sha256:{colons}").parse(), Ok(pin));
        assert_eq!(pin.to_string(), format!("sha256:{}", digits.to_uppercase()));
        // FIPS 180-2 appendix B.1.
        let abc = "sha256:BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD";
        assert_eq!(CertificatePin::of(b"abc").to_string(), abc);
    }

    #[test]
    fn what_is_no_sha256_is_no_pin() {
        let right = "0a".repeat(32);
        for text in
            [&right, "sha256:", &format!("sha1:{right}"), &format!("sha256:{right}0"), &format!("sha256:{right}00")]
        {
            assert_eq!(text.parse::<CertificatePin>(), Err(BadPin), "{text}");
        }
        assert_eq!(format!("sha256:{}", right.replace('a', "g")).parse::<CertificatePin>(), Err(BadPin));
    }
}

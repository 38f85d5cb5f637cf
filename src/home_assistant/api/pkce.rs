//! PKCE (RFC 7636): the proof that the code is brought by the client that asked for it.

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::config::SecretText;
use crate::entropy;

/// The secret that a code is asked for with, by its digest, and bought with.
#[derive(Debug, Clone)]
pub struct Verifier(SecretText);

impl Verifier {
    /// A new one: 256 random bits, which RFC 7636 section 4.1 recommends.
    pub fn random() -> Self {
        Self::of(entropy::random::<32>())
    }

    /// One that was put down as text: 43 to 128 characters that RFC 7636 section 4.1 allows.
    pub fn parse(text: &str) -> Option<Self> {
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
        ((43..=128).contains(&text.len()) && text.bytes().all(legal)).then(|| Self(SecretText::new(text.to_owned())))
    }

    fn of(bytes: [u8; 32]) -> Self {
        Self(SecretText::new(URL_SAFE_NO_PAD.encode(bytes)))
    }

    /// RFC 7636 section 4.2, `S256`: the digest of the verifier's text.
    pub fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, self.0.reveal().as_bytes()))
    }

    /// The verifier in clear, for the token request alone.
    pub fn reveal(&self) -> &str {
        self.0.reveal()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_the_one_of_rfc_7636_appendix_b() {
        let verifier = Verifier(SecretText::new("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".to_owned()));
        assert_eq!(verifier.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
        assert_eq!(Verifier::random().reveal().len(), 43);
    }
}

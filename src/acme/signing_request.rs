//! A key for a certificate, and the request to sign it (RFC 2986, RFC 8555 section 7.4).

use rcgen::{CertificateParams, DistinguishedName, KeyPair};
use zeroize::Zeroizing;

use super::error::AcmeError;

/// A new key as PEM, and the request for this name as DER.
pub(super) fn make(name: &str) -> Result<(Zeroizing<String>, Vec<u8>), AcmeError> {
    let key = KeyPair::generate().map_err(AcmeError::Key)?;
    let mut params = CertificateParams::new(vec![name.to_owned()]).map_err(AcmeError::Key)?;
    // The name stands among the alternative names; authorities ignore another one or refuse it.
    params.distinguished_name = DistinguishedName::new();
    let request = params.serialize_request(&key).map_err(AcmeError::Key)?;
    Ok((Zeroizing::new(key.serialize_pem()), request.der().to_vec()))
}

//! What to do about a certificate or a key that cannot be used. In comes the error, out comes a hint, with the command
//! of `openssl` that makes of the file what is wanted. The file is looked at for its form; nothing of it is shown.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use zeroize::Zeroizing;

use super::error::TlsError;

/// What a file seems to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holding {
    /// A certificate in PEM.
    Certificate,
    /// A private key in PEM.
    Key,
    /// A certificate or a key in DER.
    Der,
    /// Both in one file, behind a password (PKCS #12, RFC 7292).
    Pkcs12,
    /// Something else, or nothing.
    Other,
}

/// What this file seems to hold, by how it begins.
pub(super) fn holds(file: &Path) -> Holding {
    let mut bytes = Zeroizing::new(Vec::new());
    let read = File::open(file).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut bytes));
    let has = |word: &str| bytes.windows(word.len()).any(|window| window == word.as_bytes());
    match bytes.as_slice() {
        _ if read.is_err() => Holding::Other,
        _ if has("PRIVATE KEY-----") => Holding::Key,
        _ if has("-----BEGIN CERTIFICATE-----") => Holding::Certificate,
        // A SEQUENCE of which the first element is the version 3 (RFC 7292 section 4).
        [0x30, 0x82, _, _, 0x02, 0x01, 0x03, ..] => Holding::Pkcs12,
        [0x30, 0x81 | 0x82, ..] | [0x30, 0x30..=0x7F, 0x02, 0x01, ..] => Holding::Der,
        _ => Holding::Other,
    }
}

impl TlsError {
    /// What the operator can do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Exchanged { chain, key } => {
                format!("write chain = \"{}\" and key = \"{}\"", key.display(), chain.display())
            }
            Self::EncryptedKey { file } => {
                let file = file.display();
                format!("openssl pkey -in {file} -out {file}.plain; chmod 600 {file}.plain; and name that file")
            }
            Self::NoCertificate { file } => match holds(file) {
                Holding::Der => convert("x509", file),
                Holding::Pkcs12 => unpack("-nokeys", file),
                Holding::Key => {
                    "this file is a private key: `chain` names the certificate, with those above it".to_owned()
                }
                Holding::Certificate | Holding::Other => USUAL.to_owned(),
            },
            Self::NoKey { file } => match holds(file) {
                Holding::Der => convert("pkey", file),
                Holding::Pkcs12 => unpack("-nocerts -nodes", file),
                Holding::Certificate => "this file is a certificate: `key` names its private key".to_owned(),
                Holding::Key | Holding::Other => USUAL.to_owned(),
            },
            Self::Mismatch { chain, key } => format!(
                "`openssl x509 -noout -pubkey -in {}` and `openssl pkey -pubout -in {}` must print the same",
                chain.display(),
                key.display()
            ),
            _ => USUAL.to_owned(),
        }
    }
}

fn convert(command: &str, file: &Path) -> String {
    let file = file.display();
    format!(
        "it is DER and not PEM: openssl {command} -inform DER -in {file} -out {file}.pem; chmod 600 {file}.pem; and name \
         that file"
    )
}

fn unpack(part: &str, file: &Path) -> String {
    let file = file.display();
    format!(
        "it is PKCS #12: openssl pkcs12 -in {file} {part} -out {file}.pem; chmod 600 {file}.pem; and name that file"
    )
}

const USUAL: &str =
    "`chain` is PEM, the server's certificate first; `key` is the PEM private key of that very certificate";

/// Bytes that tell what a file is.
const LOOKED_AT: u64 = 64 * 1024;

//! Certificates of clients: the authorities that issue them, and the lists of those that were revoked.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber, date_time_ymd,
};
use rustls_pki_types::CertificateDer;
use time::OffsetDateTime;

/// An authority that issues certificates to clients.
pub(crate) struct ClientAuthority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// What is to stand in a certificate.
pub(crate) struct Wanted {
    pub(crate) common_name: String,
    pub(crate) names: Vec<SanType>,
    pub(crate) from: OffsetDateTime,
    pub(crate) to: OffsetDateTime,
    pub(crate) usage: ExtendedKeyUsagePurpose,
}

/// A certificate and its key.
pub(crate) struct ClientIdentity {
    pub(crate) certificate: CertificateDer<'static>,
    pub(crate) key: KeyPair,
    serial: SerialNumber,
}

impl Wanted {
    /// One that is good for some years.
    pub(crate) fn new(common_name: &str) -> Self {
        Self {
            common_name: common_name.to_owned(),
            names: Vec::new(),
            from: date_time_ymd(2025, 1, 1),
            to: date_time_ymd(2099, 1, 1),
            usage: ExtendedKeyUsagePurpose::ClientAuth,
        }
    }
}

impl ClientAuthority {
    pub(crate) fn new(name: &str) -> Self {
        Self::until(name, date_time_ymd(2099, 1, 1))
    }

    /// One that ends then.
    pub(crate) fn until(name: &str, to: OffsetDateTime) -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are legal names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), to);
        let pem = params.self_signed(&key).expect("the authority signs itself").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// Its certificate, in PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes its certificate into a file of this folder.
    pub(crate) fn write_to(&self, folder: &Path, name: &str) {
        fs::write(folder.join(name), &self.pem).expect("the folder is ours");
    }

    /// A certificate with this common name.
    pub(crate) fn issue(&self, common_name: &str) -> ClientIdentity {
        self.issue_as(Wanted::new(common_name))
    }

    /// A certificate with all this in it.
    pub(crate) fn issue_as(&self, wanted: Wanted) -> ClientIdentity {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, wanted.common_name);
        params.subject_alt_names = wanted.names;
        params.extended_key_usages = vec![wanted.usage];
        (params.not_before, params.not_after) = (wanted.from, wanted.to);
        let serial = SerialNumber::from_slice(digest(&SHA256, key.public_key_raw()).as_ref().get(..8).unwrap());
        params.serial_number = Some(serial.clone());
        let certificate = params.signed_by(&key, &self.issuer).expect("the authority signs").der().clone();
        ClientIdentity { certificate, key, serial }
    }

    /// The list of what it has revoked, in PEM.
    pub(crate) fn list(&self, revoked: &[&ClientIdentity], next_update: OffsetDateTime) -> String {
        let revoked_certs = revoked.iter().map(|identity| RevokedCertParams {
            serial_number: identity.serial.clone(),
            revocation_time: date_time_ymd(2026, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2026, 1, 1),
            next_update,
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked_certs.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer).expect("the authority signs").pem().expect("a list has a PEM form")
    }
}

impl ClientIdentity {
    /// `sha256:` and its digest, as `[[tls.client_certificate]]` has it.
    pub(crate) fn fingerprint(&self) -> String {
        let mut text = "sha256:".to_owned();
        for byte in digest(&SHA256, &self.certificate).as_ref() {
            let _ = write!(text, "{byte:02x}");
        }
        text
    }

    /// As logs show it.
    pub(crate) fn short(&self) -> String {
        self.fingerprint().chars().take(7 + 16).collect()
    }

    /// Writes certificate and key into one file, for programs of others.
    pub(crate) fn write_to(&self, file: &Path) {
        let pem = format!("{}{}", self.key.serialize_pem(), pem(&self.certificate));
        fs::write(file, pem).expect("the folder is ours");
    }
}

fn pem(certificate: &[u8]) -> String {
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(certificate);
    let lines = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line).into_owned() + "\n");
    format!("-----BEGIN CERTIFICATE-----\n{}-----END CERTIFICATE-----\n", lines.collect::<String>())
}

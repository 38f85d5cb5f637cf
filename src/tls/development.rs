//! The development certificate: a CA of our own and a certificate for `localhost`, so that the first start needs
//! nothing.
//!
//! Keeps a pair in a folder that is good for the names that we are called by. What is in the folder and still good is
//! used as it is. The folder is locked meanwhile, and each file appears whole: neither two processes nor a power cut
//! leave a key beside another key's certificate that would not be noticed and made anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustls::RootCertStore;
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::CryptoProvider;
use rustls::server::ParsedCertificate;
use rustls_pki_types::UnixTime;
use zeroize::Zeroizing;

use super::covered::{self, Covered};
use super::error::TlsError;
use super::issue;
use super::keep::{self, PRIVATE, PUBLIC};
use super::notice::Notice;
use super::pem::{self, Pair};
use crate::atomic_file;
use crate::clock::Timestamp;
use crate::config::Settings;

/// The names of ours that the configuration knows: what browsers call us, the add-ons' hosts, and the addresses that we
/// listen on where they are particular ones.
pub fn own_names(settings: &Settings) -> Vec<String> {
    let public = settings.listen.public_urls.iter().map(|url| url.host.clone());
    let hosts = settings.routed().filter_map(|addon| Some(addon.route.host.as_ref()?.as_str().to_owned()));
    let listening = settings.listen.https.iter().map(|entry| entry.address.ip());
    let listening = listening.filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_canonical().to_string());
    public.chain(hosts).chain(listening).collect()
}

/// The development certificate for these names and those of this machine's loopback, made where it is missing, too old
/// or lacks a name.
pub(super) fn ensure(
    folder: &Path,
    names: &[String],
    now: Timestamp,
    provider: &CryptoProvider,
) -> Result<(Pair, Notice), TlsError> {
    let place = DevelopmentPaths::new(folder);
    let names = wanted(names);
    fs::create_dir_all(folder).map_err(|source| place.failed(source))?;
    // In a read-only folder no other process can write either, and what is there may be all that is needed.
    let locked = keep::lock(folder);
    if let Some(pair) = place.good_pair(&names, now, provider) {
        return Ok((pair, place.notice(false)));
    }
    // From here on files are written, and that needs the lock.
    let _locked = locked.map_err(|source| place.failed(source))?;
    let new = if place.has_valid_authority(now, provider)? { false } else { place.make_authority(now)? };
    place.make_server(&names, now)?;
    let pair = pem::load(&place.chain, &place.key, provider)?;
    Ok((pair, place.notice(new)))
}

/// The loopback's names and these, each once, in the form in which a certificate has them.
fn wanted(names: &[String]) -> Vec<String> {
    let mut all: Vec<String> = LOOPBACK.iter().map(ToString::to_string).collect();
    for name in names {
        let name = covered::address(name).map_or_else(|| covered::canonical(name).into(), |ip| ip.to_string());
        if !name.is_empty() && !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

/// Where the files are.
struct DevelopmentPaths {
    folder: PathBuf,
    authority: PathBuf,
    authority_key: PathBuf,
    chain: PathBuf,
    key: PathBuf,
}

impl DevelopmentPaths {
    fn new(folder: &Path) -> Self {
        let file = |name| folder.join(name);
        Self {
            folder: folder.into(),
            authority: file(AUTHORITY),
            authority_key: file(AUTHORITY_KEY),
            chain: file(CHAIN),
            key: file(KEY),
        }
    }

    /// The pair that is there, when it fits together, is valid for a while yet, has all names, and is signed by the CA
    /// that is there. The CA's key is not needed for that: a careful operator keeps it elsewhere.
    fn good_pair(&self, names: &[String], now: Timestamp, provider: &CryptoProvider) -> Option<Pair> {
        let pair = pem::load(&self.chain, &self.key, provider).ok()?;
        let complete = Covered::new(&pair.facts).names_all(names);
        // A small computer without a battery may believe for a while that it is 1970: that makes nothing worse.
        let lasting = now.max(pair.facts.not_before).saturating_add(RENEWAL);
        let signed = self.signed_by_authority(&pair, lasting, provider).is_some();
        let kept = [&self.key, &self.authority_key].into_iter().all(|key| private_or_absent(key));
        (complete && signed && kept).then_some(pair)
    }

    /// Whether a client that trusts the CA would take the certificate at this time.
    fn signed_by_authority(&self, pair: &Pair, at: Timestamp, provider: &CryptoProvider) -> Option<()> {
        let mut roots = RootCertStore::empty();
        roots.add(pem::certificates(&self.authority).ok()?.into_iter().next()?).ok()?;
        let certificate = ParsedCertificate::try_from(pair.certified.end_entity_cert().ok()?).ok()?;
        let at = UnixTime::since_unix_epoch(at.saturating_since(Timestamp::from_millis(0)));
        let algorithms = provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &roots, &[], at, algorithms).ok()
    }

    /// Whether there is a CA with its key. One that is there but cannot be read is not replaced: browsers may trust it.
    fn has_valid_authority(&self, now: Timestamp, provider: &CryptoProvider) -> Result<bool, TlsError> {
        match pem::load(&self.authority, &self.authority_key, provider) {
            Ok(ca) => Ok(now.saturating_add(RENEWAL) < ca.facts.not_after),
            Err(TlsError::Read { file, source }) if source.kind() != io::ErrorKind::NotFound => {
                Err(TlsError::Read { file, source })
            }
            Err(_) => Ok(false),
        }
    }

    fn make_authority(&self, now: Timestamp) -> Result<bool, TlsError> {
        let issued = issue::authority(now)?;
        // The key first: a certificate without its key would be a CA that browsers may trust and that cannot sign.
        self.write(AUTHORITY_KEY, issued.key.as_bytes(), PRIVATE)?;
        self.write(AUTHORITY, issued.certificate.as_bytes(), PUBLIC)?;
        Ok(true)
    }

    fn make_server(&self, names: &[String], now: Timestamp) -> Result<(), TlsError> {
        let authority_key = fs::read_to_string(&self.authority_key)
            .map(Zeroizing::new)
            .map_err(|source| TlsError::Read { file: self.authority_key.clone(), source })?;
        let issued = issue::server(&authority_key, names, now)?;
        let issued = issued.ok_or_else(|| TlsError::NoKey { file: self.authority_key.clone() })?;
        self.write(KEY, issued.key.as_bytes(), PRIVATE)?;
        self.write(CHAIN, issued.certificate.as_bytes(), PUBLIC)
    }

    fn write(&self, name: &str, bytes: &[u8], mode: u32) -> Result<(), TlsError> {
        atomic_file::write(&self.folder, name, bytes, mode).map_err(|source| self.failed(source))
    }

    fn notice(&self, new: bool) -> Notice {
        Notice::Development { ca: self.authority.clone(), new }
    }

    fn failed(&self, source: io::Error) -> TlsError {
        TlsError::Folder { folder: self.folder.clone(), source }
    }
}

/// A key that others could read is made private again, or counts as lost.
fn private_or_absent(key: &Path) -> bool {
    match keep::make_private(key) {
        Ok(()) => true,
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}

const LOOPBACK: [&str; 4] = ["localhost", "*.localhost", "127.0.0.1", "::1"];
const AUTHORITY: &str = "vestibule-dev-ca.crt";
const AUTHORITY_KEY: &str = "vestibule-dev-ca.key";
pub(super) const CHAIN: &str = "vestibule-dev.crt";
const KEY: &str = "vestibule-dev.key";
/// A certificate with less than this left is made anew at the next start or reload.
const RENEWAL: Duration = Duration::from_hours(14 * 24);

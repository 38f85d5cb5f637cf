//! `[tls.acme]`: for which names certificates are ordered, where, and how it is shown that the names are ours.
//!
//! In come texts, out come names and a directory that can be used as they are. Where the files of a certificate lie is
//! said here, once, for whoever orders it and for whoever shows it.

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use super::certificate_files::CertificateFiles;
use super::findings::Explained;
use super::trust::Trust;
use crate::ids::{Address, BadHostName, BadUrl, HostName, url};
use crate::secret::Secret;

/// `[tls.acme]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    /// The names, each of which gets a certificate of its own.
    pub domains: Vec<Domain>,
    /// Where the server may write to, if it may.
    pub email: Option<String>,
    /// The server.
    pub directory: DirectoryUrl,
    /// Whose certificate the server must show.
    pub trust: Trust,
    /// How it is shown that the names are ours.
    pub challenge: AcmeChallenge,
    /// An account elsewhere that ours is bound to.
    pub external_account: Option<ExternalAccount>,
    /// The folder of the account and the certificates.
    pub state: PathBuf,
}

/// `challenge` of `[tls.acme]`
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AcmeChallenge {
    /// A certificate with a digest in it, at port 443 (RFC 8737).
    TlsAlpn01,
    /// A text at port 80 (RFC 8555 section 8.3).
    Http01,
    /// A TXT record (RFC 8555 section 8.4).
    Dns01(DnsRecords),
}

/// How TXT records come about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsRecords {
    /// Who writes them and takes them away.
    pub writer: DnsWriter,
    /// How long a new record gets to be seen by everybody.
    pub wait: Duration,
}

/// Who writes TXT records and takes them away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DnsWriter {
    /// A command of the operator's.
    Hook(DnsHook),
    /// The name server, which takes updates.
    Update(DnsUpdate),
}

/// A name server that takes updates (RFC 2136) which are signed with a key (RFC 8945).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsUpdate {
    /// Where it listens.
    pub server: SocketAddr,
    /// The zone that the names are in, in lower case and without a dot at its end.
    pub zone: String,
    /// What the server calls the key, in the same form.
    pub key_name: String,
    /// The key, as raw bytes: HMAC with SHA-256.
    pub key: Arc<Secret<Vec<u8>>>,
}

/// The command that writes TXT records and takes them away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DnsHook {
    /// The program.
    pub program: PathBuf,
    /// What it is told before the action, the name and the value.
    pub arguments: Vec<String>,
    /// How long one run of it may take.
    pub timeout: Duration,
}

/// An account that a certificate authority has made elsewhere (RFC 8555 section 7.3.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// Its id.
    pub key_id: String,
    /// The key that the binding is signed with, as raw bytes.
    pub hmac_key: Arc<Secret<Vec<u8>>>,
}

/// A name that a certificate is ordered for: a host, or all hosts one label below it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Domain {
    name: HostName,
    wildcard: bool,
}

/// Where an ACME server is asked first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryUrl {
    text: String,
}

impl Acme {
    /// The folder of what belongs to this directory: a certificate of a test server must not pass for one of the real
    /// one.
    pub fn folder(&self) -> PathBuf {
        let readable = |c: char| if c.is_ascii_alphanumeric() || c == '.' { c } else { '-' };
        let text = self.directory.text.strip_prefix("https://").unwrap_or_default();
        self.state.join(text.trim_end_matches('/').chars().map(readable).collect::<String>())
    }

    /// The one file that a certificate and its key lie in.
    pub fn file(&self, domain: &Domain) -> PathBuf {
        let star = if domain.wildcard { "_." } else { "" };
        self.folder().join(format!("{star}{}.pem", domain.name.as_str()))
    }

    /// The same, as certificates of the operator's are named: chain and key in one file cannot be of two certificates.
    pub fn files(&self, domain: &Domain) -> CertificateFiles {
        let file = self.file(domain);
        CertificateFiles { chain: file.clone(), key: file }
    }

    /// Whether one of the names covers this host.
    pub fn covers(&self, host: &str) -> bool {
        self.domains.iter().any(|domain| domain.covers(host))
    }
}

impl Domain {
    /// The host, without `*.`.
    pub fn host(&self) -> &str {
        self.name.as_str()
    }

    /// Whether it stands for all hosts one label below.
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Whether a host is meant by it.
    pub fn covers(&self, host: &str) -> bool {
        if !self.wildcard {
            return self.name.as_str() == host;
        }
        let parent = host.split_once('.').filter(|(label, _)| !label.is_empty());
        parent.is_some_and(|(_, parent)| parent == self.name.as_str())
    }
}

/// Why a text is not a name that a certificate is ordered for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct BadDomain(#[from] BadHostName);

impl FromStr for Domain {
    type Err = BadDomain;

    fn from_str(text: &str) -> Result<Self, BadDomain> {
        let (name, wildcard) = text.strip_prefix("*.").map_or((text, false), |name| (name, true));
        Ok(Self { name: name.parse()?, wildcard })
    }
}

impl Explained for BadDomain {
    fn expected(&self) -> &'static str {
        "expected a DNS name, or `*.` and one"
    }

    fn hint(&self) -> String {
        match self.0 {
            BadHostName::Address => "certificates for addresses are not ordered: give the address a DNS name",
            BadHostName::Wildcard => "a `*` stands in the place of the whole first label, as in \"*.home.example\"",
            BadHostName::More => "write the name alone, without scheme, port and path, as in \"home.example\"",
            BadHostName::TrailingDot => "leave the last dot out",
            BadHostName::NotAscii => "write the name as DNS has it, with `xn--` labels",
            BadHostName::Empty | BadHostName::Malformed => {
                "letters, digits, `-` and dots between the labels, as in \"home.example\""
            }
        }
        .into()
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.wildcard { "*." } else { "" }, self.name.as_str())
    }
}

impl DirectoryUrl {
    /// The URL.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for DirectoryUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        https_address(text)?;
        let rest = url::strip_scheme(text, "https://").unwrap_or_default();
        Ok(Self { text: format!("https://{rest}") })
    }
}

/// Where an `https` URL with a path leads.
pub fn https_address(text: &str) -> Result<Address, BadUrl> {
    let other = if text.contains('@') { BadUrl::User } else { BadUrl::Scheme("write \"https://host/path\"") };
    let (host, port) = url::with_path(url::strip_scheme(text, "https://").ok_or(other)?)?;
    Ok(Address::Https { host: host.without_brackets(), port: port.unwrap_or(443) })
}

/// What a server is asked for when the file names none.
pub(super) const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

#[cfg(test)]
mod tests {
    use super::*;

    fn acme(directory: &str) -> Acme {
        Acme {
            domains: vec!["*.home.example".parse().unwrap(), "home.example".parse().unwrap()],
            email: None,
            directory: directory.parse().unwrap(),
            trust: Trust::System,
            challenge: AcmeChallenge::TlsAlpn01,
            external_account: None,
            state: "state".into(),
        }
    }

    #[test]
    fn each_server_and_each_name_has_a_file_of_its_own() {
        let acme = acme(LETS_ENCRYPT);
        let files: Vec<_> = acme.domains.iter().map(|domain| acme.file(domain)).collect();
        let folder = std::path::Path::new("state/acme-v02.api.letsencrypt.org-directory");
        assert_eq!(files, [folder.join("_.home.example.pem"), folder.join("home.example.pem")]);
        assert_ne!(self::acme("https://acme-staging-v02.api.letsencrypt.org/directory").folder(), folder);
        // No directory leads out of the folder.
        assert_eq!(self::acme("https://a/../../etc").folder(), std::path::Path::new("state/a-..-..-etc"));
    }

    #[test]
    fn a_wildcard_is_one_label() {
        let acme = acme(LETS_ENCRYPT);
        assert!(acme.covers("home.example") && acme.covers("z2m.home.example"));
        assert!(!acme.covers("a.z2m.home.example") && !acme.covers(".home.example") && !acme.covers("example"));
    }

    #[test]
    fn a_directory_is_asked_over_tls() {
        let why = |text: &str| text.parse::<DirectoryUrl>().unwrap_err();
        assert!(matches!(why("http://acme.example/"), BadUrl::Scheme(_)));
        assert_eq!(why("https://u@acme.example/"), BadUrl::User);
        assert_eq!(why("https://acme.example:99999/"), BadUrl::Port);
        assert_eq!(why("https:///directory"), BadUrl::Host);
        let address = https_address("https://localhost:14000/dir").unwrap();
        assert_eq!(address, Address::Https { host: "localhost".to_owned(), port: 14000 });
    }
}

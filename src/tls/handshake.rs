//! The handshake, and the certificates that it shows at the moment.
//!
//! An accepted connection becomes a [`Secured`] one before the deadline, or fails. New certificates are read and proved
//! as a whole before the first client sees one; when anything is wrong with them, the old ones stay.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{Acceptor, ProducesTickets};
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::LazyConfigAcceptor;

use super::certificates::{CertificateSource, Certificates, Means, Ready};
use super::challenge::{self, Challenges};
use super::client_auth::{ClientAuth, ClientCertificate, RefusedCertificate};
use super::covered;
use super::development;
use super::error::{HandshakeError, TlsError};
use super::facts::Facts;
use super::notice::Notice;
use super::pem;
use super::revocation::Issued;
use super::staple::{Fingerprint, Revocable, Staple};
use super::stream::Secured;
use crate::clock::{Clock, Timestamp};
use crate::config::{self, Acme, CertificateFiles};
use crate::listener::Incoming;

/// Makes secured connections of accepted ones.
#[derive(Debug)]
pub struct Handshaker {
    provider: Arc<CryptoProvider>,
    /// Kept over reloads, so that clients can go on resuming. Its keys change every six hours.
    tickets: Arc<dyn ProducesTickets>,
    certificates: ArcSwap<Certificates>,
    challenges: Challenges,
    /// What is shown to clients for whom there is no certificate.
    refusal: Arc<ServerConfig>,
    clock: Clock,
}

/// Certificates that can be used and are not shown yet; dropped, nothing has changed.
#[derive(Debug)]
pub struct Renewed {
    certificates: Arc<Certificates>,
    notices: Vec<Notice>,
}

impl Handshaker {
    /// Reads the certificates, or makes the development certificate for these names (see
    /// [`own_names`](super::own_names)). Blocks on files.
    pub fn new(
        tls: &config::Tls,
        client_auth: Option<&Arc<ClientAuth>>,
        names: &[String],
        clock: Clock,
    ) -> Result<(Self, Vec<Notice>), TlsError> {
        let provider = pem::provider();
        let tickets = Ticketer::new().map_err(TlsError::Setup)?;
        let means = Means { provider: &provider, tickets: &tickets, client_auth };
        let (certificates, notices) = load(tls, names, clock.now(), &means, None)?;
        let (refusal, certificates) = (challenge::refusal(&provider)?, ArcSwap::from_pointee(certificates));
        let challenges = Challenges::default();
        Ok((Self { provider, tickets, certificates, challenges, refusal, clock }, notices))
    }

    /// Reads everything anew and proves it. No client is shown it before [`Handshaker::show`]. Blocks on files.
    pub fn read(
        &self,
        tls: &config::Tls,
        client_auth: Option<&Arc<ClientAuth>>,
        names: &[String],
        now: Timestamp,
    ) -> Result<Renewed, TlsError> {
        let shown = self.certificates.load();
        let means = Means { provider: &self.provider, tickets: &self.tickets, client_auth };
        let (certificates, notices) = load(tls, names, now, &means, Some(&**shown))?;
        Ok(Renewed { certificates: Arc::new(certificates), notices })
    }

    /// Shows these to clients that connect from now on, and gives back what there is to say of them.
    pub fn show(&self, renewed: Renewed) -> Vec<Notice> {
        let shown = self.certificates.load();
        // In the table that others wait for: clients of a certificate that wants a response must not meet it without.
        renewed.certificates.take_staples(&shown);
        self.certificates.store(renewed.certificates);
        renewed.notices
    }

    /// When the first of the certificates in use ends; `None` while there is none.
    pub fn not_after(&self) -> Option<Timestamp> {
        self.certificates.load().shown().map(|shown| shown.facts.not_after).min()
    }

    /// The certificates in use, in the order of the configuration.
    pub fn shown(&self) -> Vec<(Facts, CertificateSource, Fingerprint)> {
        let certificates = self.certificates.load();
        certificates.shown().map(|shown| (shown.facts.clone(), shown.source.clone(), shown.fingerprint())).collect()
    }

    /// Those of them that name an OCSP responder or a revocation list.
    pub fn revocable(&self) -> Vec<Revocable> {
        let certificates = self.certificates.load();
        let naming = certificates.shown().filter(|shown| shown.facts.revocation.names_any());
        let revocable = naming.map(|shown| Revocable {
            fingerprint: shown.fingerprint(),
            name: shown.facts.dns_names.first().cloned().unwrap_or_else(|| shown.facts.issuer.clone()),
            sources: shown.facts.revocation.clone(),
            issued: Issued::of(&shown.certified.cert),
        });
        revocable.collect()
    }

    /// Shows this OCSP response with the certificate from now on, or none.
    pub fn staple(&self, certificate: Fingerprint, staple: Option<&Staple>) {
        let certificates = self.certificates.load();
        let same = certificates.shown().filter(|shown| shown.fingerprint() == certificate);
        same.for_each(|shown| shown.staple(staple.cloned()));
    }

    /// From here on, an ACME server that asks by TLS whether this name is ours is shown this digest.
    pub fn open_challenge(&self, name: &str, digest: &[u8]) -> Result<(), TlsError> {
        self.challenges.open(name, digest, &self.provider)
    }

    /// The challenge for this name is over.
    pub fn close_challenge(&self, name: &str) {
        self.challenges.close(name);
    }

    /// Whether one of the certificates in use covers this host.
    pub fn covers(&self, host: &str) -> bool {
        self.certificates.load().covers(host)
    }

    /// Reads the PROXY header, where one is required, and does the handshake, both within one deadline (S-44, S-70).
    pub async fn accept(&self, incoming: Incoming, deadline: Duration) -> Result<Secured, HandshakeError> {
        // One deadline over both: a slow PROXY header leaves less for the handshake.
        tokio::time::timeout(deadline, self.secure(incoming)).await.unwrap_or(Err(HandshakeError::Late))
    }

    async fn secure(&self, incoming: Incoming) -> Result<Secured, HandshakeError> {
        let (socket, addresses, trust, slot) = incoming.identify().await?.into_parts();
        // The configuration is chosen by the ClientHello, so that the certificate that is shown is known and its names
        // can be noted.
        let hello = LazyConfigAcceptor::new(Acceptor::default(), socket).await.map_err(HandshakeError::Tls)?;
        if let Some(config) = self.challenges.answer(&hello.client_hello()) {
            let mut stream = hello.into_stream(config).await.map_err(HandshakeError::Tls)?;
            // RFC 8737 section 3: the connection is for the handshake alone. That the server has gone is no failure.
            let _closed = stream.shutdown().await;
            return Err(HandshakeError::Challenge);
        }
        let (sni, shown): (Option<Box<str>>, _) = {
            let hello = hello.client_hello();
            // In a scope without an await: the guard must not be held over the handshake.
            let certificates = self.certificates.load();
            let shown = certificates.choose(hello.server_name(), hello.signature_schemes());
            // By the name alone, and not by the certificate that is shown: a client without a name, or with one that
            // nothing covers, must not come by another rule (S-40).
            let rule = certificates.rule(hello.server_name());
            let config = shown.and_then(|shown| shown.config(rule.map(|(place, _)| place), self.clock.now()));
            let rule = rule.map(|(_, rule)| Arc::clone(rule));
            let shown = config.zip(shown.map(|shown| Arc::clone(&shown.covered)));
            (hello.server_name().map(|name| covered::canonical(name).into()), shown.map(|shown| (shown, rule)))
        };
        let Some(((config, covered), rule)) = shown else {
            // It ends in an error on our side and an alert on the client's.
            let _refused = hello.into_stream(Arc::clone(&self.refusal)).await;
            return Err(HandshakeError::NoCertificate { name: sni });
        };
        let stream = match hello.into_stream(config).await {
            Ok(stream) => stream,
            Err(error) => {
                return Err(match RefusedCertificate::in_error(&error) {
                    Some(refused) => HandshakeError::ClientCertificate { refused, name: sni },
                    None => HandshakeError::Tls(error),
                });
            }
        };
        let certificate = match rule {
            None => None,
            Some(rule) => {
                let chain = stream.get_ref().1.peer_certificates();
                ClientCertificate::of_handshake(chain, &rule).map_err(|why| HandshakeError::ClientCertificate {
                    refused: RefusedCertificate { why, certificate: None },
                    name: sni.clone(),
                })?
            }
        };
        Ok(Secured::new(stream, (addresses, trust), slot, (sni, covered), certificate))
    }
}

fn load(
    tls: &config::Tls,
    names: &[String],
    now: Timestamp,
    means: &Means<'_>,
    shown: Option<&Certificates>,
) -> Result<(Certificates, Vec<Notice>), TlsError> {
    let provider = means.provider;
    let mut loaded = Loaded { ready: Vec::new(), notices: Vec::new(), now };
    match tls {
        config::Tls::Development { folder } => {
            let (pair, notice) = development::ensure(folder, names, now, provider)?;
            loaded.ready.push(Ready::Read(Box::new(pair), CertificateSource::Development));
            loaded.notices.push(notice);
        }
        config::Tls::Certificates(certificates) => loaded.add_files(certificates, provider)?,
        config::Tls::Acme { certificates, acme } => {
            loaded.add_files(certificates, provider)?;
            loaded.add_ordered(acme, provider, shown);
        }
    }
    Ok((Certificates::new(loaded.ready, tls.acme().cloned(), means)?, loaded.notices))
}

struct Loaded {
    ready: Vec<Ready>,
    notices: Vec<Notice>,
    now: Timestamp,
}

impl Loaded {
    fn add_files(&mut self, all: &[CertificateFiles], provider: &CryptoProvider) -> Result<(), TlsError> {
        all.iter().try_for_each(|files| self.add(files, CertificateSource::File(files.chain.clone()), provider))
    }

    /// Those that are there already. What was ordered can be ordered again: a file that cannot be used keeps neither
    /// the process from starting nor other certificates from being shown, and what is shown for its name goes on.
    fn add_ordered(&mut self, acme: &Acme, provider: &CryptoProvider, shown: Option<&Certificates>) {
        for domain in &acme.domains {
            let files = acme.files(domain);
            // Not `exists`: what cannot be looked at is there.
            if matches!(files.chain.try_exists(), Ok(false)) {
                continue;
            }
            if let Err(error) = self.add(&files, CertificateSource::Acme(domain.clone()), provider) {
                let why = crate::telemetry::chain(&error).to_string();
                self.notices.push(Notice::Unusable { file: files.chain, why });
                self.ready.extend(shown.and_then(|shown| shown.ordered(acme, domain)).cloned().map(Ready::Shown));
            }
        }
    }

    fn add(
        &mut self,
        files: &CertificateFiles,
        source: CertificateSource,
        provider: &CryptoProvider,
    ) -> Result<(), TlsError> {
        let pair = pem::load(&files.chain, &files.key, provider)?;
        self.notices.extend(pem::notices(&pair, &files.chain, &files.key, self.now)?);
        self.ready.push(Ready::Read(Box::new(pair), source));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use rcgen::{CertificateParams, KeyPair};

    use super::*;
    use crate::config::named;

    fn tls(state: &Path, directory: &str) -> config::Tls {
        let text = format!(
            "[tls.acme]\ndomains = [\"a.example\", \"b.example\"]\nagree_to_terms = true\n\
             challenge = \"tls-alpn-01\"\nstate = \"{}\"\ndirectory = \"{directory}\"\n[listen]\nhttps = [\"127.0.0.1:443\"]\n",
            state.display()
        );
        named(&text, state).unwrap().0.tls
    }

    fn write(file: &Path, name: &str) {
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()]).unwrap().self_signed(&key).unwrap();
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, format!("{}{}", key.serialize_pem(), certificate.pem())).unwrap();
    }

    #[test]
    fn an_ordered_certificate_that_breaks_on_disk_goes_on_and_holds_no_other_up() {
        let state = tempfile::tempdir().unwrap();
        let wanted = tls(state.path(), "https://acme.example/");
        let acme = wanted.acme().unwrap();
        let [a, b] = [0, 1].map(|at| acme.file(&acme.domains[at]));
        write(&a, "a.example");
        write(&b, "b.example");
        let (handshaker, notices) = Handshaker::new(&wanted, None, &[], Clock::manual(Timestamp::default())).unwrap();
        let serials = || handshaker.shown().into_iter().map(|(facts, ..)| facts.serial).collect::<Vec<_>>();
        let first = serials();
        assert_eq!(first.len(), 2, "{notices:?}");

        fs::write(&a, "half of a wri").unwrap();
        write(&b, "b.example");
        let notices = handshaker.show(handshaker.read(&wanted, None, &[], Timestamp::default()).unwrap());
        assert!(notices.iter().any(|notice| matches!(notice, Notice::Unusable { file, .. } if *file == a)));
        let second = serials();
        assert_eq!(second[0], first[0], "it goes on");
        assert_ne!(second[1], first[1], "the other one is shown");

        // Another server's is no substitute, and without one the name has none.
        let other = tls(state.path(), "https://other.example/");
        let file = other.acme().unwrap().file(&acme.domains[0]);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, "x").unwrap();
        handshaker.show(handshaker.read(&other, None, &[], Timestamp::default()).unwrap());
        assert!(serials().is_empty());
    }
}

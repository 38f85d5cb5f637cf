//! The handshake, and the certificates that it shows at the moment.
//!
//! An accepted connection becomes a [`Secured`] one before the deadline, or fails. New certificates are read and proved
//! as a whole before the first client sees one; when anything is wrong with them, the old ones stay.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::Ticketer;
use rustls::server::{Acceptor, ProducesTickets};
use tokio_rustls::LazyConfigAcceptor;

use super::certificates::Certificates;
use super::covered;
use super::development;
use super::error::{HandshakeError, TlsError};
use super::notice::Notice;
use super::pem;
use super::stream::Secured;
use crate::clock::Timestamp;
use crate::config;
use crate::listener::Incoming;

/// Makes secured connections of accepted ones.
#[derive(Debug)]
pub struct Handshaker {
    provider: Arc<CryptoProvider>,
    /// Kept over reloads, so that clients can go on resuming. Its keys change every six hours.
    tickets: Arc<dyn ProducesTickets>,
    certificates: ArcSwap<Certificates>,
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
    pub fn new(tls: &config::Tls, names: &[String], now: Timestamp) -> Result<(Self, Vec<Notice>), TlsError> {
        let provider = pem::provider();
        let tickets = Ticketer::new().map_err(TlsError::Setup)?;
        let (certificates, notices) = load(tls, names, now, &provider, &tickets)?;
        Ok((Self { provider, tickets, certificates: ArcSwap::from_pointee(certificates) }, notices))
    }

    /// Reads everything anew and proves it. No client is shown it before [`Handshaker::show`]. Blocks on files.
    pub fn read(&self, tls: &config::Tls, names: &[String], now: Timestamp) -> Result<Renewed, TlsError> {
        let (certificates, notices) = load(tls, names, now, &self.provider, &self.tickets)?;
        Ok(Renewed { certificates: Arc::new(certificates), notices })
    }

    /// Shows these to clients that connect from now on, and gives back what there is to say of them.
    pub fn show(&self, renewed: Renewed) -> Vec<Notice> {
        self.certificates.store(renewed.certificates);
        renewed.notices
    }

    /// Reads everything anew and shows it. On an error nothing has changed. Blocks on files.
    pub fn reload(&self, tls: &config::Tls, names: &[String], now: Timestamp) -> Result<Vec<Notice>, TlsError> {
        self.read(tls, names, now).map(|renewed| self.show(renewed))
    }

    /// When the first of the certificates in use ends.
    pub fn not_after(&self) -> Timestamp {
        self.certificates.load().not_after
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
        let (sni, shown) = {
            let hello = hello.client_hello();
            // In a scope without an await: the guard must not be held over the handshake.
            let certificates = self.certificates.load();
            let shown = certificates.choose(hello.server_name(), hello.signature_schemes());
            (hello.server_name().map(|name| covered::canonical(name).into()), Arc::clone(shown))
        };
        let stream = hello.into_stream(Arc::clone(&shown.config)).await.map_err(HandshakeError::Tls)?;
        Ok(Secured::new(stream, (addresses, trust), slot, sni, Arc::clone(&shown.covered)))
    }
}

fn load(
    tls: &config::Tls,
    names: &[String],
    now: Timestamp,
    provider: &Arc<CryptoProvider>,
    tickets: &Arc<dyn ProducesTickets>,
) -> Result<(Certificates, Vec<Notice>), TlsError> {
    let mut notices = Vec::new();
    let mut pairs = Vec::new();
    match tls {
        config::Tls::Development { folder } => {
            let (pair, notice) = development::ensure(folder, names, now, provider)?;
            pairs.push(pair);
            notices.push(notice);
        }
        config::Tls::Certificates(all) => {
            for files in all {
                let pair = pem::load(&files.chain, &files.key, provider)?;
                notices.extend(pem::notices(&pair, &files.chain, &files.key, now)?);
                pairs.push(pair);
            }
        }
    }
    Ok((Certificates::new(pairs, provider, tickets)?, notices))
}

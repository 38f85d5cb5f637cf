//! Which add-ons listen on this machine's loopback addresses. Only ports on which one is usual are asked, and those
//! that the operator names: a request of HTTP may do harm to a program that speaks something else.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::signatures::{SIGNATURES, Signature};
use crate::cli::page::Peer;
use crate::config::Trust;
use crate::ids::Address;
use crate::operations::listening::{ListeningSocket, listening_sockets};

/// An add-on that answered.
#[derive(Debug)]
pub(super) struct FoundAddon {
    /// What it is.
    pub(super) signature: &'static Signature,
    /// Where it listens.
    pub(super) upstream: String,
}

/// Asks the usual ports and these.
pub(super) fn look(ports: &[u16]) -> Vec<FoundAddon> {
    let sockets = listening_sockets().unwrap_or_default();
    let usual = SIGNATURES.iter().flat_map(|signature| signature.ports).copied();
    let ports: BTreeSet<u16> = usual.chain(ports.iter().copied()).collect();
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return Vec::new() };
    ports.into_iter().filter_map(|port| runtime.block_on(ask(loopback(port, &sockets)?))).collect()
}

/// The loopback address at which something listens on this port.
fn loopback(port: u16, sockets: &[ListeningSocket]) -> Option<SocketAddr> {
    let ours = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let mut addresses = ours.into_iter().map(|ip| SocketAddr::new(ip, port));
    addresses.find(|address| sockets.iter().any(|socket| socket.is_at(*address)))
}

async fn ask(address: SocketAddr) -> Option<FoundAddon> {
    let at = Address::Http { host: address.ip().to_string(), port: address.port() };
    let answers = Peer::new(&at, Trust::System).page().await.ok()?;
    let signature = SIGNATURES.iter().find(|signature| signature.fits(&answers))?;
    Some(FoundAddon { signature, upstream: format!("http://{address}") })
}

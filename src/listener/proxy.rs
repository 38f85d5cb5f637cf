//! The PROXY protocol, versions 1 and 2, as HAProxy's `proxy-protocol.txt` defines it.
//!
//! Reads the client's address from a trusted proxy, and leaves the socket at the first byte after the header. It must
//! never read further than the header, nor hold more of one than [`LONGEST`] bytes, nor take the proxy for the client:
//! a header that does not know its client is refused, because a proxy's address often counts as local.

use std::io;
use std::net::SocketAddr;

use proxy_header::{ParseConfig, Protocol, ProxyHeader};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::connection_limiter::Refused;

/// Who a header says that the connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Client {
    /// This client.
    Address(SocketAddr),
    /// The proxy itself (`LOCAL`), as in its health checks.
    Proxy,
}

/// Why no connection was made of an accepted socket.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// The peer went away or the socket broke within the header.
    #[error("the PROXY header broke off")]
    Io(#[from] io::Error),
    /// The operating system cannot watch one more socket.
    #[error("the socket cannot be watched")]
    Watch(#[source] io::Error),
    /// The first bytes are no PROXY header of a version that exists.
    #[error("the connection does not begin with a PROXY header")]
    Missing,
    /// The header is longer than its version allows, or than we do.
    #[error("the PROXY header is too long")]
    TooLong,
    /// The header cannot be read.
    #[error("the PROXY header is malformed")]
    Malformed(#[source] proxy_header::Error),
    /// The header does not say who the client is (`UNKNOWN`, `AF_UNSPEC`, `AF_UNIX`), or says that it came by datagram.
    #[error("the PROXY header names no TCP client (a health check has to be `LOCAL`, of version 2)")]
    NoClient,
    /// The client that the header names has too many connections.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// Reads one header, byte for byte.
pub(super) async fn read(stream: &mut TcpStream) -> Result<Client, ProxyError> {
    let mut head = [0; V2_SIGNATURE.len()];
    // No more at once than the shortest header of either version has: a byte too many would be missing in the
    // handshake.
    let (start, rest) = head.split_at_mut(V1_START.len());
    stream.read_exact(start).await?;
    if start == V1_START {
        return version_1(stream).await;
    }
    if !V2_SIGNATURE.starts_with(start) {
        return Err(ProxyError::Missing);
    }
    stream.read_exact(rest).await?;
    if head != *V2_SIGNATURE {
        return Err(ProxyError::Missing);
    }
    version_2(stream).await
}

/// Section 2.1: one line, at most 107 bytes with its CRLF. How long it is shows only at its end, so that we look before
/// we take.
async fn version_1(stream: &mut TcpStream) -> Result<Client, ProxyError> {
    let mut line = V1_START.to_vec();
    let mut room = [0; V1_LONGEST - V1_START.len()];
    while line.last() != Some(&b'\n') {
        let left = V1_LONGEST.saturating_sub(line.len());
        let Some(window) = room.get_mut(..left).filter(|window| !window.is_empty()) else {
            return Err(ProxyError::TooLong);
        };
        // Looked at and not taken: bytes behind the header belong to the TLS handshake.
        let seen = stream.peek(window).await?;
        let fresh = window.get_mut(..seen).unwrap_or_default();
        let end = fresh.iter().position(|byte| *byte == b'\n').map_or(seen, |at| at.saturating_add(1));
        let ours = fresh.get_mut(..end).filter(|bytes| !bytes.is_empty());
        let ours = ours.ok_or(io::Error::from(io::ErrorKind::UnexpectedEof))?;
        stream.read_exact(ours).await?;
        line.extend_from_slice(ours);
    }
    client(&line)
}

/// Section 2.2: the signature, version and command, family, length, then as many bytes as the length says.
async fn version_2(stream: &mut TcpStream) -> Result<Client, ProxyError> {
    let mut fixed = [0; 4];
    stream.read_exact(&mut fixed).await?;
    let [command, _family, high, low] = fixed;
    let length = usize::from(u16::from_be_bytes([high, low]));
    // Before the block is read: the field may say 64 KiB, and each connection would hold as much.
    if length > LONGEST {
        return Err(ProxyError::TooLong);
    }
    let mut header = V2_SIGNATURE.to_vec();
    header.extend_from_slice(&fixed);
    let block = header.len();
    header.resize(block.saturating_add(length), 0);
    stream.read_exact(header.get_mut(block..).unwrap_or_default()).await?;
    if command == V2_LOCAL {
        // Section 2.2: `LOCAL` is valid whatever the family says, the rest of the block means nothing, and the
        // addresses are those of the socket.
        return Ok(Client::Proxy);
    }
    client(&header)
}

fn client(header: &[u8]) -> Result<Client, ProxyError> {
    // Only the addresses count. What else stands in the block is the peer's choice, and parsing it would be work for
    // nothing.
    let config = ParseConfig { include_tlvs: false, ..ParseConfig::default() };
    let (parsed, _) = ProxyHeader::parse(header, config).map_err(ProxyError::Malformed)?;
    match parsed.proxied_address() {
        Some(address) if address.protocol == Protocol::Stream => Ok(Client::Address(address.source)),
        Some(_) | None => Err(ProxyError::NoClient),
    }
}

const V1_START: &[u8; 6] = b"PROXY ";
const V1_LONGEST: usize = 107;
const V2_SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
const V2_LOCAL: u8 = 0x20;
/// Addresses take 36 bytes and what load balancers add takes a few hundred; 65 535 is what the field could say.
const LONGEST: usize = 4096;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_header_makes_it_panic(start in 0usize..4, rest in proptest::collection::vec(any::<u8>(), 0..300)) {
            let starts: [&[u8]; 4] = [V1_START, b"PROXY TCP4 ", b"PROXY TCP6 ", V2_SIGNATURE];
            let _ = client(&[starts[start], &rest].concat());
            let _ = client(&[starts[start], &rest, b"\r\n"].concat());
        }

        #[test]
        fn no_addresses_make_it_panic(words in "[ 0-9.:a-f]{0,60}") {
            let _ = client(format!("PROXY TCP4 {words}\r\n").as_bytes());
            let _ = client(format!("PROXY TCP6 {words}\r\n").as_bytes());
        }
    }
}

//! A secured connection: plain bytes, and what is known of the way they came.
//!
//! A finished handshake becomes a [`Stream`] and its [`Transport`]. The stream holds the connection's place among the
//! open ones, so that a tunnel that outlives its request is still counted.

use std::fmt;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use rustls::{HandshakeKind, ProtocolVersion};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::client_auth::ClientCertificate;
use super::covered::Covered;
use crate::listener::{Addresses, ConnectionSlot, ListenerTrust};

/// A connection after its handshake.
#[derive(Debug)]
pub struct Secured {
    stream: Stream,
    transport: Arc<Transport>,
}

/// The protocol that was agreed on by ALPN (RFC 7301).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// `http/1.1`, or the client named none.
    Http1,
    /// HTTP/2, agreed on as `h2`.
    Http2,
}

/// What is known of a secured connection besides its bytes. The same for every request on it.
#[derive(Debug)]
pub struct Transport {
    addresses: Addresses,
    trust: ListenerTrust,
    protocol: Protocol,
    covered: Arc<Covered>,
    sni: Option<Box<str>>,
    certificate: Option<Arc<ClientCertificate>>,
    resumed: bool,
    version: &'static str,
    cipher: &'static str,
    group: Option<&'static str>,
}

impl Secured {
    pub(super) fn new(
        stream: TlsStream<TcpStream>,
        (addresses, trust): (Addresses, ListenerTrust),
        slot: ConnectionSlot,
        (sni, covered): (Option<Box<str>>, Arc<Covered>),
        certificate: Option<ClientCertificate>,
    ) -> Self {
        let tls = stream.get_ref().1;
        let transport = Transport {
            addresses,
            trust,
            // No ALPN is HTTP/1.1: RFC 9113 section 3.2 has no other way into HTTP/2 over TLS.
            protocol: if tls.alpn_protocol() == Some(b"h2") { Protocol::Http2 } else { Protocol::Http1 },
            covered,
            sni,
            certificate: certificate.map(Arc::new),
            resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
            version: match tls.protocol_version() {
                Some(ProtocolVersion::TLSv1_3) => "TLSv1.3",
                Some(ProtocolVersion::TLSv1_2) => "TLSv1.2",
                _ => UNKNOWN,
            },
            cipher: tls.negotiated_cipher_suite().and_then(|suite| suite.suite().as_str()).unwrap_or(UNKNOWN),
            group: tls.negotiated_key_exchange_group().and_then(|group| group.name().as_str()),
        };
        Self { stream: Stream { tls: stream, _slot: slot }, transport: Arc::new(transport) }
    }

    /// What is known of the connection.
    pub fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// The bytes, and what is known of the connection.
    pub fn into_parts(self) -> (Stream, Arc<Transport>) {
        (self.stream, self.transport)
    }
}

impl Transport {
    /// Where the connection comes from and where it arrived.
    pub fn addresses(&self) -> Addresses {
        self.addresses
    }

    /// Whom its listener trusts.
    pub fn trust(&self) -> &ListenerTrust {
        &self.trust
    }

    /// The protocol that was agreed on.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The names of the certificate that was shown.
    pub fn covered(&self) -> &Covered {
        &self.covered
    }

    /// The name that the client asked for (RFC 6066 section 3), in lower case without a dot at its end.
    pub fn sni(&self) -> Option<&str> {
        self.sni.as_deref()
    }

    /// The certificate that the client has shown, where one was asked for.
    pub fn certificate(&self) -> Option<&Arc<ClientCertificate>> {
        self.certificate.as_ref()
    }

    /// Whether an earlier session was resumed.
    pub fn resumed(&self) -> bool {
        self.resumed
    }

    /// The TLS version, `TLSv1.3` or `TLSv1.2`, for the log.
    pub fn version(&self) -> &'static str {
        self.version
    }

    /// The cipher suite, by its IANA name as rustls spells it.
    pub fn cipher(&self) -> &'static str {
        self.cipher
    }

    /// The group of the key exchange; none where a TLS 1.2 session was resumed.
    pub fn group(&self) -> Option<&'static str> {
        self.group
    }
}

/// The plain bytes of a secured connection.
pub struct Stream {
    tls: TlsStream<TcpStream>,
    _slot: ConnectionSlot,
}

/// Says nothing of the keys in it.
impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").finish_non_exhaustive()
    }
}

impl AsyncRead for Stream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tls).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tls).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tls.is_write_vectored()
    }
}

const UNKNOWN: &str = "unknown";

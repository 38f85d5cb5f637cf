//! Clients that show a certificate of their own.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::PrivateKeyDer;

use super::ask::{Answer, Ask, Protocol};
use super::certificate::trusting;
pub(crate) use super::client_authority::{ClientAuthority, ClientIdentity, Wanted};
use super::h1::RawClient;
use super::h2::H2Client;

/// A client that shows this certificate, or none.
pub(crate) fn showing(identity: Option<&ClientIdentity>, alpn: &[u8]) -> ClientConfig {
    let mut config = match identity {
        None => trusting().with_no_client_auth(),
        Some(identity) => {
            let key = PrivateKeyDer::try_from(identity.key.serialize_der()).expect("a key in PKCS #8");
            let chain = vec![identity.certificate.clone()];
            trusting().with_client_auth_cert(chain, key).expect("the key is the certificate's")
        }
    };
    config.alpn_protocols = vec![alpn.to_vec()];
    config
}

/// A connection of either protocol.
pub(crate) enum Connected {
    H1(Box<RawClient>),
    H2(H2Client),
}

impl Connected {
    /// Connects to a host below `p.test`; nothing where the handshake fails. A client of TLS 1.3 learns whether its
    /// certificate is taken with the first answer only.
    pub(crate) fn to(
        address: SocketAddr,
        protocol: Protocol,
        host: &'static str,
        identity: Option<&ClientIdentity>,
    ) -> Option<Self> {
        match protocol {
            Protocol::H1 => {
                let stream = TcpStream::connect(address).expect("vestibule accepts connections");
                let config = Arc::new(showing(identity, b"http/1.1"));
                RawClient::over_with(stream, host, config).ok().map(|client| Self::H1(Box::new(client)))
            }
            Protocol::H2 => {
                let config = Arc::new(showing(identity, b"h2"));
                H2Client::connect_with(address, host, config).ok().map(Self::H2)
            }
        }
    }

    /// The answer; status 0 where there is none.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        match self {
            Self::H1(client) => client.ask(ask),
            Self::H2(client) => client.ask(ask),
        }
    }
}

//! TXT records by dynamic updates (RFC 2136), signed with a key that the name server knows (RFC 8945).
//!
//! A change goes over TCP to one server, the primary of the zone. It counts as done when the server says so in an
//! answer that is signed with the same key.

mod message;
mod tsig;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::dns_hook::Action;
use crate::clock::Clock;
use crate::config::DnsUpdate;
use crate::entropy;
use message::Answer;

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum UpdateError {
    /// The server cannot be asked.
    #[error("no answer from {server}")]
    Io {
        /// The server.
        server: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// It takes too long.
    #[error("no answer from {0} within {1:?}")]
    TimedOut(SocketAddr, Duration),
    /// It says no.
    #[error("the name server says {0}")]
    Refused(&'static str),
    /// The bytes are no answer to the question.
    #[error("the answer of the name server cannot be read")]
    Malformed,
    /// Somebody else may have answered.
    #[error("the answer of the name server is not signed with the key")]
    Unsigned,
}

/// Adds a TXT record beside those that are there, or takes this one away.
pub(super) async fn send(update: &DnsUpdate, action: Action, name: &str, value: &str) -> Result<(), UpdateError> {
    let server = update.server;
    let exchanged = tokio::time::timeout(LONGEST, exchange(update, action, name, value)).await;
    exchanged.map_err(|_| UpdateError::TimedOut(server, LONGEST))?
}

async fn exchange(update: &DnsUpdate, action: Action, name: &str, value: &str) -> Result<(), UpdateError> {
    let failed = |source| UpdateError::Io { server: update.server, source };
    let id = u16::from_ne_bytes(entropy::random());
    let mut request = message::update(id, &update.zone, action, name, value);
    let key = tsig::Key { name: &update.key_name, secret: update.key.reveal() };
    let mac = tsig::sign(&mut request, &key, Clock::System.now());
    let mut stream = TcpStream::connect(update.server).await.map_err(failed)?;
    // RFC 1035 section 4.2.2. One write: some servers wait for the rest of a length that comes by itself.
    let length = u16::try_from(request.len()).map_err(|_| UpdateError::Malformed)?.to_be_bytes();
    stream.write_all(&[&length[..], &request].concat()).await.map_err(failed)?;
    let length = stream.read_u16().await.map_err(failed)?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await.map_err(failed)?;
    let answer = Answer::read(&bytes).filter(|answer| answer.id == id).ok_or(UpdateError::Malformed)?;
    // A server that does not know the key cannot sign that it does not.
    if let Some(why) = answer.refusal() {
        return Err(UpdateError::Refused(why));
    }
    if tsig::is_signed(&bytes, &answer, &key, &mac) { Ok(()) } else { Err(UpdateError::Unsigned) }
}

/// How long a change may take with all that belongs to it.
pub(super) const LONGEST: Duration = Duration::from_secs(15);

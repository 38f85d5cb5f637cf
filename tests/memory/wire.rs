//! Connections that are filled, and the memory of who is filled.

use std::any::Any;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use crate::support::h2::{RUNTIME, tls_with, within};
use crate::support::{Vestibule, certificate, soon};
use crate::table::status;

/// What was sent, and what holds it.
pub(crate) type Filled = (usize, Box<dyn Any>);

pub(crate) const KIB: u64 = 1024;

/// A peer whose bytes have not been taken for so long is held up by the other side.
const HELD_UP: Duration = Duration::from_millis(500);

/// A connection over which HTTP/1.1 is said, or nothing yet.
pub(crate) struct Wire(TlsStream<TcpStream>);

impl Wire {
    pub(crate) fn open(vestibule: &Vestibule) -> Self {
        Self(RUNTIME.block_on(within(tls_with(vestibule.https(), certificate::client(b"http/1.1")))))
    }

    /// Sends as much as the other side takes, and says how much that was.
    pub(crate) fn send(&mut self, bytes: &[u8]) -> usize {
        RUNTIME.block_on(async {
            let mut sent = 0;
            while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
                let piece = &rest[..rest.len().min(16 * 1024)];
                match tokio::time::timeout(HELD_UP, self.0.write(piece)).await {
                    Ok(Ok(count)) if count > 0 => sent += count,
                    _ => break,
                }
            }
            let _ = tokio::time::timeout(HELD_UP, self.0.flush()).await;
            sent
        })
    }
}

/// Connections over which each says the same.
pub(crate) fn wires(vestibule: &Vestibule, connections: usize, mut fill: impl FnMut(&mut Wire) -> usize) -> Filled {
    let mut all: Vec<_> = (0..connections).map(|_| Wire::open(vestibule)).collect();
    let sent = all.iter_mut().map(&mut fill).sum();
    (sent, Box::new(all))
}

/// Connections of bytes as they stand.
pub(crate) fn plain(to: std::net::SocketAddr, bytes: &[u8], connections: usize) -> Filled {
    RUNTIME.block_on(async {
        let mut all = Vec::new();
        let mut sent = 0;
        for _ in 0..connections {
            let mut stream = TcpStream::connect(to).await.expect("vestibule accepts connections");
            if tokio::time::timeout(HELD_UP, stream.write_all(bytes)).await.is_ok_and(|written| written.is_ok()) {
                sent += bytes.len();
            }
            all.push(stream);
        }
        (sent, Box::new(all) as Box<dyn Any>)
    })
}

/// Waits until the memory has been the same for a while: everything was read that could be.
pub(crate) fn settle(vestibule: &Vestibule) {
    let (mut last, mut same) = (0, 0);
    soon(Duration::from_secs(5), || {
        let now = status(vestibule.pid(), "VmRSS:");
        same = if now == last { same + 1 } else { 0 };
        last = now;
        (same >= 20).then_some(())
    });
}

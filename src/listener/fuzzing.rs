//! Fuzz target: headers of the PROXY protocol.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Shutdown, TcpStream as Blocking};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

use super::proxy::{Client, read};

thread_local! {
    static RUNTIME: Runtime = Builder::new_current_thread().enable_io().build().expect("a runtime needs a few descriptors");
}

/// A header is taken to its last byte and no further, and the client is whom it names.
pub(crate) fn proxy_header(bytes: &[u8]) {
    let bytes = bytes.get(..MOST).unwrap_or(bytes);
    // A pair of Unix sockets: `recv` and a peek do the same on them, and no port is used up.
    let (mut proxy, ours) = UnixStream::pair().expect("a pair of sockets needs two descriptors");
    let stream = Blocking::from(OwnedFd::from(ours));
    stream.set_nonblocking(true).expect("a socket can be made non-blocking");
    proxy.write_all(bytes).expect("so little fits into the socket");
    proxy.shutdown(Shutdown::Write).expect("the socket is open");
    let (client, left) = RUNTIME.with(|runtime| {
        runtime.block_on(async {
            let mut stream = TcpStream::from_std(stream).expect("the runtime can watch a socket");
            let client = read(&mut stream).await;
            let mut left = Vec::new();
            let mut stream = stream.into_std().expect("it was one before");
            // What is in the socket's buffer is there at once.
            stream.set_nonblocking(false).expect("a socket can be made blocking");
            stream.read_to_end(&mut left).expect("the other end is closed in order");
            (client, left)
        })
    });
    let Ok(client) = client else { return };
    assert!(bytes.ends_with(&left), "bytes behind the header were changed");
    let header = bytes.get(..bytes.len().saturating_sub(left.len())).unwrap_or_default();
    if let [first @ b'P', ..] = header {
        assert_eq!(*first, b'P');
        let text = std::str::from_utf8(header).expect("version 1 is ASCII");
        let line = text.strip_suffix("\r\n").expect("a line ends so");
        assert!(!line.contains('\n') && header.len() <= 107);
        let words: Vec<&str> = line.split(' ').collect();
        let [_, _, source, _, port, _] = words.as_slice() else { return assert_eq!(words.len(), 6, "{line}") };
        let Client::Address(address) = client else { return assert!(line.is_empty(), "version 1 has no LOCAL") };
        assert_eq!((source.parse::<IpAddr>().ok(), port.parse().ok()), (Some(address.ip()), Some(address.port())));
    } else {
        let length = header.get(14..16).and_then(|length| <[u8; 2]>::try_from(length).ok());
        let length = length.map(u16::from_be_bytes).map(usize::from);
        assert_eq!(length.map(|length| length.saturating_add(16)), Some(header.len()));
        let is_local = header.get(12) == Some(&0x20);
        assert_eq!(client == Client::Proxy, is_local);
    }
}

/// Longer than any header that is taken.
const MOST: usize = 8 * 1024;

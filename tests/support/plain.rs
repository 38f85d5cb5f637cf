//! A client that speaks HTTP/1.1 in the clear, as programs of the same home do.

use std::net::{IpAddr, SocketAddr, TcpStream};

use super::ask::{Answer, Ask};
use super::h1;
use super::patience::PATIENCE;
use super::source::Source;

/// An open connection.
pub(crate) struct PlainClient {
    source: Source<TcpStream>,
}

impl PlainClient {
    /// Connects.
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect(to).expect("the listener accepts"))
    }

    /// Connects from this address of this machine.
    pub(crate) fn connect_from(source: IpAddr, to: SocketAddr) -> Self {
        Self::over(h1::dial_from(source, to))
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("a positive time-out is legal");
        stream.set_nodelay(true).expect("a socket may send at once");
        Self { source: Source::new(stream) }
    }

    /// Sends bytes. A connection that is closed already is noticed when the answer is read.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.source.write(bytes);
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        self.send(&ask.to_bytes());
        h1::answer(&mut self.source, &ask.method)
    }

    /// Reads the head of an answer and leaves what follows it.
    pub(crate) fn head(&mut self) -> Answer {
        h1::head(&mut self.source)
    }

    /// Reads whatever comes next; nothing at the end.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        self.source.some()
    }

    /// Reads so many bytes, or fewer at the end.
    pub(crate) fn up_to(&mut self, length: usize) -> Vec<u8> {
        self.source.up_to(length)
    }

    /// Waits for the end and throws away what comes before it.
    pub(crate) fn await_end(&mut self) {
        while !self.some().is_empty() {}
    }
}

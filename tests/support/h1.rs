//! A client that speaks HTTP/1.1 in raw bytes, over TLS or plain.

use std::io::{self, Read, Write};
use std::net::{IpAddr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use super::ask::{Answer, Ask, HOST};
use super::h2::RUNTIME;
use super::patience::PATIENCE;
use super::source::{Source, split_head};
use super::{certificate, fields::Fields};

/// One connection.
pub(crate) struct RawClient {
    source: Source<StreamOwned<ClientConnection, TcpStream>>,
}

impl RawClient {
    /// Connects over TLS.
    #[track_caller]
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::over(TcpStream::connect(to).expect("vestibule accepts connections"))
    }

    /// Connects over TLS from another address of this machine.
    #[track_caller]
    pub(crate) fn connect_from(source: IpAddr, to: SocketAddr) -> Self {
        Self::over(dial_from(source, to))
    }

    /// Shakes hands over an open connection.
    pub(crate) fn over(stream: TcpStream) -> Self {
        let config = certificate::client(b"http/1.1");
        Self::over_with(stream, HOST, config).expect("the handshake succeeds")
    }

    /// Shakes hands as a client with this configuration that asks for this name.
    pub(crate) fn over_with(stream: TcpStream, host: &'static str, config: Arc<ClientConfig>) -> io::Result<Self> {
        stream.set_read_timeout(Some(PATIENCE)).expect("a positive time-out is legal");
        stream.set_nodelay(true).expect("a socket may send at once");
        let name = ServerName::try_from(host).expect("a legal name");
        let session = ClientConnection::new(config, name).expect("a legal configuration");
        let mut stream = StreamOwned::new(session, stream);
        stream.conn.complete_io(&mut stream.sock)?;
        Ok(Self { source: Source::new(stream) })
    }

    /// What the handshake came to.
    pub(crate) fn tls(&self) -> &ClientConnection {
        &self.source.stream.conn
    }

    /// Sends bytes. A connection that is closed already is noticed when the answer is read.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        let _ = self.source.write(bytes);
    }

    /// Sends bytes, and says whether the other side takes them.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.source.write(bytes).is_ok()
    }

    /// Sends a request and reads its answer.
    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        self.send(&ask.to_bytes());
        self.answer_to(&ask.method)
    }

    /// Reads the answer to a request with this method.
    pub(crate) fn answer_to(&mut self, method: &str) -> Answer {
        answer(&mut self.source, method)
    }

    /// Reads the answer to a GET.
    pub(crate) fn answer(&mut self) -> Answer {
        self.answer_to("GET")
    }

    /// Reads the head of an answer and leaves what follows it.
    pub(crate) fn head(&mut self) -> Answer {
        head(&mut self.source)
    }

    /// Reads whatever comes next; nothing at the end.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        self.source.some()
    }

    /// Reads so many bytes, or fewer at the end.
    pub(crate) fn up_to(&mut self, length: usize) -> Vec<u8> {
        self.source.up_to(length)
    }

    /// Whether the other side closes without another byte.
    pub(crate) fn is_closed(&mut self) -> bool {
        self.rest().is_some_and(|rest| rest.is_empty())
    }

    /// Everything up to the end of the connection, or nothing when it stays open for [`PATIENCE`].
    pub(crate) fn rest(&mut self) -> Option<Vec<u8>> {
        let ended = match self.source.drain() {
            Ok(()) => true,
            Err(e) => !matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
        };
        ended.then(|| self.source.some())
    }

    /// How long a read waits from now on.
    pub(crate) fn set_patience(&mut self, patience: Duration) {
        self.source.stream.sock.set_read_timeout(Some(patience)).expect("a positive time-out is legal");
    }
}

/// Connects from another address of this machine.
pub(crate) fn dial_from(source: IpAddr, to: SocketAddr) -> TcpStream {
    let stream = RUNTIME.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(source, 0))?;
        socket.connect(to).await?.into_std()
    });
    let stream = stream.expect("vestibule accepts connections");
    stream.set_nonblocking(false).expect("a socket can block");
    stream
}

/// Asks over plain TCP on a connection of its own.
pub(crate) fn plain(to: SocketAddr, ask: &Ask) -> io::Result<Answer> {
    said(to, &ask.to_bytes(), &ask.method)
}

/// Sends the bytes of a GET over plain TCP and reads the answer.
pub(crate) fn raw(to: SocketAddr, bytes: &[u8]) -> io::Result<Answer> {
    said(to, bytes, "GET")
}

fn said(to: SocketAddr, bytes: &[u8], method: &str) -> io::Result<Answer> {
    let mut stream = TcpStream::connect(to)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(bytes)?;
    Ok(answer(&mut Source::new(stream), method))
}

pub(super) fn answer<S: Read>(source: &mut Source<S>, method: &str) -> Answer {
    let mut answer = head(source);
    let bodiless = method == "HEAD" || matches!(answer.status, 0 | 101 | 204 | 304);
    if bodiless {
        answer.complete = answer.status != 0;
        return answer;
    }
    let body = source.body(&answer.fields, true);
    (answer.body, answer.trailers, answer.complete) = (body.bytes, body.trailers, body.complete);
    answer
}

/// The head of the final answer, or of a 101.
pub(super) fn head<S: Read>(source: &mut Source<S>) -> Answer {
    loop {
        let Some(head) = source.head() else { return Answer::default() };
        let (line, fields): (String, Fields) = split_head(&head);
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
        if status == 101 || !(100..200).contains(&status) {
            return Answer { status, fields, ..Answer::default() };
        }
    }
}

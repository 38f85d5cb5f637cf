//! A client that speaks HTTP/2 with a library that lets a test say nearly everything: pseudo-headers, cookie crumbs,
//! trailers, extended CONNECT. What it will not say, [`super::h2_frames`] does.

use std::net::SocketAddr;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use h2::client::{ResponseFuture, SendRequest};
use h2::ext::Protocol;
use h2::{RecvStream, SendStream};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Uri};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::ask::{Answer, Ask, HOST};
use super::certificate;
use super::fields::Fields;
use super::patience::PATIENCE;

/// Drives the connections of all tests of a binary.
pub(crate) static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(1).enable_all().build().expect("a runtime")
});

/// One connection.
pub(crate) struct H2Client {
    sender: SendRequest<Bytes>,
}

impl H2Client {
    /// Connects over TLS.
    #[track_caller]
    pub(crate) fn connect(to: SocketAddr) -> Self {
        Self::connect_with_window(to, 65_535)
    }

    /// Connects over TLS and takes so many bytes of each answer before it has said that it takes more.
    #[track_caller]
    pub(crate) fn connect_with_window(to: SocketAddr, window: u32) -> Self {
        let made = RUNTIME.block_on(async { Self::over(tls(to).await, window).await });
        made.expect("the connection takes requests")
    }

    /// Connects as a client with this configuration that asks for this name.
    pub(crate) fn connect_with(
        to: SocketAddr,
        host: &'static str,
        client: Arc<ClientConfig>,
    ) -> Result<Self, h2::Error> {
        RUNTIME.block_on(async {
            let stream = tls_of(to, host, client).await.map_err(|_| h2::Reason::CONNECT_ERROR)?;
            Self::over(stream, 65_535).await
        })
    }

    async fn over(stream: TlsStream<TcpStream>, window: u32) -> Result<Self, h2::Error> {
        let mut builder = h2::client::Builder::new();
        let (sender, connection) = builder.initial_window_size(window).handshake(stream).await?;
        tokio::spawn(async {
            let _ = connection.await;
        });
        Ok(Self { sender: sender.ready().await? })
    }

    /// Sends a request and reads its answer.
    #[track_caller]
    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        let Ok((mut stream, response)) = self.open(ask, ask.body.is_none()) else { return Answer::default() };
        if let Some(body) = &ask.body {
            let last = ask.trailers.is_empty();
            let _ = stream.send_data(Bytes::from(body.clone()), last);
            if !last {
                let _ = stream.send_trailers(map(&ask.trailers));
            }
        }
        RUNTIME.block_on(within(async {
            let Ok(response) = response.await else { return Answer::default() };
            let (mut answer, mut body) = begun(response);
            read(&mut answer, &mut body).await;
            answer
        }))
    }

    /// Sends the head of a request; `end` when nothing follows it.
    pub(crate) fn open(&mut self, ask: &Ask, end: bool) -> Result<(SendStream<Bytes>, ResponseFuture), h2::Error> {
        RUNTIME.block_on(async {
            let request = request(ask);
            self.sender = self.sender.clone().ready().await?;
            let (response, stream) = self.sender.send_request(request, end)?;
            Ok((stream, response))
        })
    }

    /// Waits until the server has said that it takes extended CONNECT (RFC 8441 section 3).
    pub(crate) fn takes_extended_connect(&self) -> bool {
        super::patience::soon(PATIENCE, || self.sender.is_extended_connect_protocol_enabled().then_some(())).is_some()
    }

    /// Sends an extended CONNECT for a WebSocket and gives what came of it.
    pub(crate) fn websocket(&mut self, ask: &Ask) -> (Answer, Option<H2Tunnel>) {
        let Ok((stream, response)) = self.open(ask, false) else { return (Answer::default(), None) };
        RUNTIME.block_on(within(async {
            let Ok(response) = response.await else { return (Answer::default(), None) };
            let (mut answer, mut body) = begun(response);
            if answer.status != 200 {
                read(&mut answer, &mut body).await;
                return (answer, None);
            }
            (answer, Some(H2Tunnel { stream, body, clean_end: false }))
        }))
    }

    /// Sends a GET and reads the head of its answer alone.
    pub(crate) fn stream(&mut self, ask: &Ask) -> (Answer, H2Tunnel) {
        let (stream, response) = self.open(ask, true).expect("the connection takes requests");
        RUNTIME.block_on(within(async {
            let (answer, body) = begun(response.await.expect("an answer"));
            (answer, H2Tunnel { stream, body, clean_end: false })
        }))
    }
}

/// A stream with both directions open.
pub(crate) struct H2Tunnel {
    stream: SendStream<Bytes>,
    body: RecvStream,
    clean_end: bool,
}

impl H2Tunnel {
    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.send_data(Bytes::copy_from_slice(bytes), false).expect("the tunnel is open");
    }

    /// Reads whatever comes next; nothing at the end, however it came.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        RUNTIME.block_on(within(async {
            loop {
                match self.body.data().await {
                    Some(Ok(bytes)) if bytes.is_empty() => {}
                    Some(Ok(bytes)) => {
                        let _ = self.body.flow_control().release_capacity(bytes.len());
                        return bytes.to_vec();
                    }
                    Some(Err(_)) => return Vec::new(),
                    None => {
                        self.clean_end = true;
                        return Vec::new();
                    }
                }
            }
        }))
    }

    /// Whether the other side said that nothing is missing, rather than breaking off.
    pub(crate) fn ended_cleanly(&self) -> bool {
        self.clean_end
    }

    /// Reads so many bytes, or fewer at the end.
    pub(crate) fn up_to(&mut self, length: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < length {
            let some = self.some();
            if some.is_empty() {
                break;
            }
            all.extend(some);
        }
        all
    }
}

/// The status of an answer, or 0 when the stream ended without one.
pub(crate) fn status_of(response: ResponseFuture) -> u16 {
    RUNTIME.block_on(within(async { response.await.map_or(0, |response| response.status().as_u16()) }))
}

/// A TLS connection with `h2` agreed.
pub(crate) async fn tls(to: SocketAddr) -> TlsStream<TcpStream> {
    tls_with(to, certificate::client(b"h2")).await
}

/// A TLS connection of a client with this configuration.
pub(crate) async fn tls_with(to: SocketAddr, client: Arc<ClientConfig>) -> TlsStream<TcpStream> {
    tls_of(to, HOST, client).await.expect("the handshake succeeds")
}

async fn tls_of(
    to: SocketAddr,
    host: &'static str,
    client: Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(to).await.expect("vestibule accepts connections");
    stream.set_nodelay(true).expect("a socket may send at once");
    let name = ServerName::try_from(host).expect("a legal name");
    TlsConnector::from(client).connect(name, stream).await
}

/// What a future gives, within [`PATIENCE`].
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(PATIENCE, future).await.expect("vestibule answers in time")
}

fn request(ask: &Ask) -> Request<()> {
    let mut request = Request::new(());
    let uri = Uri::builder().scheme("https").authority(ask.authority.as_str()).path_and_query(ask.target.as_str());
    *request.uri_mut() = uri.build().expect("a target that the library can say");
    *request.headers_mut() = map(&ask.fields);
    if let Some(protocol) = ask.method.strip_prefix("CONNECT ") {
        *request.method_mut() = http::Method::CONNECT;
        request.extensions_mut().insert(Protocol::from(protocol));
    } else {
        *request.method_mut() = ask.method.parse().expect("a method that the library can say");
    }
    request
}

/// The method of an [`Ask`] that opens a WebSocket over HTTP/2: CONNECT and its `:protocol` (RFC 8441 section 4).
pub(crate) const EXTENDED_CONNECT: &str = "CONNECT websocket";

fn map(fields: &[(String, Vec<u8>)]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let name = HeaderName::from_bytes(name.as_bytes()).expect("a name that the library can say");
        map.append(name, HeaderValue::from_bytes(value).expect("a value that the library can say"));
    }
    map
}

fn unmap(map: &HeaderMap) -> Fields {
    Fields(map.iter().map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec())).collect())
}

fn begun(response: http::Response<RecvStream>) -> (Answer, RecvStream) {
    let answer = Answer { status: response.status().as_u16(), fields: unmap(response.headers()), ..Answer::default() };
    (answer, response.into_body())
}

async fn read(answer: &mut Answer, body: &mut RecvStream) {
    while let Some(data) = body.data().await {
        let Ok(data) = data else { return };
        let _ = body.flow_control().release_capacity(data.len());
        answer.body.extend_from_slice(&data);
    }
    match body.trailers().await {
        Ok(trailers) => {
            answer.trailers = trailers.as_ref().map(unmap).unwrap_or_default();
            answer.complete = true;
        }
        Err(_) => answer.complete = false,
    }
}

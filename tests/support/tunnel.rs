//! WebSockets by hand: handshakes of both sides and the frames that tell that a tunnel carries bytes both ways.

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::addon::{Keep, RawAddon, Recorded, Wire};
use super::ask::{Answer, Ask, Protocol};
use super::h1::RawClient;
use super::h2::{EXTENDED_CONNECT, H2Client, H2Tunnel};
use super::process::Vestibule;

/// The key of every handshake of the tests, from RFC 6455 section 1.3.
pub(crate) const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

/// The origin that the tests' pages have.
pub(crate) const ORIGIN: &str = "https://p.test";

/// A WebSocket's handshake without its `Origin`, as each protocol says it.
pub(crate) fn handshake(protocol: Protocol, target: &str) -> Ask {
    match protocol {
        Protocol::H1 => Ask::get(target)
            .field("Connection", "Upgrade")
            .field("Upgrade", "websocket")
            .field("Sec-WebSocket-Version", "13")
            .field("Sec-WebSocket-Key", KEY),
        Protocol::H2 => Ask::new(EXTENDED_CONNECT, target).field("Sec-WebSocket-Version", "13"),
    }
}

/// An open WebSocket on either protocol.
pub(crate) enum Tunnel {
    H1(Box<RawClient>),
    H2(H2Client, Box<H2Tunnel>),
}

impl Tunnel {
    /// Sends a handshake. There is a tunnel when the answer is the protocol's yes: 101 or 200.
    #[track_caller]
    pub(crate) fn open(vestibule: &Vestibule, protocol: Protocol, ask: &Ask) -> (Answer, Option<Self>) {
        match protocol {
            Protocol::H1 => {
                let mut client = RawClient::connect(vestibule.https());
                let answer = client.ask(ask);
                let open = answer.status == 101;
                (answer, open.then(|| Self::H1(Box::new(client))))
            }
            Protocol::H2 => {
                let mut client = H2Client::connect(vestibule.https());
                assert!(client.takes_extended_connect(), "SETTINGS say that extended CONNECT is taken (RFC 8441)");
                let (answer, tunnel) = client.websocket(ask);
                (answer, tunnel.map(|tunnel| Self::H2(client, Box::new(tunnel))))
            }
        }
    }

    /// Opens a WebSocket that must open.
    #[track_caller]
    pub(crate) fn opened(vestibule: &Vestibule, protocol: Protocol, target: &str, cookie: &str) -> Self {
        let ask = handshake(protocol, target).field("Origin", ORIGIN).cookie(cookie);
        let (answer, tunnel) = Self::open(vestibule, protocol, &ask);
        tunnel.unwrap_or_else(|| panic!("{protocol:?}: the WebSocket opens, but: {answer:#?}"))
    }

    /// Sends bytes.
    pub(crate) fn send(&mut self, bytes: &[u8]) {
        match self {
            Self::H1(client) => client.send(bytes),
            Self::H2(_, tunnel) => tunnel.send(bytes),
        }
    }

    /// Reads so many bytes, or fewer at the end.
    pub(crate) fn up_to(&mut self, length: usize) -> Vec<u8> {
        match self {
            Self::H1(client) => client.up_to(length),
            Self::H2(_, tunnel) => tunnel.up_to(length),
        }
    }

    /// Reads whatever comes next; nothing at the end.
    pub(crate) fn some(&mut self) -> Vec<u8> {
        match self {
            Self::H1(client) => client.some(),
            Self::H2(_, tunnel) => tunnel.some(),
        }
    }

    /// Waits for the end and throws away what comes before it.
    pub(crate) fn await_end(&mut self) {
        while !self.some().is_empty() {}
    }

    /// Proves that the tunnel carries bytes both ways, to an add-on that is [`echo`].
    #[track_caller]
    pub(crate) fn assert_alive(&mut self, text: &str) {
        let frame = masked(text);
        self.send(&frame);
        assert_eq!(self.up_to(frame.len()), frame, "the tunnel is alive");
    }
}

/// A text frame of a client: final, masked, shorter than 126 bytes (RFC 6455 section 5.2).
pub(crate) fn masked(text: &str) -> Vec<u8> {
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    let length = u8::try_from(text.len()).ok().filter(|n| *n < 126).expect("a short text");
    let mut frame = vec![0x81, 0x80 | length];
    frame.extend(mask);
    frame.extend(text.bytes().zip(mask.iter().cycle()).map(|(byte, key)| byte ^ key));
    frame
}

/// An add-on that accepts every WebSocket and sends back every byte, and answers the rest with 200.
pub(crate) fn echo() -> RawAddon {
    RawAddon::scripted(|request, wire| {
        let Some(accept) = accept(request) else {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            return Keep::Open;
        };
        let _ = wire.write(&switching(&accept, ""));
        echo_bytes(wire);
        Keep::Closed
    })
}

/// Sends every byte back until the other side closes.
pub(crate) fn echo_bytes(wire: &mut Wire) {
    loop {
        let bytes = wire.some();
        if bytes.is_empty() || wire.write(&bytes).is_err() {
            return;
        }
    }
}

/// The right `Sec-WebSocket-Accept` for a request, if it is a handshake.
pub(crate) fn accept(request: &Recorded) -> Option<String> {
    let key = request.fields.text("sec-websocket-key").filter(|_| request.fields.has("upgrade"))?;
    Some(derive_accept_key(key.as_bytes()))
}

/// A 101 with this accept and more lines, each ended.
pub(crate) fn switching(accept: &str, lines: &str) -> Vec<u8> {
    let start = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n";
    format!("{start}Sec-WebSocket-Accept: {accept}\r\n{lines}\r\n").into_bytes()
}

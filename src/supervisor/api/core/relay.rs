//! The two WebSockets, the add-on's and Home Assistant's, and what passes between them.

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::supervisor::api::screen::{Screened, screen};
use crate::supervisor::entities::{Access, Conversation, Step};

/// What an add-on that is held to entities may do, asked anew for each message.
pub(super) type Allowed = Box<dyn Fn(&str, Access) -> bool + Send + Sync>;

/// An open conversation.
pub(super) struct Relay<A, H, L> {
    pub(super) addon: WebSocketStream<A>,
    pub(super) home: WebSocketStream<H>,
    /// The filter of an add-on that is held to entities, and what it may.
    pub(super) held: Option<(Conversation, Allowed)>,
    /// Whether the add-on may still go on.
    pub(super) is_allowed: L,
}

/// Why a conversation ended, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The add-on closed it, or broke off.
    Addon,
    /// Home Assistant did.
    HomeAssistant,
    /// A message of the add-on was too large.
    TooLarge,
    /// The add-on answers no ping.
    Silent,
    /// The add-on may no longer.
    NotAllowed,
}

impl<A, H, L> Relay<A, H, L>
where
    A: AsyncRead + AsyncWrite + Unpin + Send,
    H: AsyncRead + AsyncWrite + Unpin + Send,
    L: Fn() -> bool + Send,
{
    /// Passes messages on until one side ends, then tells the other.
    pub(super) async fn run(mut self) -> End {
        let (end, farewell) = self.pass().await;
        let last_words = async {
            let _gone = self.addon.close(farewell.clone()).await;
            let _gone = self.home.close(farewell).await;
        };
        // Whoever does not take the farewell in time is not told.
        let _unheard = tokio::time::timeout(FAREWELL, last_words).await;
        end
    }

    async fn pass(&mut self) -> (End, Option<CloseFrame>) {
        let mut beat = interval(HEARTBEAT);
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut heard = Instant::now();
        loop {
            let step = tokio::select! {
                message = self.addon.next() => {
                    heard = Instant::now();
                    self.addon_says(message).await
                }
                message = self.home.next() => self.home_says(message).await,
                _ = beat.tick() => {
                    if heard.elapsed() > HEARTBEAT.saturating_mul(2) {
                        Err((End::Silent, Some(goodbye(CloseCode::Away))))
                    } else {
                        self.addon.send(Message::Ping(Vec::new().into())).await.map_err(|_| (End::Addon, None))
                    }
                }
                _ = look.tick() => {
                    if (self.is_allowed)() { Ok(()) } else { Err((End::NotAllowed, Some(goodbye(CloseCode::Policy)))) }
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn addon_says(&mut self, message: Option<Result<Message, Error>>) -> Result<(), (End, Option<CloseFrame>)> {
        match message {
            Some(Ok(Message::Text(text))) => self.addon_says_text(text).await,
            Some(Ok(binary @ Message::Binary(_))) if self.held.is_none() => self.tell_home(binary).await,
            // What binary messages say is known to nobody here.
            Some(Ok(Message::Binary(_))) => Err((End::NotAllowed, Some(goodbye(CloseCode::Policy)))),
            Some(Ok(Message::Close(frame))) => Err((End::Addon, frame)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(Error::Capacity(_))) => Err((End::TooLarge, Some(goodbye(CloseCode::Size)))),
            Some(Err(_)) | None => Err((End::Addon, Some(goodbye(CloseCode::Away)))),
        }
    }

    async fn addon_says_text(&mut self, text: Utf8Bytes) -> Result<(), (End, Option<CloseFrame>)> {
        if let Screened::Refuse(answers) = screen(&text) {
            for answer in answers {
                self.tell_addon(Message::text(answer.to_string())).await?;
            }
            return Ok(());
        }
        let Some((conversation, may)) = &mut self.held else { return self.tell_home(Message::Text(text)).await };
        for step in conversation.addon_says(&text, may) {
            match step {
                Step::Forward(message) => self.tell_home(Message::text(message)).await?,
                Step::Answer(answer) => self.tell_addon(Message::text(answer)).await?,
            }
        }
        Ok(())
    }

    async fn home_says(&mut self, message: Option<Result<Message, Error>>) -> Result<(), (End, Option<CloseFrame>)> {
        match message {
            Some(Ok(Message::Text(text))) => {
                let Some((conversation, may)) = &mut self.held else {
                    return self.tell_addon(Message::Text(text)).await;
                };
                match conversation.home_assistant_says(&text, may) {
                    Some(kept) => self.tell_addon(Message::text(kept)).await,
                    None => Ok(()),
                }
            }
            Some(Ok(binary @ Message::Binary(_))) if self.held.is_none() => self.tell_addon(binary).await,
            Some(Ok(Message::Close(frame))) => Err((End::HomeAssistant, frame)),
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(_)) | None => Err((End::HomeAssistant, Some(goodbye(CloseCode::Away)))),
        }
    }

    async fn tell_home(&mut self, message: Message) -> Result<(), (End, Option<CloseFrame>)> {
        let sent = tokio::time::timeout(STALL, tell(&mut self.home, message)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err((End::HomeAssistant, Some(goodbye(CloseCode::Away)))) }
    }

    async fn tell_addon(&mut self, message: Message) -> Result<(), (End, Option<CloseFrame>)> {
        let sent = tokio::time::timeout(STALL, tell(&mut self.addon, message)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err((End::Addon, Some(goodbye(CloseCode::Away)))) }
    }
}

/// Sends a message, a long one in fragments (RFC 6455 section 5.4): the library copies each frame that it sends, and keeps
/// the room of the longest one for as long as the WebSocket is open.
async fn tell<S>(socket: &mut WebSocketStream<S>, message: Message) -> Result<(), Error>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if message.len() <= FRAGMENT || !(message.is_text() || message.is_binary()) {
        return socket.send(message).await;
    }
    let mut kind = OpCode::Data(if message.is_text() { Data::Text } else { Data::Binary });
    let mut rest = message.into_data();
    loop {
        let piece = rest.split_to(rest.len().min(FRAGMENT));
        let is_last = rest.is_empty();
        socket.send(Message::Frame(Frame::message(piece, kind, is_last))).await?;
        if is_last {
            return Ok(());
        }
        kind = OpCode::Data(Data::Continue);
    }
}

fn goodbye(code: CloseCode) -> CloseFrame {
    CloseFrame { code, reason: Utf8Bytes::from_static("") }
}

/// Between two pings to the add-on; after two without a word it is gone.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How often it is asked whether the add-on may still go on.
const LOOK: Duration = Duration::from_millis(500);

/// What is sent in one frame.
const FRAGMENT: usize = 64 * 1024;

/// What one side gets to take a message of the other.
const STALL: Duration = Duration::from_secs(30);

/// What both sides get to take the farewell.
const FAREWELL: Duration = Duration::from_secs(2);

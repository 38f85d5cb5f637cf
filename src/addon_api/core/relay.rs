//! The two WebSockets, the client's and Home Assistant's, and what passes between them. The client is an add-on, or a
//! user who is held at Home Assistant's front.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use tokio::time::{Instant, interval};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::Frame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::metered::Metered;
use crate::addon_api::message_filter::{Filtered, filter_message};
use crate::entity_filter::message_types;
use crate::entity_filter::{Access, Conversation, Revision, Step};
use crate::exchanges::Open;
use crate::ids::{AddonSlug, UserId};
use crate::telemetry::Metrics;

/// Whose conversation with Home Assistant it is.
pub(crate) enum Whose {
    /// An add-on's.
    Addon(AddonSlug),
    /// A user's, at Home Assistant's front.
    User(FrontUser),
}

/// A user at Home Assistant's front.
pub(crate) struct FrontUser {
    pub(crate) id: UserId,
    /// Where refused messages are counted.
    pub(crate) metrics: Arc<Metrics>,
    /// Changes of policies and registries.
    pub(crate) changes: watch::Receiver<u64>,
}

/// What a client that is held to entities may do, asked anew for each message.
pub(crate) type Allowed = Box<dyn Fn(&str, Access) -> bool + Send + Sync>;

pub(crate) struct Relay<A, H> {
    pub(crate) client: WebSocketStream<Metered<A>>,
    pub(crate) home: WebSocketStream<Metered<H>>,
    /// Whose conversation it is.
    pub(crate) whose: Whose,
    /// Types of messages that pass for this add-on besides those that pass for all.
    pub(crate) added: BTreeSet<String>,
    /// Types that were refused and are in the log.
    pub(crate) told: BTreeSet<String>,
    /// The filter of an add-on that is held to entities, and what it may.
    pub(crate) held: Option<(Conversation, Allowed)>,
}

/// Why a conversation ended, for the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client closed it, or broke off.
    Client,
    /// Home Assistant closed it, or broke off.
    HomeAssistant,
    /// A message of the client was too large.
    TooLarge,
    /// There is no room for a message, of either side.
    NoRoom,
    /// The client answers no ping.
    Silent,
    /// The client may no longer.
    NotAllowed,
    /// The client may see more than before, and asks anew.
    Restart,
}

impl<A, H> Relay<A, H>
where
    A: AsyncRead + AsyncWrite + Unpin + Send,
    H: AsyncRead + AsyncWrite + Unpin + Send,
{
    /// Passes messages on until one side ends or it is cut, then tells the side that is left.
    pub(crate) async fn run(mut self, open: &Open) -> End {
        let (end, farewell) = tokio::select! {
            // The end of it first, also of a message that one side does not take: not a byte goes on after it.
            biased;
            () = open.cut() => (End::NotAllowed, Some(goodbye(CloseCode::Policy))),
            ended = self.pass() => ended,
        };
        let removals = if end == End::NotAllowed { self.revise().removals } else { Vec::new() };
        let Self { mut client, mut home, .. } = self;
        let last_words = async {
            // A browser that comes back keeps what it was told before.
            for removal in removals {
                let _gone = client.send(Message::text(removal)).await;
            }
            let (_gone, _gone_too) = tokio::join!(client.close(farewell.clone()), home.close(farewell));
        };
        // A side that does not take the close frame in time is not told.
        let _unheard = tokio::time::timeout(FAREWELL, last_words).await;
        end
    }

    async fn pass(&mut self) -> (End, Option<CloseFrame>) {
        // The add-on is pinged and Home Assistant is not: Home Assistant pings by itself, and a silent add-on holds one
        // of its own places.
        let mut beat = interval(HEARTBEAT);
        // Any message counts as a sign of life, not only a pong.
        let mut heard = Instant::now();
        loop {
            // Not biased, so that a side that never stops talking does not keep the other from being heard.
            let step = tokio::select! {
                message = self.client.next() => {
                    heard = Instant::now();
                    let is_whole = is_whole_message(message.as_ref());
                    let said = self.client_says(message).await;
                    // Only now is the message's room given back: until Home Assistant has taken it, it lies in our
                    // memory.
                    if is_whole {
                        self.client.get_mut().passed_on();
                    }
                    said
                }
                message = self.home.next() => {
                    let is_whole = is_whole_message(message.as_ref());
                    let said = self.home_says(message).await;
                    if is_whole {
                        self.home.get_mut().passed_on();
                    }
                    said
                }
                () = changed(&mut self.whose) => self.take_revision().await,
                _ = beat.tick() => {
                    if heard.elapsed() > HEARTBEAT.saturating_mul(2) {
                        Err((End::Silent, Some(goodbye(CloseCode::Away))))
                    } else {
                        self.client.send(Message::Ping(Vec::new().into())).await.map_err(|_| (End::Client, None))
                    }
                }
            };
            if let Err(end) = step {
                return end;
            }
        }
    }

    async fn client_says(&mut self, message: Option<Result<Message, Error>>) -> Result<(), (End, Option<CloseFrame>)> {
        match message {
            Some(Ok(Message::Text(text))) => self.client_says_text(text).await,
            // Home Assistant takes the audio of a voice assistant in binary messages.
            Some(Ok(binary @ Message::Binary(_))) if self.held.is_none() => self.tell_home(binary).await,
            // We do not know what binary messages say, so they cannot be held to entities.
            Some(Ok(Message::Binary(_))) => Err((End::NotAllowed, Some(goodbye(CloseCode::Policy)))),
            Some(Ok(Message::Close(frame))) => Err((End::Client, frame)),
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(Error::Capacity(_))) => Err((End::TooLarge, Some(goodbye(CloseCode::Size)))),
            Some(Err(error)) if is_without_room(&error) => Err((End::NoRoom, Some(goodbye(CloseCode::Again)))),
            Some(Err(_)) | None => Err((End::Client, Some(goodbye(CloseCode::Away)))),
        }
    }

    async fn client_says_text(&mut self, text: Utf8Bytes) -> Result<(), (End, Option<CloseFrame>)> {
        if let (Whose::User(_), Some((conversation, may))) = (&self.whose, &mut self.held) {
            let steps = conversation.client_says(&text, may);
            return self.take(steps).await;
        }
        let mut refused = None;
        // The filter of message types comes first and holds for every add-on; only what passes it is asked about
        // entities.
        let judged = filter_message(&text, |kind| {
            let passes = message_types::passes(kind, &self.added);
            if !passes {
                refused = Some(kind.to_owned());
            }
            passes
        });
        self.tell_operator(refused);
        // All of a text or nothing: it may hold a list of messages, and the rest of a list was not meant to be carried
        // out alone.
        if let Filtered::Refuse(answers) = judged {
            for answer in answers {
                self.tell_client(Message::text(answer.to_string())).await?;
            }
            return Ok(());
        }
        let Some((conversation, may)) = &mut self.held else { return self.tell_home(Message::Text(text)).await };
        let steps = conversation.client_says(&text, may);
        self.take(steps).await
    }

    /// What has changed for a browser since it was told of entities.
    fn revise(&mut self) -> Revision {
        match (&self.whose, &mut self.held) {
            (Whose::User(_), Some((conversation, may))) => conversation.revise(may),
            _ => Revision::default(),
        }
    }

    async fn take_revision(&mut self) -> Result<(), (End, Option<CloseFrame>)> {
        let Revision { removals, gains } = self.revise();
        for removal in removals {
            self.tell_client(Message::text(removal)).await?;
        }
        // States of what was withheld are not kept here. A browser that is asked to come back subscribes anew.
        if gains { Err((End::Restart, Some(goodbye(CloseCode::Restart)))) } else { Ok(()) }
    }

    async fn take(&mut self, steps: Vec<Step>) -> Result<(), (End, Option<CloseFrame>)> {
        for step in steps {
            match step {
                Step::Forward(message) => self.tell_home(Message::text(message)).await?,
                Step::Answer(answer) => self.tell_client(Message::text(answer)).await?,
                Step::Refuse(kind, answer) => {
                    if let Whose::User(user) = &self.whose {
                        user.metrics.front_message_refused(message_types::label(&kind));
                    }
                    // An add-on's type was judged before this, and told where it is not listed.
                    self.tell_operator(Some(kind).filter(|_| matches!(self.whose, Whose::User(_))));
                    self.tell_client(Message::text(answer)).await?;
                }
            }
        }
        Ok(())
    }

    /// Once for each type, and for a few: an add-on may try any number of them.
    fn tell_operator(&mut self, refused: Option<String>) {
        let Some(mut kind) = refused else { return };
        // Cut before it is compared, or types that differ only behind the cut would fill the log.
        kind.truncate(kind.floor_char_boundary(LONGEST_TYPE));
        if self.told.len() < MOST_TOLD && !self.told.contains(&kind) {
            match &self.whose {
                Whose::Addon(addon) => {
                    tracing::info!(%addon, kind, "an add-on was refused a type of message that is not listed");
                }
                Whose::User(FrontUser { id: user, .. }) => {
                    tracing::info!(%user, kind, "a user was refused a message to Home Assistant");
                }
            }
            self.told.insert(kind);
        }
    }

    async fn home_says(&mut self, message: Option<Result<Message, Error>>) -> Result<(), (End, Option<CloseFrame>)> {
        match message {
            Some(Ok(Message::Text(text))) => {
                let passed = match &mut self.held {
                    None => Some(Message::Text(text)),
                    // Answers are filtered too: whether a question may be asked says nothing about each entity in its
                    // answer.
                    Some((conversation, may)) => conversation.home_assistant_says(&text, may).map(Message::text),
                };
                match passed {
                    None => Ok(()),
                    Some(message) => self.tell_client(message).await,
                }
            }
            Some(Ok(binary @ Message::Binary(_))) if self.held.is_none() => self.tell_client(binary).await,
            Some(Ok(Message::Close(frame))) => Err((End::HomeAssistant, frame)),
            Some(Ok(Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => Ok(()),
            Some(Err(error)) if is_without_room(&error) => Err((End::NoRoom, Some(goodbye(CloseCode::Again)))),
            Some(Err(_)) | None => Err((End::HomeAssistant, Some(goodbye(CloseCode::Away)))),
        }
    }

    async fn tell_home(&mut self, message: Message) -> Result<(), (End, Option<CloseFrame>)> {
        // A side that takes nothing would stop the other as well, since messages pass one at a time.
        let sent = tokio::time::timeout(STALL, tell(&mut self.home, message)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err((End::HomeAssistant, Some(goodbye(CloseCode::Away)))) }
    }

    async fn tell_client(&mut self, message: Message) -> Result<(), (End, Option<CloseFrame>)> {
        let sent = tokio::time::timeout(STALL, tell(&mut self.client, message)).await;
        if matches!(sent, Ok(Ok(()))) { Ok(()) } else { Err((End::Client, Some(goodbye(CloseCode::Away)))) }
    }
}

/// Waits until policies or registries have changed, where that is of interest.
async fn changed(whose: &mut Whose) {
    if let Whose::User(user) = whose
        && user.changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Whether all fragments of a message have been read. A control frame may come between them (RFC 6455 section 5.4), and
/// gives back nothing of their room.
fn is_whole_message(message: Option<&Result<Message, Error>>) -> bool {
    matches!(message, Some(Ok(Message::Text(_) | Message::Binary(_))))
}

/// Sends a message, a long one in fragments (RFC 6455 section 5.4): the library copies each frame that it sends, and
/// keeps the room of the longest one for as long as the WebSocket is open.
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
        // A part of the same bytes: nothing is copied here.
        let piece = rest.split_to(rest.len().min(FRAGMENT));
        let is_last = rest.is_empty();
        socket.send(Message::Frame(Frame::message(piece, kind, is_last))).await?;
        if is_last {
            return Ok(());
        }
        kind = OpCode::Data(Data::Continue);
    }
}

/// Whether the budget has refused a message (RFC 6455 section 7.4.1 has no code for that; 1013 says to come again).
fn is_without_room(error: &Error) -> bool {
    matches!(error, Error::Io(error) if error.kind() == std::io::ErrorKind::QuotaExceeded)
}

fn goodbye(code: CloseCode) -> CloseFrame {
    CloseFrame { code, reason: Utf8Bytes::from_static("") }
}

/// Bytes that are shown of a refused message's type.
const LONGEST_TYPE: usize = 64;

/// Refused types that are shown of one conversation.
const MOST_TOLD: usize = 20;

/// Between two pings to the add-on; after two without a word it is gone.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// What is sent in one frame.
const FRAGMENT: usize = 64 * 1024;

/// What one side gets to take a message of the other.
const STALL: Duration = Duration::from_secs(30);

/// What both sides get to take the close frame.
const FAREWELL: Duration = Duration::from_secs(2);

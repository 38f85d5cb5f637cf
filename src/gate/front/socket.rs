//! `/api/websocket` at the front. The handshake is answered here, since it says nothing of who comes; the first message
//! has the token, and only when that was admitted is Home Assistant dialled.
//!
//! An administrator's stream is carried byte for byte from then on. Everybody else's goes through the filter, message
//! by message. It stands among what is open in either case, admitted with the token, and is admitted again by every
//! review.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, UPGRADE};
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL, SET_COOKIE};
use http::{HeaderMap, Response, StatusCode};
use http_body_util::Full;
use hyper::upgrade::{OnUpgrade, Upgraded};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use super::browser_session::{BrowserSession, seen_while_open};
use super::first_message::{Peer, close, read_text, write_text};
use super::home_now::home_now;
use super::pass;
use super::rest::may;
use super::token::{self, NotVerified, Shown};
use crate::addon_api::body::Room;
use crate::addon_api::core::metered::Metered;
use crate::addon_api::core::relay::{Allowed, End, FrontUser, Relay, Whose};
use crate::authorization::{Answers, Permitted, Refused};
use crate::budget::{Claim, Holder, Limit, Permit};
use crate::entity_filter::bounded_json::{Scalar, fields};
use crate::entity_filter::{Access, Conversation};
use crate::exchanges::Open;
use crate::gate::own_socket::{OwnSocket, SocketEnd};
use crate::gate::stages::Stages;
use crate::gate::{Gate, authorization, describe};
use crate::http::{ClientAddr, Handshake};
use crate::identity::User;
use crate::ids::GroupId;
use crate::refusal::Reason;
use crate::route::Routed;
use crate::session::Authenticated;
use crate::upstream::{OpenedWebSocket, TunnelEnd, TunnelOver, carry};

/// Answers the handshake. Nothing of it has gone to Home Assistant.
pub(super) async fn open(permitted: Permitted, gate: &Arc<Gate>, stages: &Arc<Stages>) -> Result<OwnSocket, Reason> {
    let (mut routed, open) = permitted.into_unknown();
    let request = routed.request_mut();
    let most = stages.settings.limits.front_pending_websockets;
    // By address, because before a token is shown nothing else is known of whoever asks.
    let claim = Claim::new(Limit::FrontPendingWebsockets, Holder::from(request.client().ip()), most);
    let pending = gate.services.budget.take(1, &[claim])?;
    let mut response = accepted(request.handshake().ok_or(Reason::BadUpgrade)?, request.headers())?;
    let browser = BrowserSession::shown(request, gate).await;
    response.headers_mut().extend(browser.cookie(stages.cookie()).map(|cookie| (SET_COOKIE, cookie)));
    let client = request.take_upgrade().ok_or(Reason::BadUpgrade)?;
    // What is packed could not be read here, and Home Assistant has no subprotocols.
    for name in [SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_PROTOCOL] {
        request.remove_header(&name);
    }
    let (gate, stages) = (Arc::clone(gate), Arc::clone(stages));
    Ok(OwnSocket { response, talk: Box::pin(talk(gate, stages, (routed, browser), (client, open, pending))) })
}

/// The answer that opens it (RFC 6455 section 4.2.2; over HTTP/2, RFC 8441 section 5).
fn accepted(handshake: Handshake, headers: &HeaderMap) -> Result<Response<Full<Bytes>>, Reason> {
    let mut response = Response::new(Full::default());
    if handshake == Handshake::Http2 {
        return Ok(response);
    }
    let key = headers.get(SEC_WEBSOCKET_KEY).ok_or(Reason::BadUpgrade)?;
    let accept = HeaderValue::from_str(&derive_accept_key(key.as_bytes())).map_err(|_| Reason::BadUpgrade)?;
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    response.headers_mut().insert(UPGRADE, HeaderValue::from_static("websocket"));
    response.headers_mut().insert(SEC_WEBSOCKET_ACCEPT, accept);
    Ok(response)
}

type Stream = TokioIo<Upgraded>;

async fn talk(
    gate: Arc<Gate>,
    stages: Arc<Stages>,
    (routed, browser): (Routed, BrowserSession),
    (client, open, pending): (OnUpgrade, Open, Permit),
) -> SocketEnd {
    let ended = |why, user, refused| SocketEnd { end: TunnelEnd { sent: 0, received: 0, why }, user, refused };
    let Ok(Ok(client)) = tokio::time::timeout(AUTHENTICATION, client).await else {
        return ended(TunnelOver::Broken, None, None);
    };
    let mut client = TokioIo::new(client);
    let asked = tokio::select! {
        biased;
        () = open.cut() => None,
        // One deadline over all of it: single pings must not prolong the wait for a token.
        token = tokio::time::timeout(AUTHENTICATION, ask_token(&mut client, &gate)) => token.ok().flatten(),
    };
    let Some((message, token)) = asked else {
        turn_away(&mut client).await;
        return ended(TunnelOver::Closed, None, Some(Reason::NoSession.into()));
    };
    let client_addr = routed.request().client();
    let (permitted, refresh_token) = match admit(&gate, &stages, routed, &token).await {
        Ok(admitted) => admitted,
        Err(refused) => {
            turn_away(&mut client).await;
            return ended(TunnelOver::Closed, None, Some(refused));
        }
    };
    // From here on it counts for the user, and no longer for the address, nor as nobody's.
    drop((pending, open));
    let (user, answers, within) = (permitted.user().cloned(), permitted.answers(), permitted.within().cloned());
    let Ok(session) = browser.of(&gate, user.as_deref(), refresh_token).await else {
        // RFC 6455 section 7.4.1 with its registry: come back, and get a cookie of your own.
        close(&mut client, Peer::Client, 1012).await;
        return ended(TunnelOver::Closed, user, None);
    };
    let message = match pass::token(&permitted, &gate) {
        Ok(None) => message,
        Ok(Some(token)) => auth_message(token.reveal()),
        Err(reason) => {
            turn_away(&mut client).await;
            return ended(TunnelOver::Closed, user, Some(reason.into()));
        }
    };
    let begun = async {
        let mut opened = stages.upstreams.open_websocket(permitted).await.ok()?;
        let welcome = introduce(&mut opened, &message, &gate).await?;
        Some((opened, welcome))
    };
    let Ok(Some((opened, welcome))) = tokio::time::timeout(DIALLING, begun).await else {
        // RFC 6455 section 7.4.1 with its registry: come again later.
        close(&mut client, Peer::Client, 1013).await;
        return ended(TunnelOver::Broken, user, None);
    };
    let (OpenedWebSocket { stream, open, held }, Welcome { text, is_in }) = (opened, welcome);
    let told = write_text(&mut client, Peer::Client, &text).await;
    let carried = async {
        match (told.filter(|()| is_in), answers) {
            (None, _) => {
                close(&mut client, Peer::Client, 1000).await;
                TunnelEnd { sent: 0, received: 0, why: TunnelOver::Closed }
            }
            (Some(()), Answers::Whole) => carry(client.into_inner(), stream, &open, IDLE).await,
            (Some(()), Answers::Filtered) => {
                let whose = (user.clone(), within, client_addr);
                filter(&gate, &stages, whose, (client, stream), &open).await
            }
        }
    };
    let end = tokio::select! {
        end = carried => end,
        () = seen_while_open(session, &gate) => TunnelEnd { sent: 0, received: 0, why: TunnelOver::Closed },
    };
    drop(held);
    SocketEnd { end, user, refused: None }
}

/// Asks the client for its token, as Home Assistant asks: the message that has it, and the token.
async fn ask_token(client: &mut Stream, gate: &Gate) -> Option<(String, String)> {
    let version = gate.front_version.load_full();
    let asks = json!({"type": "auth_required", "ha_version": *version});
    write_text(client, Peer::Client, &asks.to_string()).await?;
    let message = read_text(client, Peer::Client).await?;
    // Of a message with a field twice Home Assistant might read the other one.
    let [kind, token] = fields(&message, ["type", "access_token"])?;
    let text = |field: Option<&str>| Some(serde_json::from_str::<Scalar>(field?).ok()?.text()?.to_owned());
    let token = text(token).filter(|_| text(kind).as_deref() == Some("auth"))?;
    Some((auth_message(&token), token))
}

/// The message that shows a token.
fn auth_message(token: &str) -> String {
    json!({"type": "auth", "access_token": token}).to_string()
}

/// Admits the WebSocket as whoever the token stands for; with the id of the refresh token, where it was no pass.
async fn admit(
    gate: &Gate,
    stages: &Stages,
    routed: Routed,
    token: &str,
) -> Result<(Permitted, Option<String>), Refused> {
    if let Some(pass) = Box::pin(pass::shown_text(token, routed.request(), gate, stages)).await {
        return Ok((admit_as(gate, stages, Authenticated::with_key(routed, pass?)).await?, None));
    }
    let token = match token::verified(&Shown::Text(token), gate) {
        Err(NotVerified { unknown: Some(unknown), .. }) => {
            token::written(gate, &unknown).await;
            token::verified(&Shown::Text(token), gate)
        }
        first => first,
    };
    let token = token.map_err(|not| not.reason)?;
    let refresh_token = token.issuer().to_owned();
    Ok((admit_as(gate, stages, Authenticated::at_front(routed, token)).await?, Some(refresh_token)))
}

async fn admit_as(gate: &Gate, stages: &Stages, authenticated: Authenticated) -> Result<Permitted, Refused> {
    let services = gate.services();
    let home = services.home.load_full();
    let describe = describe(stages);
    authorization(services, stages, &home, &describe).admit(authenticated).await
}

/// What Home Assistant says to the token.
struct Welcome {
    text: String,
    is_in: bool,
}

/// Shows Home Assistant the token.
async fn introduce(opened: &mut OpenedWebSocket, message: &str, gate: &Gate) -> Option<Welcome> {
    let mut home = TokioIo::new(&mut opened.stream);
    let asks: Value = serde_json::from_str(&read_text(&mut home, Peer::Server).await?).ok()?;
    if let Some(version) = asks.get("ha_version").and_then(Value::as_str)
        && **gate.front_version.load() != *version
    {
        gate.front_version.store(Arc::new(version.to_owned()));
    }
    write_text(&mut home, Peer::Server, message).await?;
    let text = read_text(&mut home, Peer::Server).await?;
    let said: Value = serde_json::from_str(&text).ok()?;
    let is_in = said.get("type").and_then(Value::as_str) == Some("auth_ok");
    Some(Welcome { text, is_in })
}

/// Tells the client that its token is not good, and ends.
async fn turn_away(client: &mut Stream) {
    let goodbye = async {
        let words = json!({"type": "auth_invalid", "message": "Invalid access token or password"});
        write_text(client, Peer::Client, &words.to_string()).await?;
        close(client, Peer::Client, 1000).await;
        Some(())
    };
    // A client that does not take it in time is not told.
    let _unheard = tokio::time::timeout(AUTHENTICATION, goodbye).await;
}

/// Passes messages on as far as the user may, until one side ends.
async fn filter(
    gate: &Arc<Gate>,
    stages: &Stages,
    (user, within, client_addr): (Option<Arc<User>>, Option<GroupId>, ClientAddr),
    (client, home): (Stream, Upgraded),
    open: &Open,
) -> TunnelEnd {
    let ended = |why| TunnelEnd { sent: 0, received: 0, why };
    let Some(user) = user else { return ended(TunnelOver::Broken) };
    let addon = stages.settings.front.as_ref();
    let added = addon.and_then(|addon| addon.authorization.front.as_ref()).map(|front| front.messages.clone());
    let room = || Room::of_user(&gate.services.budget, &user.id, &stages.settings.limits);
    let client = socket(Metered::within(client, room()), Role::Server, FROM_CLIENT).await;
    let home = socket(Metered::within(TokioIo::new(home), room()), Role::Client, FROM_HOME).await;
    let allowed: Allowed = {
        let (gate, user, within) = (Arc::clone(gate), Arc::clone(&user), within.clone());
        Box::new(move |entity: &str, access: Access| may(&gate, &user, within.as_ref(), entity, access))
    };
    let home_now = home_now(gate, &user, within.clone(), client_addr);
    let conversation = match within {
        None => Conversation::of_browser(added.unwrap_or_default(), home_now),
        Some(_) => Conversation::by_pass(home_now),
    };
    let held = Some((conversation, allowed));
    let (added, told) = <_>::default();
    let whose = Whose::User(FrontUser {
        id: user.id.clone(),
        metrics: Arc::clone(&gate.services.telemetry.metrics),
        changes: gate.services.home.load().directory().subscribe(),
    });
    let relay = Relay { client, home, whose, added, told, held };
    let why = match relay.run(open).await {
        End::NotAllowed => TunnelOver::Cut(open.exchange().why()),
        End::Silent => TunnelOver::Idle,
        End::Client | End::HomeAssistant | End::Restart => TunnelOver::Closed,
        End::TooLarge | End::NoRoom => TunnelOver::Broken,
    };
    ended(why)
}

async fn socket<S>(stream: Metered<S>, role: Role, largest: usize) -> WebSocketStream<Metered<S>>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let config = WebSocketConfig::default()
        .read_buffer_size(BUFFER)
        .max_message_size(Some(largest))
        .max_frame_size(Some(largest));
    WebSocketStream::from_raw_socket(stream, role, Some(config)).await
}

/// How long a client may take to show a token.
const AUTHENTICATION: Duration = Duration::from_secs(10);

/// How long Home Assistant may take to open a WebSocket and to look at the token.
const DIALLING: Duration = Duration::from_secs(20);

/// How long an administrator's WebSocket may stand idle. The front end pings every few seconds.
const IDLE: Duration = Duration::from_hours(24);

/// Bytes of one message of a client: Home Assistant takes 4 MiB.
const FROM_CLIENT: usize = 4 * 1024 * 1024;

/// Bytes of one message of Home Assistant.
const FROM_HOME: usize = 64 * 1024 * 1024;

/// A socket may stay open for days: it does not need the library's 128 KiB.
const BUFFER: usize = 16 * 1024;

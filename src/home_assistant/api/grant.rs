//! From a code to a user: buy the tokens, ask whose they are.
//!
//! What goes wrong after the tokens were bought gives them back, and so does a caller who has gone: no token is left
//! behind in Home Assistant that is not used here.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use super::client::Api;
use super::error::ApiError;
use super::pkce::Verifier;
use super::socket::Socket;
use super::tokens::Tokens;
use crate::config::SecretText;
use crate::ids::UserId;

/// A code, and what belongs to it.
#[derive(Debug)]
pub struct CodeGrant {
    /// The code that Home Assistant's page gave the browser.
    pub code: SecretText,
    /// What it was asked for with.
    pub verifier: Option<Verifier>,
    /// Who asked for it: our origin and a `/`.
    pub client_id: String,
    /// The browser that brought it.
    pub client: IpAddr,
}

/// What a code was good for.
#[derive(Debug)]
pub struct Granted {
    /// An access and a refresh token of this sign-in.
    pub tokens: Tokens,
    /// The user whom the tokens are for, as Home Assistant says.
    pub user: UserId,
    /// The WebSocket that said so, still open.
    pub line: LoginConnection,
}

/// A WebSocket of a user's own. It ends when Home Assistant revokes the token that it was opened with.
#[derive(Debug)]
pub struct LoginConnection(Socket);

impl LoginConnection {
    /// Waits until it ends, and asks now and then whether the other side is still there.
    pub async fn ended(mut self) {
        let mut ticks = tokio::time::interval(PING);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let alive = tokio::select! {
                event = self.0.events() => event.is_ok(),
                _ = ticks.tick() => self.0.ping().await.is_ok(),
            };
            if !alive {
                return;
            }
        }
    }
}

impl Api {
    /// Buys the tokens and asks whose they are. It goes on when the caller has gone, to give the tokens back.
    pub async fn redeem(self: &Arc<Self>, grant: CodeGrant) -> Result<Granted, ApiError> {
        let (api, client) = (Arc::clone(self), grant.client);
        let (give, take) = oneshot::channel();
        // In a task of its own: a browser that goes away must not leave tokens behind that were bought and are not
        // given back.
        tokio::spawn(async move {
            let redeemed = api.redeem_here(&grant).await;
            if let Err(Ok(granted)) = give.send(redeemed) {
                api.give_back(&granted.tokens, client).await;
            }
        });
        // The task sends whatever came of it; nothing comes only when it panicked.
        take.await.unwrap_or(Err(ApiError::Garbage("nothing")))
    }

    async fn redeem_here(&self, grant: &CodeGrant) -> Result<Granted, ApiError> {
        let CodeGrant { code, verifier, client_id, client } = grant;
        let tokens = self.buy(code, verifier.as_ref(), client_id, *client).await?;
        match self.whose(&tokens, *client).await {
            Ok((user, line)) => Ok(Granted { tokens, user, line }),
            Err(error) => {
                self.give_back(&tokens, *client).await;
                Err(error)
            }
        }
    }

    async fn whose(&self, tokens: &Tokens, client: IpAddr) -> Result<(UserId, LoginConnection), ApiError> {
        let mut socket = self.socket(tokens.access(), Some(client), LARGEST).await?;
        Ok((socket.current_user().await?, LoginConnection(socket)))
    }

    /// A new WebSocket with these tokens, to be told when they are revoked.
    pub async fn line(&self, tokens: &Tokens, client: IpAddr) -> Result<LoginConnection, ApiError> {
        self.socket(tokens.access(), Some(client), LARGEST).await.map(LoginConnection)
    }

    /// Revokes tokens, and tries it a few times: a token that stays behind is good for ninety days.
    pub async fn give_back(&self, tokens: &Tokens, client: IpAddr) {
        for pause in PAUSES {
            tokio::time::sleep(pause).await;
            match self.revoke(tokens, client).await {
                Ok(()) => return,
                Err(error) => tracing::debug!(error = %crate::telemetry::chain(&error), "a token is not revoked yet"),
            }
        }
        tracing::warn!(
            refresh_token = tokens.refresh_id(),
            "a token could not be revoked: Home Assistant does not answer"
        );
    }
}

/// What is asked of a user's own WebSocket is short.
const LARGEST: usize = 256 * 1024;

/// A connection that broke off without a word is noticed within this time.
const PING: Duration = Duration::from_secs(30);

/// Before each try to revoke a token.
const PAUSES: [Duration; 4] = [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(5), Duration::from_secs(30)];

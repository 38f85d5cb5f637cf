//! A body that is read whole before anything is done with it, for add-ons and at Home Assistant's front.
//!
//! Reads a body to its end, or says why it cannot. It never holds more than its limit, and never longer than its time,
//! and its bytes are counted for as long as they are held. They are copied, since pieces of a byte each would keep the
//! buffers alive that they were read into.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http_body::Body;
use http_body_util::BodyExt as _;

use super::answer::{self, Answer};
use crate::budget::{Budget, Claim, Holder, Limit, Permit, Refused};
use crate::config::Limits;
use crate::exchanges::CutBodyError;
use crate::http::BodyError;
use crate::ids::{AddonSlug, UserId};

/// Room for what is read whole for one add-on.
#[derive(Debug)]
pub(crate) struct Room {
    budget: Arc<Budget>,
    claims: [Claim; 2],
    body_timeout: Duration,
}

/// A body that was read.
#[derive(Debug)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    /// They are counted until this is dropped.
    pub(crate) room: Permit,
}

/// Why a body was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unread {
    /// It is larger than its reader takes.
    #[error("the body is larger than the limit")]
    TooLarge,
    /// Its last byte did not come in time.
    #[error("the body took too long")]
    TooSlow,
    /// The peer broke off, or sent no HTTP.
    #[error("the body broke off")]
    Broken,
    /// The exchange that sends it was cut.
    #[error("the body was cut")]
    Cut,
    /// Too much is held already.
    #[error("there is no room for the body")]
    NoRoom(#[from] Refused),
}

impl Room {
    /// Room for this add-on under these limits.
    pub(super) fn new(budget: &Arc<Budget>, addon: &AddonSlug, limits: &Limits) -> Self {
        let of_addon =
            Claim::new(Limit::AddonApiBytesPerAddon, Holder::Addon(addon.clone()), limits.addon_api_bytes_per_addon);
        let claims = [of_addon, Claim::new(Limit::AddonApiBytes, Holder::All, limits.addon_api_bytes)];
        Self { budget: Arc::clone(budget), claims, body_timeout: limits.addon_api_body_timeout }
    }

    /// Room for this user at Home Assistant's front.
    pub(crate) fn of_user(budget: &Arc<Budget>, user: &UserId, limits: &Limits) -> Self {
        let of_user = Claim::new(Limit::FrontBytesPerUser, Holder::User(user.shared()), limits.front_bytes_per_user);
        let claims = [of_user, Claim::new(Limit::FrontBytes, Holder::All, limits.front_bytes)];
        Self { budget: Arc::clone(budget), claims, body_timeout: limits.addon_api_body_timeout }
    }

    /// Counts this many bytes as held.
    pub(super) fn take(&self, bytes: usize) -> Result<Permit, Refused> {
        self.budget.take(bytes, &self.claims)
    }

    /// Counts this many more.
    pub(super) fn grow(&self, held: &mut Permit, bytes: usize) -> Result<(), Refused> {
        held.grow(bytes, &self.claims)
    }

    /// Reads at most `limit` bytes of an add-on's body, within the time that there is for one.
    pub(super) async fn read<B>(&self, body: B, limit: usize) -> Result<Held, Unread>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Error + 'static,
    {
        self.read_within(body, limit, self.body_timeout).await
    }

    /// Reads at most `limit` bytes of a peer's answer, in at most `within`.
    pub(crate) async fn read_within<B>(&self, body: B, limit: usize, within: Duration) -> Result<Held, Unread>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Error + 'static,
    {
        tokio::time::timeout(within, self.collect(body, limit)).await.unwrap_or(Err(Unread::TooSlow))
    }

    async fn collect<B>(&self, mut body: B, limit: usize) -> Result<Held, Unread>
    where
        B: Body<Data = Bytes> + Unpin,
        B::Error: Error + 'static,
    {
        // By the length that it says, before a byte of it is read.
        if body.size_hint().lower() > u64::try_from(limit).unwrap_or(u64::MAX) {
            return Err(Unread::TooLarge);
        }
        let mut room = self.take(0)?;
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| Unread::of(&error))?;
            let data = frame.data_ref().map_or(&[][..], |data| data);
            if data.len() > limit.saturating_sub(bytes.len()) {
                return Err(Unread::TooLarge);
            }
            // By what has come and not by what was announced: a length that is only said must not take room from
            // others.
            self.grow(&mut room, data.len())?;
            bytes.extend_from_slice(data);
        }
        Ok(Held { bytes: bytes.freeze(), room })
    }
}

impl Unread {
    fn of(error: &(dyn Error + 'static)) -> Self {
        if matches!(error.downcast_ref(), Some(CutBodyError::Cut(_))) {
            return Self::Cut;
        }
        // The bodies that it passed through have wrapped the error, so its cause is looked for along the chain.
        let mut cause = Some(error);
        while let Some(error) = cause.filter(|error| !error.is::<BodyError>()) {
            cause = error.source();
        }
        match cause.and_then(|error| error.downcast_ref()) {
            Some(BodyError::Stalled) => Self::TooSlow,
            Some(BodyError::TooLarge) => Self::TooLarge,
            Some(BodyError::Broken(_) | BodyError::Abandoned) | None => Self::Broken,
        }
    }

    /// What an add-on is told whose body it is.
    pub(super) fn answer(self) -> Answer {
        answer::plain(match self {
            Self::Cut => StatusCode::FORBIDDEN,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Broken => StatusCode::BAD_REQUEST,
            Self::NoRoom(_) => StatusCode::TOO_MANY_REQUESTS,
        })
    }

    /// What an add-on is told when it is the body of an answer to it.
    pub(super) fn answer_of_peer(self) -> Answer {
        answer::plain(match self {
            Self::NoRoom(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::Cut => StatusCode::FORBIDDEN,
            Self::TooLarge | Self::TooSlow | Self::Broken => StatusCode::BAD_GATEWAY,
        })
    }
}

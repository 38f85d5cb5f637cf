//! The calls, each to its answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use super::caller::HomeAssistantCaller;
use crate::addon_api::envelope;
use crate::addon_api::{ShownOptions, info, panels};
use crate::addon_rights::ingress_key::{entry, is_reached};
use crate::addon_rights::protection::Granted;
use crate::addon_rights::state::AddonStates;
use crate::authorization::{Decision, may_enter};
use crate::config::Settings;
use crate::connection::ClientBody;
use crate::exchanges::{CutUpload, Open, OpenExchanges};
use crate::http::{ClientAddr, Sanitized, read_short_body};
use crate::identity::{Directory, Health, User, user_of};
use crate::ids::UserId;
use crate::pages::Page;
use crate::refusal::Reason;
use crate::session::{IngressToken, Sessions};
use crate::telemetry::{AuditEvent, SignInOutcome, Telemetry};

/// What calls are answered from.
#[derive(Debug)]
pub struct Calls<'a> {
    /// Where sessions of Home Assistant's entry point are made.
    pub sessions: &'a Sessions,
    /// The users of this moment.
    pub directory: &'a Directory,
    /// The configuration of the moment.
    pub settings: &'a Settings,
    /// What is kept of add-ons.
    pub addon_states: &'a AddonStates,
    /// Every exchange that is open.
    pub exchanges: &'a Arc<OpenExchanges>,
    /// The log, the audit log and the metrics.
    pub telemetry: &'a Telemetry,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default)]
    user_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    session: zeroize::Zeroizing<String>,
}

impl Calls<'_> {
    /// Answers a call. Its path is compared as it was sent, so that another spelling is another call, and there is
    /// none.
    pub async fn answer(
        &self,
        request: Sanitized,
        caller: Result<HomeAssistantCaller, Reason>,
    ) -> Result<Page, Reason> {
        // On the list before its body is read: a token that is withdrawn meanwhile ends the call.
        let open = self.exchanges.begin(caller?, request.abort_handle().clone());
        let path = request.path();
        let call = path.strip_prefix("/v2").unwrap_or(path).to_owned();
        let (posts, reads) = match *request.method() {
            Method::POST => (true, false),
            Method::GET | Method::HEAD => (false, request.handshake().is_none()),
            _ => (false, false),
        };
        match call.as_str() {
            "/ingress/session" if posts => self.create(request, &open).await,
            "/ingress/validate_session" if posts => self.validate(request, &open).await,
            "/ingress/panels" if reads => Ok(self.panels()),
            "/ingress/session" | "/ingress/validate_session" | "/ingress/panels" => {
                Ok(envelope::plain(StatusCode::METHOD_NOT_ALLOWED))
            }
            other => Ok(self.info(other, reads)),
        }
    }

    /// `POST /ingress/session`: a session of the user whom Home Assistant names, and of nobody else (section 1.12).
    async fn create(&self, request: Sanitized, open: &Open<HomeAssistantCaller>) -> Result<Page, Reason> {
        let (client, id) = (request.client().ip(), request.id());
        let body = short_body(request.into_parts().body, open).await?;
        let wanted = if body.is_empty() { Ok(Wanted { user_id: None }) } else { serde_json::from_slice(&body) };
        let Ok(Wanted { user_id }) = wanted else {
            return Ok(bad_request("expected {\"user_id\": \"...\"}"));
        };
        let Some(user_id) = user_id else { return Ok(bad_request("a session needs a user_id")) };
        let (outcome, made) = match self.user(&user_id) {
            Ok(user) => {
                let made = self.sessions.create_at_home_assistant(user.id.clone(), user.password_digest).await;
                (SignInOutcome::Success, Some(made?))
            }
            Err(outcome) => (outcome, None),
        };
        self.telemetry.metrics.sign_in(outcome);
        let session = made.as_ref().map(|(_, session)| session.id().to_string());
        self.telemetry.audit.write(&AuditEvent::SignIn {
            outcome,
            method: "ingress",
            user_name: "",
            user: made.as_ref().map(|_| user_id.as_str()),
            session: session.as_deref(),
            certificate: None,
            client,
            request_id: id.as_str(),
        });
        match made {
            Some((token, _)) => Ok(envelope::ok(&json!({ "session": token.encode().as_str() }))),
            None if outcome == SignInOutcome::Unavailable => Err(Reason::NoDirectory),
            None => Ok(bad_request("there is no such user, or none who may sign in")),
        }
    }

    /// The user of this id, if they may have a session. From where they will come is judged with every request.
    fn user(&self, id: &str) -> Result<Arc<User>, SignInOutcome> {
        if self.directory.health() == Health::Absent {
            return Err(SignInOutcome::Unavailable);
        }
        let id: UserId = id.parse().map_err(|_| SignInOutcome::UnknownUser)?;
        let user = self.directory.user(&id).ok_or(SignInOutcome::UnknownUser)?;
        match may_enter(user, ClientAddr::direct(HERE)) {
            Decision::Permit => Ok(Arc::clone(user)),
            Decision::Deny(Reason::SystemUser) => Err(SignInOutcome::SystemUser),
            Decision::Deny(_) => Err(SignInOutcome::InactiveUser),
        }
    }

    /// `POST /ingress/validate_session`: whether a session counts, which it then does for a while longer.
    async fn validate(&self, request: Sanitized, open: &Open<HomeAssistantCaller>) -> Result<Page, Reason> {
        let body = short_body(request.into_parts().body, open).await?;
        let Ok(Shown { session }) = serde_json::from_slice(&body) else {
            return Ok(bad_request("expected {\"session\": \"...\"}"));
        };
        let token = IngressToken::parse(session.as_bytes()).ok_or(Reason::SessionEnded)?;
        let session = self.sessions.find_at_home_assistant(&token).await?;
        let user = user_of(&session, self.directory)?;
        match may_enter(&user, ClientAddr::direct(HERE)) {
            Decision::Permit => Ok(envelope::ok(&json!({}))),
            Decision::Deny(_) => Err(Reason::SessionEnded),
        }
    }

    /// `GET /ingress/panels`: the add-ons that can be shown.
    fn panels(&self) -> Page {
        envelope::ok(&panels(self.settings.addons.iter().map(AsRef::as_ref).filter(|addon| is_reached(addon))))
    }

    /// `GET /addons/{slug}/info`: what a panel of Home Assistant's asks before it opens, of the add-ons that it can
    /// show. Their options are not told.
    fn info(&self, call: &str, reads: bool) -> Page {
        let slug = call.strip_prefix("/addons/").and_then(|rest| rest.strip_suffix("/info"));
        let mut shown = self.settings.addons.iter().filter(|addon| is_reached(addon));
        let addon = slug.and_then(|slug| shown.find(|addon| addon.slug.as_str() == slug));
        match addon.zip(self.addon_states.ingress_key()) {
            Some((addon, key)) if reads => {
                let granted = Granted::new(&addon.package.rights, self.addon_states.protection(&addon.slug));
                envelope::ok(&info(addon, Some(&entry(&key.token(&addon.slug))), &granted, ShownOptions::None))
            }
            Some(_) => envelope::plain(StatusCode::METHOD_NOT_ALLOWED),
            None => envelope::plain(StatusCode::NOT_FOUND),
        }
    }
}

fn bad_request(message: &str) -> Page {
    envelope::error(StatusCode::BAD_REQUEST, message)
}

/// Reads a body for as long as the call may go on.
async fn short_body(body: ClientBody, open: &Open<HomeAssistantCaller>) -> Result<Bytes, Reason> {
    let read = read_short_body(CutUpload::new(body, open), LARGEST, BODY_TIME).await;
    // When the call was cut, its body broke off because of that: the reason of the cut is the one to answer with.
    open.exchange().why().map_or(read, Err)
}

/// A user's id, or a session.
const LARGEST: usize = 4 * 1024;

/// How long such a body may take to its last byte.
const BODY_TIME: Duration = Duration::from_secs(10);

/// Where nobody is refused for where they are.
const HERE: std::net::IpAddr = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

//! One call of the add-on API, from its head to its answer.

use std::sync::Arc;

use http::{HeaderMap, Method, Request, Response, StatusCode};

use super::answer::{self, Answer, ServedBody};
use super::api::{AddonApi, Call, Configured};
use super::core::{self};
use super::local::{self, passwords};
use super::token::{home_assistant_token, token};
use super::upstream;
use crate::addon_rights::tokens::TokenDigest;
use crate::budget::{Claim, Holder, Limit, Permit, Refused};
use crate::connection::{AbortHandle, Arrived, ClientBody};
use crate::exchanges::CutUpload;
use crate::http::{ClientAddr, MinRate, RequestBody, RequestId};
use crate::ids::AddonSlug;
use crate::listener::Addresses;
use crate::telemetry::ApiCallPath;

impl AddonApi {
    /// Answers a call.
    pub async fn answer(self: Arc<Self>, arrived: Arrived<Addresses>) -> Response<ServedBody> {
        let Arrived { request, connection_info, serving } = arrived;
        let configured = self.configured();
        // Held until the last byte of the answer, whichever API the call is for.
        let place = self.place(request.headers(), &configured);
        let from = (ClientAddr::direct(connection_info.peer().ip()), serving.abort_handle().clone());
        let answer = self.answered(request, configured, &place, from).await;
        answer.map(|body| ServedBody::new(body, serving, place.ok().flatten()))
    }

    async fn answered(
        self: Arc<Self>,
        request: Request<ClientBody>,
        configured: Arc<Configured>,
        counted: &Result<Option<Permit>, Refused>,
        (client, abort_handle): (ClientAddr, AbortHandle),
    ) -> Answer {
        let id = RequestId::next();
        let (head, incoming) = request.into_parts();
        let min_rate = MinRate::of_upload(&configured.settings.limits);
        // Without a limit on its size: whoever reads it whole has one, and what is streamed to a Supervisor may be a
        // backup.
        let (body, progress) = RequestBody::new(incoming, u64::MAX, min_rate);
        let method = head.method.clone();
        let called = head.uri.path().to_owned();
        let presented = token(&head.headers).map(|token| TokenDigest::of(token.as_bytes()));
        // For metrics and the log alone. Whether the call is permitted is decided by `admitted`.
        let whose = presented.as_ref().and_then(|token| self.asking_with(token, &configured));
        let whose = whose.map(|by| by.addon().slug.clone());
        let answer = match self.admitted(&head, presented, &configured) {
            // Only an admitted call is told of the limit. A stranger gets the same refusal as ever.
            Ok(_) if counted.is_err() => answer::plain(StatusCode::TOO_MANY_REQUESTS),
            Ok((call, by)) => {
                let path = call.path().clone();
                // On the list before its body is read, so that a token that is replaced meanwhile ends the upload.
                let open = self.exchanges.begin(call, abort_handle);
                let query = head.uri.query().map(str::to_owned);
                let (headers, body) = (head.headers, CutUpload::new(body, &open));
                let call = Call { method: head.method, path, query, headers, body, by, open, client, id, configured };
                self.dispatch(call, head.extensions).await
            }
            Err(answer) => *answer,
        };
        // The peer that this body was sent to knows only that it broke off.
        let answer = if progress.has_timed_out() { answer::plain(StatusCode::REQUEST_TIMEOUT) } else { answer };
        self.telemetry.metrics.api_answered(whose.as_ref(), answer.status().as_u16());
        let (addon, status) = (whose.as_ref().map_or("-", AddonSlug::as_str), answer.status().as_u16());
        let (method, path) = (shown(&method), ApiCallPath(&called));
        tracing::info!(addon, method, %path, status, request_id = id.as_str(), "add-on API");
        answer
    }

    /// A place among the calls of the add-on whose token the call shows, for whichever API.
    fn place(&self, headers: &HeaderMap, configured: &Configured) -> Result<Option<Permit>, Refused> {
        let shown = token(headers).or_else(|| home_assistant_token(headers));
        let Some(by) = shown.and_then(|token| self.asking_with(&TokenDigest::of(token.as_bytes()), configured)) else {
            return Ok(None);
        };
        let (holder, most) = (Holder::Addon(by.addon().slug.clone()), configured.settings.limits.addon_api_calls);
        self.budget.take(1, &[Claim::new(Limit::AddonApiCalls, holder, most)]).map(Some)
    }

    async fn dispatch(self: &Arc<Self>, mut call: Call, extensions: http::Extensions) -> Answer {
        let plain = call.path.plain().to_owned();
        let segments: Vec<_> = plain.split('/').skip(1).collect();
        match segments.as_slice() {
            // The first name is the one that programs come to which put `/api/websocket` behind an address.
            ["core" | "homeassistant", "api", "websocket"] | ["core" | "homeassistant", "websocket"] => {
                core::websocket(self, call, extensions)
            }
            [name @ ("core" | "homeassistant"), "api", ..] => {
                let alias = *name == "homeassistant";
                self.core.rest(self, call, alias).await
            }
            ["supervisor", "ping"] => answer::ok(&serde_json::json!({})),
            // Case 1: these are Home Assistant's, at an entry point of its own, and ride on no token of ours (S-109).
            ["ingress", "session" | "validate_session"] => answer::plain(StatusCode::UNAUTHORIZED),
            ["auth"] => passwords::check(self, call).await,
            ["auth", "cache"] => passwords::forget(self, &call),
            ["auth", "reset"] if call.configured.upstream.is_none() => passwords::reset(self, call).await,
            ["auth", "list"] if call.configured.upstream.is_none() => passwords::list(&call),
            ["addons" | "apps", slug, "security"] => {
                let slug = (*slug).to_owned();
                local::security(self, &mut call, &slug).await
            }
            segments if call.configured.upstream.is_some() => upstream::forward(self, call, segments).await,
            segments => local::answer(self, &call, segments),
        }
    }
}

/// A method as it is logged: an unknown one may be of any length.
fn shown(method: &Method) -> &str {
    method.as_str().get(..METHOD_LIMIT).unwrap_or_else(|| method.as_str())
}

/// Bytes that are shown of a method.
const METHOD_LIMIT: usize = 32;

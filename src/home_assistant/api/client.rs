//! One call of Home Assistant's HTTP API: dial, ask, read a short answer, close.
//!
//! The calls are rare, so each has a connection of its own. The paths are fixed: what an answer names as an address is
//! never followed.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::de::DeserializeOwned;
use tokio_util::task::AbortOnDropHandle;

use super::api_health::{ApiHealth, ApiHealthCell};
use super::error::ApiError;
use crate::config::{HomeApi, SecretText};
use crate::dial::Dialer;

/// The API of one Home Assistant: calls, tokens and WebSockets, all with bounds on time and size.
#[derive(Debug)]
pub struct Api {
    settings: HomeApi,
    pub(super) dialer: Dialer,
    pub(super) health: ApiHealthCell,
    pub(super) discovered: super::discovery_cache::DiscoveryCache,
}

pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a str,
    /// The media type and the bytes of the body.
    pub(super) body: Option<(&'static str, Bytes)>,
    /// The browser for whose sake it is asked.
    pub(super) client: Option<IpAddr>,
    /// Ours, where it asks for one.
    pub(super) token: Option<&'a SecretText>,
}

/// An answer that was read whole, and its status.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) body: Bytes,
}

impl Api {
    /// The API of this home, of which nothing has been asked yet.
    pub fn new(settings: &HomeApi) -> Self {
        Self {
            settings: settings.clone(),
            dialer: Dialer::new(settings.url.address(), settings.trust.clone(), DIAL),
            health: ApiHealthCell::default(),
            discovered: super::discovery_cache::DiscoveryCache::default(),
        }
    }

    /// What it was made from.
    pub fn settings(&self) -> &HomeApi {
        &self.settings
    }

    /// How the last call went.
    pub fn api_health(&self) -> ApiHealth {
        self.health.get()
    }

    /// Asks, and notes how it went.
    pub(super) async fn call(&self, call: Call<'_>) -> Result<Reply, ApiError> {
        let asked = tokio::time::timeout(ANSWER, self.exchange(call)).await;
        let result = asked.unwrap_or(Err(ApiError::TimedOut(ANSWER)));
        self.note(result.as_ref().err());
        result
    }

    /// Notes how a call went, and tells the operator when that is news.
    pub(super) fn note(&self, error: Option<&ApiError>) {
        self.health.note(error, &self.settings);
    }

    async fn exchange(&self, call: Call<'_>) -> Result<Reply, ApiError> {
        let (media, body) = call.body.unwrap_or_default();
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = call.method;
        // The paths are ours and plain.
        *request.uri_mut() = call.path.parse().map_err(|_| ApiError::Garbage("a path"))?;
        *request.headers_mut() = self.headers(call.client);
        request.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        if let Some(token) = call.token {
            let value = format!("Bearer {}", token.reveal());
            let mut value = HeaderValue::from_str(&value).map_err(|_| ApiError::Garbage("our token"))?;
            value.set_sensitive(true);
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        if !media.is_empty() {
            request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(media));
        }
        let stream = self.dialer.dial().await?;
        let handshake = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await;
        let (mut sender, connection) = handshake.map_err(ApiError::Http)?;
        // Ends with this call, also when it times out: no connection is left behind.
        let _driven = AbortOnDropHandle::new(tokio::spawn(connection));
        let response = sender.send_request(request).await.map_err(ApiError::Http)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), LARGEST).collect().await.map_err(cut)?.to_bytes();
        if status == StatusCode::BAD_REQUEST && self.forwards(call.client) && !is_json(&body) {
            return Err(ApiError::Untrusted);
        }
        Ok(Reply { status, body })
    }

    /// What every request says, the WebSocket's too.
    pub(super) fn headers(&self, client: Option<IpAddr>) -> HeaderMap {
        let mut headers = HeaderMap::new();
        // An authority that was parsed and written anew has no byte that a header could not hold.
        let host =
            HeaderValue::from_str(&self.settings.url.authority()).unwrap_or(HeaderValue::from_static("localhost"));
        headers.insert(HOST, host);
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("vestibule/", env!("CARGO_PKG_VERSION"))));
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(client) = client.filter(|_| self.settings.forward_address)
            && let Ok(value) = HeaderValue::from_str(&client.to_string())
        {
            headers.insert(X_FORWARDED_FOR, value);
        }
        headers
    }

    /// Whether a request for this client says for whom it is.
    pub(super) fn forwards(&self, client: Option<IpAddr>) -> bool {
        self.settings.forward_address && client.is_some()
    }
}

impl Reply {
    /// The body as a JSON object, when the status is 200. A list would be read as one too, field by field in order.
    pub(super) fn json<T: DeserializeOwned>(&self, what: &'static str) -> Result<T, ApiError> {
        if self.status != StatusCode::OK {
            return Err(ApiError::Status(self.status));
        }
        if self.body.trim_ascii_start().first() != Some(&b'{') {
            return Err(ApiError::Garbage(what));
        }
        serde_json::from_slice(&self.body).map_err(|_| ApiError::Garbage(what))
    }
}

/// Home Assistant's own answers of 400 are JSON; the one of the code that judges `X-Forwarded-For` is plain text.
fn is_json(body: &Bytes) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

fn cut(error: Box<dyn std::error::Error + Send + Sync>) -> ApiError {
    if error.is::<LengthLimitError>() {
        return ApiError::TooLarge(LARGEST);
    }
    error.downcast::<hyper::Error>().map_or(ApiError::Garbage("a body"), |error| ApiError::Http(*error))
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How long connecting may take, TLS handshake included.
const DIAL: Duration = Duration::from_secs(5);

/// How long a whole call may take: a person waits for it.
const ANSWER: Duration = Duration::from_secs(10);

/// No answer to anything that is asked here has as much.
const LARGEST: usize = 64 * 1024;

/// The head of an answer.
const HEAD: usize = 16 * 1024;

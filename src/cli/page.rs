//! One request to whoever listens at an address, for commands that look at what is there: a short wait, a bounded
//! answer, and a connection of its own that is closed afterwards. Nothing of a user or a session is in it.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONNECTION, HOST, HeaderValue, LOCATION, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio_util::task::AbortOnDropHandle;

use crate::config::Trust;
use crate::dial::{DialError, Dialer};
use crate::ids::Address;

/// Somebody who is asked.
#[derive(Debug)]
pub(super) struct Peer {
    dialer: Dialer,
    host: HeaderValue,
}

/// What came back: of the body, the beginning.
#[derive(Debug)]
pub(super) struct PageAnswer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(super) enum PageError {
    /// No connection.
    #[error(transparent)]
    Dial(#[from] DialError),
    /// It is not HTTP that is spoken there.
    #[error("it speaks no HTTP")]
    Http(#[from] hyper::Error),
    /// It took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

impl Peer {
    /// Whoever listens there, with a certificate that is to be believed where there is one.
    pub(super) fn new(address: &Address, trust: Trust) -> Self {
        let authority = address.authority().and_then(|authority| HeaderValue::from_str(&authority).ok());
        let host = authority.unwrap_or(HeaderValue::from_static("localhost"));
        Self { dialer: Dialer::new(address.clone(), trust, LONGEST), host }
    }

    /// Asks for a path with these headers.
    pub(super) async fn get(&self, path: &str, headers: &HeaderMap) -> Result<PageAnswer, PageError> {
        let asked = tokio::time::timeout(LONGEST, self.exchange(path, headers)).await;
        asked.unwrap_or(Err(PageError::TimedOut(LONGEST)))
    }

    /// The page that a browser ends up with: redirections within the same place are followed, twice at most. All
    /// answers on the way count.
    pub(super) async fn page(&self) -> Result<Vec<PageAnswer>, PageError> {
        let mut path = "/".to_owned();
        let mut answers = Vec::new();
        for _ in 0..3 {
            let answer = self.get(&path, &HeaderMap::new()).await?;
            let next = answer.headers.get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| beside(&path, to));
            let leads_on = answer.status.is_redirection();
            answers.push(answer);
            match next.filter(|_| leads_on) {
                Some(next) => path = next,
                None => break,
            }
        }
        Ok(answers)
    }

    async fn exchange(&self, path: &str, headers: &HeaderMap) -> Result<PageAnswer, PageError> {
        let stream = self.dialer.dial().await?;
        let (mut sender, connection) = http1::Builder::new().max_buf_size(HEAD).handshake(TokioIo::new(stream)).await?;
        let _driven = AbortOnDropHandle::new(tokio::spawn(connection.with_upgrades()));
        let mut request = Request::new(Empty::<Bytes>::new());
        *request.uri_mut() = path.parse().unwrap_or_default();
        let of_request = request.headers_mut();
        of_request.insert(HOST, self.host.clone());
        // Some have another page, or none, for what does not look like a browser (copyparty).
        let agent = concat!("Mozilla/5.0 (compatible; vestibule/", env!("CARGO_PKG_VERSION"), ")");
        of_request.insert(USER_AGENT, HeaderValue::from_static(agent));
        of_request.insert(ACCEPT, HeaderValue::from_static("text/html, */*;q=0.8"));
        of_request.insert(CONNECTION, HeaderValue::from_static("close"));
        of_request.extend(headers.clone());
        let mut response = sender.send_request(request).await?;
        let mut body = Vec::new();
        // A tunnel has no body, and would never end.
        while response.status() != StatusCode::SWITCHING_PROTOCOLS && body.len() < BODY {
            let Some(Ok(frame)) = response.frame().await else { break };
            body.extend_from_slice(frame.data_ref().map(Bytes::as_ref).unwrap_or_default());
        }
        body.truncate(BODY);
        let (head, _) = response.into_parts();
        Ok(PageAnswer { status: head.status, headers: head.headers, body })
    }
}

/// Where a redirection leads, when that is the same place.
fn beside(path: &str, location: &str) -> Option<String> {
    if location.contains("://") || location.starts_with("//") {
        return None;
    }
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let relative = location.strip_prefix("./").unwrap_or(location);
    Some(if location.starts_with('/') { location.to_owned() } else { format!("{folder}/{relative}") })
}

/// How long a peer on this machine or in this house may take.
const LONGEST: Duration = Duration::from_secs(2);

/// Bytes of a page in which its title and what is beside it stand.
const BODY: usize = 64 * 1024;

/// Bytes of an answer's head.
const HEAD: usize = 32 * 1024;

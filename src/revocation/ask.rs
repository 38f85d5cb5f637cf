//! The question to a responder and the request for a list, over HTTP, with bounds on time and size.

use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Uri};
use http_body_util::{Either, Empty, Full};

use crate::clock::Timestamp;
use crate::config::Trust;
use crate::dial::{Dialer, ExchangeError, exchange};
use crate::ids::http_address;
use crate::tls::{Issued, ListError, ListVerdict, OcspError, OcspResponse};

/// Why nothing is known.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// The certificate names what is no address.
    #[error("the certificate names an address that is none")]
    Address,
    /// There was no answer.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// It took too long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// The answer says no.
    #[error("the server answers with status {0}")]
    Status(u16),
    /// The response does not count.
    #[error(transparent)]
    Ocsp(#[from] OcspError),
    /// The list does not count.
    #[error(transparent)]
    List(#[from] ListError),
}

/// Asks an OCSP responder (RFC 6960 appendix A.1). Gives what it says, and the response itself in DER.
pub async fn ask_responder(
    responder: &str,
    about: &Issued,
    now: impl Fn() -> Timestamp,
) -> Result<(OcspResponse, Bytes), AskError> {
    let question = Full::new(Bytes::from(about.question()));
    let mut request = Request::new(Either::Left(question));
    *request.method_mut() = Method::POST;
    request.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/ocsp-request"));
    request.headers_mut().insert(ACCEPT, HeaderValue::from_static("application/ocsp-response"));
    let answer = ask(responder, request, LARGEST_RESPONSE).await?;
    // The time after the answer: a responder that signs at once may be quicker than our clock is exact.
    Ok((OcspResponse::judge(&answer, about, now())?, answer))
}

/// Fetches a revocation list and looks for a certificate in it.
pub async fn fetch_list(url: &str, about: &Issued, now: impl Fn() -> Timestamp) -> Result<ListVerdict, AskError> {
    let answer = ask(url, Request::new(Either::Right(Empty::new())), LARGEST_LIST).await?;
    Ok(ListVerdict::judge(&answer, about, now())?)
}

type Body = Either<Full<Bytes>, Empty<Bytes>>;

async fn ask(url: &str, mut request: Request<Body>, largest: usize) -> Result<Bytes, AskError> {
    let address = http_address(url).map_err(|_| AskError::Address)?;
    *request.uri_mut() = url.parse::<Uri>().map_err(|_| AskError::Address)?;
    // In the clear, so that whose certificate is believed is no question.
    let dialer = Dialer::new(address, Trust::System, DIAL);
    let answer = tokio::time::timeout(ANSWER, exchange(&dialer, request, largest)).await;
    let answer = answer.map_err(|_| AskError::TimedOut(ANSWER))??;
    if answer.status().is_success() { Ok(answer.into_body()) } else { Err(AskError::Status(answer.status().as_u16())) }
}

/// How long connecting may take.
const DIAL: Duration = Duration::from_secs(10);
/// How long all of it may take.
const ANSWER: Duration = Duration::from_secs(20);
/// A response with the certificate of a responder has some two kilobytes.
const LARGEST_RESPONSE: usize = 64 * 1024;
/// Lists of large authorities have some megabytes.
const LARGEST_LIST: usize = 15 * 1024 * 1024;

//! The way to an ACME server: over the connections out that everybody here uses, with bounds on time and size.
//!
//! The library signs and reads; this dials, and believes the certificate that the configuration says. Where the server
//! sends us on to is followed over TLS alone.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderValue, Request, Response, Uri};
use http_body_util::Full;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use parking_lot::Mutex;

use crate::clock::{Clock, Timestamp};
use crate::config::{Trust, https_address};
use crate::dial::{Dialer, ExchangeError, exchange};
use crate::ids::{Address, BadUrl};

/// Asks an ACME server.
pub(super) struct AcmeClient {
    trust: Trust,
    /// Each reads the authorities once.
    dialers: Mutex<Vec<(Address, Arc<Dialer>)>>,
}

/// Why a server could not be asked.
#[derive(Debug, thiserror::Error)]
enum AskError {
    #[error("the server names an address that is none")]
    Address(#[source] BadUrl),
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
}

impl AcmeClient {
    pub(super) fn new(trust: Trust) -> Self {
        Self { trust, dialers: Mutex::default() }
    }

    fn dialer(&self, uri: &Uri) -> Result<Arc<Dialer>, AskError> {
        let address = https_address(&uri.to_string()).map_err(AskError::Address)?;
        let mut dialers = self.dialers.lock();
        if let Some((_, dialer)) = dialers.iter().find(|(known, _)| *known == address) {
            return Ok(Arc::clone(dialer));
        }
        let dialer = Arc::new(Dialer::new(address.clone(), self.trust.clone(), DIAL));
        // A server that always names another host must not fill the memory.
        dialers.truncate(MOST_HOSTS);
        dialers.insert(0, (address, Arc::clone(&dialer)));
        Ok(dialer)
    }
}

type Requested = Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>>;

impl HttpClient for AcmeClient {
    fn request(&self, request: Request<BodyWrapper<Bytes>>) -> Requested {
        let dialer = self.dialer(request.uri());
        Box::pin(async move {
            let asking = async { ask(&*dialer?, request).await };
            let asked = tokio::time::timeout(ANSWER, asking).await.unwrap_or(Err(AskError::TimedOut(ANSWER)));
            asked.map(BytesResponse::from).map_err(|error| Error::Other(Box::new(error)))
        })
    }
}

async fn ask(dialer: &Dialer, request: Request<BodyWrapper<Bytes>>) -> Result<Response<Full<Bytes>>, AskError> {
    let (mut parts, body) = exchange(dialer, request, LARGEST).await?.into_parts();
    bound_retry_after(&mut parts.headers, Clock::System.now());
    Ok(Response::from_parts(parts, Full::new(body)))
}

/// Shortens what a server asks to wait for (RFC 9110 section 10.2.3), and strips what is no such value: the library
/// adds it to the time of now without a look, and panics where the sum is beyond all time.
fn bound_retry_after(headers: &mut HeaderMap, now: Timestamp) {
    let Some(asked) = headers.remove(RETRY_AFTER) else { return };
    let Some(text) = asked.to_str().ok().map(str::trim) else { return };
    let wait = if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a number has are a long time as well.
        Duration::from_secs(text.parse().unwrap_or(u64::MAX))
    } else {
        let Ok(at) = httpdate::parse_http_date(text) else { return };
        Timestamp::from(at).saturating_since(now)
    };
    headers.insert(RETRY_AFTER, HeaderValue::from(wait.min(LONGEST_WAIT).as_secs()));
}

/// How long connecting may take, TLS handshake included.
const DIAL: Duration = Duration::from_secs(15);
/// How long a whole request may take: authorities have slow days.
const ANSWER: Duration = Duration::from_mins(1);
/// A chain of certificates is some kilobytes.
const LARGEST: usize = 1024 * 1024;
/// Hosts that one server may send us to.
const MOST_HOSTS: usize = 7;
/// What a server may ask to wait for. Whether to renew is asked once a day in any case.
const LONGEST_WAIT: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    fn bounded(asked: &str) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.append(RETRY_AFTER, HeaderValue::from_str(asked).unwrap());
        headers.append(RETRY_AFTER, HeaderValue::from(u64::MAX));
        // 1994-11-06T08:49:37Z
        bound_retry_after(&mut headers, Timestamp::from_millis(784_111_777_000));
        let mut left = headers.get_all(RETRY_AFTER).iter().map(|value| value.to_str().unwrap().to_owned());
        let first = left.next();
        assert_eq!(left.next(), None, "{asked}");
        first
    }

    #[test]
    fn a_server_that_asks_to_wait_beyond_all_time_is_asked_again_after_a_day() {
        for (asked, wait) in [
            ("0", "0"),
            ("86400", "86400"),
            ("86401", "86400"),
            ("18446744073709551615", "86400"),
            ("99999999999999999999999", "86400"),
            ("Sun, 06 Nov 1994 08:50:37 GMT", "60"),
            ("Sun, 06 Nov 1994 08:48:37 GMT", "0"),
            ("Fri, 31 Dec 9999 23:59:59 GMT", "86400"),
        ] {
            assert_eq!(bounded(asked).as_deref(), Some(wait), "{asked}");
        }
        for asked in ["", "-1", "+1", "1.5", "soon", "Fri, 99 Dec 9999 23:59:59 GMT"] {
            assert_eq!(bounded(asked), None, "{asked}");
        }
    }
}

//! A request in the clear: it is sent on to HTTPS, at a host that is ours, or refused; or it is an ACME server's.
//!
//! Nothing else is served in the clear, no cookie is read and none is set. Where a redirection leads is made of what
//! the configuration and the certificates say; of the request it repeats the path and the query, and a host that is
//! known to be ours. So it is no open redirect, whatever `Host` says.

use std::fmt;

use http::{Method, Response};

use super::Gate;
use super::request_log::{LoggedBody, RequestLog};
use super::stages::Stages;
use crate::connection::Arrived;
use crate::http::{ClearRequest, RequestId};
use crate::listener::Addresses;
use crate::pages::{self, Page};
use crate::refusal::Reason;

/// What an answer in the clear is made of, as far as the configuration does not say.
pub struct ClearContext<'a> {
    /// Whether a certificate that is in use or on order covers a host.
    pub is_covered: &'a dyn Fn(&str) -> bool,
    /// What an ACME server is told that asks for a path.
    pub challenge: &'a dyn Fn(&str) -> Option<String>,
    /// The port of the first address that is served over HTTPS.
    pub port: u16,
}

impl fmt::Debug for ClearContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClearContext").field("port", &self.port).finish_non_exhaustive()
    }
}

impl Gate {
    /// Answers a request in the clear, and accounts for it.
    pub fn redirect(&self, arrived: &Arrived<Addresses>, context: &ClearContext<'_>) -> Response<LoggedBody> {
        let stages = self.current.load_full();
        let request_log = RequestLog::in_the_clear(arrived, RequestId::next(), &stages);
        match to_https(arrived, &stages, context) {
            Ok(page) => request_log.own(page),
            Err(reason) => request_log.refused(reason),
        }
    }
}

fn to_https(arrived: &Arrived<Addresses>, stages: &Stages, context: &ClearContext<'_>) -> Result<Page, Reason> {
    let request = ClearRequest::new(&arrived.request, &stages.rules)?;
    // Whatever the host: who has the token of an open challenge has it from the server that we have asked.
    if let Some(answer) =
        (context.challenge)(request.target().path()).filter(|_| arrived.request.method() == Method::GET)
    {
        return Ok(pages::plain(answer));
    }
    let host = request.authority().host();
    let urls = &stages.settings.listen.public_urls;
    let listed = urls.iter().find(|url| url.host == host);
    if listed.is_none() && !stages.settings.is_own_host(host) && !(context.is_covered)(host) {
        return Err(Reason::Misdirected);
    }
    // The port that browsers know, which differs from the one that is listened on where a router maps it.
    let port = listed.or(urls.first()).map_or(context.port, |url| url.port);
    let port = if port == 443 { String::new() } else { format!(":{port}") };
    Ok(pages::redirect(&format!("https://{host}{port}{}", request.target())))
}

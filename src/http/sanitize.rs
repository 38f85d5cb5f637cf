//! Turns a request as hyper read it into a [`Sanitized`] one: one valid target, one authority, no header that is for
//! one hop or that only we may say, and our own cookies set aside. Later stages see nothing else of what a client said.

use std::sync::Arc;

use bytes::Bytes;
use http::header::{EXPECT, HeaderValue, TRANSFER_ENCODING};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, Method};
use hyper::upgrade::OnUpgrade;

use super::authority::Authority;
use super::certified::{self, Certified};
use super::client_addr::ClientAddr;
use super::cookies::{self, Presented};
use super::field_lines::FieldLines;
use super::forwarded::{Forwarded, VERIFY};
use super::origin::{Names, Provenance};
use super::own_cookies::OwnCookies;
use super::request_id::RequestId;
use super::request_line::{judge_line, target};
use super::request_source::RequestSource;
use super::reserved::Reserved;
use super::scheme::Scheme;
use super::upgrade::Handshake;
use super::{fields, hop_by_hop, path};
use crate::connection::AbortHandle;
use crate::connection::Arrived;
use crate::connection::ClientBody;
use crate::connection::EntryPoint;
use crate::connection::InFlightGuard;
use crate::refusal::Reason;
use crate::tls::ClientAuth;

/// What the configuration says about requests as such.
#[derive(Debug)]
pub struct Rules {
    /// Names that are stripped on every route.
    pub reserved: Reserved,
    /// What browsers call us, when it is not the request's own authority.
    pub names: Names,
    /// The names of our cookies.
    pub cookies: OwnCookies,
    /// Header lines in a request.
    pub header_count: usize,
    /// The rules for client certificates, where one is asked for anywhere.
    pub client_auth: Option<Arc<ClientAuth>>,
}

/// A request that all parsers read alike, with nothing in it that a client may not say.
#[derive(Debug)]
pub struct Sanitized {
    id: RequestId,
    source: RequestSource,
    scheme: Scheme,
    method: Method,
    target: PathAndQuery,
    authority: Authority,
    headers: HeaderMap,
    presented: Presented,
    ingress_session: Presented,
    form_token: Presented,
    oauth: Presented,
    ticket_nonce: Presented,
    client: ClientAddr,
    provenance: Provenance,
    handshake: Option<Handshake>,
    upgrade: Option<OnUpgrade>,
    body: ClientBody,
    serving: InFlightGuard,
    forwarded: Option<Box<Result<Forwarded, Reason>>>,
    stripped: usize,
    certified: Option<Box<Certified>>,
    /// Whether it stands in for a request at another proxy, whose body nobody sees here.
    is_stand_in: bool,
}

/// What a later stage takes out of a request to send it on.
pub struct Parts {
    /// The method; GET for a WebSocket handshake.
    pub method: Method,
    /// The headers that may pass. `Host` is not among them.
    pub headers: HeaderMap,
    /// The body, still unread where no rule has read it.
    pub body: ClientBody,
    /// The client's side of the tunnel, where one was asked for.
    pub upgrade: Option<OnUpgrade>,
    /// Keeps the connection from counting as idle.
    pub serving: InFlightGuard,
}

impl Sanitized {
    /// The only constructor. Refuses what two parsers could read in two ways, before any stage routes or believes it.
    /// Boxed where it is made: the stages after this one hand it on by a pointer.
    pub fn new(arrived: Arrived, id: RequestId, rules: &Rules) -> Result<Box<Self>, Reason> {
        let Arrived { mut request, connection_info, serving } = arrived;
        // The order is cheap and decisive first: method and target cost nothing to check, and until there is one
        // authority and one path there is nothing that headers could be judged for.
        let handshake = judge_line(&request)?;
        let authority = Authority::of_request(request.version(), request.uri(), request.headers())
            .ok_or(Reason::MalformedRequest)?;
        let target = target(&request)?;
        // What a proxy asks is about another request, whichever name it has for us.
        let entry_point = connection_info.entry_point();
        let asks = entry_point == EntryPoint::Browsers && target.path() == VERIFY;
        // RFC 9110 section 15.5.20. A browser reuses an HTTP/2 connection for every name that the certificate covers
        // (RFC 9113 section 9.1.1), so the name that the handshake asked for says nothing about this request.
        if !asks && !connection_info.covers(authority.host()) {
            return Err(Reason::Misdirected);
        }
        if let Some(client_auth) = rules.client_auth.as_deref().filter(|_| !asks) {
            certified::judge(&connection_info, authority.host(), client_auth)?;
        }
        // Before any header is read for what it says: a head that frames its body in two ways is refused as a whole.
        judge_headers(request.headers(), rules)?;
        // Before routing: a server that resolves `..`, however it is encoded, would serve another path than the one
        // that the rules were asked about.
        path::judge(target.path()).map_err(|_| Reason::AmbiguousPath)?;
        // The connection's own address, never one from a header: whether a header's address is believed is decided by
        // it.
        let peer = connection_info.addresses().client().ip();
        // Before `strip`, which takes out the headers that these four are read from.
        let source = RequestSource::of(&connection_info, request.headers());
        let certified =
            source.certified(authority.host(), rules.client_auth.as_deref().filter(|_| !asks)).map(Box::new);
        let trusted = &*source.trusted_proxies();
        let provenance = source.provenance(&authority, &rules.names);
        let client = source.client().map_err(|_| Reason::MalformedForwarded)?;
        let scheme = Scheme::of_request(entry_point, peer, request.headers(), trusted);
        // A failure is kept and not returned: `gate/verify.rs` answers it as part of the question. Boxed, because every
        // request carries this field and few are questions.
        let forwarded = asks.then(|| Box::new(Forwarded::of_request(peer, request.headers(), trusted)));
        // hyper keeps its end of the upgrade in the extensions, and those go no further than this function.
        let upgrade = handshake.is_some().then(|| hyper::upgrade::on(&mut request));
        let (parts, body) = request.into_parts();
        let mut headers = parts.headers;
        // All our names are taken out at either entry point, also those that are not believed there: an add-on that saw
        // the cookie of the other entry point could use it.
        let ([session, form_token, oauth, ticket_nonce, _, home_assistants], stripped) = strip(&mut headers, rules);
        let (presented, ingress_session) = match entry_point {
            EntryPoint::Browsers => (session, home_assistants),
            EntryPoint::HomeAssistant => (home_assistants, Presented::Nothing),
        };
        // RFC 8441 section 5: over HTTP/2 a WebSocket is asked for with CONNECT. Rules, logs and the add-on see the GET
        // that HTTP/1.1 has, so that a rule for GET cannot be passed by speaking HTTP/2.
        let method = if handshake.is_some() { Method::GET } else { parts.method };
        Ok(Box::new(Self {
            id,
            source,
            scheme,
            method,
            target,
            authority,
            headers,
            presented,
            ingress_session,
            form_token,
            oauth,
            ticket_nonce,
            client,
            provenance,
            handshake,
            upgrade,
            body,
            serving,
            forwarded,
            stripped,
            certified,
            is_stand_in: false,
        }))
    }

    /// What a trusted proxy asks about, if it asks.
    pub(super) fn take_forwarded(&mut self) -> Result<Forwarded, Reason> {
        self.forwarded.take().map_or(Err(Reason::UntrustedProxy), |forwarded| *forwarded)
    }

    /// A request that a trusted proxy asks about, with the headers and the cookies of its question, and without a body.
    pub(super) fn in_place_of(
        &self,
        (method, authority, target): (Method, Authority, PathAndQuery),
        provenance: Provenance,
        handshake: Option<Handshake>,
    ) -> Self {
        Self {
            id: self.id,
            source: self.source.of_stand_in(),
            scheme: self.scheme,
            method,
            target,
            authority,
            headers: self.headers.clone(),
            presented: self.presented.clone(),
            ingress_session: self.ingress_session.clone(),
            form_token: self.form_token.clone(),
            oauth: self.oauth.clone(),
            ticket_nonce: self.ticket_nonce.clone(),
            client: self.client,
            provenance,
            handshake,
            // The bytes stay with the other proxy. Without a body and an upgrade a stand-in can be judged but not sent.
            upgrade: None,
            body: ClientBody::empty(),
            serving: self.serving.again(),
            forwarded: None,
            stripped: self.stripped,
            certified: None,
            is_stand_in: true,
        }
    }

    /// The id by which its log lines, its answer and the add-on call it.
    pub fn id(&self) -> RequestId {
        self.id
    }

    /// The entry point that it came by: what belongs to one counts for nothing at the other.
    pub fn entry_point(&self) -> EntryPoint {
        self.source.entry_point()
    }

    /// Where it came from, as it was said.
    pub fn source(&self) -> &RequestSource {
        &self.source
    }

    /// For whom the client certificate of its connection stands, where it does for anybody.
    pub fn certified(&self) -> Option<&Certified> {
        self.certified.as_deref()
    }

    /// Whether the browser used TLS, with us or with the proxy in front.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The method; GET for a WebSocket handshake in either version of HTTP.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path, byte for byte as it was sent.
    pub fn path(&self) -> &str {
        self.target.path()
    }

    /// The query without its `?`, byte for byte.
    pub fn query(&self) -> Option<&str> {
        self.target.query()
    }

    /// Path and query, byte for byte as they were sent.
    pub fn target(&self) -> &PathAndQuery {
        &self.target
    }

    /// Whom the client believes to speak to.
    pub fn authority(&self) -> &Authority {
        &self.authority
    }

    /// The headers that may pass.
    pub fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Whether a body follows the head. Of a request at another proxy that is not known, and one that is not a GET may
    /// have one (S-209).
    pub fn has_body(&self) -> bool {
        let has_none = matches!(self.method, Method::GET | Method::HEAD | Method::OPTIONS);
        (self.is_stand_in && !has_none) || !super::body::is_whole(&self.body)
    }

    /// What was in the session's cookie, which has another name at each entry point.
    pub fn presented(&self) -> &Presented {
        &self.presented
    }

    /// What a browser has in the cookie by which the Supervisor of Home Assistant OS knows it. No add-on sees it but
    /// those that are reached through Home Assistant.
    pub fn ingress_session(&self) -> &Presented {
        &self.ingress_session
    }

    /// What was in the sign-in form's cookie.
    pub fn form_token(&self) -> &Presented {
        &self.form_token
    }

    /// What was in the cookie of a sign-in that goes over Home Assistant's page.
    pub fn oauth(&self) -> &Presented {
        &self.oauth
    }

    /// What was in the cookie that says which browser a sign-in is handed over to.
    pub fn ticket_nonce(&self) -> &Presented {
        &self.ticket_nonce
    }

    /// Who the client is.
    pub fn client(&self) -> ClientAddr {
        self.client
    }

    /// Whose request it is.
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    /// How a WebSocket is asked for, if one is.
    pub fn handshake(&self) -> Option<Handshake> {
        self.handshake
    }

    /// Aborts its answer.
    pub(crate) fn abort_handle(&self) -> &AbortHandle {
        self.serving.abort_handle()
    }

    /// How many header names were reserved and are gone.
    pub fn stripped(&self) -> usize {
        self.stripped
    }

    pub(super) fn body_mut(&mut self) -> &mut ClientBody {
        &mut self.body
    }

    /// Takes out every line of this name: what was meant for us and not for the add-on.
    pub(crate) fn remove_header(&mut self, name: &HeaderName) {
        self.headers.remove(name);
    }

    /// Puts this in the place of a body that was read and judged.
    pub(crate) fn replace_body(&mut self, bytes: Bytes) {
        self.body = ClientBody::buffered(bytes, true, None);
    }

    /// Says a header in the place of all lines of that name.
    pub(crate) fn set_header(&mut self, name: HeaderName, value: HeaderValue) {
        self.headers.insert(name, value);
    }

    /// Takes out the client's side of the WebSocket that it asks for, to speak there in the add-on's place.
    pub(crate) fn take_upgrade(&mut self) -> Option<OnUpgrade> {
        self.upgrade.take()
    }

    /// Takes the request apart, to send it on or to read it.
    pub(crate) fn into_parts(self) -> Parts {
        Parts {
            method: self.method,
            headers: self.headers,
            body: self.body,
            upgrade: self.upgrade,
            serving: self.serving,
        }
    }
}

pub(super) fn judge_headers(headers: &HeaderMap, rules: &Rules) -> Result<(), Reason> {
    // `len` counts lines, not names: one name a thousand times is a thousand.
    // The options of `Connection` are bounded too, because each header is looked for among them (S-203).
    if headers.len() > rules.header_count || !hop_by_hop::is_modest(headers) {
        return Err(Reason::MalformedRequest);
    }
    match FieldLines::of(headers, TRANSFER_ENCODING) {
        FieldLines::Absent => {}
        // One coding and nothing beside it (S-48): with a second one, two parsers can disagree on where the body ends.
        FieldLines::One(line) if line.as_bytes().trim_ascii().eq_ignore_ascii_case(b"chunked") => {}
        FieldLines::One(_) | FieldLines::Several => return Err(Reason::MalformedRequest),
    }
    // RFC 9110 section 10.1.1: an expectation other than 100-continue MAY be answered with 417.
    let mut expectations = headers.get_all(EXPECT).iter();
    if expectations.any(|value| !value.as_bytes().eq_ignore_ascii_case(b"100-continue")) {
        return Err(Reason::ExpectationFailed);
    }
    Ok(())
}

/// Hop-by-hop names, reserved names and our cookies out, in one pass over the names; says what was in the cookies, in
/// the order of [`OwnCookies::names`], and how many reserved names there were.
///
/// `Content-Length` goes too: the body knows its length, and it is written anew and once. So does `Host`, which is
/// written anew from the one authority, and `Expect`, which hyper has answered to the client by the time a byte is
/// read.
pub fn strip(headers: &mut HeaderMap, rules: &Rules) -> ([Presented; 6], usize) {
    // Read before anything is taken out, since `Connection` goes too. Nobody can blind an add-on this way to what we
    // say: our own headers are written after this stage.
    let nominated =
        if headers.contains_key(http::header::CONNECTION) { hop_by_hop::nominated(headers) } else { Vec::new() };
    let mut gone: Vec<HeaderName> = Vec::new();
    let mut stripped = 0;
    for name in headers.keys() {
        let text = name.as_str();
        let reserved = rules.reserved.contains(text);
        if reserved || fields::is_taken_from_requests(text) || nominated.contains(name) {
            stripped += usize::from(reserved);
            gone.push(name.clone());
            if reserved {
                // At `debug`, since a client decides how many of these lines there are (S-200).
                tracing::debug!(name = text, "reserved header stripped");
            }
        }
    }
    // A name that is taken out goes with all its lines: `remove` takes every value.
    for name in gone {
        headers.remove(name);
    }
    (cookies::take(headers, &rules.cookies.names()), stripped)
}

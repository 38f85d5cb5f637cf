//! Fuzz targets: what of a request's headers goes on, what is taken for our cookie, and who is believed to be the
//! client.

use std::net::IpAddr;
use std::sync::LazyLock;

use http::header::COOKIE;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::client_addr::{ClientAddr, ForwardedFor};
use super::cookies::{self, Presented};
use super::forwarded::Forwarded;
use super::origin::Names;
use super::own_cookies::OwnCookies;
use super::reserved::Reserved;
use super::sanitize::{Rules, judge_headers, strip};
use super::{hop_by_hop, path};
use crate::config::TrustedProxies;

/// Headers out of lines, as in `name: value`. What is no header is left out.
pub(crate) fn header_map(bytes: &[u8]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for line in bytes.split(|byte| *byte == b'\n').take(MOST_LINES) {
        let mut halves = line.splitn(2, |byte| *byte == b':');
        let name = HeaderName::from_bytes(halves.next().unwrap_or_default());
        let value = HeaderValue::from_bytes(halves.next().unwrap_or_default().trim_ascii());
        if let (Ok(name), Ok(value)) = (name, value) {
            headers.append(name, value);
        }
    }
    headers
}

const MOST_LINES: usize = 100;

/// What goes on has no name that only we may say, however it is spelled, none that is for one hop, and none of our
/// cookies; everything else goes on as it came.
pub(crate) fn header_sanitizing(bytes: &[u8]) {
    let sent = header_map(bytes);
    if judge_headers(&sent, &RULES).is_err() {
        return;
    }
    let mut passed = sent.clone();
    let (presented, _) = strip(&mut passed, &RULES);
    for name in passed.keys() {
        let squashed: String = name.as_str().chars().map(squash).collect();
        let is_ours = OURS.contains(&&*squashed) || FAMILIES.iter().any(|family| squashed.starts_with(family));
        assert!(!is_ours, "`{name}` is ours to say");
        assert!(!FOR_ONE_HOP.contains(&name.as_str()), "`{name}` is for one hop");
        // One line of cookies comes of many.
        let alike = *name == COOKIE || passed.get_all(name).iter().eq(sent.get_all(name).iter());
        assert!(alike, "`{name}` was changed on its way");
    }
    let nominated = hop_by_hop::nominated(&sent);
    for name in ["accept", "x-requested-with", "range"].map(HeaderName::from_static) {
        let is_gone = sent.contains_key(&name) && !passed.contains_key(&name);
        assert!(!is_gone || nominated.contains(&name), "`{name}` is gone");
    }
    let cookies = passed.get(COOKIE).map(HeaderValue::as_bytes).unwrap_or_default();
    for (name, presented) in COOKIES.names().iter().zip(presented) {
        assert_eq!(values(cookies, name), 0, "a cookie of ours goes on");
        let sent = sent.get_all(COOKIE).iter().map(|line| values(line.as_bytes(), name)).sum::<usize>();
        let counted = match presented {
            Presented::Nothing => sent == 0,
            Presented::One(_) => sent == 1,
            Presented::Several => sent > 1,
        };
        assert!(counted, "{sent} values of `{name}` were taken for another number");
    }
}

/// The same by their first principles: the names that a request may never bring to an add-on.
const OURS: &[&str] = &["forwarded", "x-real-ip", "early-data", "x-http-method-override", "x-middleware-subrequest"];
const FAMILIES: &[&str] =
    &["x-remote-", "remote-", "x-ingress-", "x-hass-", "x-hassio-", "x-supervisor-", "x-forwarded-", "x-auth-request-"];
const FOR_ONE_HOP: &[&str] = &[
    "connection",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "host",
    "expect",
];

fn squash(letter: char) -> char {
    if letter.is_ascii_alphanumeric() { letter.to_ascii_lowercase() } else { '-' }
}

/// How many pairs of a `Cookie` line have this name.
fn values(line: &[u8], name: &str) -> usize {
    line.split(|byte| *byte == b';').filter(|pair| key(pair).is_some_and(|key| key == name.as_bytes())).count()
}

/// The name of a pair, if it has an equals sign.
fn key(pair: &[u8]) -> Option<&[u8]> {
    let end = pair.iter().position(|byte| *byte == b'=')?;
    pair.get(..end).map(<[u8]>::trim_ascii)
}

const COOKIES: OwnCookies = OwnCookies {
    session: "__Host-ingress_session",
    form: "__Host-ingress_form",
    oauth: "__Host-ingress_oauth",
    ticket: "__Host-ingress_ticket",
    retired: "__Host-ingress_session_framed",
};

static RULES: LazyLock<Rules> = LazyLock::new(|| Rules {
    reserved: Reserved::always(&[]),
    names: Names::default(),
    cookies: COOKIES,
    header_count: MOST_LINES,
    client_auth: None,
});

/// All cookies but ours go on in their order, byte for byte, in one line at most; and what was in ours is told.
pub(crate) fn cookies(bytes: &[u8]) {
    let mut headers = HeaderMap::new();
    let lines = bytes.split(|byte| *byte == b'\n').take(MOST_LINES);
    for value in lines.filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(COOKIE, value);
    }
    let sent = headers.clone();
    let [session, form] = cookies::take(&mut headers, &[COOKIES.session, COOKIES.form]);
    let names = [COOKIES.session, COOKIES.form].map(str::as_bytes);
    let ours = |pair: &&[u8]| key(pair).is_some_and(|key| names.contains(&key));
    let pairs = |headers: &HeaderMap| {
        let lines: Vec<Vec<u8>> = headers.get_all(COOKIE).iter().map(|line| line.as_bytes().to_vec()).collect();
        let pairs = lines.iter().flat_map(|line| line.split(|byte| *byte == b';')).map(<[u8]>::trim_ascii);
        pairs.filter(|pair| !pair.is_empty()).map(<[u8]>::to_vec).collect::<Vec<_>>()
    };
    let expected: Vec<_> = pairs(&sent).into_iter().filter(|pair| !ours(&&**pair)).collect();
    assert_eq!(pairs(&headers), expected);
    assert!(headers.get_all(COOKIE).iter().count() <= 1);
    for (presented, name) in [session, form].into_iter().zip(names) {
        let said: Vec<_> = pairs(&sent).into_iter().filter(|pair| key(pair) == Some(name)).collect();
        match (presented, &*said) {
            (Presented::Nothing, []) | (Presented::Several, [_, _, ..]) => {}
            (Presented::One(value), [pair]) => {
                assert!(pair.ends_with(&value) && !value.contains(&b';'), "{value:?} of {pair:?}");
            }
            (presented, said) => assert!(said.is_empty() && said.len() == 1, "{presented:?} of {said:?}"),
        }
    }
}

/// Only trusted proxies are believed; what stands to the left of the client's address changes nothing; and what another
/// proxy asks about is the target that it named, byte for byte, once it is judged.
pub(crate) fn forwarded(bytes: &[u8]) {
    let Some((peer, lines)) = bytes.split_first() else { return };
    let Some(peer) = PEERS.get(usize::from(*peer) % PEERS.len()).and_then(|peer| peer.parse::<IpAddr>().ok()) else {
        return;
    };
    let headers = header_map(lines);
    let is_trusted = TRUSTED.contains(peer);
    let client = |headers: &HeaderMap| ClientAddr::of(peer, &ForwardedFor::of(headers), &TRUSTED);
    let found = client(&headers);
    if !is_trusted {
        assert_eq!(found.map(ClientAddr::ip), Ok(peer.to_canonical()));
    }
    if let Ok(client_addr) = found
        && is_trusted
        && !TRUSTED.contains(client_addr.ip())
    {
        let mut lied = HeaderMap::new();
        lied.append("x-forwarded-for", HeaderValue::from_static("127.0.0.1, nonsense"));
        let joined = headers.get_all("x-forwarded-for").iter().map(HeaderValue::as_bytes).collect::<Vec<_>>();
        if let Ok(line) = HeaderValue::from_bytes(&joined.join(&b", "[..])) {
            lied.append("x-forwarded-for", line);
        }
        assert_eq!(client(&lied), Ok(client_addr), "what the client claims of itself counts");
    }
    let Ok(asked) = Forwarded::of_request(peer, &headers, &TRUSTED) else { return };
    assert!(is_trusted);
    assert_eq!(path::judge(asked.target.path()), Ok(()));
    let named = ["x-forwarded-uri", "x-original-url"].into_iter().flat_map(|name| headers.get_all(name));
    let named: Vec<_> = named.map(HeaderValue::as_bytes).collect();
    let [named] = named.as_slice() else { return assert_eq!(named.len(), 1, "two targets, or none") };
    assert!(named.ends_with(asked.target.as_str().as_bytes()), "{:?} of {named:?}", asked.target);
}

const PEERS: [&str; 4] = ["10.0.0.1", "fd00::1", "192.0.2.1", "::ffff:10.0.0.2"];

static TRUSTED: LazyLock<TrustedProxies> =
    LazyLock::new(|| ["10.0.0.0/24", "fd00::/64"].iter().filter_map(|network| network.parse().ok()).collect());

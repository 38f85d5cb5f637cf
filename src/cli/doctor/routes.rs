//! Each add-on through the vestibule that runs: a WebSocket that the add-on opens must open here as well. The requests
//! are made with a session for that add-on alone, of an administrator, which is ended at once.

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{CONNECTION, COOKIE, HOST, HeaderValue, ORIGIN, UPGRADE};
use http::{HeaderMap, HeaderName, StatusCode};

use super::addons::path_at;
use super::report::Report;
use crate::cli::page::Peer;
use crate::config::{Addon, CertificatePin, Permissions, Settings, Trust};
use crate::entropy::random;
use crate::home_assistant::read_folder;
use crate::identity::User;
use crate::ids::{Address, PathPrefix, PublicUrl};
use crate::operations::control::{self, Answer, Request, RevokeTarget, StatusReport};
use crate::tls::{first_chain, shown_certificate};

/// Looks at each route.
pub(super) async fn look(settings: &Settings, status: &StatusReport, report: &mut Report) {
    let Some((us, port)) = ourselves(settings, status) else { return };
    let user = settings.home_assistant.config_dir().and_then(administrator);
    let Some(user) = user else {
        let hint = "open each add-on in a browser";
        return report.warn("routes", "not tried, since no administrator is known from the files", hint);
    };
    for addon in settings.addons.iter().filter(|addon| addon.route.leads_here()) {
        let Some(address) = addon.backend.upstream.address() else { continue };
        let direct = Peer::new(address, addon.backend.trust.clone());
        let Some(path) = websocket(addon, &direct, address).await else { continue };
        let about = format!("add-on {}", addon.slug);
        let (cookie, id) = match session(settings, &user, addon) {
            Ok(made) => made,
            Err(why) => {
                report.warn(&about, format!("its WebSocket was not tried: {why}"), "see the log of vestibule");
                continue;
            }
        };
        let answer = us.get(&through(addon, path), &headers(settings, addon, port, Some(&cookie))).await;
        let ended = control::ask(&settings.listen.control, &Request::SessionsRevoke { what: RevokeTarget::One(id) });
        if !matches!(ended, Ok(Answer::Revoked { .. })) {
            report.warn(&about, "a session that was made to try it could not be ended", "`vestibule sessions list`");
        }
        judge(&about, path, &user, answer.map(|answer| answer.status).ok(), report);
    }
}

fn judge(about: &str, path: &str, user: &str, status: Option<StatusCode>, report: &mut Report) {
    match status {
        Some(StatusCode::SWITCHING_PROTOCOLS) => report.good(about, format!("its WebSocket at {path} opens through vestibule")),
        // Another certificate than the first is for this host, and who dials an address is shown the first.
        Some(StatusCode::MISDIRECTED_REQUEST) => {}
        Some(status) => report.fail(
            about,
            format!("its WebSocket at {path} opens by itself, and through vestibule {user} gets {status}"),
            "the log has the reason (`journalctl -u vestibule -g refused`); docs/add-ons.md, \"Others\", has the usual ones",
        ),
        None => report.fail(about, format!("its WebSocket at {path} was not answered through vestibule"), "see the log of vestibule"),
    }
}

/// The first listener that takes plain TLS, and its port. The certificate that it must show is the configured one.
fn ourselves(settings: &Settings, status: &StatusReport) -> Option<(Peer, u16)> {
    let plain = settings.listen.https.iter().position(|listener| !listener.proxy_protocol)?;
    let authority = status.listens.get(plain)?.strip_prefix("https://")?;
    let address: std::net::SocketAddr = authority.parse().ok()?;
    let ip = match address.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        _ => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    let shown = shown_certificate(&first_chain(&settings.tls)?).ok()?;
    let at = Address::Https { host: ip.to_string(), port: address.port() };
    Some((Peer::new(&at, Trust::Pinned(CertificatePin::of(&shown.der))), address.port()))
}

/// Somebody whom most rules let in.
fn administrator(config_dir: &Path) -> Option<String> {
    let directory = read_folder(config_dir).ok()?.directory(&Permissions::default());
    let may = |user: &&Arc<User>| user.is_active && !user.system_generated && user.is_admin();
    let user = directory.users().filter(may).max_by_key(|user| user.is_owner)?;
    Some(user.id.to_string())
}

/// Where this add-on has a WebSocket, by asking it.
async fn websocket(addon: &Addon, direct: &Peer, address: &Address) -> Option<&'static str> {
    let mut headers = handshake();
    let authority = address.authority()?;
    headers.insert(ORIGIN, HeaderValue::from_str(&format!("http://{authority}")).ok()?);
    for path in PATHS {
        let answer = direct.get(&path_at(addon, path), &headers).await;
        if answer.is_ok_and(|answer| answer.status == StatusCode::SWITCHING_PROTOCOLS) {
            return Some(path);
        }
    }
    None
}

/// Where the web UIs of docs/add-ons.md and others have theirs, and where frameworks put it.
const PATHS: [&str; 8] = [
    "/api",
    "/comms",
    "/ws",
    "/events",
    "/websocket",
    "/api/live/ws",
    "/sockjs/websocket",
    "/socket.io/?EIO=4&transport=websocket",
];

/// A path as browsers ask for it.
fn through(addon: &Addon, path: &str) -> String {
    format!("{}{path}", addon.route.path.as_ref().map(PathPrefix::as_str).unwrap_or_default())
}

fn headers(settings: &Settings, addon: &Addon, port: u16, cookie: Option<&str>) -> HeaderMap {
    let mut headers = handshake();
    let own = settings.own_origin(addon, port).filter(|_| addon.route.path.is_none());
    let origin = own.or_else(|| settings.main_origin().map(PublicUrl::origin));
    let origin = origin.unwrap_or_else(|| format!("https://localhost:{port}"));
    let authority = origin.trim_start_matches("https://").to_owned();
    for (name, value) in [(HOST, Some(authority.as_str())), (ORIGIN, Some(&origin)), (COOKIE, cookie)] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(value).ok()) {
            headers.insert(name, value);
        }
    }
    headers
}

/// What asks for a WebSocket (RFC 6455 section 4.1).
fn handshake() -> HeaderMap {
    let key = HeaderValue::from_str(&STANDARD.encode(random::<16>())).unwrap_or(HeaderValue::from_static(""));
    let named = HeaderName::from_static;
    [
        (CONNECTION, HeaderValue::from_static("Upgrade")),
        (UPGRADE, HeaderValue::from_static("websocket")),
        (named("sec-websocket-version"), HeaderValue::from_static("13")),
        (named("sec-websocket-key"), key),
    ]
    .into_iter()
    .collect()
}

/// A session for this add-on alone: its cookie and its id.
fn session(settings: &Settings, user: &str, addon: &Addon) -> Result<(String, String), String> {
    let request = Request::SessionsNew { user: user.to_owned(), addon: Some(addon.slug.to_string()) };
    match control::ask(&settings.listen.control, &request) {
        Ok(Answer::SessionMade { cookie, session }) => Ok((cookie.reveal().clone(), session.id)),
        Ok(Answer::Failed { message }) => Err(message),
        Ok(_) => Err("the process that runs is another version".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

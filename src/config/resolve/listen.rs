//! `[listen]`: the addresses to bind, the networks to believe and the names that browsers know us by.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use toml::Spanned;

use super::context::{Context, flag};
use super::network::network;
use crate::config::diagnostic::{Diagnostic, SourceLocation, Span};
use crate::config::raw::{self, Key, ListenerText, OperationsText};
use crate::config::settings::{BrowserListener, Listen, ListenerScheme};
use crate::config::trusted_proxies::TrustedProxies;
use crate::ids::PublicUrl;

/// Resolves the section.
pub(super) fn listen(raw: &raw::Listen, state_dir: &Key<String>, cx: &mut Context<'_>) -> Listen {
    let trusted_proxies = networks(&raw.trusted_proxies, cx);
    let mut bound = Vec::new();
    let https = https(raw, &trusted_proxies, &mut bound, cx);
    let http = match raw.http.given() {
        Some(list) => listeners(list.get_ref(), ListenerScheme::Http, &trusted_proxies, &mut bound, cx),
        None => Vec::new(),
    };
    let operations = operations(&raw.operations, cx);
    if let Some((address, Some(at))) = &operations {
        bound.push((*address, at.clone()));
        if !address.ip().is_loopback() {
            let open =
                Diagnostic::warning(at.clone(), "metrics and health are open to other machines without any sign-in");
            cx.add(open.label("not a loopback address").hint("listen on 127.0.0.1, or let a firewall guard the port"));
        }
    }
    let defaults: Vec<_> = [
        ("https", matches!(raw.https, Key::Absent).then_some(DEFAULT_HTTPS.into())),
        ("operations", operations.as_ref().filter(|(_, at)| at.is_none()).map(|(address, _)| *address)),
    ]
    .into_iter()
    .filter_map(|(key, address)| Some((key, address?)))
    .collect();
    refuse_overlaps(&bound, &defaults, cx);
    cx.addresses.extend(defaults.iter().map(|(_, address)| (*address, SourceLocation::File)));
    cx.addresses.extend(bound.into_iter().map(|(address, at)| (address, at.into())));
    Listen {
        https,
        http,
        operations: operations.map(|(address, _)| address),
        control: control(&raw.control, state_dir, cx),
        trusted_proxies,
        public_urls: public_urls(&raw.public_urls, cx),
    }
}

const DEFAULT_HTTPS: ([u8; 4], u16) = ([127, 0, 0, 1], 8443);
const DEFAULT_OPERATIONS: ([u8; 4], u16) = ([127, 0, 0, 1], 9443);

fn https(
    raw: &raw::Listen,
    default_trust: &TrustedProxies,
    bound: &mut Vec<(SocketAddr, Span)>,
    cx: &mut Context<'_>,
) -> Vec<BrowserListener> {
    let Some(list) = raw.https.given() else {
        return vec![BrowserListener {
            address: DEFAULT_HTTPS.into(),
            ipv6_only: false,
            scheme: ListenerScheme::Https,
            proxy_protocol: false,
            trusted_proxies: default_trust.clone(),
        }];
    };
    if list.get_ref().is_empty() {
        let none = Diagnostic::mistake(list.span(), "no address to listen on");
        cx.add(none.label("expected one address or more").hint("write https = [\"127.0.0.1:8443\"]"));
    }
    listeners(list.get_ref(), ListenerScheme::Https, default_trust, bound, cx)
}

/// The entries of one list, each with the proxies that it trusts.
fn listeners(
    list: &[Spanned<ListenerText>],
    scheme: ListenerScheme,
    default_trust: &TrustedProxies,
    bound: &mut Vec<(SocketAddr, Span)>,
    cx: &mut Context<'_>,
) -> Vec<BrowserListener> {
    let mut listeners = Vec::new();
    for entry in list {
        let mut trusted_proxies = default_trust.clone();
        let (text, proxy_protocol) = match entry.get_ref() {
            ListenerText::Address(text) => (Some(Spanned::new(entry.span(), text.clone())), false),
            ListenerText::Table(table) => {
                let text = cx.required(&table.address, "address", &entry.span(), "\"127.0.0.1:8443\"");
                if table.trusted_proxies.given().is_some() {
                    trusted_proxies = networks(&table.trusted_proxies, cx);
                }
                (text.map(|text| Spanned::new(text.span(), text.get_ref().clone())), flag(&table.proxy_protocol, false))
            }
        };
        if proxy_protocol && trusted_proxies.is_empty() {
            let alone = Diagnostic::mistake(entry.span(), "the PROXY protocol from nobody: no connection could pass");
            cx.add(
                alone
                    .label("needs `trusted_proxies`")
                    .hint("add the proxy's network, as in trusted_proxies = [\"10.0.0.2/32\"]"),
            );
        }
        if let Some((address, at)) = text.and_then(|text| Some((address(&text, cx)?, text.span()))) {
            bound.push((address, at));
            listeners.push(BrowserListener { address, scheme, ipv6_only: false, proxy_protocol, trusted_proxies });
        }
    }
    let all_of_ipv4: Vec<u16> = listeners.iter().filter_map(|it| is_all_of_ipv4(it.address)).collect();
    for listener in listeners.iter_mut().filter(|it| it.address.ip() == IpAddr::V6(Ipv6Addr::UNSPECIFIED)) {
        listener.ipv6_only = all_of_ipv4.contains(&listener.address.port());
    }
    listeners
}

fn is_all_of_ipv4(address: SocketAddr) -> Option<u16> {
    (address.ip() == IpAddr::V4(Ipv4Addr::UNSPECIFIED)).then_some(address.port())
}

/// The address and, unless it is the default, where it stands.
fn operations(key: &Key<OperationsText>, cx: &mut Context<'_>) -> Option<(SocketAddr, Option<Span>)> {
    let default = Some((DEFAULT_OPERATIONS.into(), None));
    let Some(given) = key.given() else { return default };
    match given.get_ref() {
        OperationsText::Switch(false) => None,
        OperationsText::Switch(true) => default,
        OperationsText::Address(text) => {
            let text = Spanned::new(given.span(), text.clone());
            address(&text, cx).map(|address| (address, Some(given.span()))).or(default)
        }
    }
}

/// An address and a port. Port 0, which lets the system choose one, is for tests.
fn address(text: &Spanned<String>, cx: &mut Context<'_>) -> Option<SocketAddr> {
    let parsed = text.get_ref().parse();
    if parsed.is_err() {
        let hint = if text.get_ref().parse::<IpAddr>().is_ok() {
            "add the port, as in \"127.0.0.1:8443\" or \"[::1]:8443\"".to_owned()
        } else if let Some(port) = text.get_ref().strip_prefix("localhost:") {
            format!("names are not looked up: write \"127.0.0.1:{port}\"")
        } else if has_bad_port(text.get_ref()) {
            "a port is a number from 1 to 65535".to_owned()
        } else {
            "names are not looked up: write an IP address and a port; \"0.0.0.0:8443\" and \"[::]:8443\" are all interfaces"
                .to_owned()
        };
        let bad = Diagnostic::mistake(text.span(), "not an address to listen on");
        cx.add(bad.label("expected an IP address and a port").hint(hint));
    }
    parsed.ok()
}

/// Whether everything but the port is right.
fn has_bad_port(text: &str) -> bool {
    let host = text.rsplit_once(':').map(|(host, _)| host).unwrap_or_default();
    format!("{host}:1").parse::<SocketAddr>().is_ok()
}

/// Two listeners of one port, where one has the other's address or all addresses. `defaults` are those that stand
/// nowhere, by their keys.
fn refuse_overlaps(bound: &[(SocketAddr, Span)], defaults: &[(&str, SocketAddr)], cx: &mut Context<'_>) {
    let overlap = |a: &SocketAddr, b: &SocketAddr| {
        let all = a.ip().is_unspecified() || b.ip().is_unspecified();
        a.port() != 0 && a.port() == b.port() && (a.ip() == b.ip() || (all && a.is_ipv4() == b.is_ipv4()))
    };
    for (place, (address, at)) in bound.iter().enumerate() {
        if let Some((_, first)) = bound.iter().take(place).find(|(earlier, _)| overlap(earlier, address)) {
            let twice = Diagnostic::mistake(at.clone(), "two listeners on one address");
            cx.add(twice.label("here again").first(first.clone()).hint("take one out, or give it another port"));
        }
        if let Some((key, default)) = defaults.iter().find(|(_, default)| overlap(default, address)) {
            let message =
                format!("two listeners on one address: `{key}` listens on {default} unless it says otherwise");
            let twice = Diagnostic::mistake(at.clone(), message);
            cx.add(twice.label("the other one").hint(format!("give this one another port, or `{key}`")));
        }
    }
}

/// The control socket's name in `state_dir`.
pub(in crate::config) const CONTROL: &str = "vestibule.sock";

/// The path of the control socket. `sockaddr_un` has room for 107 bytes and a NUL (unix(7)).
fn control(key: &Key<String>, state_dir: &Key<String>, cx: &mut Context<'_>) -> PathBuf {
    let path = cx.state_path(key, CONTROL);
    if let Some(text) = key.given().or(state_dir.given()).filter(|_| path.as_os_str().len() > 107) {
        let long = Diagnostic::mistake(text.span(), "the path of this socket is longer than 107 bytes");
        cx.add(long.label("expected a shorter path").hint(
            "sockets cannot have longer ones: `control` under [listen] names this one, as in \"/run/vestibule.sock\"",
        ));
    }
    path
}

/// The proxies that a listener trusts.
pub(super) fn networks(key: &Key<raw::List<String>>, cx: &mut Context<'_>) -> TrustedProxies {
    let list = key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    let everybody = "then every client could choose its own address: name the proxies alone";
    list.iter().filter_map(|text| network(text, everybody, cx)).collect()
}

fn public_urls(key: &Key<raw::List<String>>, cx: &mut Context<'_>) -> Vec<PublicUrl> {
    let list = key.given().map(|list| list.get_ref().as_slice()).unwrap_or_default();
    list.iter().filter_map(|text| cx.findings.parse(text)).collect()
}

//! Each add-on by itself: whether it answers, and whether somebody else than vestibule could ask it.

use std::net::{IpAddr, SocketAddr};

use super::report::Report;
use crate::cli::page::Peer;
use crate::config::{Addon, AddonProtocol, PrefixMode, Settings};
use crate::ids::Address;
use crate::operations::listening::{ListeningSocket, listening_sockets};
use crate::telemetry::chain;

/// Looks at each.
pub(super) async fn look(settings: &Settings, report: &mut Report) {
    let sockets = listening_sockets().unwrap_or_default();
    for addon in &settings.addons {
        let Some(address) = addon.backend.upstream.address() else { continue };
        let about = format!("add-on {}", addon.slug);
        judge_answer(addon, address, &about, report).await;
        judge_reach(address, &sockets, &about, report);
    }
}

/// A path as the add-on sees it.
pub(super) fn path_at(addon: &Addon, path: &str) -> String {
    match (&addon.route.path, addon.route.prefix) {
        (Some(prefix), PrefixMode::Keep) => format!("{}{path}", prefix.as_str()),
        _ => path.to_owned(),
    }
}

async fn judge_answer(addon: &Addon, address: &Address, about: &str, report: &mut Report) {
    let shown = address.authority().unwrap_or_else(|| "its socket".to_owned());
    if addon.backend.protocol == AddonProtocol::Grpc {
        return;
    }
    match Peer::new(address, addon.backend.trust.clone()).get(&path_at(addon, "/"), &http::HeaderMap::new()).await {
        Ok(answer) if answer.status.is_server_error() => {
            report.warn(about, format!("{shown} answers {}", answer.status), "look at the add-on's own log");
        }
        Ok(_) => report.good(about, format!("it answers at {shown}")),
        Err(error) => {
            let hint = "start it, or correct `upstream`";
            report.fail(about, format!("no answer from {shown}: {}", chain(&error)), hint);
        }
    }
}

/// Who reaches an add-on past vestibule can say in the headers that they are anybody.
fn judge_reach(address: &Address, sockets: &[ListeningSocket], about: &str, report: &mut Report) {
    let (Address::Http { host, port } | Address::Https { host, port }) = address else { return };
    let ip = if host == "localhost" { Some(IpAddr::from([127, 0, 0, 1])) } else { host.parse().ok() };
    // Of an add-on on another machine nothing is known here.
    let Some(ip) = ip.filter(IpAddr::is_loopback) else { return };
    let of_port = sockets.iter().filter(|socket| socket.is_at(SocketAddr::new(ip, *port)));
    let Some(open) = of_port.into_iter().find(|socket| socket.address.ip().is_unspecified()) else { return };
    let who = open.holder().map(|holder| format!(" ({}, process {})", holder.name, holder.pid)).unwrap_or_default();
    report.warn(
        about,
        format!(
            "it listens on all addresses, {}{who}: whoever reaches this machine can open it past vestibule as anybody",
            open.address
        ),
        "let it listen on 127.0.0.1 (in Docker: -p 127.0.0.1:PORT:PORT), or close the port in the firewall",
    );
}

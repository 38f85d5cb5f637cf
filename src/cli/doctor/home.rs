//! Home Assistant: whether it answers, what its clock says, and whom its configuration trusts.

use std::fs::File;
use std::io::Read as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::DATE;
use ipnet::IpNet;

use super::report::Report;
use crate::cli::page::Peer;
use crate::clock::{Clock, Timestamp};
use crate::config::{HomeApi, Settings, Trust};
use crate::ids::Address;
use crate::operations::listening::listening_sockets;
use crate::telemetry::chain;

const ABOUT: &str = "Home Assistant";

/// Looks at it.
pub(super) async fn look(settings: &Settings, report: &mut Report) {
    let api = settings.home_assistant.api.as_ref();
    if let Some((address, trust)) = place(api) {
        let shown = address.authority().unwrap_or_default();
        match Peer::new(&address, trust).get("/manifest.json", &HeaderMap::new()).await {
            Ok(answer) => {
                report.good(ABOUT, format!("it answers at {shown}"));
                let date = answer.headers.get(DATE).and_then(|date| date.to_str().ok());
                judge_clock(date, Clock::System.now(), report);
            }
            Err(error) => report.fail(
                ABOUT,
                format!("no answer from {shown}: {}", chain(&error)),
                "is it running there, and can this machine reach it? `url` under [home_assistant] names the place",
            ),
        }
    }
    if let Some(folder) = settings.home_assistant.config_dir() {
        judge_trust(folder, api, report);
    }
}

/// Where it listens: as the configuration says, or at its usual place on this machine.
fn place(api: Option<&HomeApi>) -> Option<(Address, Trust)> {
    if let Some(api) = api {
        return Some((api.url.address(), api.trust.clone()));
    }
    let usual = ([127, 0, 0, 1], 8123).into();
    let listens = listening_sockets().is_ok_and(|sockets| sockets.iter().any(|socket| socket.is_at(usual)));
    listens.then(|| (Address::Http { host: usual.ip().to_string(), port: usual.port() }, Trust::System))
}

/// Sessions, tokens and signed identities end by the clock.
fn judge_clock(date: Option<&str>, now: Timestamp, report: &mut Report) {
    let theirs = date.and_then(|date| httpdate::parse_http_date(date).ok()?.duration_since(UNIX_EPOCH).ok());
    let Some(theirs) = theirs else { return };
    let ours = Duration::from_millis(now.as_millis());
    let apart = ours.abs_diff(theirs).as_secs();
    if apart > FAR_APART {
        let message = format!("its clock and this one are {apart} seconds apart");
        let hint =
            "let both machines keep their time by NTP (`timedatectl`): tokens and codes count for seconds or minutes";
        report.fail("clock", message, hint);
    } else {
        report.good("clock", "it agrees with Home Assistant's to within seconds");
    }
}

/// Beyond a minute, sessions that another proxy has made are from the future.
const FAR_APART: u64 = 30;

/// Whether its configuration lets us say from where somebody signs in.
fn judge_trust(folder: &Path, api: Option<&HomeApi>, report: &mut Report) {
    let Some(api) = api.filter(|api| api.forward_address) else { return };
    let mut text = String::new();
    let file = folder.join("configuration.yaml");
    let read = File::open(&file).and_then(|file| file.take(LARGEST).read_to_string(&mut text));
    if let Err(error) = read {
        return report.warn(
            ABOUT,
            format!("{} cannot be read: {error}", file.display()),
            "see what `check` says of the folder",
        );
    }
    let trust = trusted(&text);
    let loopback: [IpAddr; 2] = [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()];
    // From another machine, which of our addresses it sees is not known here.
    let ours: &[IpAddr] = if api.url.is_loopback() { &loopback } else { &[] };
    let hint = "add vestibule's address to `trusted_proxies` there, with `use_x_forwarded_for: true`, or set forward_address = \
                false under [home_assistant]";
    match trust {
        InYaml::Nothing => {}
        InYaml::Off => {
            report.warn(ABOUT, "configuration.yaml has `trusted_proxies` without `use_x_forwarded_for: true`", hint);
        }
        InYaml::Networks(networks) => {
            let trusts = |ip: &IpAddr| networks.iter().any(|network| network.contains(ip));
            if ours.is_empty() || ours.iter().any(trusts) {
                report.good(ABOUT, "configuration.yaml names trusted proxies");
            } else {
                report.warn(ABOUT, "configuration.yaml does not have this machine among its trusted proxies", hint);
            }
        }
    }
}

/// What `http:` in configuration.yaml says of proxies.
#[derive(Debug, PartialEq, Eq)]
enum InYaml {
    /// Nothing that can be read here: it is set in the UI, or included from another file.
    Nothing,
    /// There are networks, and the header is switched off.
    Off,
    /// The networks that it believes.
    Networks(Vec<IpNet>),
}

/// Reads the block line by line: a reader of YAML would refuse the tags (`!include`, `!secret`) that the file is full
/// of.
fn trusted(text: &str) -> InYaml {
    let lines = text.lines().map(|line| line.split(" #").next().unwrap_or_default().trim_end());
    let block: Vec<&str> = lines
        .skip_while(|line| *line != "http:")
        .skip(1)
        .take_while(|line| line.is_empty() || line.starts_with([' ', '\t', '#', '-']))
        .map(str::trim)
        .collect();
    let switched_on = block.iter().any(|line| {
        let value = line.strip_prefix("use_x_forwarded_for:").map(|value| value.trim().to_ascii_lowercase());
        value.is_some_and(|value| ["true", "yes", "on"].contains(&value.as_str()))
    });
    let Some(at) = block.iter().position(|line| line.starts_with("trusted_proxies:")) else { return InYaml::Nothing };
    let mut rest = block.into_iter().skip(at);
    let in_line = rest.next().and_then(|line| line.split_once(':')).map(|(_, list)| list).unwrap_or_default();
    let in_line = in_line.trim().trim_start_matches('[').trim_end_matches(']').split(',');
    let below = rest.take_while(|line| line.starts_with('-')).map(|line| line.trim_start_matches('-'));
    let texts = in_line.chain(below).map(|text| text.trim().trim_matches(['"', '\'']));
    let network = |text: &str| text.parse::<IpNet>().ok().or_else(|| Some(text.parse::<IpAddr>().ok()?.into()));
    let networks: Vec<_> = texts.filter_map(network).collect();
    match (switched_on, networks.is_empty()) {
        (true, _) => InYaml::Networks(networks),
        (false, false) => InYaml::Off,
        (false, true) => InYaml::Nothing,
    }
}

/// Bytes of configuration.yaml that are looked at.
const LARGEST: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_proxies_are_found_however_they_are_written() {
        let loopback: IpNet = "127.0.0.1/32".parse().unwrap();
        for text in [
            "http:\n  use_x_forwarded_for: true\n  trusted_proxies:\n    - 127.0.0.1 # here\n",
            "a: !include b\nhttp:\n  trusted_proxies: [\"127.0.0.1\"]\n  use_x_forwarded_for: yes\n",
            "http:\n  # x\n\n  use_x_forwarded_for: true\n  trusted_proxies:\n  - '127.0.0.1/32'\nz: 1\n",
        ] {
            assert_eq!(trusted(text), InYaml::Networks(vec![loopback]), "{text}");
        }
        assert_eq!(trusted("http:\n  trusted_proxies: 127.0.0.1\n"), InYaml::Off);
        for text in ["", "http: !include http.yaml\n", "http:\n  server_port: 1\n", "x:\n  trusted_proxies: [::1]\n"] {
            assert_eq!(trusted(text), InYaml::Nothing, "{text}");
        }
    }

    #[test]
    fn a_clock_may_be_seconds_apart_and_no_more() {
        let said = |date: &str, now: u64| {
            let mut report = Report::default();
            judge_clock(Some(date), Timestamp::from_millis(now * 1000), &mut report);
            format!("{report:?}")
        };
        let (date, then) = ("Sun, 06 Nov 1994 08:49:37 GMT", 784_111_777);
        assert!(said(date, then + FAR_APART).contains("to within seconds"));
        assert!(said(date, then - FAR_APART).contains("to within seconds"));
        assert!(said(date, then + FAR_APART + 1).contains("31 seconds apart"));
        assert!(said(date, then - FAR_APART - 1).contains("31 seconds apart"));
        assert!(!said("yesterday", then).contains("clock"), "nothing can be said");
    }
}

//! The hosts that browsers ask for: whether their names lead here, and whether the certificate is believed and how
//! long.

use std::net::{IpAddr, ToSocketAddrs as _, UdpSocket};
use std::time::Duration;

use super::report::Report;
use super::revocation;
use crate::clock::{Clock, Timestamp};
use crate::config::{CertificateFiles, Settings, Tls, Trust};
use crate::dial::{DialError, Dialer};
use crate::ids::Address;
use crate::operations::control::StatusReport;
use crate::telemetry::chain;
use crate::tls::{ShownCertificate, shown_certificate};

/// Looks at each host, and at what it shows.
pub(super) async fn look(settings: &Settings, running: Option<&StatusReport>, report: &mut Report) {
    match &settings.tls {
        Tls::Development { .. } => {
            let hint = "name your own under [tls] `certificates`, or let browsers trust it (certs/README.md)";
            report.warn("certificate", "a development certificate, which browsers warn of", hint);
        }
        Tls::Certificates(list) => judge_files(list, report).await,
        Tls::Acme { certificates, acme } => {
            judge_files(certificates, report).await;
            for domain in &acme.domains {
                let files = acme.files(domain);
                if files.chain.exists() {
                    judge_files(&[files], report).await;
                } else {
                    let hint = "`vestibule certificates` says what the last order came to";
                    report.warn("certificate", format!("none was ordered yet for {domain}"), hint);
                }
            }
        }
    }
    let is_own = !matches!(settings.tls, Tls::Development { .. });
    for (host, port) in hosts(settings) {
        if judge_name(&host, settings, report) && running.is_some() && is_own {
            judge_handshake(&host, port, report).await;
        }
    }
}

/// What cannot be read was told with the configuration.
async fn judge_files(list: &[CertificateFiles], report: &mut Report) {
    for files in list {
        if let Ok(shown) = shown_certificate(&files.chain) {
            judge_dates(&files.chain.display().to_string(), &shown, Clock::System.now(), report);
            revocation::look(&files.chain, &shown.revocation, report).await;
        }
    }
}

/// Each host once, with the port that browsers use.
fn hosts(settings: &Settings) -> Vec<(String, u16)> {
    let listen = &settings.listen;
    let own_port = listen.https.first().map_or(443, |listener| listener.address.port());
    let port = settings.main_origin().map_or(own_port, |url| url.port);
    let mut hosts: Vec<_> = listen.public_urls.iter().map(|url| (url.host.clone(), url.port)).collect();
    for host in settings.own_hosts() {
        if !hosts.iter().any(|(known, _)| *known == host) {
            hosts.push((host, port));
        }
    }
    hosts
}

fn judge_dates(about: &str, shown: &ShownCertificate, now: Timestamp, report: &mut Report) {
    let renew = "renew it; vestibule takes a new one over by itself when the file changes";
    if shown.not_before > now {
        let message = format!("this certificate counts from {} on", shown.not_before);
        report.fail(about, message, "is this machine's clock right?");
    } else if shown.not_after < now {
        report.fail(about, format!("this certificate ended on {}", shown.not_after), renew);
    } else if shown.not_after.saturating_since(now) < SOON {
        report.warn(about, format!("this certificate ends on {}", shown.not_after), renew);
    } else {
        report.good(about, format!("this certificate counts until {}", shown.not_after));
    }
}

/// Certificates of ACME are renewed a month before they end: two weeks before, something is wrong.
const SOON: Duration = Duration::from_hours(14 * 24);

/// Whether a name leads to this machine.
fn judge_name(host: &str, settings: &Settings, report: &mut Report) -> bool {
    let about = format!("host {host}");
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<IpAddr> = match (bare, 443_u16).to_socket_addrs() {
        Ok(found) => found.map(|address| address.ip()).collect(),
        Err(error) => {
            let hint = "add it to your DNS (or to the hosts file of each machine), with an address of this machine";
            report.fail(&about, format!("the name does not resolve here: {error}"), hint);
            return false;
        }
    };
    // Only an address of its own can be bound.
    let others = addresses.iter().find(|ip| UdpSocket::bind((**ip, 0)).is_err());
    match others {
        Some(other) if settings.listen.trusted_proxies.is_empty() => {
            let hint = "that is right where another machine passes connections on; else correct your DNS";
            report.warn(&about, format!("the name leads to {other}, which is no address of this machine"), hint);
        }
        Some(other) => report.good(&about, format!("the name leads to {other}")),
        None => report.good(&about, "the name leads to this machine"),
    }
    true
}

/// What a browser on this machine would find there: a chain that leads to an authority which the system trusts.
async fn judge_handshake(host: &str, port: u16, report: &mut Report) {
    let about = format!("host {host}");
    let address = Address::Https { host: host.trim_matches(['[', ']']).to_owned(), port };
    match Dialer::new(address, Trust::System, PATIENCE).dial().await {
        Ok(_) => report.good(&about, format!("its certificate is believed, at port {port}")),
        Err(error @ DialError::Tls { .. }) => {
            let hint = "a chain has the intermediates of its authority behind the certificate (`fullchain.pem`); an \
                        authority of your own must be trusted by each browser";
            let message = format!("this machine does not believe its certificate, at port {port}: {}", chain(&error));
            report.warn(&about, message, hint);
        }
        Err(error) => {
            let hint = "is that port passed on to vestibule? `public_urls` has the one that browsers use";
            report.warn(&about, format!("no connection to it from here, at port {port}: {}", chain(&error)), hint);
        }
    }
}

const PATIENCE: Duration = Duration::from_secs(3);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::Sources;

    #[test]
    fn a_certificate_is_judged_by_both_its_dates() {
        let now = Timestamp::from_millis(1_000_000_000_000);
        let said = |before: Timestamp, after: Timestamp| {
            let mut report = Report::default();
            let shown = ShownCertificate {
                not_before: before,
                not_after: after,
                revocation: Sources::default(),
                der: Vec::new(),
            };
            judge_dates("c.pem", &shown, now, &mut report);
            format!("{report:?}")
        };
        let (past, moment) = (Timestamp::from_millis(0), Duration::from_millis(1));
        assert!(said(past, now.saturating_add(SOON)).contains("Ok"));
        assert!(said(past, now.saturating_add(SOON.saturating_sub(moment))).contains("Warning"));
        assert!(said(past, Timestamp::from_millis(now.as_millis() - 1)).contains("this certificate ended"));
        assert!(said(now.saturating_add(moment), now.saturating_add(SOON)).contains("is this machine's clock right?"));
    }
}

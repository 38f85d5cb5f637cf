//! Trust that changes while vestibule serves: what is open goes on only as long as its certificate is believed.

use rcgen::date_time_ymd;

use super::{House, TABLET, mapped};
use crate::support::client_certificate::{ClientAuthority, Connected, Wanted};
use crate::support::form::new_session;
use crate::support::h2::H2Tunnel;
use crate::support::tunnel::{ORIGIN, echo, handshake};
use crate::support::{Answer, Ask, BOTH, Protocol, Vestibule, eventually};

const SESSION: &str = "/.vestibule/session";
const SIGN_IN: &str = "/.vestibule/sign-in";

/// An open WebSocket over a connection that showed a certificate.
enum Tunnel {
    H1(Connected),
    /// With its connection, which ends when it is dropped.
    H2(#[expect(dead_code, reason = "held")] Connected, Box<H2Tunnel>),
}

impl Tunnel {
    fn open(mut client: Connected, protocol: Protocol, host: &str, cookie: &str) -> Self {
        let origin = if host == "p.test" { ORIGIN.to_owned() } else { format!("https://{host}") };
        let ask = handshake(protocol, "/ingress/ws/x").host(host).field("Origin", &origin).cookie(cookie);
        match &mut client {
            Connected::H1(raw) => {
                let answer = raw.ask(&ask);
                assert_eq!(answer.status, 101, "{answer:#?}");
                Self::H1(client)
            }
            Connected::H2(h2) => {
                assert!(h2.takes_extended_connect());
                let (answer, tunnel) = h2.websocket(&ask);
                let tunnel = tunnel.unwrap_or_else(|| panic!("{answer:#?}"));
                Self::H2(client, Box::new(tunnel))
            }
        }
    }

    fn await_end(&mut self) {
        loop {
            let some = match self {
                Self::H1(Connected::H1(client)) => client.some(),
                Self::H1(Connected::H2(_)) => Vec::new(),
                Self::H2(_, tunnel) => tunnel.some(),
            };
            if some.is_empty() {
                return;
            }
        }
    }
}

/// Puts another text into a file of the home, which vestibule watches.
fn replace(vestibule: &Vestibule, name: &str, text: &str) {
    crate::support::home::replace(&vestibule.home().folder().join(name), text.as_bytes());
}

fn listed() -> (House, crate::support::RawAddon) {
    let echo = echo();
    let house = House::furnished(
        |config, _| {
            config.set("tls", "client_crl", "\"home/clients.crl\"");
            let entries = [("common_name = \"Tablet\"", "bob", ", sign_in = true")];
            config.set("tls", "client_certificate", &mapped(&entries));
            config.addon("ws", &echo);
        },
        |home, authority| {
            std::fs::write(home.join("clients.crl"), authority.list(&[], date_time_ymd(2099, 1, 1))).unwrap();
        },
    );
    (house, echo)
}

#[test]
fn a_revoked_certificate_ends_what_is_open_and_every_further_request_of_its_connections() {
    let (house, _echo) = listed();
    let (lost, kept) = (house.authority.issue("Tablet"), house.authority.issue("Tablet"));
    for host in ["p.test", TABLET] {
        replace(&house.vestibule, "clients.crl", &house.authority.list(&[], date_time_ymd(2099, 1, 1)));
        eventually("the old list", || {
            (house.ask(Protocol::H1, host, Some(&lost), &Ask::get(SESSION)).status == 401).then_some(())
        });
        let session = new_session(&house.ask(Protocol::H1, host, Some(&lost), &Ask::navigate(SIGN_IN)));
        let mut tunnels = BOTH.map(|protocol| {
            let client = house.connect(protocol, host, Some(&lost)).unwrap();
            Tunnel::open(client, protocol, host, &session)
        });
        let mut open = BOTH.map(|protocol| house.connect(protocol, host, Some(&lost)).unwrap());
        let mut other = BOTH.map(|protocol| house.connect(protocol, host, Some(&kept)).unwrap());
        let who = Ask::get(SESSION).host(host).cookie(&session);
        for client in &mut open {
            assert_eq!(client.ask(&who).status, 200);
        }
        replace(&house.vestibule, "clients.crl", &house.authority.list(&[&lost], date_time_ymd(2099, 1, 1)));
        for tunnel in &mut tunnels {
            tunnel.await_end();
        }
        for client in &mut open {
            let answer = client.ask(&who);
            assert_eq!(answer.status, 421, "{answer:#?}");
        }
        for protocol in BOTH {
            assert_eq!(house.ask(protocol, host, Some(&lost), &Ask::get(SESSION)).status, 0);
        }
        for client in &mut other {
            assert_eq!(client.ask(&Ask::get(SESSION).host(host)).status, 401, "that of another goes on");
        }
    }
    let metrics = house.vestibule.ask_operations(&Ask::get("/metrics")).text();
    assert!(metrics.contains("vestibule_refusals_total{reason=\"certificate_refused\"}"), "{metrics}");
}

#[test]
fn a_connection_of_before_a_rule_gets_nothing_at_the_host_that_has_one_now() {
    let mut house = House::with(|config, _| {
        config.unset("tls", "client_ca").unset("tls", "client_auth");
    });
    let cookie = house.vestibule.cookie("bob");
    let mut before = BOTH.map(|protocol| house.connect(protocol, TABLET, None).unwrap());
    let ask = Ask::get(SESSION).host(TABLET).cookie(&cookie);
    for client in &mut before {
        assert_eq!(client.ask(&ask).status, 200);
    }
    house.vestibule.reconfigure(|config| {
        config.set("tls", "client_auth", &format!("[{{ host = \"{TABLET}\", ca = \"home/clients.crt\" }}]"));
    });
    house.vestibule.command_ok(&["reload"]);
    for client in &mut before {
        assert_eq!(client.ask(&ask).status, 421);
    }
}

#[test]
fn a_certificate_that_expires_while_its_connection_is_open_is_refused_from_then_on() {
    let house = House::new();
    #[expect(clippy::disallowed_methods, reason = "the program has no other clock")]
    let soon = std::time::SystemTime::now() + std::time::Duration::from_secs(4);
    let short = house.authority.issue_as(Wanted { to: soon.into(), ..Wanted::new("Tablet") });
    let mut open = BOTH.map(|protocol| house.connect(protocol, TABLET, Some(&short)).unwrap());
    let ask = Ask::get(SESSION).host(TABLET);
    for client in &mut open {
        assert_eq!(client.ask(&ask).status, 401);
    }
    for client in &mut open {
        eventually("the end of the certificate", || (client.ask(&ask).status == 421).then_some(()));
    }
}

#[test]
fn s42_an_authority_that_cannot_be_read_keeps_the_old_rule_and_a_start_with_one_fails() {
    let house = House::new();
    let good = house.authority.issue("Tablet");
    let stays = |why: &str| {
        assert_eq!(house.ask(Protocol::H1, TABLET, None, &Ask::get(SESSION)).status, 0, "{why}");
        assert_eq!(house.ask(Protocol::H1, TABLET, Some(&good), &Ask::get(SESSION)).status, 401, "{why}");
    };
    let server = std::fs::read_to_string(house.vestibule.path("p.test.crt")).unwrap();
    for text in ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", server.as_str()] {
        replace(&house.vestibule, "clients.crt", text);
        let reload = house.vestibule.command(&["reload"]);
        assert!(!reload.status.success(), "{text}");
        stays(text);
        let check = house.vestibule.command(&["check"]);
        let said = String::from_utf8_lossy(&check.stdout).into_owned() + &String::from_utf8_lossy(&check.stderr);
        assert!(!check.status.success() && said.contains("client_ca"), "{said}");
    }
    std::fs::remove_file(house.vestibule.home().folder().join("clients.crt")).unwrap();
    assert!(!house.vestibule.command(&["reload"]).status.success());
    stays("it is gone");
    let start = house.vestibule.command(&["serve"]);
    let said = String::from_utf8_lossy(&start.stderr).into_owned();
    assert!(!start.status.success() && said.contains("client_ca"), "{said}");
    stays("another process did not start");
}

#[test]
fn another_authority_takes_the_place_of_the_old_one_at_once() {
    let house = House::new();
    let old = house.authority.issue("Tablet");
    let next = ClientAuthority::new("Next");
    let mut open = BOTH.map(|protocol| house.connect(protocol, TABLET, Some(&old)).unwrap());
    replace(&house.vestibule, "clients.crt", next.pem());
    house.vestibule.command_ok(&["reload"]);
    let ask = Ask::get(SESSION).host(TABLET);
    for client in &mut open {
        assert_eq!(client.ask(&ask).status, 421);
    }
    for protocol in BOTH {
        assert_eq!(house.ask(protocol, TABLET, Some(&old), &ask).status, 0);
        assert_eq!(house.ask(protocol, TABLET, Some(&next.issue("Tablet")), &ask).status, 401);
    }
}

#[test]
fn an_authority_that_has_expired_lets_nobody_in() {
    let ended = ClientAuthority::until("Ended", date_time_ymd(2026, 1, 1));
    let house = House::furnished(
        |config, _| {
            config.set("tls", "client_auth", &format!("[{{ host = \"{TABLET}\", ca = \"home/ended.crt\" }}]"));
        },
        |home, _| ended.write_to(home, "ended.crt"),
    );
    let answer: Answer = house.ask(Protocol::H1, TABLET, Some(&ended.issue("Tablet")), &Ask::get(SESSION));
    assert_eq!(answer.status, 0);
    let said = String::from_utf8(house.vestibule.command(&["check"]).stderr).unwrap();
    assert!(said.contains("the authority \"Ended\" expired at 2026-01-01"), "{said}");
}

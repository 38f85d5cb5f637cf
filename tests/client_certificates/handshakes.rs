//! Handshakes: which certificates are believed, and what a client learns of the others: nothing but one alert.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use rcgen::{ExtendedKeyUsagePurpose, SanType, date_time_ymd};
use rustls::pki_types::ServerName;
use rustls::{AlertDescription, ClientConfig, ClientConnection, Error};

use super::{House, TABLET, mapped};
use crate::support::client_certificate::{ClientAuthority, ClientIdentity, Wanted, showing};
use crate::support::process::Vestibule;
use crate::support::{Ask, BOTH, Protocol, eventually};

const SESSION: &str = "/.vestibule/session";

/// The alert with which a handshake ends.
fn alert(vestibule: &Vestibule, host: &'static str, config: ClientConfig) -> Option<AlertDescription> {
    let mut stream = TcpStream::connect(vestibule.https()).unwrap();
    let mut client = ClientConnection::new(Arc::new(config), ServerName::try_from(host).unwrap()).unwrap();
    let of = |error: &std::io::Error| match error.get_ref()?.downcast_ref::<Error>()? {
        Error::AlertReceived(alert) => Some(*alert),
        _ => None,
    };
    while client.is_handshaking() {
        if let Err(error) = client.complete_io(&mut stream) {
            return of(&error);
        }
    }
    // With TLS 1.3 the client has finished before the server judges.
    let mut tls = rustls::Stream::new(&mut client, &mut stream);
    tls.write_all(&Ask::get(SESSION).host(host).to_bytes()).ok();
    tls.read(&mut [0; 1]).err().and_then(|error| of(&error))
}

fn refused_count(vestibule: &Vestibule, reason: &str) -> bool {
    let line = format!("vestibule_client_certificates_refused_total{{reason=\"{reason}\"}} ");
    vestibule.ask_operations(&Ask::get("/metrics")).text().contains(&line)
}

#[test]
fn whoever_has_a_certificate_gets_in_where_one_is_required_and_nobody_else() {
    let house = House::new();
    let good = house.authority.issue("Tablet");
    for protocol in BOTH {
        assert_eq!(
            house.ask(protocol, TABLET, Some(&good), &Ask::get(SESSION)).status,
            401,
            "no session, but an answer"
        );
        assert_eq!(house.ask(protocol, TABLET, None, &Ask::get(SESSION)).status, 0);
        assert_eq!(house.ask(protocol, "p.test", None, &Ask::get(SESSION)).status, 401, "asked for, and not required");
        assert_eq!(house.ask(protocol, "p.test", Some(&good), &Ask::get(SESSION)).status, 401);
    }
    eventually("the count", || refused_count(&house.vestibule, "missing").then_some(()));
}

#[test]
fn bad_certificates_are_refused_with_one_alert_at_every_host_and_the_operator_is_told_why() {
    let (gone, strict) = (ClientAuthority::new("Gone"), ClientAuthority::new("Strict"));
    let revoked = strict.issue("Lost");
    let kept = strict.issue("Kept");
    let list = strict.list(&[&revoked], date_time_ymd(2099, 1, 1));
    let house = House::furnished(
        |config, _| {
            config.set("log", "filter", "\"debug\"");
            let tablet = format!("{{ host = \"{TABLET}\", ca = \"home/strict.crt\", crl = \"home/strict.crl\" }}");
            config.set("tls", "client_auth", &format!("[{tablet}, {{ host = \"b.p.test\" }}]"));
        },
        |home, _| {
            strict.write_to(home, "strict.crt");
            std::fs::write(home.join("strict.crl"), &list).unwrap();
        },
    );
    let of = |change: fn(&mut Wanted)| {
        let mut wanted = Wanted::new("Bad");
        change(&mut wanted);
        house.authority.issue_as(wanted)
    };
    let cases: [(&str, &'static str, ClientIdentity); 6] = [
        ("expired", "b.p.test", of(|wanted| wanted.to = date_time_ymd(2026, 1, 1))),
        ("not_yet_valid", "b.p.test", of(|wanted| wanted.from = date_time_ymd(2098, 1, 1))),
        ("wrong_purpose", "b.p.test", of(|wanted| wanted.usage = ExtendedKeyUsagePurpose::ServerAuth)),
        ("other_authority", "b.p.test", gone.issue("Tablet")),
        ("other_authority", TABLET, house.authority.issue("Tablet")),
        ("revoked", TABLET, revoked),
    ];
    for (why, host, identity) in cases {
        for protocol in BOTH {
            assert_eq!(house.ask(protocol, host, Some(&identity), &Ask::get(SESSION)).status, 0, "{why}");
        }
        let said = alert(&house.vestibule, host, showing(Some(&identity), b"http/1.1"));
        assert_eq!(said, Some(AlertDescription::CertificateUnknown), "{why}");
        eventually(why, || refused_count(&house.vestibule, why).then_some(()));
    }
    // A host that does without a certificate takes no bad one either.
    let expired = of(|wanted| wanted.to = date_time_ymd(2026, 1, 1));
    assert_eq!(house.ask(Protocol::H1, "p.test", Some(&expired), &Ask::get(SESSION)).status, 0);
    assert_eq!(house.ask(Protocol::H1, TABLET, Some(&kept), &Ask::get(SESSION)).status, 401);
    let line = house.vestibule.await_line(&["not_logged", "certificate="]);
    assert!(line.contains("why=") && line.contains("sha256:"), "{line}");
}

#[test]
fn s43_a_list_that_is_out_of_date_and_one_with_another_key_behind_the_same_name_let_nobody_in() {
    for out_of_date in [true, false] {
        let (authority, namesake) = (ClientAuthority::new("Strict"), ClientAuthority::new("Strict"));
        let list = if out_of_date {
            authority.list(&[], date_time_ymd(2026, 2, 1))
        } else {
            namesake.list(&[], date_time_ymd(2099, 1, 1))
        };
        let house = House::furnished(
            |config, _| {
                let tablet = format!("{{ host = \"{TABLET}\", ca = \"home/s.crt\", crl = \"home/s.crl\" }}");
                config.set("tls", "client_auth", &format!("[{tablet}]"));
            },
            |home, _| {
                authority.write_to(home, "s.crt");
                std::fs::write(home.join("s.crl"), &list).unwrap();
            },
        );
        let good = authority.issue("Tablet");
        for protocol in BOTH {
            assert_eq!(house.ask(protocol, TABLET, Some(&good), &Ask::get(SESSION)).status, 0, "{out_of_date}");
        }
        let why = if out_of_date { "list_expired" } else { "malformed" };
        eventually(why, || refused_count(&house.vestibule, why).then_some(()));
    }
}

#[test]
fn s43_names_are_compared_whole_and_each_as_its_kind() {
    let house = House::with(|config, _| {
        let entries = [
            ("common_name = \"frank\"", "frank", ", sign_in = true"),
            ("san = \"email:bob@home.test\"", "bob", ", sign_in = true"),
        ];
        config.set("tls", "client_certificate", &mapped(&entries));
    });
    let named =
        |common_name: &str, names: Vec<SanType>| house.authority.issue_as(Wanted { names, ..Wanted::new(common_name) });
    let text = |text: &str| text.try_into().unwrap();
    let signs_in = |identity: &ClientIdentity| {
        let answer = house.ask(Protocol::H1, "p.test", Some(identity), &Ask::navigate("/.vestibule/sign-in"));
        assert!(matches!(answer.status, 200 | 303), "{answer:#?}");
        answer.status == 303
    };
    assert!(signs_in(&named("frank", vec![])));
    assert!(signs_in(&named("x", vec![SanType::Rfc822Name(text("bob@home.test"))])));
    let others = [
        named("Frank", vec![]),
        named("frank ", vec![]),
        named("frank\0.evil", vec![]),
        named("frank.evil", vec![]),
        named("x", vec![SanType::Rfc822Name(text("bob@home.test\0.evil"))]),
        named("x", vec![SanType::Rfc822Name(text("Bob@home.test"))]),
        named("x", vec![SanType::DnsName(text("bob@home.test"))]),
        named("x", vec![SanType::URI(text("bob@home.test"))]),
        named("bob@home.test", vec![]),
        // For two users at once it stands for neither.
        named("frank", vec![SanType::Rfc822Name(text("bob@home.test"))]),
    ];
    for (at, identity) in others.iter().enumerate() {
        assert!(!signs_in(identity), "{at}");
    }
}

#[test]
fn a_name_that_another_authority_has_written_stands_for_nobody() {
    let guests = ClientAuthority::new("Guests");
    let guest = guests.issue("frank");
    let known = guests.issue("tablet");
    let house = House::furnished(
        |config, _| {
            config.set("tls", "client_auth", "[{ host = \"guests.p.test\", ca = \"home/guests.crt\" }]");
            let fingerprint = format!("fingerprint = \"{}\"", known.fingerprint());
            let entries =
                [("common_name = \"frank\"", "frank", ", sign_in = true"), (&*fingerprint, "bob", ", sign_in = true")];
            config.set("tls", "client_certificate", &mapped(&entries));
        },
        |home, _| guests.write_to(home, "guests.crt"),
    );
    let page = Ask::navigate("/.vestibule/sign-in");
    assert_eq!(house.ask(Protocol::H1, "guests.p.test", Some(&guest), &page).status, 200, "the form");
    assert_eq!(house.ask(Protocol::H1, "guests.p.test", Some(&known), &page).status, 303, "this very certificate");
}

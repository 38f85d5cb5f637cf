//! The development certificate: made once, kept, made anew when it must be.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::{Arc, Barrier};
use std::time::Duration;

use rustls::pki_types::{ServerName, UnixTime};
use vestibule::clock::{Clock, Timestamp};
use vestibule::config::Tls;
use vestibule::tls::{Handshaker, Notice, check_pair};

use crate::support::*;

const FILES: [&str; 4] = ["vestibule-dev-ca.crt", "vestibule-dev-ca.key", "vestibule-dev.crt", "vestibule-dev.key"];
const DAY: Duration = Duration::from_hours(24);

fn start(folder: &Path, names: &[&str], now: Timestamp) -> Notice {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let (_, mut notices) =
        Handshaker::new(&Tls::Development { folder: folder.into() }, None, &names, Clock::manual(now)).unwrap();
    assert_eq!(notices.len(), 1);
    notices.remove(0)
}

fn contents(folder: &Path) -> Vec<Vec<u8>> {
    FILES.iter().map(|name| fs::read(folder.join(name)).unwrap()).collect()
}

fn mode(file: &Path) -> u32 {
    fs::metadata(file).unwrap().permissions().mode() & 0o777
}

/// Whether a client that trusts the folder's CA takes its certificate for this name at this time.
fn trusted(folder: &Path, name: &str, at: Timestamp) -> bool {
    let leaf = certificate_in(&folder.join(FILES[2]));
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate_in(&folder.join(FILES[0]))).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let judge = rustls::client::WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    let name = ServerName::try_from(name.to_owned()).unwrap();
    let at = UnixTime::since_unix_epoch(Duration::from_millis(at.as_millis()));
    rustls::client::danger::ServerCertVerifier::verify_server_cert(&*judge, &leaf, &[], &name, &[], at).is_ok()
}

#[tokio::test]
async fn the_first_start_makes_what_a_browser_can_trust() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("certs");
    let tls = Tls::Development { folder: folder.clone() };
    let mut server = Setup::default().start(&tls);
    for name in [FILES[1], FILES[3]] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
    let mut left: Vec<_> = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [".lock", FILES[0], FILES[1], FILES[2], FILES[3]], "no temporary file is left");

    let client = Arc::new(client_trusting(certificate_in(&folder.join(FILES[0])), rustls::ALL_VERSIONS));
    for name in ["localhost", "127.0.0.1", "::1"] {
        echo(&mut server.handshake(&client, name).await).await;
        let covered = server.secured().await;
        for name in ["localhost", "z2m.localhost", "127.0.0.1", "[::1]"] {
            assert!(covered.covered().covers(name), "{name}");
        }
        assert!(!covered.covered().covers("home.example"));
    }
}

#[test]
fn the_second_start_uses_what_the_first_made() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    let ca = folder.path().join(FILES[0]);
    assert_eq!(start(folder.path(), &[], now), Notice::Development { ca: ca.clone(), new: true });
    let made = contents(folder.path());
    assert_eq!(start(folder.path(), &[], now.saturating_add(DAY * 300)), Notice::Development { ca, new: false });
    assert_eq!(contents(folder.path()), made);
    start(folder.path(), &[], Timestamp::from_millis(0));
    assert_eq!(contents(folder.path()), made, "a clock that fell back to 1970 is no reason");
}

#[test]
fn a_new_name_gets_a_new_certificate_from_the_same_authority() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    start(folder.path(), &[], now);
    let before = contents(folder.path());
    let notice = start(folder.path(), &["Z2M.Home.Example", "[2001:db8::1]", "192.0.2.7", "localhost"], now);
    assert!(matches!(notice, Notice::Development { new: false, .. }));
    let after = contents(folder.path());
    assert_eq!(before[..2], after[..2], "the CA stays");
    assert_ne!(before[2..], after[2..]);
    for name in ["localhost", "z2m.home.example", "2001:db8::1", "192.0.2.7", "127.0.0.1"] {
        assert!(trusted(folder.path(), name, now), "{name}");
    }
    start(folder.path(), &["192.0.2.7"], now);
    assert_eq!(contents(folder.path()), after, "a name too many is no reason");
}

#[test]
fn an_old_certificate_is_made_anew_and_an_old_authority_too() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    start(folder.path(), &[], now);
    let first = contents(folder.path());
    assert!(trusted(folder.path(), "localhost", now.saturating_add(DAY * 395)));
    assert!(!trusted(folder.path(), "localhost", now.saturating_add(DAY * 397)), "397 days at most");

    let later = now.saturating_add(DAY * 390);
    start(folder.path(), &[], later);
    let second = contents(folder.path());
    assert_eq!(first[..2], second[..2]);
    assert_ne!(first[2..], second[2..]);
    assert!(trusted(folder.path(), "localhost", later));

    let much_later = now.saturating_add(DAY * 3700);
    assert!(matches!(start(folder.path(), &[], much_later), Notice::Development { new: true, .. }));
    assert!(trusted(folder.path(), "localhost", much_later));
}

#[test]
fn whatever_is_missing_broken_or_mixed_up_is_made_anew() {
    let now = Clock::System.now();
    let stranger = tempfile::tempdir().unwrap();
    start(stranger.path(), &[], now);
    for name in FILES {
        for damage in ["remove", "empty", "swap"] {
            let folder = tempfile::tempdir().unwrap();
            start(folder.path(), &[], now);
            let file = folder.path().join(name);
            match damage {
                "remove" => fs::remove_file(&file).unwrap(),
                "empty" => fs::write(&file, "").unwrap(),
                _ => drop(fs::copy(stranger.path().join(name), &file).unwrap()),
            }
            start(folder.path(), &["new.example"], now);
            check_pair(&folder.path().join(FILES[0]), &folder.path().join(FILES[1])).unwrap();
            check_pair(&folder.path().join(FILES[2]), &folder.path().join(FILES[3])).unwrap();
            assert!(trusted(folder.path(), "new.example", now), "{damage} {name}");
        }
    }
}

#[test]
fn the_authoritys_key_may_be_taken_away_while_its_certificate_lasts() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    start(folder.path(), &[], now);
    fs::remove_file(folder.path().join(FILES[1])).unwrap();
    assert!(matches!(start(folder.path(), &[], now), Notice::Development { new: false, .. }));
    assert!(!folder.path().join(FILES[1]).exists());
}

#[test]
fn keys_that_others_can_read_are_made_private_again() {
    let folder = tempfile::tempdir().unwrap();
    start(folder.path(), &[], Clock::System.now());
    for name in [FILES[1], FILES[3]] {
        fs::set_permissions(folder.path().join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    start(folder.path(), &[], Clock::System.now());
    assert_eq!((mode(&folder.path().join(FILES[1])), mode(&folder.path().join(FILES[3]))), (0o600, 0o600));
}

#[test]
fn many_first_starts_at_once_agree_on_one_pair() {
    let folder = tempfile::tempdir().unwrap();
    let now = Clock::System.now();
    let barrier = Barrier::new(8);
    let new = std::thread::scope(|scope| {
        let starts: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    start(folder.path(), &[], now)
                })
            })
            .collect();
        let notices = starts.into_iter().map(|start| start.join().unwrap());
        notices.filter(|notice| matches!(notice, Notice::Development { new: true, .. })).count()
    });
    assert_eq!(new, 1, "one makes it and seven find it");
    assert!(trusted(folder.path(), "localhost", now));
}

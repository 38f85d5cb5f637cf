//! A changed file is taken as a whole or not at all.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::json;

use crate::support::expectation::BOB;
use crate::support::tunnel::{Tunnel, echo};
use crate::support::{Ask, BOTH, Protocol, RawAddon, RawClient, Vestibule, assert_id, eventually};

#[test]
fn a_changed_file_and_a_signal_reload() {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let status =
        |vestibule: &Vestibule, target: &str| vestibule.ask(Protocol::H1, &Ask::get(target).cookie(&cookie)).status;
    assert_eq!(status(&vestibule, "/ingress/b/"), 404);
    vestibule.reconfigure(|config| {
        config.addon("b", &b);
    });
    eventually("the new add-on, without a signal", || (status(&vestibule, "/ingress/b/") == 200).then_some(()));
    vestibule.reconfigure(|config| {
        config.clear_addons().addon("b", &b);
    });
    vestibule.signal("HUP");
    eventually("the removal, at a signal", || (status(&vestibule, "/ingress/a/") == 404).then_some(()));
    assert_eq!(status(&vestibule, "/ingress/b/"), 200, "the session outlived both");
}

#[test]
fn a_bad_configuration_is_named_by_line_and_changes_nothing() {
    let (a, b) = (RawAddon::start(), RawAddon::start());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let good = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    let bad = format!("{good}\nunknown_key_of_mine = 1\n");
    let line = bad.lines().position(|line| line.starts_with("unknown_key_of_mine")).unwrap() + 1;
    for (text, line) in [(bad.as_str(), line), ("this is not TOML", 1), ("[listen]\nhttps = 7\n", 2)] {
        vestibule.write_config(text);
        vestibule.signal("HUP");
        vestibule.await_line(&[&format!("config.toml:{line}:")]);
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200, "{text}");
    }
    vestibule.await_line(&["unknown_key_of_mine"]);
    vestibule.reconfigure(|config| {
        config.addon("b", &b);
    });
    eventually("the repaired file", || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/b/").cookie(&cookie));
        (answer.status == 200).then_some(())
    });
}

#[test]
fn a_reload_disturbs_no_tunnel_and_no_connection() {
    let (a, b) = (echo(), RawAddon::start());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let mut tunnels = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &cookie));
    let mut client = RawClient::connect(vestibule.https());
    assert_eq!(client.ask(&Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    vestibule.reconfigure(|config| {
        config.addon("b", &b);
    });
    vestibule.signal("HUP");
    eventually("the reload, seen on a connection that was open before it", || {
        (client.ask(&Ask::get("/ingress/b/").cookie(&cookie)).status == 200).then_some(())
    });
    for tunnel in &mut tunnels {
        tunnel.assert_alive("after the reload");
    }
}

#[test]
fn s104_a_member_taken_out_of_a_group_of_the_file_loses_what_the_group_may_open_and_nobody_else_does() {
    let addon = echo();
    let with_members = |members: &str| {
        format!("access = {{ groups = [\"family\"] }}\n[[group]]\nid = \"family\"\nmembers = [{members}]")
    };
    let mut vestibule = Vestibule::start(|config| {
        config.addon_with("a", &addon, &with_members(r#""bob", "heidi""#));
    });
    let [bob, heidi, carol] = ["bob", "heidi", "carol"].map(|user| vestibule.cookie(user));
    let status = |vestibule: &Vestibule, cookie: &str| {
        vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(cookie)).status
    };
    assert_eq!([&bob, &heidi, &carol].map(|cookie| status(&vestibule, cookie)), [200, 200, 403]);
    let mut of_bob = BOTH.map(|protocol| Tunnel::opened(&vestibule, protocol, "/ingress/a/ws", &bob));
    let mut of_heidi = Tunnel::opened(&vestibule, Protocol::H1, "/ingress/a/ws", &heidi);
    vestibule.reconfigure(|config| {
        config.clear_addons().addon_with("a", &addon, &with_members(r#""heidi""#));
    });
    for tunnel in &mut of_bob {
        tunnel.await_end();
    }
    assert_eq!([&bob, &heidi, &carol].map(|cookie| status(&vestibule, cookie)), [403, 200, 403]);
    of_heidi.assert_alive("another member's loss");
}

#[test]
fn a_broken_auth_file_keeps_the_last_good_one() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    let good = vestibule.home().read("auth");
    let whole = serde_json::to_vec(&good).unwrap();
    for broken in [&whole[..whole.len() / 2], b"", b"{}", b"[]"] {
        vestibule.home().replace("auth", broken);
        vestibule.await_line(&["auth"]);
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        assert_id(&addon.one(), &BOB);
    }
    vestibule.home().replace("auth", &whole);
    vestibule.home().edit_user("bob", |user| user["name"] = json!("Robert"));
    eventually("the repaired file", || {
        assert_eq!(vestibule.ask(Protocol::H1, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
        (addon.one().fields.one("x-remote-user-display-name") == "Robert").then_some(())
    });
}

#[test]
fn a_signal_right_after_the_start_is_a_reload_and_not_the_end() {
    for _ in 0..5 {
        let addon = RawAddon::start();
        let mut vestibule = Vestibule::start(|config| {
            config.addon("a", &addon);
        });
        vestibule.signal("HUP");
        vestibule.await_line(&["configuration reloaded"]);
        assert!(vestibule.ended().is_none());
    }
}

/// Whichever part of a new configuration cannot be had, no other part of it is in force: clients of the tests trust the
/// certificate of the old one alone.
#[test]
fn a_reload_that_fails_shows_no_new_certificate() {
    let (a, taken) = (RawAddon::start(), TcpListener::bind("127.0.0.1:0").unwrap());
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &a);
    });
    let cookie = vestibule.cookie("bob");
    let key = rcgen::KeyPair::generate().unwrap();
    let other = rcgen::CertificateParams::new(vec!["p.test".to_owned()]).unwrap().self_signed(&key).unwrap();
    fs::write(vestibule.path("other.crt"), other.pem()).unwrap();
    fs::write(vestibule.path("other.key"), key.serialize_pem()).unwrap();
    fs::set_permissions(vestibule.path("other.key"), fs::Permissions::from_mode(0o600)).unwrap();
    let port = taken.local_addr().unwrap();
    let listen = format!("[\"127.0.0.1:0\", \"{port}\"]");
    for (words, table, key, value) in [
        (["a new address cannot be served"], "listen", "https", listen.as_str()),
        // A file stands where the folder of keys should be.
        (["identities cannot be signed"], "assertion", "keys", r#""p.test.crt/keys""#),
    ] {
        vestibule.reconfigure(|config| {
            config.set("listen", "https", r#"["127.0.0.1:0"]"#).clear_addons().addon_with("a", &a, "assertion = true");
            config.set("tls", "certificates", r#"[{ chain = "other.crt", key = "other.key" }]"#).set(table, key, value);
        });
        let reload = vestibule.command(&["reload"]);
        assert!(!reload.status.success(), "{words:?}");
        vestibule.await_line(&words);
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie));
            assert_eq!(answer.status, 200, "{words:?}: the old certificate is shown");
            assert!(!a.requests().last().unwrap().fields.has("x-remote-user-assertion"), "{words:?}: the old add-on");
        }
    }
}

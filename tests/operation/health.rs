//! The operator's listener, and add-ons that are down.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;

use crate::support::{Ask, BOTH, PATIENCE, Protocol, RawAddon, Vestibule, eventually, soon};

#[test]
fn s130_health_is_asked_on_a_listener_of_its_own() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    let cookie = vestibule.cookie("bob");
    assert_eq!(vestibule.ask_operations(&Ask::get("/healthz")).status, 200);
    assert_eq!(vestibule.ask_operations(&Ask::get("/readyz")).status, 200);
    let metrics = vestibule.ask_operations(&Ask::get("/metrics"));
    assert_eq!(metrics.status, 200);
    assert!(metrics.text().contains("# EOF"), "OpenMetrics: {}", metrics.text());
    assert!(!metrics.text().contains(cookie.split_once('=').unwrap().1));
    for target in ["/ingress/a/", "/.vestibule/session", "/.vestibule/sign-in", "/"] {
        let answer = vestibule.ask_operations(&Ask::get(target).cookie(&cookie));
        assert_eq!(answer.status, 404, "{target}: no add-on on the operator's listener: {answer:#?}");
    }
    for target in ["/healthz", "/readyz", "/metrics"] {
        let answer = vestibule.ask(Protocol::H1, &Ask::get(target));
        assert_eq!(answer.status, 401, "{target}: nothing of the operator's on the public one: {answer:#?}");
    }
    let probe = concat!("vestibule-probe/", env!("CARGO_PKG_VERSION"));
    for agent in ["GoogleHC/1.0", "kube-probe/1.30", "vestibule", probe] {
        for protocol in BOTH {
            let answer = vestibule.ask(protocol, &Ask::get("/ingress/a/admin").field("User-Agent", agent));
            assert_eq!(answer.status, 401, "S-21: no agent is waved through: {agent}");
        }
    }
    addon.assert_untouched("health");
}

#[test]
fn while_users_cannot_be_read_the_sign_in_page_says_that_nobody_can_sign_in() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("home_assistant", "max_stale", r#""1s""#).addon("a", &addon);
    });
    let page = || vestibule.ask(Protocol::H1, &Ask::navigate("/.vestibule/sign-in"));
    assert!(page().status == 200 && page().text().contains("<form"), "{:#?}", page());
    let auth = vestibule.path("home/.storage/auth");
    let good = fs::read(&auth).unwrap();
    fs::write(&auth, "{").unwrap();
    let away = eventually("the end of the last good copy", || Some(page()).filter(|page| page.status == 503));
    assert!(away.text().contains("not possible right now") && !away.text().contains("<form"), "{}", away.text());
    assert!(away.fields.has("Retry-After"), "{away:#?}");
    for told in ["auth", "home", "Home Assistant cannot", "storage", "directory"] {
        assert!(!away.text().replace("Use your Home Assistant account", "").contains(told), "{told}: {}", away.text());
    }
    fs::write(&auth, good).unwrap();
    let back = eventually("the users", || Some(page()).filter(|page| page.status == 200));
    assert!(back.text().contains("<form"), "{}", back.text());
}

#[test]
fn the_health_check_of_a_container_is_an_exit_code() {
    let addon = RawAddon::start();
    let mut vestibule = Vestibule::start(|config| {
        config.addon("a", &addon);
    });
    assert_eq!(vestibule.command_ok(&["health"]).trim(), "ready");
    vestibule.write_config("[listen]\nhttps = 1\ncontrol = \"run/vestibule.sock\"\n");
    assert_eq!(vestibule.command_ok(&["health"]).trim(), "ready", "a mistake in the file is no reason to kill it");
    vestibule.kill_9();
    let output = vestibule.command(&["health"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nothing listens at"), "{output:?}");
}

#[test]
fn who_is_not_ready_is_not_healthy() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).set("home_assistant", "max_stale", r#""1s""#);
    });
    vestibule.home().replace("auth", b"{");
    eventually("users that are too old to be relied on", || {
        let output = vestibule.command(&["health"]);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code() == Some(1) && said.contains(r#""directory":"absent""#)).then_some(())
    });
}

#[test]
fn an_add_on_that_is_down_is_a_502_and_comes_back() {
    let addon = RawAddon::start();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let vestibule = Vestibule::start(|config| {
        config.addon("a", &addon).addon_table(&format!(
            "slug = \"down\"\ntitle = \"down\"\nupstream = \"http://{nobody}\"\npath = \"/ingress/down\""
        ));
    });
    let cookie = vestibule.cookie("bob");
    for protocol in BOTH {
        let down = vestibule.ask(protocol, &Ask::get("/ingress/down/").cookie(&cookie));
        crate::support::assert_problem(&down, 502);
        assert!(!down.text().contains(&nobody.to_string()), "no address of the inside: {}", down.text());
        assert_eq!(vestibule.ask(protocol, &Ask::get("/ingress/a/").cookie(&cookie)).status, 200);
    }
    let listener = TcpListener::bind(nobody).unwrap();
    std::thread::spawn(move || {
        while let Ok((mut stream, _)) = listener.accept() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = std::io::Write::write_all(
                &mut stream,
                b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            );
        }
    });
    let back = soon(PATIENCE, || {
        let answer = vestibule.ask(Protocol::H1, &Ask::get("/ingress/down/").cookie(&cookie));
        (answer.status == 200).then_some(())
    });
    assert!(back.is_some(), "no restart is needed when the add-on comes back");
}

//! `vestibule doctor`: what it finds wrong in a house, what it finds right, and what to do.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::process::Command;
use std::thread;
use std::time::{Duration, UNIX_EPOCH};

use serde_json::Value;
use vestibule::clock::Clock;

use crate::support::tunnel::{accept, switching};
use crate::support::{ConfigFile, Keep, RawAddon, Vestibule};

/// How it ends, and its lines.
fn doctor(vestibule: &Vestibule) -> (Option<i32>, String) {
    let output = vestibule.command(&["doctor"]);
    let said = String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap();
    (output.status.code(), said)
}

/// The lines about something.
fn about<'a>(said: &'a str, what: &str) -> Vec<&'a str> {
    said.lines().filter(|line| line.contains(&format!(": {what}: "))).collect()
}

/// An add-on that has a WebSocket at this path.
fn with_websocket(path: &'static str) -> RawAddon {
    RawAddon::scripted(move |request, wire| match accept(request) {
        Some(accept) if request.target().ends_with(path) => {
            let _ = wire.write(&switching(&accept, ""));
            Keep::Closed
        }
        _ => {
            let _ = wire.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            Keep::Open
        }
    })
}

fn on_localhost(config: &mut ConfigFile) -> &mut ConfigFile {
    config.set("listen", "public_urls", r#"["https://localhost"]"#)
}

/// Answers everything with these header lines, at an address of its own.
fn server(at: &str, lines: &'static str) -> SocketAddr {
    let listener = TcpListener::bind(at).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 4096]);
            let _ = write!(stream, "HTTP/1.1 200 OK\r\n{lines}Content-Length: 2\r\n\r\n{{}}");
        }
    });
    address
}

#[test]
fn a_house_in_order_is_told_so_and_nothing_is_left_behind() {
    let addon = with_websocket("/comms");
    let vestibule = Vestibule::start(|config| {
        on_localhost(config).addon("a", &addon).addon_with("kept", &addon, "prefix = \"keep\"");
    });
    let (status, said) = doctor(&vestibule);
    assert_eq!(status, Some(0), "{said}");
    for told in ["ok: configuration: ", "ok: process: vestibule ", "ok: host localhost: the name leads to this machine"]
    {
        assert!(said.contains(told), "no {told:?}: {said}");
    }
    for slug in ["a", "kept"] {
        let lines = about(&said, &format!("add-on {slug}"));
        assert!(
            lines.iter().any(|line| line.starts_with("ok: ") && line.contains("it answers at 127.0.0.1:")),
            "{said}"
        );
        let opens = "its WebSocket at /comms opens through vestibule";
        assert!(lines.iter().any(|line| line.starts_with("ok: ") && line.contains(opens)), "{said}");
    }
    assert!(said.contains("certificate counts until 4"), "its end is told: {said}");
    let sessions: Value = serde_json::from_str(&vestibule.command_ok(&["sessions", "list", "--json"])).unwrap();
    assert_eq!(sessions["sessions"], serde_json::json!([]), "its sessions are ended");
}

#[test]
fn s113_an_add_on_that_is_down_or_open_to_everybody_is_found() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let open = server("0.0.0.0:0", "");
    let failing = RawAddon::answering("HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n");
    let vestibule = Vestibule::start(|config| {
        let table = |slug: &str, at: u16| {
            format!("slug = \"{slug}\"\nupstream = \"http://127.0.0.1:{at}\"\npath = \"/ingress/{slug}\"")
        };
        on_localhost(config).addon_table(&table("gone", gone.port())).addon_table(&table("open", open.port()));
        config.addon("failing", &failing);
    });
    let (status, said) = doctor(&vestibule);
    assert_eq!(status, Some(1), "{said}");
    let gone = about(&said, "add-on gone");
    assert!(gone[0].starts_with("error: ") && gone[0].contains("; hint: start it"), "{said}");
    let open = about(&said, "add-on open").join("\n");
    assert!(open.contains("ok: ") && open.contains("warning: "), "{said}");
    assert!(
        open.contains("listens on all addresses") && open.contains(&format!("process {}", std::process::id())),
        "{said}"
    );
    let failing = about(&said, "add-on failing");
    assert!(failing[0].starts_with("warning: ") && failing[0].contains("answers 500"), "{said}");
    assert_eq!(failing.len(), 1, "it listens on 127.0.0.1 alone: {said}");
}

#[test]
fn a_websocket_that_opens_by_itself_alone_is_found() {
    // As some compare `Origin` with the address at which they listen.
    let addon = RawAddon::scripted(|request, wire| {
        let is_own = request.fields.text("origin").is_some_and(|origin| origin.starts_with("http://127.0.0.1:"));
        let answer = match accept(request).filter(|_| is_own) {
            Some(accept) => switching(&accept, ""),
            None => b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n".to_vec(),
        };
        let _ = wire.write(&answer);
        Keep::Closed
    });
    let vestibule = Vestibule::start(|config| {
        on_localhost(config).addon("a", &addon);
    });
    let (status, said) = doctor(&vestibule);
    let line = about(&said, "add-on a").into_iter().find(|line| line.contains("WebSocket")).unwrap();
    assert!(status == Some(1) && line.starts_with("error: ") && line.contains("gets 403"), "{said}");
}

#[test]
fn a_certificate_that_this_machine_does_not_believe_is_found() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        on_localhost(config).addon("a", &addon);
    });
    let text = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    let there = vestibule.https().port().to_string();
    vestibule.write_config(&text.replace("https://localhost", &format!("https://localhost:{there}")));
    let (status, said) = doctor(&vestibule);
    let lines = about(&said, "host localhost").join("\n");
    assert!(
        status == Some(0) && lines.contains("does not believe its certificate") && lines.contains("fullchain.pem"),
        "{said}"
    );
}

#[test]
fn home_assistant_is_asked_for_its_clock_and_its_configuration_for_its_trust() {
    let now = UNIX_EPOCH + Duration::from_millis(Clock::System.now().as_millis());
    let now = httpdate::fmt_http_date(now);
    let right: &'static str = Box::leak(format!("Date: {now}\r\n").into_boxed_str());
    let slow = server("127.0.0.1:0", "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    let right = server("127.0.0.1:0", right);
    let addon = RawAddon::start();
    for (there, told) in [(slow, "error: clock: its clock and this one are "), (right, "ok: clock: it agrees")] {
        let vestibule = Vestibule::start(|config| {
            on_localhost(config).addon("a", &addon).set("home_assistant", "url", &format!("\"http://{there}\""));
        });
        let yaml = vestibule.path("home/configuration.yaml");
        fs::write(&yaml, "http:\n  use_x_forwarded_for: true\n  trusted_proxies:\n    - 10.0.0.1\n").unwrap();
        let (_, said) = doctor(&vestibule);
        assert!(said.contains(told) && said.contains(&format!("it answers at {there}")), "{said}");
        assert!(said.contains("does not have this machine among its trusted proxies"), "{said}");
        fs::write(&yaml, "http:\n  use_x_forwarded_for: true\n  trusted_proxies: [127.0.0.1]\n").unwrap();
        assert!(doctor(&vestibule).1.contains("ok: Home Assistant: configuration.yaml names trusted proxies"));
    }
}

#[test]
fn a_home_assistant_that_is_away_and_a_development_certificate_are_found() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        on_localhost(config).addon("a", &addon).set("home_assistant", "url", &format!("\"http://{gone}\""));
        config.unset("tls", "certificates");
    });
    let (status, said) = doctor(&vestibule);
    let away = about(&said, "Home Assistant").join("\n");
    assert!(status == Some(1) && away.contains(&format!("error: Home Assistant: no answer from {gone}")), "{said}");
    assert!(about(&said, "certificate")[0].starts_with("warning: "), "{said}");
    assert!(
        !said.contains("; hint: \n") && said.lines().filter(|line| line.starts_with("error: ")).count() == 1,
        "{said}"
    );
}

#[test]
fn a_name_that_leads_nowhere_or_elsewhere_is_found() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "public_urls", r#"["https://nowhere.p.test", "https://192.0.2.1"]"#).addon("a", &addon);
    });
    let (status, said) = doctor(&vestibule);
    let nowhere = about(&said, "host nowhere.p.test");
    assert!(status == Some(1) && nowhere[0].contains("does not resolve here"), "{said}");
    let elsewhere = about(&said, "host 192.0.2.1");
    assert!(elsewhere[0].starts_with("warning: ") && elsewhere[0].contains("no address of this machine"), "{said}");
}

#[test]
fn programs_get_json_and_mistakes_and_a_process_that_does_not_run_are_told() {
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        on_localhost(config).addon("a", &addon);
    });
    let text = fs::read_to_string(vestibule.path("config.toml")).unwrap();
    let run = |text: &str| {
        let file = vestibule.path("other.toml");
        fs::write(&file, text).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        let output = command.args(["doctor", "--json", "--config"]).arg(&file).output().unwrap();
        (output.status.code(), serde_json::from_slice::<Value>(&output.stdout).unwrap())
    };
    let (status, answer) = run(&text.replace("run/vestibule.sock", "run/nobody.sock"));
    assert_eq!((status, &answer["ok"], &answer["errors"]), (Some(0), &Value::Bool(true), &Value::from(0)), "{answer}");
    let about =
        |what: &str| answer["findings"].as_array().unwrap().iter().find(|it| it["about"] == what).cloned().unwrap();
    assert_eq!(
        (&about("process")["severity"], &about("routes")["severity"]),
        (&Value::from("warning"), &Value::from("warning"))
    );
    assert!(about("process")["hint"].as_str().unwrap().contains("is vestibule running"), "{answer}");
    let (status, answer) = run(&format!("nonsense = 1\n{text}"));
    assert_eq!((status, &answer["ok"]), (Some(2), &Value::Bool(false)), "{answer}");
    assert!(answer["findings"][0]["about"].as_str().unwrap().ends_with("other.toml:1"), "{answer}");
}

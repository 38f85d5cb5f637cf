//! `vestibule init`: from nothing to a configuration that `check` accepts, with the add-ons that answer here.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::addon::until_closed;
use crate::support::home::Home;
use crate::support::{Keep, RawAddon};

/// A folder with a home of Home Assistant in it.
struct Fresh(tempfile::TempDir);

impl Fresh {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Home::copy_to(folder.path().join("home"));
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Runs it without a terminal; nothing is listened on that somebody else may have.
    fn init(&self, more: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command.current_dir(&self.0).env_remove("VESTIBULE_CONFIG").stdin(Stdio::null());
        let usual = ["init", "--listen", "127.0.0.1:0", "--operations", "127.0.0.1:0"];
        command.args(usual).args(more).output().unwrap()
    }

    fn text(&self) -> String {
        fs::read_to_string(self.path("config.toml")).unwrap()
    }
}

fn page(title: &str) -> RawAddon {
    let body = format!("<!doctype html><html><head><title>{title}</title></head></html>");
    RawAddon::answering(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
}

fn said(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

#[test]
fn the_add_ons_that_answer_become_tables_that_check_accepts() {
    let fresh = Fresh::new();
    let (nodered, stranger) = (page("Node-RED"), page("Somebody's page"));
    // As they do it: the first page is another one.
    let moved = |to: &'static str, title: &'static str| {
        RawAddon::scripted(move |request, wire| {
            let body = format!("<TITLE>{title}</TITLE>");
            let answer = match request.target() {
                "/" => format!("HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n"),
                target if to.ends_with(target.trim_start_matches('/')) => {
                    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                }
                _ => "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n".to_owned(),
            };
            let _ = wire.write(answer.as_bytes());
            Keep::Open
        })
    };
    let (radicale, grafana) = (moved(".web/", "Radicale Web Interface"), moved("/login", "Grafana"));
    // Its page is for browsers, and names it by its own addresses alone.
    let copyparty = RawAddon::scripted(|request, wire| {
        let is_browser = request.fields.text("user-agent").is_some_and(|agent| agent.starts_with("Mozilla/"));
        let body = if is_browser { "<title>vm </title><link href=\"/.cpr/w/ui.css\">" } else { "# acct: *" };
        let _ = wire.write(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
        Keep::Open
    });
    let ports = [&nodered, &stranger, &radicale, &grafana, &copyparty].map(|addon| addon.address().port().to_string());
    let flags: Vec<&str> = ports.iter().flat_map(|port| ["--port", port]).collect();
    let output = fresh.init(&[&["--home-assistant", "home", "--host", "home.example"][..], &flags].concat());
    let (said, text) = (said(&output), fresh.text());
    assert!(output.status.success(), "{said}\n{text}");
    for addon in [&nodered, &radicale, &grafana, &copyparty] {
        assert!(text.contains(&format!("upstream = \"http://{}\"", addon.address())), "{text}");
        assert!(said.contains(&format!(" at http://{}: ", addon.address())), "what it needs is said: {said}");
    }
    assert!(!text.contains(&stranger.address().to_string()), "{text}");
    assert!(text.contains("access = { admin_only = true }") && text.contains("X-Script-Name"), "as documented: {text}");
    assert!(said.contains("config.toml: ok: ") && said.contains("next:\n"), "{said}");
}

#[test]
fn a_file_that_is_there_stays_unless_somebody_insists() {
    let fresh = Fresh::new();
    fs::write(fresh.path("config.toml"), "mine").unwrap();
    let given = ["--home-assistant", "home", "--no-addons"];
    let output = fresh.init(&given);
    assert!(output.status.code() == Some(2) && said(&output).contains("--force writes over it"), "{}", said(&output));
    assert_eq!(fresh.text(), "mine");
    let forced = fresh.init(&[&given[..], &["--force"]].concat());
    assert!(forced.status.success() && fresh.text().contains("config_dir = "), "{}", said(&forced));
    let left: Vec<_> = fs::read_dir(fresh.0.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "no half of a file is left: {left:?}");
}

#[test]
fn what_is_missing_is_asked_for_by_its_flag() {
    let fresh = Fresh::new();
    for (given, told) in [
        (&["--no-addons"][..], "it is not said where Home Assistant is"),
        (&["--home-assistant", "nowhere"], "`nowhere` is not a folder"),
        (&["--home-assistant", "http://127.0.0.1:1"], "long-lived access token"),
        (&["--home-assistant", "home", "--certificate", "c.pem"], "--key"),
    ] {
        let output = fresh.init(given);
        assert!(output.status.code() == Some(2) && said(&output).contains(told), "{}", said(&output));
        assert!(!Path::new(&fresh.path("config.toml")).exists());
    }
}

#[test]
fn a_home_over_the_api_and_a_certificate_are_written_as_they_are_given() {
    let fresh = Fresh::new();
    fs::write(fresh.path("token"), "abc.def").unwrap();
    let given = ["--home-assistant", "http://127.0.0.1:1", "--token", "token", "--no-addons", "--host", "p.test"];
    let output = fresh.init(&[&given[..], &["--certificate", "c.pem", "--key", "k.pem"]].concat());
    let text = fresh.text();
    assert_eq!(output.status.code(), Some(2), "there is no such certificate: {}", said(&output));
    assert!(said(&output).contains("mend what is said above"), "{}", said(&output));
    assert!(text.contains(&format!("token = {{ file = \"{}\" }}", fresh.path("token").display())), "{text}");
    assert!(text.contains(&format!("chain = \"{}\"", fresh.path("c.pem").display())), "{text}");
    assert!(text.contains("methods = [\"home-assistant\", \"password\"]"), "{text}");
}

#[test]
fn who_never_answers_or_never_ends_holds_nobody_up() {
    let fresh = Fresh::new();
    let silent = RawAddon::scripted(|_, wire| {
        let _ = until_closed(wire);
        Keep::Closed
    });
    let endless = RawAddon::scripted(|_, wire| {
        let _ = wire.write(b"HTTP/1.1 200 OK\r\n\r\n");
        while wire.write(&[b'<'; 4096]).is_ok() {}
        Keep::Closed
    });
    let began = Instant::now();
    let ports = [&silent, &endless].map(|addon| addon.address().port().to_string());
    let output = fresh.init(&["--home-assistant", "home", "--port", &ports[0], "--port", &ports[1]]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(began.elapsed() < Duration::from_mins(1), "{:?}", began.elapsed());
}

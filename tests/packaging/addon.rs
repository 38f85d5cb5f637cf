//! vestibule as an add-on on Home Assistant OS, before a stand-in of the Supervisor that answers as docs/design/supervisor.md
//! says; and its own manifest, as vestibule judges other add-ons'.

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::shipped;
use crate::support::h1::RawClient;
use crate::support::home::Home;
use crate::support::launch::announced;
use crate::support::tools::{Tool, find};
use crate::support::{Ask, RawAddon, certificate, eventually};

const TOKEN: &str = "the-supervisors-token-for-this-add-on";

/// The add-ons that the Supervisor knows, by slug: what it says of each.
type Installed = Arc<Mutex<BTreeMap<String, Value>>>;

/// A Supervisor of which the role `default` asks what it may: anything else is 403, as of the real one.
#[derive(Clone)]
struct StandIn {
    installed: Installed,
    asked: Arc<Mutex<Vec<String>>>,
    /// Whether it answers.
    is_up: Arc<Mutex<bool>>,
    at: SocketAddr,
}

impl StandIn {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = listener.local_addr().unwrap();
        let stand_in = Self { installed: Arc::default(), asked: Arc::default(), is_up: Arc::new(Mutex::new(true)), at };
        let serving = stand_in.clone();
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let Some(request) = lines.next() else { continue };
                let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
                let (status, body) = serving.answer(&request, &head);
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = (&stream).write_all(answer.as_bytes());
            }
        });
        stand_in
    }

    fn answer(&self, request: &str, head: &[String]) -> (u16, String) {
        self.asked.lock().unwrap().push(request.to_owned());
        let bearer = format!("authorization: Bearer {TOKEN}");
        if !head.iter().any(|line| line.eq_ignore_ascii_case(&bearer)) {
            return (401, "401: Unauthorized".to_owned());
        }
        if !*self.is_up.lock().unwrap() {
            return (400, json!({"result": "error", "message": "System is not ready with state: setup"}).to_string());
        }
        let Some(path) = request.strip_prefix("GET ").and_then(|rest| rest.strip_suffix(" HTTP/1.1")) else {
            return (403, "403: Forbidden".to_owned());
        };
        let installed = self.installed.lock().unwrap();
        let data = match path.split('/').collect::<Vec<_>>()[..] {
            ["", "supervisor", "info"] => {
                let line = |addon: &Value| json!({"slug": addon["slug"], "state": addon["state"], "version": addon["version"]});
                json!({"version": "2026.11.1", "addons": installed.values().map(line).collect::<Vec<_>>()})
            }
            ["", "addons", "self", "info"] => installed["local_vestibule"].clone(),
            ["", "addons", slug, "info"] => match installed.get(slug) {
                Some(addon) => addon.clone(),
                None => return (404, json!({"result": "error", "message": "does not exist"}).to_string()),
            },
            _ => return (403, "403: Forbidden".to_owned()),
        };
        (200, json!({"result": "ok", "data": data}).to_string())
    }

    fn install(&self, slug: &str, state: &str, at: SocketAddr, more: &Value) {
        let address = if state == "started" { at.ip().to_string() } else { "0.0.0.0".to_owned() };
        let mut addon = json!({
            "slug": slug, "name": format!("The {slug}"), "version": "1.0", "state": state, "ingress": true,
            "ingress_port": at.port(), "ingress_entry": "/api/hassio_ingress/TOKEN", "ingress_url": "/api/hassio_ingress/TOKEN/",
            "ip_address": address, "hostname": slug, "ingress_panel": true, "options": {}, "host_network": false,
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            addon[key] = value.clone();
        }
        self.installed.lock().unwrap().insert(slug.to_owned(), addon);
    }
}

/// vestibule, as the Supervisor starts it.
struct Running {
    folder: TempDir,
    child: Child,
    lines: Arc<Mutex<Vec<String>>>,
}

impl Running {
    fn start(supervisor: &StandIn, options: &Value, more: Option<&str>) -> Self {
        let folder = TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        Home::copy_to(path("home"));
        for name in ["data", "ssl"] {
            fs::create_dir(path(name)).unwrap();
        }
        certificate::write_to(&path("ssl"));
        fs::write(path("data/options.json"), options.to_string()).unwrap();
        if let Some(more) = more {
            fs::write(path("vestibule.toml"), more).unwrap();
        }
        let child = Self::spawn(&folder, supervisor);
        let mut running = Self { folder, child, lines: Arc::default() };
        running.read();
        running
    }

    fn spawn(folder: &TempDir, supervisor: &StandIn) -> Child {
        let path = |name: &str| folder.path().join(name);
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        command.arg("as-addon").args(["--listen", "127.0.0.1:0", "--network", "127.0.0.0/8"]);
        command.arg("--supervisor").arg(format!("http://{}", supervisor.at));
        command.arg("--options").arg(path("data/options.json")).arg("--data").arg(path("data"));
        command.arg("--home").arg(path("home")).arg("--ssl").arg(path("ssl")).arg("--more").arg(path("vestibule.toml"));
        command.env("SUPERVISOR_TOKEN", TOKEN).env_remove("VESTIBULE_CONFIG");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    }

    fn read(&mut self) {
        let (lines, stderr) = (Arc::clone(&self.lines), self.child.stderr.take().unwrap());
        thread::spawn(move || {
            for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                lines.lock().unwrap().push(line);
            }
        });
    }

    /// Ends it, and starts it anew with what it has kept.
    fn restart(&mut self, supervisor: &StandIn) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.child = Self::spawn(&self.folder, supervisor);
        self.lines = Arc::default();
        self.read();
    }

    fn log(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }

    fn https(&self) -> SocketAddr {
        let lines = || self.lines.lock().unwrap().clone();
        eventually("an address", || lines().iter().find_map(|line| announced(line, "https://")))
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("data/config.toml")
    }

    fn command(&self, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
        crate::content(command.arg("--config").arg(self.config()).args(arguments))
    }

    fn cookie(&self, user: &str) -> String {
        self.https();
        eventually("a session", || {
            let mut command = Command::new(env!("CARGO_BIN_EXE_vestibule"));
            let made = command.arg("--config").arg(self.config()).args(["sessions", "new", "--user", user]).output();
            made.ok()
                .filter(|made| made.status.success())
                .map(|made| String::from_utf8_lossy(&made.stdout).trim().to_owned())
        })
    }

    fn status(&self, target: &str, cookie: &str) -> u16 {
        RawClient::connect(self.https()).ask(&Ask::get(target).cookie(cookie)).status
    }

    fn await_status(&self, target: &str, cookie: &str, status: u16) {
        eventually(&format!("{status} for {target}\n{}", self.log()), || {
            (self.status(target, cookie) == status).then_some(())
        });
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The options that every test needs: a certificate for the name that clients use.
fn options(more: &Value) -> Value {
    let mut options = json!({"public_url": "https://p.test", "certfile": "p.test.crt", "keyfile": "p.test.key",
                             "only_listed": false, "addons": []});
    for (key, value) in more.as_object().into_iter().flatten() {
        options[key] = value.clone();
    }
    options
}

/// The last byte of an address in the add-ons' network. The network's first one would be the machine's.
fn container(last: u8) -> RawAddon {
    RawAddon::start_at(Ipv4Addr::new(127, 0, 33, last))
}

/// Of what has no web UI.
fn address(last: u8) -> SocketAddr {
    (Ipv4Addr::new(127, 0, 33, last), 8443).into()
}

#[test]
fn routes_follow_the_add_ons_that_start_stop_and_move() {
    let supervisor = StandIn::start();
    let (nodered, moved) = (container(1), container(2));
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    supervisor.install("a0d7b954_nodered", "started", nodered.address(), &json!({}));
    supervisor.install("core_mosquitto", "started", address(201), &json!({"ingress": false}));
    let running = Running::start(&supervisor, &options(&json!({})), None);
    let (owner, bob) = (running.cookie("owner"), running.cookie("bob"));

    running.await_status("/ingress/a0d7b954_nodered/", &owner, 200);
    assert_eq!(running.status("/ingress/a0d7b954_nodered/", &bob), 403, "administrators alone, until it is said");
    assert_eq!(running.status("/ingress/core_mosquitto/", &owner), 404, "it has no web UI");
    assert_eq!(running.status("/ingress/local_vestibule/", &owner), 404, "no route leads back here");
    assert!(running.command(&["health"]).contains("ready"));

    supervisor.install("a0d7b954_nodered", "stopped", nodered.address(), &json!({}));
    running.await_status("/ingress/a0d7b954_nodered/", &owner, 404);
    let before = nodered.requests().len();
    supervisor.install("a0d7b954_nodered", "started", moved.address(), &json!({"version": "1.1"}));
    running.await_status("/ingress/a0d7b954_nodered/", &owner, 200);
    assert_eq!(nodered.requests().len(), before, "it has another port since its update");

    // Its container starts anew between two questions: all that the overview says is the same.
    supervisor.install("a0d7b954_nodered", "started", nodered.address(), &json!({"version": "1.1"}));
    eventually("the new address", || {
        assert_eq!(running.status("/ingress/a0d7b954_nodered/", &owner), 200);
        (nodered.requests().len() > before).then_some(())
    });

    // The Supervisor restarts: nobody loses an add-on by that.
    *supervisor.is_up.lock().unwrap() = false;
    eventually("a warning", || running.log().contains("the add-ons are not followed").then_some(()));
    assert_eq!(running.status("/ingress/a0d7b954_nodered/", &owner), 200);
    *supervisor.is_up.lock().unwrap() = true;
    eventually("the Supervisor again", || running.log().contains("are followed again").then_some(()));

    let asked = supervisor.asked.lock().unwrap().clone();
    let may = |line: &String| {
        line.starts_with("GET /supervisor/info ") || line.starts_with("GET /addons/") && line.contains("/info ")
    };
    assert!(asked.iter().all(may), "the role `default` may ask for nothing else: {asked:?}");
}

#[test]
fn options_say_who_may_open_what_and_where() {
    let supervisor = StandIn::start();
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    let containers = [1, 2, 3, 4].map(container);
    for (slug, addon) in ["one", "two", "three", "elsewhere"].iter().zip(&containers) {
        supervisor.install(slug, "started", addon.address(), &json!({}));
    }
    supervisor.install("elsewhere", "started", containers[3].address(), &json!({"ip_address": "192.168.1.1"}));
    let chosen = json!({"addons": [
        {"slug": "one", "path": "/first", "users": ["bob"]},
        {"slug": "two", "hide": true},
    ]});
    let more = "[[addon]]\nslug = \"own\"\nupstream = \"builtin:whoami\"\npath = \"/own\"\n";
    let running = Running::start(&supervisor, &options(&chosen), Some(more));
    let (owner, bob, carol) = (running.cookie("owner"), running.cookie("bob"), running.cookie("carol"));
    assert_eq!(running.status("/first/", &bob), 200);
    assert_eq!(running.status("/first/", &carol), 403);
    assert_eq!(running.status("/ingress/two/", &owner), 404, "it is hidden");
    assert_eq!(running.status("/ingress/three/", &owner), 200);
    assert_eq!(running.status("/ingress/elsewhere/", &owner), 404, "whatever the Supervisor says, it is no add-on");
    assert_eq!(running.status("/own/", &carol), 200, "what people have written counts too");
}

#[test]
fn a_supervisor_that_is_late_or_lies_does_no_harm() {
    let supervisor = StandIn::start();
    let (addon, upper) = (container(1), container(2));
    *supervisor.is_up.lock().unwrap() = false;
    let running = Running::start(&supervisor, &options(&json!({})), None);
    let owner = running.cookie("owner");
    assert!(running.log().contains("the add-ons are not followed yet"), "{}", running.log());
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    let name = "x\"\n[listen]\nhttps = [\"0.0.0.0:1\"]";
    supervisor.install("evil", "started", addon.address(), &json!({"name": name}));
    supervisor.install("UPPER.case", "started", upper.address(), &json!({}));
    *supervisor.is_up.lock().unwrap() = true;
    running.await_status("/ingress/evil/", &owner, 200);
    assert!(!running.log().contains("mistake"), "{}", running.log());
    eventually("why one has no route", || running.log().contains("UPPER.case: its slug").then_some(()));
}

#[test]
fn a_start_without_the_supervisor_has_no_route_of_an_earlier_run() {
    let supervisor = StandIn::start();
    let addon = container(1);
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    supervisor.install("one", "started", addon.address(), &json!({}));
    let mut running = Running::start(&supervisor, &options(&json!({})), None);
    let owner = running.cookie("owner");
    running.await_status("/ingress/one/", &owner, 200);
    *supervisor.is_up.lock().unwrap() = false;
    running.restart(&supervisor);
    let owner = running.cookie("owner");
    assert_eq!(running.status("/ingress/one/", &owner), 404, "its address may be another one's by now");
    *supervisor.is_up.lock().unwrap() = true;
    running.await_status("/ingress/one/", &owner, 200);
}

#[test]
fn an_add_on_that_cannot_be_asked_about_costs_the_others_nothing() {
    let supervisor = StandIn::start();
    let (one, two) = (container(1), container(2));
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    supervisor.install("one", "started", one.address(), &json!({"ip_address": "no address"}));
    supervisor.install("two", "started", two.address(), &json!({}));
    let running = Running::start(&supervisor, &options(&json!({})), None);
    let owner = running.cookie("owner");
    assert_eq!((running.status("/ingress/one/", &owner), running.status("/ingress/two/", &owner)), (404, 200));
    eventually("why one has no route", || running.log().contains("one: the Supervisor's answer").then_some(()));
    supervisor.install("one", "started", one.address(), &json!({}));
    running.await_status("/ingress/one/", &owner, 200);
    supervisor.install("one", "started", one.address(), &json!({"ip_address": "no address"}));
    running.await_status("/ingress/one/", &owner, 404);
    assert_eq!(running.status("/ingress/two/", &owner), 200);
    supervisor.install("one", "started", two.address(), &json!({}));
    running.await_status("/ingress/two/", &owner, 404);
    assert_eq!(running.status("/ingress/one/", &owner), 404, "nobody knows whose the address is");
}

#[test]
fn what_people_have_written_does_not_fall_away_because_it_cannot_be_read() {
    let supervisor = StandIn::start();
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    let more = "[[addon]]\nslug = \"own\"\nupstream = \"builtin:whoami\"\npath = \"/own\"\n";
    let mut running = Running::start(&supervisor, &options(&json!({})), Some(more));
    let owner = running.cookie("owner");
    let file = running.folder.path().join("vestibule.toml");
    fs::write(&file, b"# \xff").unwrap();
    eventually("a warning", || running.log().contains("vestibule.toml` cannot be read").then_some(()));
    assert_eq!(running.status("/own/", &owner), 200, "what stood there counts");
    supervisor.asked.lock().unwrap().clear();
    eventually("two looks more", || {
        let asked = supervisor.asked.lock().unwrap();
        (asked.iter().filter(|line| line.contains("/supervisor/info")).count() > 2).then_some(())
    });
    assert_eq!(running.log().matches("cannot be read").count(), 1, "said once: {}", running.log());
    assert!(fs::read_to_string(running.config()).unwrap().contains("builtin:whoami"));

    let before = fs::read(running.config()).unwrap();
    *supervisor.is_up.lock().unwrap() = false;
    running.restart(&supervisor);
    assert!(!running.child.wait().unwrap().success(), "nobody knows what stands there: {}", running.log());
    assert_eq!(fs::read(running.config()).unwrap(), before);
    fs::remove_file(&file).unwrap();
    running.restart(&supervisor);
    let owner = running.cookie("owner");
    assert_eq!(running.status("/own/", &owner), 404, "no file is none");
}

#[test]
fn a_mistake_in_what_people_have_written_keeps_no_route_where_it_was() {
    let supervisor = StandIn::start();
    supervisor.install("local_vestibule", "started", address(200), &json!({"ingress": false}));
    let more = "[[addon]]\nslug = \"own\"\nupstream = \"builtin:whoami\"\npath = \"/own\"\n";
    let mut running = Running::start(&supervisor, &options(&json!({})), Some(more));
    let (before, after) = (container(1), container(2));
    supervisor.install("one", "started", before.address(), &json!({}));
    let config = || fs::read_to_string(running.config()).unwrap_or_default();
    let leads_to = |addon: &RawAddon| config().contains(&format!("http://{}\"", addon.address()));
    eventually("a route", || leads_to(&before).then_some(()));
    fs::write(running.folder.path().join("vestibule.toml"), "[[addon]]\nslug = 7\n").unwrap();
    eventually("a warning", || running.log().contains("the configuration cannot be used").then_some(()));
    supervisor.install("one", "started", after.address(), &json!({}));
    eventually("the route to where it is now", || (leads_to(&after) && !leads_to(&before)).then_some(()));
    assert!(config().contains("builtin:whoami"), "what was good stays: {}", config());
    running.child.kill().unwrap();
}

#[test]
fn apparmor_can_read_the_profile_and_it_lets_nothing_of_home_assistant_be_written() {
    let profile = shipped("packaging/addon/vestibule/apparmor.txt");
    let text = fs::read_to_string(&profile).unwrap();
    assert!(!text.contains("capability "), "it needs none");
    let writes = text.lines().map(str::trim).filter(|line| line.starts_with('/') && line.ends_with("rwk,"));
    assert_eq!(writes.collect::<Vec<_>>(), ["/data/** rwk,"]);
    let Some(parser) = find(Tool::ApparmorParser) else { return };
    crate::content(Command::new(parser).args(["--skip-kernel-load", "--skip-cache"]).arg(profile));
}

#[test]
fn the_manifest_is_one_and_its_rating_is_six_as_its_documents_say() {
    let folder = shipped("packaging/addon/vestibule");
    let mut rate = Command::new(env!("CARGO_BIN_EXE_vestibule"));
    let said = crate::content(rate.args(["rate", "--json"]).arg(folder.join("config.yaml")));
    let rating: Value = said.lines().find_map(|line| serde_json::from_str(line).ok()).unwrap();
    assert_eq!(rating["rating"], 6, "{said}");
    assert!(!said.contains("warning"), "no key that Home Assistant does not know: {said}");
    let documents = fs::read_to_string(folder.join("DOCS.md")).unwrap();
    assert!(documents.contains("rating is 6"));
    let manifest = fs::read_to_string(folder.join("config.yaml")).unwrap();
    assert!(manifest.contains(&format!("version: \"{}\"", env!("CARGO_PKG_VERSION"))));
    for language in ["en", "de"] {
        let translation = fs::read_to_string(folder.join(format!("translations/{language}.yaml"))).unwrap();
        let options = ["public_url", "certfile", "keyfile", "home_assistant_url", "only_listed", "addons", "log_level"];
        for option in options {
            assert!(translation.contains(&format!("\n  {option}:\n")), "{language}: {option}");
            assert!(
                manifest.contains(&format!("\n  {option}:")) && documents.contains(&format!("`{option}`")),
                "{option}"
            );
        }
    }
    for (name, width, height) in [("icon.png", 128, 128), ("logo.png", 250, 100)] {
        let png = fs::read(folder.join(name)).unwrap();
        let side = |at: usize| u32::from_be_bytes(png[at..at + 4].try_into().unwrap());
        assert_eq!((&png[1..4], side(16), side(20)), (&b"PNG"[..], width, height), "{name}");
    }
}

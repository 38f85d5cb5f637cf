//! The examples for nginx and Caddy, run as they stand but for addresses, names and files.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::expectation::BOB;
use crate::support::tools::{self, Tool};
use crate::support::{Answer, Ask, RawAddon, RawClient, Vestibule, eventually};

/// The other proxy, ended with the test.
struct Proxy {
    child: Child,
    address: SocketAddr,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Proxy {
    fn ask(&self, ask: &Ask) -> Answer {
        RawClient::connect(self.address).ask(ask)
    }
}

/// An address that is free now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

fn example(name: &str, vestibule: &Vestibule, addon: &RawAddon) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/forward-auth").join(name);
    let text = fs::read_to_string(path).unwrap();
    text.replace("127.0.0.1:8443", &vestibule.https().to_string())
        .replace("127.0.0.1:3000", &addon.address().to_string())
        .replace("/ingress/grafana", "/ingress/a")
        .replace("home.example", "p.test")
}

fn start_nginx(program: &Path, vestibule: &Vestibule, addon: &RawAddon) -> Proxy {
    let (address, folder) = (free(), vestibule.folder().display().to_string());
    let server = example("nginx.conf", vestibule, addon)
        .replace("listen 443 ssl", &format!("listen {address} ssl"))
        .replace("/etc/nginx/home.crt", &format!("{folder}/p.test.crt"))
        .replace("/etc/nginx/home.key", &format!("{folder}/p.test.key"));
    let places: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {folder}/nginx-{kind};\n"))
        .concat();
    let text = format!(
        "daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n\
         events {{}}\nhttp {{\naccess_log off;\n{places}{server}\n}}\n"
    );
    fs::write(vestibule.path("nginx.conf"), text).unwrap();
    let mut command = Command::new(program);
    command.args(["-e", "stderr", "-c"]).arg(vestibule.path("nginx.conf"));
    await_start(command, address)
}

fn start_caddy(program: &Path, vestibule: &Vestibule, addon: &RawAddon) -> Proxy {
    let (address, folder) = (free(), vestibule.folder().display().to_string());
    let site = example("Caddyfile", vestibule, addon)
        .replace("p.test {", &format!("p.test:{} {{\n\tbind 127.0.0.1", address.port()))
        .replace("/etc/caddy/home.crt", &format!("{folder}/p.test.crt"))
        .replace("/etc/caddy/home.key", &format!("{folder}/p.test.key"))
        .replace("/etc/caddy/vestibule-ca.crt", &format!("{folder}/ca.crt"));
    let text = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}");
    fs::write(vestibule.path("Caddyfile"), text).unwrap();
    let mut command = Command::new(program);
    command.args(["run", "--adapter", "caddyfile", "--config"]).arg(vestibule.path("Caddyfile"));
    command.env("HOME", &folder).env("XDG_DATA_HOME", &folder).env("XDG_CONFIG_HOME", &folder);
    await_start(command, address)
}

fn await_start(mut command: Command, address: SocketAddr) -> Proxy {
    let child = command.stdin(Stdio::null()).stdout(Stdio::null()).spawn().unwrap();
    let mut proxy = Proxy { child, address };
    eventually("the other proxy", || {
        let ended = proxy.child.try_wait().unwrap();
        assert!(ended.is_none(), "the other proxy ended with {ended:?}");
        TcpStream::connect(address).ok()
    });
    proxy
}

fn does_as_it_is_told(start: fn(&Path, &Vestibule, &RawAddon) -> Proxy, tool: Tool) {
    let Some(program) = tools::find(tool) else { return };
    let addon = RawAddon::start();
    let vestibule = Vestibule::start(|config| {
        config.set("listen", "trusted_proxies", r#"["127.0.0.1/32"]"#);
        config.addon_with("a", &addon, "access = { users = [\"bob\"] }");
    });
    let proxy = start(&program, &vestibule, &addon);

    let first = proxy.ask(&Ask::navigate("/ingress/a/x?y=1"));
    assert_eq!(first.status, 303, "{tool:?}: {first:#?}");
    let path = first.location().replace("https://p.test", "");
    assert_eq!(path, "/.vestibule/sign-in?return_to=%2Fingress%2Fa%2Fx%3Fy%3D1", "{tool:?}");
    let page = proxy.ask(&Ask::navigate(&path));
    assert!(page.status == 200 && page.text().contains("<form"), "{tool:?}: {page:#?}");
    let program = proxy.ask(&Ask::get("/ingress/a/x"));
    assert_eq!((program.status, program.fields.has("location")), (401, false), "{tool:?}: {program:#?}");

    let bob = vestibule.cookie("bob");
    for cookies in [bob.clone(), format!("a=1; {bob}"), format!("{bob}; b=2"), format!("a=1; {bob}; b=2")] {
        let mut ask = Ask::get("/ingress/a/x?y=1").cookie(&cookies);
        for name in ["X-Remote-User-Id", "X-Remote-User-Name", "X-Remote-User-Display-Name"] {
            ask = ask.field(name, "root");
        }
        let answer = proxy.ask(&ask);
        assert_eq!(answer.status, 200, "{tool:?}: {answer:#?}");
        let request = addon.one();
        assert_eq!(request.target(), "/x?y=1", "{tool:?}");
        assert_eq!(request.fields.one("x-remote-user-id"), BOB.id, "{tool:?}");
        assert_eq!(request.fields.one("x-remote-user-name"), "bob", "{tool:?}");
        assert_eq!(request.fields.one("x-remote-user-display-name"), "Bob User", "{tool:?}");
        let seen = request.fields.texts("cookie").concat();
        assert!(!seen.contains("ingress_session"), "{tool:?}: the add-on must not see the session: {seen}");
        let kept = |pair: &str| cookies.contains(pair) == seen.contains(pair);
        assert!(kept("a=1") && kept("b=2"), "{tool:?}: {cookies} became {seen}");
    }

    let carol = vestibule.cookie("carol");
    let spoofs =
        [("X-Original-URL", "https://p.test/ingress/a/"), ("X-Forwarded-Uri", "/public"), ("X-Forwarded-For", "::1")];
    for (name, value) in spoofs.into_iter().chain([("X-Nothing", "at all")]) {
        let refused = proxy.ask(&Ask::get("/ingress/a/x").cookie(&carol).field(name, value));
        assert_eq!(refused.status, 403, "{tool:?}: {name}: {refused:#?}");
        let nobody = proxy.ask(&Ask::get("/ingress/a/x").field(name, value));
        assert!(matches!(nobody.status, 401 | 403), "{tool:?}: {name}: {nobody:#?}");
    }
    for target in ["/ingress/a/..%2fx", "/ingress/a/%2e%2e%2fa/x", "/ingress/a/x/..;/y", "/ingress/a/%00"] {
        let odd = proxy.ask(&Ask::get(target).cookie(&bob));
        assert!((400..500).contains(&odd.status), "{tool:?}: {target}: {odd:#?}");
    }
    let outside = Ask::get("/.vestibule/verify?addon=a").cookie(&bob);
    assert_eq!(proxy.ask(&outside).status, 404, "{tool:?}: nobody outside asks");
    addon.assert_no_request("refused");
}

#[test]
fn nginx_does_as_the_example_says() {
    does_as_it_is_told(start_nginx, Tool::Nginx);
}

#[test]
fn caddy_does_as_the_example_says() {
    does_as_it_is_told(start_caddy, Tool::Caddy);
}

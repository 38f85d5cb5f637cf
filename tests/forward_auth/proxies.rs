//! nginx and Caddy, started with the examples as they stand but for addresses, names and files.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::support::tools::{self, Tool};
use crate::support::{Answer, Ask, RawAddon, RawClient, Vestibule, eventually};

/// The other proxy, ended with the test.
pub(crate) struct Proxy {
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
    /// Where browsers reach it.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn ask(&self, ask: &Ask) -> Answer {
        RawClient::connect(self.address).ask(ask)
    }
}

/// An address that is free now.
fn free() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

/// Starts one of them, if it is installed.
pub(crate) fn start(tool: Tool, vestibule: &Vestibule, addon: &RawAddon) -> Option<Proxy> {
    let program = tools::find(tool)?;
    match tool {
        Tool::Nginx => Some(start_nginx(&program, vestibule, addon)),
        Tool::Caddy => Some(start_caddy(&program, vestibule, addon)),
        // No proxy.
        _ => None,
    }
}

/// The text of an example.
pub(crate) fn text_of(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/forward-auth").join(name);
    fs::read_to_string(path).unwrap()
}

fn example(name: &str, vestibule: &Vestibule, addon: &RawAddon) -> String {
    nested(&text_of(name))
        .replace("127.0.0.1:8443", &vestibule.https().to_string())
        .replace("127.0.0.1:3000", &addon.address().to_string())
        .replace("/ingress/grafana", "/ingress/a")
        .replace("home.example", "p.test")
}

/// With a second add-on, `/ingress`, that the one of the example is nested under. Its block is a copy of the example's.
fn nested(text: &str) -> String {
    let start = ["    location /ingress/grafana/ {", "\thandle /ingress/grafana/* {"]
        .into_iter()
        .find(|start| text.contains(start));
    let start = text.find(start.unwrap()).unwrap();
    let close = if text[start..].starts_with('\t') { "\n\t}\n" } else { "\n    }\n" };
    let end = start + text[start..].find(close).unwrap() + close.len();
    let outer = text[start..end].replace("/ingress/grafana", "/ingress");
    format!("{}{outer}{}", &text[..end], &text[end..])
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

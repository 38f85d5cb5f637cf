//! A real `pebble` for one test, with ports and an authority of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::{self, Client};
use crate::dns::Dns;
use crate::support::tools::{self, Tool};
use crate::support::{Ask, eventually};

/// A running pebble, and the name server that it asks.
pub(crate) struct Pebble {
    program: PathBuf,
    folder: TempDir,
    child: Option<Child>,
    acme_port: u16,
    management_port: u16,
    /// Where it looks for the answer to `http-01`.
    pub(crate) http_port: u16,
    /// Where it looks for the answer to `tls-alpn-01`.
    pub(crate) tls_port: u16,
    pub(crate) dns: Dns,
    /// Another name server that it asks.
    names_at: Option<SocketAddr>,
}

impl Pebble {
    /// One that runs; nothing where there is no `pebble`.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&json!({}))
    }

    /// One with more settings.
    #[track_caller]
    pub(crate) fn start_with(settings: &Value) -> Option<Self> {
        let mut pebble = Self::prepare(settings)?;
        pebble.run();
        Some(pebble)
    }

    /// One that asks this name server and not the tests' own.
    #[track_caller]
    pub(crate) fn start_asking(names_at: SocketAddr) -> Option<Self> {
        let mut pebble = Self::prepare(&json!({}))?;
        pebble.names_at = Some(names_at);
        pebble.run();
        Some(pebble)
    }

    /// One that does not run yet.
    #[track_caller]
    pub(crate) fn prepare(settings: &Value) -> Option<Self> {
        let program = tools::find(Tool::Pebble)?;
        let folder = TempDir::new().unwrap();
        let [acme_port, management_port, http_port, tls_port] = free_ports();
        let mut pebble = json!({
            "listenAddress": format!("127.0.0.1:{acme_port}"),
            "managementListenAddress": format!("127.0.0.1:{management_port}"),
            "certificate": folder.path().join("server.crt"),
            "privateKey": folder.path().join("server.key"),
            "httpPort": http_port,
            "tlsPort": tls_port,
            "ocspResponderURL": "",
            "externalAccountBindingRequired": false,
        });
        for (key, value) in settings.as_object().unwrap() {
            pebble[key] = value.clone();
        }
        fs::write(folder.path().join("pebble.json"), json!({ "pebble": pebble }).to_string()).unwrap();
        write_certificates(&folder);
        let dns = Dns::start();
        Some(Self {
            program,
            folder,
            child: None,
            acme_port,
            management_port,
            http_port,
            tls_port,
            dns,
            names_at: None,
        })
    }

    /// Runs it, from nothing: it keeps no account and no order.
    pub(crate) fn run(&mut self) {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.folder.path().join("log")).unwrap();
        let mut command = Command::new(&self.program);
        command.arg("-config").arg(self.folder.path().join("pebble.json"));
        command.arg("-dnsserver").arg(self.names_at.unwrap_or(self.dns.address()).to_string());
        command.env("PEBBLE_VA_NOSLEEP", "1").env("PEBBLE_WFE_NONCEREJECT", "20").env("PEBBLE_AUTHZREUSE", "0");
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
        eventually("pebble", || std::net::TcpStream::connect(("127.0.0.1", self.management_port)).ok());
        eventually("pebble", || std::net::TcpStream::connect(("127.0.0.1", self.acme_port)).ok());
    }

    /// Ends it, as a server that is away.
    pub(crate) fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Where it is asked for certificates.
    pub(crate) fn address(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.acme_port).into()
    }

    pub(crate) fn directory(&self) -> String {
        format!("https://127.0.0.1:{}/dir", self.acme_port)
    }

    /// The authority of its own certificate, which is not the one that it signs with.
    pub(crate) fn ca(&self) -> PathBuf {
        self.folder.path().join("ca.crt")
    }

    /// What browsers would have to trust to believe its certificates.
    pub(crate) fn root(&self) -> Arc<RootCertStore> {
        let address = ([127, 0, 0, 1], self.management_port).into();
        let client = Client::connect(address, "127.0.0.1", &client::anybody()).unwrap();
        let answer = client.ask(&Ask::get("/roots/0").field("Connection", "close"));
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(&answer).unwrap()).unwrap();
        Arc::new(roots)
    }

    /// What it has written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pebble {
    #[allow(clippy::print_stderr, reason = "whoever reads of a failure must see what pebble says of it")]
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("--- pebble\n{}", self.log());
        }
    }
}

/// Ports that nobody has at the moment: pebble has to know them before vestibule listens there.
fn free_ports() -> [u16; 4] {
    let held = [(); 4].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}

fn write_certificates(folder: &TempDir) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    fs::write(folder.path().join("ca.crt"), authority.self_signed(&key).unwrap().pem()).unwrap();
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &issuer).unwrap();
    fs::write(folder.path().join("server.crt"), certificate.pem()).unwrap();
    fs::write(folder.path().join("server.key"), key.serialize_pem()).unwrap();
}

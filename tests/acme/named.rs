//! A real `named` for one test: the primary of `home.example`, which takes signed updates of one name.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::support::tools::{self, Tool};
use crate::support::{PATIENCE, eventually};

/// A running name server.
pub(crate) struct Named {
    child: Child,
    address: SocketAddr,
    folder: TempDir,
}

/// The secret of the keys `vestibule`, which may change the name of a challenge, and `other`, which may not.
pub(crate) const SECRET: &str = "c2l4dGVlbiBieXRlcyBvciBtb3JlIG9mIGEga2V5IQ==";

impl Named {
    /// One that runs; nothing where there is no `named`.
    #[track_caller]
    pub(crate) fn start() -> Option<Self> {
        let program = tools::find(Tool::Named)?;
        let folder = TempDir::new().unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let keys: String = ["vestibule", "other"]
            .map(|name| format!("key \"{name}\" {{ algorithm hmac-sha256; secret \"{SECRET}\"; }};\n"))
            .concat();
        let config = format!(
            "{keys}options {{ directory \"{}\"; listen-on port {} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};\n\
             pid-file none; session-keyfile none; recursion no; dnssec-validation no; }};\ncontrols {{ }};\n\
             zone \"home.example\" {{ type primary; file \"zone\";\n\
             update-policy {{ grant vestibule name _acme-challenge.home.example. TXT; }}; }};\n",
            folder.path().display(),
            address.port()
        );
        fs::write(folder.path().join("named.conf"), config).unwrap();
        let zone = "$TTL 60\n@ SOA ns me 1 60 60 60 60\n@ NS ns\nns A 127.0.0.1\n@ A 127.0.0.1\n";
        fs::write(folder.path().join("zone"), zone).unwrap();
        let mut command = Command::new(program);
        command.args(["-g", "-n", "1", "-c"]).arg(folder.path().join("named.conf"));
        let log = fs::File::create(folder.path().join("log")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let named = Self { child: command.spawn().unwrap(), address, folder };
        eventually("named", || TcpStream::connect(address).ok().filter(|_| named.log().contains("running")));
        Some(named)
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it has written.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// How many TXT records the name of the challenge has.
    pub(crate) fn challenges(&self) -> u16 {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let question = b"\x0f_acme-challenge\x04home\x07example\0\0\x10\0\x01";
        let question = [b"\0\x07\0\0\0\x01\0\0\0\0\0\0", &question[..]].concat();
        socket.send_to(&question, self.address).unwrap();
        let mut answer = [0; 512];
        socket.recv(&mut answer).unwrap();
        u16::from_be_bytes([answer[6], answer[7]])
    }
}

impl Drop for Named {
    #[allow(clippy::print_stderr, reason = "whoever reads of a failure must see what named says of it")]
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- named\n{}", self.log());
        }
    }
}

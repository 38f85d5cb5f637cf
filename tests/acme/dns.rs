//! A name server of the tests' own, on loopback: every host is this machine, and TXT records are files that a hook
//! writes.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;

use tempfile::TempDir;

/// A running name server.
pub(crate) struct Dns {
    address: SocketAddr,
    folder: TempDir,
    hosts_are: Arc<Mutex<Ipv4Addr>>,
}

impl Dns {
    pub(crate) fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let (address, folder) = (socket.local_addr().unwrap(), TempDir::new().unwrap());
        let hosts_are = Arc::new(Mutex::new(Ipv4Addr::LOCALHOST));
        let (records, host) = (folder.path().to_owned(), Arc::clone(&hosts_are));
        thread::spawn(move || {
            let mut packet = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut packet) {
                if let Some(answer) = answer(&packet[..length], *host.lock().unwrap(), &records) {
                    let _gone = socket.send_to(&answer, from);
                }
            }
        });
        Self { address, folder, hosts_are }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder of TXT records, a file for each name with a line for each value.
    pub(crate) fn records(&self) -> &Path {
        self.folder.path()
    }

    /// All hosts are there from now on.
    pub(crate) fn move_hosts_to(&self, address: Ipv4Addr) {
        *self.hosts_are.lock().unwrap() = address;
    }
}

/// RFC 1035 section 4: the question again, and what there is to say.
fn answer(question: &[u8], host: Ipv4Addr, records: &Path) -> Option<Vec<u8>> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        at += 1;
        if length == 0 {
            break;
        }
        labels.push(String::from_utf8_lossy(question.get(at..at + length)?).to_lowercase());
        at += length;
    }
    let kind = u16::from_be_bytes([*question.get(at)?, *question.get(at + 1)?]);
    let data: Vec<Vec<u8>> = match kind {
        A => vec![host.octets().to_vec()],
        TXT => {
            let text = fs::read_to_string(records.join(labels.join("."))).unwrap_or_default();
            text.lines().map(|line| [&[u8::try_from(line.len()).unwrap()], line.as_bytes()].concat()).collect()
        }
        _ => Vec::new(),
    };
    let mut answer = question.get(..2)?.to_vec();
    // An answer, with authority, recursion wanted and given; one question, so many answers, nothing more.
    answer.extend([0x85, 0x80, 0, 1, 0, u8::try_from(data.len()).unwrap(), 0, 0, 0, 0]);
    answer.extend(question.get(12..at + 4)?);
    for data in data {
        answer.extend([0xc0, 12]);
        answer.extend(kind.to_be_bytes());
        answer.extend([0, 1, 0, 0, 0, 0]);
        answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
        answer.extend(data);
    }
    Some(answer)
}

const A: u16 = 1;
const TXT: u16 = 16;

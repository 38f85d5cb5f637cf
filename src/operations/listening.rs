//! Who listens on this machine, as Linux tells it: the sockets in `/proc/net/tcp` and `tcp6`, and the processes that
//! have them open. A process of another user may not be looked into; then only the user is known.

use std::fs;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// A TCP socket that listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListeningSocket {
    /// Where.
    pub address: SocketAddr,
    inode: u64,
}

/// A process that has a socket open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its process id.
    pub pid: u32,
    /// The name of its program, at most 15 characters (`/proc/PID/comm`).
    pub name: String,
}

/// All sockets that listen in this network namespace.
pub fn listening_sockets() -> io::Result<Vec<ListeningSocket>> {
    let mut found = parse(&fs::read_to_string("/proc/net/tcp")?);
    // Without IPv6 there is no such file.
    found.extend(parse(&fs::read_to_string("/proc/net/tcp6").unwrap_or_default()));
    Ok(found)
}

impl ListeningSocket {
    /// Whether a client that dials `address`, or a server that binds it, meets this socket.
    pub fn is_at(&self, address: SocketAddr) -> bool {
        let all = self.address.ip().is_unspecified() || address.ip().is_unspecified();
        // Linux lets a socket of `::` take connections of IPv4 as well, unless it says otherwise.
        let same_family = self.address.is_ipv4() == address.is_ipv4() || self.address.ip() == Ipv6Addr::UNSPECIFIED;
        self.address.port() == address.port() && (self.address.ip() == address.ip() || (all && same_family))
    }

    /// Who has it open, as far as this process may know.
    pub fn holder(&self) -> Option<Holder> {
        let link = format!("socket:[{}]", self.inode);
        let processes = fs::read_dir("/proc").ok()?.filter_map(Result::ok);
        let mut pids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
        let pid = pids.find(|pid| {
            let open = fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().filter_map(Result::ok);
            open.filter_map(|entry| fs::read_link(entry.path()).ok()).any(|target| target.as_os_str() == link.as_str())
        })?;
        let name = fs::read_to_string(format!("/proc/{pid}/comm")).ok()?;
        Some(Holder { pid, name: name.trim_end().to_owned() })
    }
}

/// The lines of one of the files whose socket listens. The kernel writes each word of an address as a number in the
/// byte order of the machine.
fn parse(table: &str) -> Vec<ListeningSocket> {
    let line = |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(1);
        let (local, state) = (fields.next()?, fields.nth(1)?);
        let inode = fields.nth(5)?.parse().ok()?;
        let (ip, port) = local.split_once(':')?;
        let address = SocketAddr::new(address(ip)?, u16::from_str_radix(port, 16).ok()?);
        (state == LISTEN).then_some(ListeningSocket { address, inode })
    };
    table.lines().skip(1).filter_map(line).collect()
}

fn address(hexadecimal: &str) -> Option<IpAddr> {
    let words = hexadecimal.as_bytes().chunks(8).map(|word| {
        let word = std::str::from_utf8(word).ok()?;
        Some(u32::from_str_radix(word, 16).ok()?.to_ne_bytes())
    });
    let bytes: Vec<u8> = words.collect::<Option<Vec<_>>>()?.into_iter().flatten().collect();
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|bytes| Ipv4Addr::from(bytes).into()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|bytes| Ipv6Addr::from(bytes).into()),
    }
}

/// `TCP_LISTEN`.
const LISTEN: &str = "0A";

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_socket_that_listens_is_found_with_its_process() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let Ok(listener) = TcpListener::bind(any) else { continue };
            let address = listener.local_addr().unwrap();
            let found = listening_sockets().unwrap();
            let socket = found.iter().find(|socket| socket.address == address).unwrap();
            assert_eq!(socket.holder().unwrap().pid, std::process::id());
            drop(listener);
            assert!(listening_sockets().unwrap().iter().all(|socket| socket.address != address));
        }
    }

    #[test]
    fn all_addresses_are_every_address() {
        let at = |text: &str| ListeningSocket { address: text.parse().unwrap(), inode: 0 };
        let meets = |socket: &str, address: &str| at(socket).is_at(address.parse().unwrap());
        assert!(meets("0.0.0.0:80", "127.0.0.1:80") && meets("127.0.0.1:80", "0.0.0.0:80"));
        assert!(meets("[::]:80", "127.0.0.1:80") && meets("[::]:80", "[::1]:80"));
        assert!(!meets("0.0.0.0:80", "[::1]:80") && !meets("127.0.0.1:80", "127.0.0.2:80"));
        assert!(!meets("0.0.0.0:80", "127.0.0.1:81"));
    }

    #[test]
    fn what_is_no_table_says_nothing() {
        assert_eq!(
            parse("head\n  0: zz:zz 0 0A\n  1: 0100007F\n\n   2: 0100007F:1F90 00000000:0000 01 0 0 0 0 0 7 1"),
            []
        );
    }
}

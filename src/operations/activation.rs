//! Sockets that systemd has bound for us (`sd_listen_fds(3)`).
//!
//! `LISTEN_FDS` and `LISTEN_PID` say which there are; they are matched with the configured addresses. A socket that no
//! address claims is a mistake of the operator's and ends the start: connections would wait in it for ever.

use std::io;
use std::net::{SocketAddr, TcpListener};

use listenfd::ListenFd;

/// Listeners that were handed to the process.
#[derive(Debug, Default)]
pub struct Inherited(Vec<(SocketAddr, TcpListener)>);

/// What is wrong with the sockets that were handed to the process.
#[derive(Debug, thiserror::Error)]
pub enum ActivationError {
    /// Not a listening TCP socket.
    #[error("socket {number} of those that systemd handed over is no TCP listener")]
    NotTcp {
        /// Which, counted from 1 in the order of the `.socket` file.
        number: usize,
        /// What the system says.
        source: io::Error,
    },
    /// No configured address is the socket's.
    #[error(
        "systemd handed over {}, but `[listen]` has no such address; `ListenStream=` and `[listen]` must name the same ones",
        list(unclaimed)
    )]
    Unclaimed {
        /// The addresses of the sockets.
        unclaimed: Vec<SocketAddr>,
    },
}

/// Takes what was handed over. Once, at the start, before there are threads: it reads the environment and takes the
/// variables out of it, so that no other process of ours believes they were meant for it.
pub fn inherited() -> Result<Inherited, ActivationError> {
    let mut handed = ListenFd::from_env();
    let mut listeners = Vec::with_capacity(handed.len());
    for index in 0..handed.len() {
        let wrong = |source| ActivationError::NotTcp { number: index.saturating_add(1), source };
        let Some(listener) = handed.take_tcp_listener(index).map_err(wrong)? else { continue };
        listener.set_nonblocking(true).map_err(wrong)?;
        listeners.push((listener.local_addr().map_err(wrong)?, listener));
    }
    Ok(Inherited(listeners))
}

impl Inherited {
    /// The listener that is bound to `address`, if one was handed over; it is in non-blocking mode, as tokio wants it.
    pub fn take(&mut self, address: SocketAddr) -> Option<TcpListener> {
        let index = self.0.iter().position(|(bound, _)| *bound == address)?;
        Some(self.0.swap_remove(index).1)
    }

    /// Says whether a socket is left that no address has claimed.
    pub fn finish(self) -> Result<(), ActivationError> {
        let unclaimed: Vec<_> = self.0.iter().map(|(address, _)| *address).collect();
        if unclaimed.is_empty() { Ok(()) } else { Err(ActivationError::Unclaimed { unclaimed }) }
    }
}

fn list(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd as _;
    use std::process::{Command, Stdio};

    /// The environment belongs to all threads of a process, so that the tests below run this one in a process of its
    /// own.
    #[test]
    #[ignore = "run by other tests, with LISTEN_FDS"]
    fn child() {
        let mut handed = inherited().unwrap();
        let configured: SocketAddr = std::env::var("VESTIBULE_TEST_ADDRESS").unwrap().parse().unwrap();
        let taken = handed.take(configured).is_some();
        let left = handed.finish().map_err(|error| error.to_string());
        assert_eq!(
            (taken, left.err()),
            (std::env::var("VESTIBULE_TEST_LEFT").is_err(), std::env::var("VESTIBULE_TEST_LEFT").ok())
        );
        assert!(std::env::var_os("LISTEN_FDS").is_none());
    }

    /// Hands the listener over as descriptor 0, which a child's stdin is: the number may be named in the environment.
    fn run_child(listener: &TcpListener, environment: &[(&str, String)]) {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "operations::activation::tests::child", "--ignored", "--quiet"])
            .env_remove("LISTEN_PID")
            .envs([("LISTEN_FDS", "1"), ("LISTEN_FDS_FIRST_FD", "0")])
            .envs(environment.iter().map(|(name, value)| (*name, value.as_str())))
            .stdin(Stdio::from(listener.as_fd().try_clone_to_owned().unwrap()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    }

    #[test]
    fn a_socket_is_taken_by_the_address_it_is_bound_to() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        run_child(&listener, &[("VESTIBULE_TEST_ADDRESS", listener.local_addr().unwrap().to_string())]);
    }

    #[test]
    fn a_socket_that_nobody_claims_is_an_error_that_names_it() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let said = ActivationError::Unclaimed { unclaimed: vec![address] }.to_string();
        assert!(said.starts_with(&format!("systemd handed over {address}, but")));
        run_child(&listener, &[("VESTIBULE_TEST_ADDRESS", "127.0.0.1:1".to_owned()), ("VESTIBULE_TEST_LEFT", said)]);
    }

    #[test]
    fn without_systemd_there_are_none() {
        assert!(Inherited::default().finish().is_ok());
    }
}

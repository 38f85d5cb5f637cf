//! What systemd is told: `sd_notify(3)`.
//!
//! Each step of the process's life sends a datagram to `NOTIFY_SOCKET`; without that variable nothing happens. Telling
//! never fails the process: a message that cannot be sent is a warning in the log.

use std::time::Duration;

use sd_notify::NotifyState;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::warn;

/// Up and serving: after all addresses are bound and the users are read.
pub fn ready(status: &str) {
    let status = one_line(status);
    tell(&[NotifyState::Ready, NotifyState::Status(&status)]);
}

/// The configuration is being read again; [`ready`] ends it. The time is what `Type=notify-reload` asks for.
pub fn reloading() {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => tell(&[NotifyState::Reloading, now]),
        Err(error) => warn!(%error, "the monotonic clock could not be read for systemd"),
    }
}

/// The process is about to end.
pub fn stopping() {
    tell(&[NotifyState::Stopping, NotifyState::Status("draining")]);
}

/// Tells systemd that we live, twice in the time after which it would kill us, until `stop`. It runs on the same
/// runtime as the requests, so that a runtime that hangs is seen. Returns at once when no watchdog is asked for.
pub async fn watchdog(stop: CancellationToken) {
    let Some(limit) = sd_notify::watchdog_enabled() else { return };
    let mut ticks = interval((limit / 2).max(SHORTEST));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => tell(&[NotifyState::Watchdog]),
        }
    }
}

fn tell(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "systemd could not be told");
    }
}

/// A line end in a status would begin a message of its own.
fn one_line(status: &str) -> String {
    status.replace(|c: char| c.is_control(), " ")
}

/// A watchdog of zero must not make a busy loop.
const SHORTEST: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::os::unix::net::UnixDatagram;
    use std::process::Command;

    /// The environment belongs to all threads of a process, so that the tests below run this one in a process of its
    /// own.
    #[tokio::test(start_paused = true)]
    #[ignore = "run by other tests, with NOTIFY_SOCKET"]
    async fn child() {
        ready("serving\nFDSTORE=1");
        reloading();
        ready("serving");
        stopping();
        let stop = CancellationToken::new();
        let _ = tokio::time::timeout(Duration::from_millis(350), watchdog(stop)).await;
    }

    fn run_child(environment: &[(&str, &str)]) {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "operations::notify::tests::child", "--ignored", "--quiet"]);
        for name in ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"] {
            child.env_remove(name);
        }
        let output = child.envs(environment.iter().copied()).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"), "{output:?}");
    }

    #[test]
    fn systemd_hears_of_each_turn() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notify");
        let socket = UnixDatagram::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        run_child(&[("NOTIFY_SOCKET", path.to_str().unwrap()), ("WATCHDOG_USEC", "200000")]);
        let mut heard: VecDeque<String> = VecDeque::new();
        let mut datagram = [0; 1024];
        while let Ok(length) = socket.recv(&mut datagram) {
            heard.push_back(String::from_utf8(datagram[..length].to_vec()).unwrap());
        }
        assert_eq!(heard.pop_front().unwrap(), "READY=1\nSTATUS=serving FDSTORE=1\n");
        let reloading = heard.pop_front().unwrap();
        let micros = reloading.strip_prefix("RELOADING=1\nMONOTONIC_USEC=").unwrap().trim_end();
        assert!(micros.parse::<u64>().is_ok_and(|micros| micros > 0), "{reloading}");
        assert_eq!(heard.pop_front().unwrap(), "READY=1\nSTATUS=serving\n");
        assert_eq!(heard.pop_front().unwrap(), "STOPPING=1\nSTATUS=draining\n");
        assert_eq!(heard, ["WATCHDOG=1\n"; 4], "at once, and each half of the time that systemd waits");
    }

    #[test]
    fn without_systemd_nothing_happens() {
        run_child(&[]);
    }
}

//! Whoever sends frames instead of asking for something is answered with the end of the connection, costs no more than
//! a bounded amount of memory and a line in the log, and nobody else notices: cases S-62 to S-68 and S-200.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test that cannot go on panics"
)]

#[cfg(test)]
#[path = "../support/mod.rs"]
mod support;

mod control;
mod headers;
mod odd_order;
mod resets;

use support::h2_frames::{Block, END_HEADERS, END_STREAM, FrameClient, HEADERS, Heard, block, frame, pseudo};
use support::{Ask, ConfigFile, H2Client, RawAddon, Vestibule, eventually};

/// `ENHANCE_YOUR_CALM` (RFC 9113 section 7).
const CALM: u32 = 11;

/// Somebody who floods, somebody who wants to be served, and an add-on for both.
struct Scene {
    addon: RawAddon,
    vestibule: Vestibule,
    cookie: String,
    bystander: H2Client,
}

impl Scene {
    fn set() -> Self {
        Self::set_with(|_| {})
    }

    fn set_with(configure: impl FnOnce(&mut ConfigFile)) -> Self {
        let addon = RawAddon::start();
        let vestibule = Vestibule::start(|config| {
            config.addon("a", &addon);
            configure(config);
        });
        let cookie = vestibule.cookie("bob");
        let bystander = H2Client::connect(vestibule.https());
        Self { addon, vestibule, cookie, bystander }
    }

    fn client(&self) -> FrameClient {
        FrameClient::connect(self.vestibule.https())
    }

    /// The head of a request of bob's to the add-on, as frames.
    fn head(&self, method: &str, stream: u32, flags: u8) -> Vec<u8> {
        self.head_with(method, stream, flags, &[])
    }

    fn head_with(&self, method: &str, stream: u32, flags: u8, more: Block<'_>) -> Vec<u8> {
        let mut fields = pseudo(method, "/ingress/a/flood");
        fields.push((b"cookie", self.cookie.as_bytes()));
        fields.extend(more);
        frame(HEADERS, END_HEADERS | flags, stream, &block(&fields))
    }

    fn get(&self, stream: u32) -> Vec<u8> {
        self.head("GET", stream, END_STREAM)
    }

    /// Somebody else is served, on a connection that was there before and on a new one.
    #[track_caller]
    fn others_are_served(&mut self) {
        let ask = Ask::get("/ingress/a/bystander").cookie(&self.cookie);
        assert_eq!(self.bystander.ask(&ask).status, 200, "on an old connection");
        assert_eq!(H2Client::connect(self.vestibule.https()).ask(&ask).status, 200, "on a new one");
    }

    /// Sends bytes in pieces until the other side has had enough of it, while others are served.
    #[track_caller]
    fn flood(&mut self, client: &mut FrameClient, bytes: &[u8], what: &str) -> Heard {
        for (count, piece) in bytes.chunks(64 * 1024).enumerate() {
            if count % 8 == 0 {
                self.others_are_served();
            }
            if !client.send(piece) || client.heard().is_over() {
                break;
            }
        }
        let heard = client.await_heard(&format!("the end of the connection after {what}"), Heard::is_over);
        self.others_are_served();
        heard
    }

    /// How many requests of a flood the add-on got.
    fn reached(&self) -> usize {
        self.addon.requests().iter().filter(|request| request.target() == "/flood").count()
    }

    fn number(&self, metric: &str) -> f64 {
        let text = self.vestibule.ask_operations(&Ask::get("/metrics")).text();
        let line = text.lines().find(|line| line.starts_with(metric)).unwrap_or_else(|| panic!("{metric} in {text}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    }

    fn no_panic(&self) {
        assert!(!self.vestibule.stderr().contains("panic"), "{}", self.vestibule.stderr());
    }

    /// The memory of the process in KiB, as `/proc/PID/status` names it.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.vestibule.pid())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse().unwrap()
    }
}

/// Waits for a metric to have this value.
#[track_caller]
fn await_number(scene: &Scene, metric: &str, value: f64) {
    eventually(&format!("{metric} {value}"), || (scene.number(metric) >= value).then_some(()));
}

//! Which devices a user was seen with: digests of the user, the browser's own words without their numbers, and the
//! network. A file of bounded size in `state_dir`, for its owner alone.
//!
//! Without numbers, since browsers get new versions every month; by network, since addresses change. All private
//! networks are one.

use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::clock::Timestamp;
use crate::ids::UserId;

/// What stands for a user with a device in a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceDigest(String);

impl DeviceDigest {
    /// The digest of a user with these words from this address.
    pub fn new(user: &UserId, user_agent: &str, client: Option<IpAddr>) -> Self {
        let words: String = user_agent.chars().filter(|c| !c.is_ascii_digit()).collect();
        let mut sum = Context::new(&SHA256);
        for part in [user.as_str(), &words, &client.map(network).unwrap_or_default()] {
            // With its length, so that no two lists of parts have one text.
            sum.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            sum.update(part.as_bytes());
        }
        Self(HEXLOWER.encode(sum.finish().as_ref()))
    }
}

/// An address's network: `local`, the /24 of IPv4 or the /48 of IPv6.
fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) if v4.is_private() || v4.is_loopback() || v4.is_link_local() => "local".to_owned(),
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            format!("{a}.{b}.{c}")
        }
        IpAddr::V6(v6) if v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local() => "local".to_owned(),
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}")
        }
    }
}

/// The devices of all users, those seen last at the end.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    version: u64,
    devices: Vec<Seen>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Seen {
    digest: DeviceDigest,
    at: u64,
}

impl Devices {
    /// Reads the file. `None` when there is none, or none that can be understood.
    pub fn read(folder: &Path) -> Option<Self> {
        let path = file(folder);
        // Ours alone to write, and a whole list of digests fits well below this.
        let is_small = std::fs::metadata(&path).is_ok_and(|file| file.len() <= LARGEST);
        let bytes = is_small.then(|| std::fs::read(&path).ok()).flatten()?;
        serde_json::from_slice(&bytes).ok().filter(|devices: &Self| devices.version == VERSION)
    }

    /// Writes the file.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let bytes = serde_json::to_vec(&Self { version: VERSION, devices: Vec::new() }.with(self))?;
        atomic_file::write(folder, NAME, &bytes, 0o600)
    }

    /// Notes that a device was seen, and says whether it is new.
    pub fn see(&mut self, digest: DeviceDigest, now: Timestamp) -> bool {
        let place = self.devices.iter().position(|seen| seen.digest == digest);
        if let Some(place) = place {
            self.devices.remove(place);
        }
        self.devices.push(Seen { digest, at: now.as_millis() });
        // Those that were not seen for longest are forgotten: they count as new when they come again.
        let surplus = self.devices.len().saturating_sub(MOST);
        self.devices.drain(..surplus);
        place.is_none()
    }

    fn with(mut self, other: &Self) -> Self {
        self.devices = other.devices.iter().map(|seen| Seen { digest: seen.digest.clone(), at: seen.at }).collect();
        self
    }
}

fn file(folder: &Path) -> PathBuf {
    folder.join(NAME)
}

/// The name of the file in `state_dir`.
const NAME: &str = "devices.json";

/// Devices of all users together.
const MOST: usize = 4096;

/// Bytes of the file.
const LARGEST: u64 = 1 << 20;

/// The version of the file.
const VERSION: u64 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(user: &str, words: &str, client: &str) -> DeviceDigest {
        DeviceDigest::new(&user.parse().unwrap(), words, Some(client.parse().unwrap()))
    }

    #[test]
    fn a_new_version_and_a_new_address_are_no_new_device() {
        let known = digest("u1", "Firefox/131.0", "203.0.113.7");
        assert_eq!(known, digest("u1", "Firefox/132.10", "203.0.113.200"));
        assert_eq!(digest("u1", "x", "192.168.1.5"), digest("u1", "x", "10.0.0.1"));
        assert_eq!(digest("u1", "x", "2001:db8:1:2::3"), digest("u1", "x", "2001:db8:1:ffff::3"));
        for other in [
            digest("u2", "Firefox/131.0", "203.0.113.7"),
            digest("u1", "Chromium/131.0", "203.0.113.7"),
            digest("u1", "Firefox/131.0", "203.0.114.7"),
        ] {
            assert_ne!(known, other);
        }
    }

    #[test]
    fn what_was_seen_is_known_after_a_restart_and_there_is_an_end_to_it() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Devices::read(folder.path()).is_none());
        let (mut devices, now) = (Devices::default(), Timestamp::from_millis(1));
        assert!(devices.see(digest("u1", "a", "10.0.0.1"), now));
        assert!(!devices.see(digest("u1", "a", "10.0.0.1"), now));
        devices.write(folder.path()).unwrap();
        let mut devices = Devices::read(folder.path()).unwrap();
        assert!(!devices.see(digest("u1", "a", "10.0.0.1"), now));
        for n in 0..MOST {
            assert!(devices.see(digest("u1", &"x".repeat(n + 2), "10.0.0.1"), now));
        }
        assert_eq!(devices.devices.len(), MOST);
        devices.write(folder.path()).unwrap();
        assert!(file(folder.path()).metadata().unwrap().len() < LARGEST);
    }
}

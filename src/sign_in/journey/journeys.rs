//! Who is away on Home Assistant's page: what was noted when they left, until they come back or ten minutes are over.
//!
//! In comes a traveller, out comes a state to send along; in comes a state with a browser's cookie, out comes the traveller,
//! once. There are only so many at a time, and so many from one address, so that nobody can fill the memory or drive the
//! others out. Of state and cookie only digests are kept.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::browser::{Browser, Digest, digest_of, is_random, random};
use crate::clock::Timestamp;
use crate::config::{AddonSlug, PublicUrl};
use crate::home_assistant::api::PkceVerifier;
use crate::listener::Neighbourhood;
use crate::sign_in::ReturnTo;

/// All who are away.
#[derive(Debug, Default)]
pub struct Journeys {
    away: Mutex<HashMap<Digest, Away>>,
}

/// What must be remembered of somebody while they are away.
#[derive(Debug, Clone)]
pub(super) struct Traveller {
    /// Where we are for this browser: the client id and the way back are made from it.
    pub(super) origin: PublicUrl,
    /// What the code will have to be bought with, where Home Assistant takes PKCE.
    pub(super) verifier: Option<PkceVerifier>,
    /// Where to go afterwards.
    pub(super) return_to: ReturnTo,
    /// The add-on that the session will be bound to.
    pub(super) bound_to: Option<AddonSlug>,
}

#[derive(Debug)]
struct Away {
    traveller: Traveller,
    browser: Digest,
    address: Neighbourhood,
    left: Timestamp,
}

impl Journeys {
    /// Somebody leaves: the state to send along.
    pub(super) fn leave(&self, traveller: Traveller, browser: &Browser, address: IpAddr, now: Timestamp) -> String {
        let address = Neighbourhood::from(address);
        let state = random();
        let mut away = self.lock();
        away.retain(|_, one| !one.is_late(now));
        if away.values().filter(|one| one.address == address).count() >= MOST_FROM_ADDRESS {
            forget_oldest(&mut away, |one| one.address == address);
        }
        if away.len() >= MOST {
            forget_oldest(&mut away, |_| true);
        }
        away.insert(digest_of(&state), Away { traveller, browser: browser.digest(), address, left: now });
        state
    }

    /// Somebody comes back. Only the browser that left with this state is that somebody, once and in time; a state in
    /// another browser is of no use there, and does no harm to the one that it belongs to (S-88).
    pub(super) fn come_back(&self, state: &str, browser: Option<&Browser>, now: Timestamp) -> Option<Traveller> {
        if !is_random(state) {
            return None;
        }
        let (state, browser) = (digest_of(state), browser?.digest());
        let mut away = self.lock();
        if away.get(&state)?.browser != browser {
            return None;
        }
        away.remove(&state).filter(|one| !one.is_late(now)).map(|one| one.traveller)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Digest, Away>> {
        self.away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Away {
    /// A clock that went back makes nobody's journey longer than it was.
    fn is_late(&self, now: Timestamp) -> bool {
        now.saturating_since(self.left) >= LONGEST || self.left.saturating_since(now) >= LONGEST
    }
}

fn forget_oldest(away: &mut HashMap<Digest, Away>, is_meant: impl Fn(&Away) -> bool) {
    let oldest = away.iter().filter(|(_, one)| is_meant(one)).min_by_key(|(_, one)| one.left);
    if let Some(state) = oldest.map(|(state, _)| *state) {
        away.remove(&state);
    }
}

/// As long as a code of Home Assistant's is good.
const LONGEST: Duration = Duration::from_mins(10);

/// At a kilobyte each, a few megabytes.
const MOST: usize = 4096;

/// A home behind one address has fewer tabs that sign in within ten minutes.
const MOST_FROM_ADDRESS: usize = 32;

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::http::Presented;

    fn browser() -> Browser {
        Browser::of(&Presented::Nothing)
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn to(path: &str) -> Traveller {
        let origin = PublicUrl { host: "p.test".to_owned(), port: 443 };
        Traveller { origin, verifier: None, return_to: ReturnTo::parse(path).unwrap(), bound_to: None }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn s88_a_state_is_good_once_in_its_browser_and_for_ten_minutes() {
        let (journeys, mine, other) = (Journeys::default(), browser(), browser());
        let state = journeys.leave(to("/a"), &mine, HERE, at(0));
        assert!(journeys.come_back(&state, Some(&other), at(1)).is_none(), "in another browser");
        assert!(journeys.come_back(&state, None, at(1)).is_none(), "in none that is known");
        assert!(journeys.come_back(&random(), Some(&mine), at(1)).is_none(), "a state that nobody gave out");
        assert!(journeys.come_back("", Some(&mine), at(1)).is_none());
        assert!(journeys.come_back(&state, Some(&mine), at(599)).is_some());
        assert!(journeys.come_back(&state, Some(&mine), at(599)).is_none(), "a second time");
        let late = journeys.leave(to("/a"), &mine, HERE, at(0));
        assert!(journeys.come_back(&late, Some(&mine), at(600)).is_none());
        let ahead = journeys.leave(to("/a"), &mine, HERE, at(10_000));
        assert!(journeys.come_back(&ahead, Some(&mine), at(0)).is_none(), "the clock went back by hours");
    }

    #[test]
    fn s88_tabs_of_one_browser_do_not_spoil_each_other() {
        let (journeys, mine) = (Journeys::default(), browser());
        let states = ["/a", "/b"].map(|path| journeys.leave(to(path), &mine, HERE, at(0)));
        let back = |state: &str| journeys.come_back(state, Some(&mine), at(1)).unwrap().return_to.to_string();
        assert_eq!((back(&states[1]), back(&states[0])), ("/b".to_owned(), "/a".to_owned()));
    }

    #[test]
    fn one_address_drives_out_its_own_and_nobody_else() {
        let (journeys, mine, flood) = (Journeys::default(), browser(), browser());
        let state = journeys.leave(to("/a"), &mine, "192.0.2.1".parse().unwrap(), at(0));
        let first = journeys.leave(to("/a"), &flood, "2001:db8::1".parse().unwrap(), at(1));
        for n in 0..u64::try_from(MOST_FROM_ADDRESS).unwrap() {
            journeys.leave(to("/a"), &flood, "2001:db8::2".parse().unwrap(), at(2 + n));
        }
        assert_eq!(journeys.lock().len(), MOST_FROM_ADDRESS + 1);
        assert!(journeys.come_back(&first, Some(&flood), at(40)).is_none(), "the oldest of the same /64");
        assert!(journeys.come_back(&state, Some(&mine), at(40)).is_some());
    }

    #[test]
    fn there_are_only_so_many_and_the_oldest_gives_way() {
        let (journeys, mine) = (Journeys::default(), browser());
        let address = |n: usize| IpAddr::V4(std::net::Ipv4Addr::from(u32::try_from(n).unwrap()));
        let states: Vec<_> = (0..=MOST)
            .map(|n| journeys.leave(to("/a"), &mine, address(n), at(u64::try_from(n / 100).unwrap())))
            .collect();
        assert_eq!(journeys.lock().len(), MOST);
        assert!(journeys.come_back(&states[MOST], Some(&mine), at(100)).is_some());
    }

    #[test]
    fn a_cookie_of_another_shape_is_no_browser_s() {
        for value in ["", "x", &"A".repeat(42), &"A".repeat(44), &"+".repeat(43)] {
            assert!(Browser::known(&Presented::One(Bytes::copy_from_slice(value.as_bytes()))).is_none(), "{value}");
        }
        let known = browser();
        let again = Browser::of(&Presented::One(Bytes::copy_from_slice(known.0.as_bytes())));
        assert_eq!(again.digest(), known.digest());
        assert!(Browser::known(&Presented::Several).is_none());
    }
}

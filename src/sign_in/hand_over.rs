//! Handing a sign-in over from the main host to an add-on's own host, without a cookie that both would see.
//!
//! The add-on's host gives the browser a nonce in a cookie of its own and sends it to the main host with the nonce's
//! digest, the challenge. The main host, where the person is signed in, sends it back with a code. In comes what a browser
//! presents, out comes the session that the code stands for, once, within [`PATIENCE`], at the add-on that it was
//! made for, and in the browser that has the nonce: a code that somebody got for themselves signs nobody else in (S-88).
//!
//! Codes are kept in memory, under their SHA-256. A restart forgets them, and the person is sent round once more.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use zeroize::Zeroizing;

use super::return_to::ReturnTo;
use crate::config::AddonSlug;
use crate::entropy;
use crate::http::Presented;
use crate::session::Session;

/// The name of the nonce's cookie.
pub const HAND_OVER_COOKIE: &str = "__Host-ingress_hand_over";

/// The browser's nonce.
pub struct Nonce(Zeroizing<[u8; 32]>);

impl Nonce {
    /// The browser's, when it has one already, so that two tabs at once do not spoil each other's way; else a new one.
    pub fn of_browser(presented: &Presented) -> Self {
        Self::presented(presented).unwrap_or_else(|| Self(Zeroizing::new(entropy::random())))
    }

    /// The browser's.
    pub fn presented(presented: &Presented) -> Option<Self> {
        let Presented::One(value) = presented else { return None };
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(value).ok()?);
        Some(Self(Zeroizing::new(bytes.as_slice().try_into().ok()?)))
    }

    /// What the main host is told of it.
    pub fn challenge(&self) -> Challenge {
        Challenge(sha256(self.0.as_slice()))
    }

    /// The line that gives it to the browser. `Lax`, since the way back is a navigation from another site.
    pub fn set(&self) -> HeaderValue {
        let value = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.as_slice()));
        let line = Zeroizing::new(format!(
            "{HAND_OVER_COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=3600",
            value.as_str()
        ));
        let mut line = HeaderValue::from_str(&line).expect("names, attributes and base64url are visible ASCII");
        line.set_sensitive(true);
        line
    }
}

impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce(redacted)")
    }
}

/// SHA-256 of a nonce: it tells whose browser a code is for, and nobody gets from it to the nonce.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// Reads what [`fmt::Display`] writes.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// Whether it is this nonce's.
    pub fn is_of(self, nonce: &Nonce) -> bool {
        verify_slices_are_equal(&self.0, &nonce.challenge().0).is_ok()
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// What a code stands for.
#[derive(Debug)]
pub struct HandOver {
    /// The add-on that has the host to itself.
    pub addon: AddonSlug,
    /// Which browser it is for.
    pub challenge: Challenge,
    /// The session that the person is signed in with.
    pub parent: Arc<Session>,
    /// Where they wanted to go on the add-on's host.
    pub return_to: ReturnTo,
}

/// The codes that are under way.
#[derive(Debug, Default)]
pub struct HandOvers {
    codes: Mutex<HashMap<[u8; 32], Pending>>,
}

#[derive(Debug)]
struct Pending {
    until: Instant,
    what: HandOver,
}

impl HandOvers {
    /// Makes a code; none when too many are under way, all together or from one session.
    pub fn issue(&self, what: HandOver, now: Instant) -> Option<Zeroizing<String>> {
        let mut codes = self.lock();
        codes.retain(|_, pending| pending.until > now);
        let same = codes.values().filter(|pending| Arc::ptr_eq(&pending.what.parent, &what.parent)).count();
        if codes.len() >= MOST || same >= MOST_OF_ONE {
            return None;
        }
        let code = Zeroizing::new(entropy::random::<32>());
        codes.insert(sha256(code.as_slice()), Pending { until: now + PATIENCE, what });
        Some(Zeroizing::new(URL_SAFE_NO_PAD.encode(code.as_slice())))
    }

    /// What this code stands for. Whoever asks, and whatever comes of it, it is used up.
    pub fn redeem(&self, code: &str, now: Instant) -> Option<HandOver> {
        let code = Zeroizing::new(URL_SAFE_NO_PAD.decode(code).ok()?);
        let pending = self.lock().remove(&sha256(&code))?;
        (pending.until > now).then_some(pending.what)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Pending>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

/// How long a code is good for: the time of one redirection on a slow line.
const PATIENCE: Duration = Duration::from_secs(30);
/// Codes under way at a time: some megabytes.
const MOST: usize = 10_000;
/// As many tabs as a browser opens at once when it starts.
const MOST_OF_ONE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::session::{MadeBy, NewSession, Sessions};

    async fn session() -> Arc<Session> {
        let settings = crate::config::Session {
            store: crate::config::SessionStore::Memory,
            idle_timeout: Duration::from_mins(30),
            absolute_timeout: Duration::from_hours(12),
            per_user: 100,
            cross_site_framing: false,
            store_timeout: Duration::from_secs(1),
            max_outage: Duration::from_mins(5),
        };
        let (sessions, _) = Sessions::open(&settings, Clock::System).unwrap();
        let user = NewSession::new("u1".parse().unwrap(), MadeBy::Password);
        sessions.create(user).await.unwrap().1
    }

    fn wish(parent: &Arc<Session>, challenge: Challenge) -> HandOver {
        let return_to = ReturnTo::parse("/x?y=1").unwrap();
        HandOver { addon: "z2m".parse().unwrap(), challenge, parent: Arc::clone(parent), return_to }
    }

    #[tokio::test]
    async fn a_code_is_good_once_and_for_thirty_seconds() {
        let (parent, codes, now) = (session().await, HandOvers::default(), Instant::now());
        let challenge = Nonce::of_browser(&Presented::Nothing).challenge();
        let code = codes.issue(wish(&parent, challenge), now).unwrap();
        let redeemed = codes.redeem(&code, now + Duration::from_millis(29_999)).unwrap();
        assert_eq!((redeemed.addon.as_str(), redeemed.return_to.as_str()), ("z2m", "/x?y=1"));
        assert!(codes.redeem(&code, now).is_none(), "used up");
        let late = codes.issue(wish(&parent, challenge), now).unwrap();
        assert!(codes.redeem(&late, now + PATIENCE).is_none());
        assert!(codes.redeem(&late, now).is_none(), "asking too late uses it up as well");
        for other in ["", "AAAA", &"A".repeat(43), "%", &"A".repeat(10_000)] {
            assert!(codes.redeem(other, now).is_none());
        }
    }

    #[tokio::test]
    async fn one_session_has_a_bounded_number_of_codes_under_way() {
        let (one, other, codes, now) = (session().await, session().await, HandOvers::default(), Instant::now());
        let challenge = Nonce::of_browser(&Presented::Nothing).challenge();
        for _ in 0..MOST_OF_ONE {
            assert!(codes.issue(wish(&one, challenge), now).is_some());
        }
        assert!(codes.issue(wish(&one, challenge), now).is_none());
        assert!(codes.issue(wish(&other, challenge), now).is_some(), "another's are not touched");
        assert!(codes.issue(wish(&one, challenge), now + PATIENCE).is_some(), "old ones make room");
    }

    #[test]
    fn a_challenge_is_its_nonces_and_no_others() {
        let nonce = Nonce::of_browser(&Presented::Nothing);
        let other = Nonce::of_browser(&Presented::Nothing);
        let challenge = Challenge::parse(&nonce.challenge().to_string()).unwrap();
        assert!(challenge.is_of(&nonce) && !challenge.is_of(&other));
        let line = nonce.set();
        let value = line.to_str().unwrap().split(['=', ';']).nth(1).unwrap().to_owned();
        let again = Nonce::of_browser(&Presented::One(value.into()));
        assert!(challenge.is_of(&again), "the browser's own is kept");
        assert!(Nonce::presented(&Presented::Several).is_none());
        assert!(Challenge::parse("x").is_none() && Challenge::parse(&"A".repeat(44)).is_none());
    }
}

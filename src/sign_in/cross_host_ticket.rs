//! Handing a sign-in over from the main host to an add-on's own host, without a cookie that both would see.
//!
//! The add-on's host gives the browser a nonce in a cookie of its own and sends it to the main host with the nonce's
//! digest, the challenge. The main host, where the person is signed in, sends it back with a code. The code is good
//! once, within half a minute, at the add-on that it was made for, and in the browser that has the nonce: an attacker's
//! own code signs no other browser in (S-88).
//!
//! Codes are kept under their SHA-256, in memory, where a restart forgets them and the person is sent round once more;
//! or, where proxies share a store, there.

use std::fmt;
use std::time::Duration;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::HeaderValue;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::pending_store::{Bounds, OneTimeState, PendingStore};
use super::return_to::ReturnTo;
use crate::clock::Timestamp;
use crate::entropy;
use crate::http::Presented;
use crate::ids::AddonSlug;
use crate::secret::Secret;
use crate::session::{SessionDigest, Sessions, StoreAway};

/// The name of the nonce's cookie.
pub const TICKET_COOKIE: &str = "__Host-ingress_hand_over";

/// 256 random bits that one browser has in a cookie of the add-on's host.
#[derive(Debug)]
pub struct Nonce(Secret<[u8; 32]>);

impl Nonce {
    /// The browser's, when it has one already, so that two tabs at once do not spoil each other's way; else a new one.
    pub fn of_browser(presented: &Presented) -> Self {
        Self::presented(presented).unwrap_or_else(|| Self(Secret::new(entropy::random())))
    }

    /// The nonce in the browser's cookie, if there is one of the right form.
    pub fn presented(presented: &Presented) -> Option<Self> {
        let Presented::One(value) = presented else { return None };
        let bytes = Zeroizing::new(URL_SAFE_NO_PAD.decode(value).ok()?);
        Some(Self(Secret::new(bytes.as_slice().try_into().ok()?)))
    }

    /// What the main host is told of it.
    pub fn challenge(&self) -> Challenge {
        Challenge(sha256(self.0.reveal()))
    }

    /// The line that gives it to the browser, for an hour.
    pub fn set(&self) -> HeaderValue {
        let value = Zeroizing::new(URL_SAFE_NO_PAD.encode(self.0.reveal()));
        let line = Zeroizing::new(format!("{TICKET_COOKIE}={}; {ATTRIBUTES}; Max-Age=3600", value.as_str()));
        let mut line = HeaderValue::from_str(&line).expect("names, attributes and base64url are visible ASCII");
        // HPACK never indexes it then (RFC 7541 section 7.1.3), and `Debug` does not show it.
        line.set_sensitive(true);
        line
    }

    /// The line that takes it away from the browser, when it has served: with it another code could be redeemed there.
    pub fn clear() -> HeaderValue {
        HeaderValue::from_str(&format!("{TICKET_COOKIE}=; {ATTRIBUTES}; Max-Age=0"))
            .expect("names and attributes are visible ASCII")
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
        // In constant time.
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
pub struct CrossHostTicket {
    /// The add-on that has the host to itself.
    pub addon: AddonSlug,
    /// Which browser it is for.
    pub challenge: Challenge,
    /// The session that the person is signed in with.
    pub parent: SessionDigest,
    /// Where they wanted to go on the add-on's host.
    pub return_to: ReturnTo,
}

/// The codes that are under way, each of the session that it was made for.
#[derive(Debug)]
pub struct CrossHostTickets(PendingStore<SessionDigest, CrossHostTicket>);

impl CrossHostTickets {
    /// None so far. They are kept where these sessions are.
    pub fn open(sessions: &Sessions) -> Self {
        Self(PendingStore::open(BOUNDS, sessions))
    }

    /// Makes a code that stands for this ticket. It is good once and for half a minute.
    pub async fn issue(&self, what: CrossHostTicket, now: Timestamp) -> Result<Zeroizing<String>, StoreAway> {
        let code = Zeroizing::new(entropy::random::<32>());
        self.0.put(code.as_slice(), what.parent, what, now).await?;
        Ok(Zeroizing::new(URL_SAFE_NO_PAD.encode(code.as_slice())))
    }

    /// What this code stands for. It is used up by any attempt, also by one that fails.
    pub async fn redeem(&self, code: &str, now: Timestamp) -> Result<Option<CrossHostTicket>, StoreAway> {
        let code = URL_SAFE_NO_PAD.decode(code).map(Zeroizing::new).unwrap_or_default();
        if code.len() != 32 {
            return Ok(None);
        }
        self.0.take(&code, now).await
    }
}

/// As it stands in a store.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packed {
    addon: String,
    challenge: String,
    parent: String,
    return_to: String,
}

impl OneTimeState for CrossHostTicket {
    fn pack(&self) -> Zeroizing<Vec<u8>> {
        let packed = Packed {
            addon: self.addon.to_string(),
            challenge: self.challenge.to_string(),
            parent: self.parent.hex(),
            return_to: self.return_to.to_string(),
        };
        Zeroizing::new(serde_json::to_vec(&packed).expect("an object of texts has a JSON form"))
    }

    fn unpack(bytes: &[u8]) -> Option<Self> {
        let packed: Packed = serde_json::from_slice(bytes).ok()?;
        Some(Self {
            addon: packed.addon.parse().ok()?,
            challenge: Challenge::parse(&packed.challenge)?,
            parent: SessionDigest::from_hex(&packed.parent)?,
            return_to: ReturnTo::read_back(&packed.return_to)?,
        })
    }
}

/// `Lax`, since the way back is a navigation from another site.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut sum = [0; 32];
    sum.copy_from_slice(digest(&SHA256, bytes).as_ref());
    sum
}

/// A code is good for the time of one redirection on a slow line, and a browser that starts opens some tabs at once.
const BOUNDS: Bounds = Bounds { kind: "hand-over", longest: Duration::from_secs(30), most: 10_000, most_of_one: 64 };

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Clock;
    use crate::session::SessionToken;

    fn codes() -> CrossHostTickets {
        let settings = crate::config::Session {
            store: crate::config::SessionStore::Memory,
            idle_timeout: Duration::from_mins(30),
            absolute_timeout: Duration::from_hours(12),
            password_timeout: None,
            per_user: 100,
            cross_site_framing: false,
            remembered: None,
            max_age: Vec::new(),
            store_timeout: Duration::from_secs(1),
            max_outage: Duration::from_mins(5),
        };
        CrossHostTickets::open(&Sessions::open(&settings, Clock::System).unwrap().0)
    }

    fn at(millis: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + millis)
    }

    fn wish(parent: SessionDigest) -> CrossHostTicket {
        let challenge = Nonce::of_browser(&Presented::Nothing).challenge();
        CrossHostTicket {
            addon: "z2m".parse().unwrap(),
            challenge,
            parent,
            return_to: ReturnTo::parse("/x?y=1").unwrap(),
        }
    }

    #[tokio::test]
    async fn a_code_is_good_once_and_for_thirty_seconds() {
        let (parent, codes) = (SessionToken::random().digest(), codes());
        let code = codes.issue(wish(parent), at(0)).await.unwrap();
        let redeemed = codes.redeem(&code, at(29_999)).await.unwrap().unwrap();
        assert_eq!((redeemed.addon.as_str(), redeemed.return_to.as_str()), ("z2m", "/x?y=1"));
        assert!(codes.redeem(&code, at(0)).await.unwrap().is_none(), "used up");
        let late = codes.issue(wish(parent), at(0)).await.unwrap();
        assert!(codes.redeem(&late, at(30_000)).await.unwrap().is_none());
        assert!(codes.redeem(&late, at(0)).await.unwrap().is_none(), "asking too late uses it up as well");
        for other in ["", "AAAA", &"A".repeat(43), "%", &"A".repeat(10_000)] {
            assert!(codes.redeem(other, at(0)).await.unwrap().is_none());
        }
    }

    #[tokio::test]
    async fn one_session_has_a_bounded_number_of_codes_under_way() {
        let (one, other, codes) = (SessionToken::random().digest(), SessionToken::random().digest(), codes());
        let others = codes.issue(wish(other), at(0)).await.unwrap();
        let first = codes.issue(wish(one), at(0)).await.unwrap();
        for _ in 0..BOUNDS.most_of_one {
            codes.issue(wish(one), at(1)).await.unwrap();
        }
        assert_eq!(codes.0.len(), BOUNDS.most_of_one + 1);
        assert!(codes.redeem(&first, at(2)).await.unwrap().is_none(), "the oldest has given way");
        assert!(codes.redeem(&others, at(2)).await.unwrap().is_some(), "another's are not touched");
        codes.issue(wish(one), at(30_001)).await.unwrap();
        assert_eq!(codes.0.len(), 1, "old ones make room");
    }

    #[test]
    fn what_is_put_down_for_another_proxy_is_read_back_as_it_was_or_not_at_all() {
        let wish = wish(SessionToken::random().digest());
        let packed = wish.pack();
        let back = CrossHostTicket::unpack(&packed).unwrap();
        assert_eq!((&back.addon, back.challenge, back.parent), (&wish.addon, wish.challenge, wish.parent));
        assert_eq!(back.return_to, wish.return_to);
        let start = CrossHostTicket { return_to: ReturnTo::default(), ..wish };
        assert_eq!(CrossHostTicket::unpack(&start.pack()).unwrap().return_to, ReturnTo::default(), "without a wish");
        let text = String::from_utf8(packed.to_vec()).unwrap();
        for (old, new) in [("/x?y=1", "//evil.test/"), ("\"z2m\"", "\"Z 2 M\""), ("{", "{\"more\":1,"), ("}", "")] {
            assert!(CrossHostTicket::unpack(text.replacen(old, new, 1).as_bytes()).is_none(), "{new}");
        }
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

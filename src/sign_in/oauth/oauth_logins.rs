//! The people who are on Home Assistant's page: what was noted when they left, until they come back or ten minutes are
//! over.
//!
//! A pending login is kept under a state that is sent along. The state together with a browser's cookie gives the login
//! back, once, on whichever proxy of those that share a store. The secret under which a login is kept is the state and
//! the cookie together: a state in another browser finds nothing there, and does no harm to the one that it belongs to
//! (S-88).

use std::net::IpAddr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::browser::{Browser, is_random, random};
use crate::budget::ClientPrefix;
use crate::clock::Timestamp;
use crate::home_assistant::api::PkceVerifier;
use crate::ids::{AddonSlug, PublicUrl, UserId};
use crate::session::{Sessions, StoreAway};
use crate::sign_in::ReturnTo;
use crate::sign_in::pending_store::{Bounds, OneTimeState, PendingStore};

/// All who are away, each from an address.
#[derive(Debug)]
pub struct OAuthLogins(PendingStore<ClientPrefix, PendingLogin>);

/// What must be remembered of a user while they are on Home Assistant's page.
#[derive(Debug, Clone)]
pub(super) struct PendingLogin {
    /// Where we are for this browser: the client id and the way back are made from it.
    pub(super) origin: PublicUrl,
    /// What the code will have to be bought with, where Home Assistant takes PKCE.
    pub(super) verifier: Option<PkceVerifier>,
    /// Where to go afterwards.
    pub(super) return_to: ReturnTo,
    /// The add-on that the session will be bound to.
    pub(super) bound_to: Option<AddonSlug>,
    /// Whether its browser is to keep the session when it closes.
    pub(super) remember: bool,
    /// The only user who may come back, where one signs in again.
    pub(super) same_user: Option<UserId>,
    /// When the session was made that they sign in again with.
    pub(super) since: Option<Timestamp>,
}

impl OAuthLogins {
    /// None so far. They are kept where these sessions are.
    pub fn open(sessions: &Sessions) -> Self {
        Self(PendingStore::open(BOUNDS, sessions))
    }

    /// A browser leaves for Home Assistant's page. Returns the state to send along.
    pub(super) async fn leave(
        &self,
        pending: PendingLogin,
        browser: &Browser,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<String, StoreAway> {
        let state = random();
        self.0.put(&secret(&state, browser), ClientPrefix::from(address), pending, now).await?;
        Ok(state)
    }

    /// A browser comes back. The login is given to the one that left with this state, once and in time.
    pub(super) async fn come_back(
        &self,
        state: &str,
        browser: Option<&Browser>,
        now: Timestamp,
    ) -> Result<Option<PendingLogin>, StoreAway> {
        match browser {
            // The form is checked first: a state of another length could move the border between the two halves of the
            // secret.
            Some(browser) if is_random(state) => self.0.take(&secret(state, browser), now).await,
            _ => Ok(None),
        }
    }
}

/// Both have one length, so that no two pairs are one secret.
fn secret(state: &str, browser: &Browser) -> Zeroizing<Vec<u8>> {
    Zeroizing::new([state.as_bytes(), browser.0.as_bytes()].concat())
}

/// As it stands in a store.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Packed {
    host: String,
    port: u16,
    verifier: Option<Zeroizing<String>>,
    return_to: String,
    addon: Option<String>,
    /// Missing where it is false: a proxy of an older version reads all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    remember: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<u64>,
}

impl OneTimeState for PendingLogin {
    fn pack(&self) -> Zeroizing<Vec<u8>> {
        let packed = Packed {
            host: self.origin.host.clone(),
            port: self.origin.port,
            verifier: self.verifier.as_ref().map(|verifier| Zeroizing::new(verifier.reveal().to_owned())),
            return_to: self.return_to.to_string(),
            addon: self.bound_to.as_ref().map(ToString::to_string),
            remember: self.remember,
            user: self.same_user.as_ref().map(ToString::to_string),
            since: self.since.map(Timestamp::as_millis),
        };
        Zeroizing::new(serde_json::to_vec(&packed).expect("an object of texts has a JSON form"))
    }

    fn unpack(bytes: &[u8]) -> Option<Self> {
        let packed: Packed = serde_json::from_slice(bytes).ok()?;
        // What is there and cannot be read must not become nothing: without its binding a session is good for more.
        let bound_to = packed.addon.map(|slug| slug.parse()).transpose().ok()?;
        let same_user = packed.user.map(|user| user.parse()).transpose().ok()?;
        let since = packed.since.map(Timestamp::from_millis);
        let verifier = match packed.verifier {
            Some(text) => Some(PkceVerifier::parse(&text)?),
            None => None,
        };
        let origin = PublicUrl { host: packed.host, port: packed.port };
        let return_to = ReturnTo::read_back(&packed.return_to)?;
        Some(Self { origin, verifier, return_to, bound_to, remember: packed.remember, same_user, since })
    }
}

/// As long as a code of Home Assistant's is good. At a kilobyte each so many are a few megabytes, and a home behind one
/// address has fewer tabs that sign in within that time.
const BOUNDS: Bounds = Bounds { kind: "journey", longest: Duration::from_mins(10), most: 4096, most_of_one: 32 };

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::clock::Clock;
    use crate::http::Presented;

    fn oauth_logins() -> OAuthLogins {
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
        OAuthLogins::open(&Sessions::open(&settings, Clock::System).unwrap().0)
    }

    fn browser() -> Browser {
        Browser::of(&Presented::Nothing)
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_millis(1_000_000_000 + seconds * 1000)
    }

    fn to(path: &str) -> PendingLogin {
        let origin = PublicUrl { host: "p.test".to_owned(), port: 443 };
        PendingLogin {
            origin,
            verifier: None,
            return_to: ReturnTo::parse(path).unwrap(),
            bound_to: None,
            remember: false,
            same_user: None,
            since: None,
        }
    }

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn s88_a_state_is_good_once_in_its_browser_and_for_ten_minutes() {
        let (oauth_logins, mine, other) = (oauth_logins(), browser(), browser());
        let state = oauth_logins.leave(to("/a"), &mine, HERE, at(0)).await.unwrap();
        let back = async |state: &str, browser, at| oauth_logins.come_back(state, browser, at).await.unwrap();
        assert!(back(&state, Some(&other), at(1)).await.is_none(), "in another browser");
        assert!(back(&state, None, at(1)).await.is_none(), "in none that is known");
        assert!(back(&random(), Some(&mine), at(1)).await.is_none(), "a state that nobody gave out");
        assert!(back("", Some(&mine), at(1)).await.is_none());
        assert!(back(&state, Some(&mine), at(599)).await.is_some());
        assert!(back(&state, Some(&mine), at(599)).await.is_none(), "a second time");
        let late = oauth_logins.leave(to("/a"), &mine, HERE, at(0)).await.unwrap();
        assert!(back(&late, Some(&mine), at(600)).await.is_none());
        let ahead = oauth_logins.leave(to("/a"), &mine, HERE, at(10_000)).await.unwrap();
        assert!(back(&ahead, Some(&mine), at(0)).await.is_none(), "the clock went back by hours");
    }

    #[tokio::test]
    async fn s88_tabs_of_one_browser_do_not_spoil_each_other() {
        let (oauth_logins, mine) = (oauth_logins(), browser());
        let one = oauth_logins.leave(to("/a"), &mine, HERE, at(0)).await.unwrap();
        let two = oauth_logins.leave(to("/b"), &mine, HERE, at(0)).await.unwrap();
        for (state, path) in [(two, "/b"), (one, "/a")] {
            let back = oauth_logins.come_back(&state, Some(&mine), at(1)).await.unwrap().unwrap();
            assert_eq!(back.return_to.as_str(), path);
        }
    }

    #[tokio::test]
    async fn one_address_drives_out_its_own_and_nobody_else() {
        let (oauth_logins, mine, flood) = (oauth_logins(), browser(), browser());
        let leave = async |browser, address: &str, at| {
            oauth_logins.leave(to("/a"), browser, address.parse().unwrap(), at).await.unwrap()
        };
        let state = leave(&mine, "192.0.2.1", at(0)).await;
        let first = leave(&flood, "2001:db8::1", at(1)).await;
        for n in 0..u64::try_from(BOUNDS.most_of_one).unwrap() {
            leave(&flood, "2001:db8::2", at(2 + n)).await;
        }
        assert_eq!(oauth_logins.0.len(), BOUNDS.most_of_one + 1);
        let first = oauth_logins.come_back(&first, Some(&flood), at(40)).await.unwrap();
        assert!(first.is_none(), "the oldest of the same /64");
        assert!(oauth_logins.come_back(&state, Some(&mine), at(40)).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn there_are_only_so_many_and_the_oldest_gives_way() {
        let (oauth_logins, mine) = (oauth_logins(), browser());
        let address = |n: usize| IpAddr::V4(std::net::Ipv4Addr::from(u32::try_from(n).unwrap()));
        let mut last = String::new();
        for n in 0..=BOUNDS.most {
            let now = at(u64::try_from(n / 100).unwrap());
            last = oauth_logins.leave(to("/a"), &mine, address(n), now).await.unwrap();
        }
        assert_eq!(oauth_logins.0.len(), BOUNDS.most);
        assert!(oauth_logins.come_back(&last, Some(&mine), at(100)).await.unwrap().is_some());
    }

    #[test]
    fn a_cookie_of_another_shape_is_no_browser_s() {
        for value in ["", "x", &"A".repeat(42), &"A".repeat(44), &"+".repeat(43)] {
            assert!(Browser::known(&Presented::One(Bytes::copy_from_slice(value.as_bytes()))).is_none(), "{value}");
        }
        let known = browser();
        let again = Browser::of(&Presented::One(Bytes::copy_from_slice(known.0.as_bytes())));
        assert_eq!(again.0, known.0);
        assert!(Browser::known(&Presented::Several).is_none());
    }

    #[test]
    fn what_is_put_down_for_another_proxy_is_read_back_as_it_was_or_not_at_all() {
        let verifier = PkceVerifier::random();
        let bound_to = Some("z2m".parse().unwrap());
        let same_user = Some("u1".parse().unwrap());
        let since = Some(Timestamp::from_millis(7));
        let pending = PendingLogin {
            verifier: Some(verifier.clone()),
            bound_to,
            same_user,
            since,
            remember: true,
            ..to("/a?b=c")
        };
        let packed = pending.pack();
        let back = PendingLogin::unpack(&packed).unwrap();
        assert_eq!((back.origin, back.return_to, back.bound_to), (pending.origin, pending.return_to, pending.bound_to));
        assert_eq!((back.same_user, back.since), (pending.same_user, pending.since));
        assert_eq!(back.verifier.unwrap().challenge(), verifier.challenge());
        assert!(back.remember);
        let plain = PendingLogin::unpack(&to("/").pack()).unwrap();
        assert!(plain.verifier.is_none() && plain.bound_to.is_none() && !plain.remember);
        let start = PendingLogin { return_to: ReturnTo::default(), ..to("/") };
        assert_eq!(PendingLogin::unpack(&start.pack()).unwrap().return_to, ReturnTo::default(), "without a wish");
        let text = String::from_utf8(packed.to_vec()).unwrap();
        for (old, new) in [
            ("/a?b=c", "//evil.test/"),
            ("\"z2m\"", "\"Z 2 M\""),
            ("\"u1\"", "\"\""),
            (verifier.reveal(), "short"),
            ("{", "{\"x\":1,"),
        ] {
            assert!(PendingLogin::unpack(text.replacen(old, new, 1).as_bytes()).is_none(), "{new}");
        }
    }
}

//! The way over Home Assistant's page behind several proxies: begun at one, finished at another, once and in one
//! browser (S-88); what lies in Redis meanwhile helps nobody; and while Redis is away nothing is half done.

use std::process::Command;
use std::sync::Barrier;
use std::thread;

use crate::outage::await_state;
use crate::proxy;
use crate::support::expectation::BOB;
use crate::support::journey::{Browser, START};
use crate::support::process::COOKIE;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::there::fields_of;
use crate::support::{Answer, Ask, ConfigFile, Protocol, RawAddon, There, Vestibule, eventually};

fn offering(redis: &Redis, addon: &RawAddon, there: &There) -> Vestibule {
    proxy(redis, addon, |config: &mut ConfigFile| {
        config.set("home_assistant", "url", &there.url());
        config.set("sign_in", "methods", r#"["home-assistant", "password"]"#);
        config.set("sign_in", "attempts_per_address", "1000").set("sign_in", "attempts_per_user", "1000");
    })
}

fn two_offering(redis: &Redis) -> (RawAddon, There, Vestibule, Vestibule) {
    let (addon, there) = (RawAddon::start(), There::start());
    let (one, two) = (offering(redis, &addon, &there), offering(redis, &addon, &there));
    (addon, there, one, two)
}

/// A page with a button, and neither a session nor a redirection.
#[track_caller]
fn assert_helps(answer: &Answer, status: u16, words: &str) {
    assert_eq!(answer.status, status, "{answer:#?}");
    let html = answer.text();
    assert!(html.contains(words) && html.contains("id=\"home-assistant\""), "{words}: {html}");
    assert!(!answer.fields.has("location") && answer.set_cookie(COOKIE).is_none(), "{answer:#?}");
}

const STALE: &str = "was begun in another browser";
const AWAY: &str = "Signing in is not possible right now";

#[test]
fn s88_a_sign_in_that_was_begun_at_one_proxy_is_finished_at_another_once_and_in_its_browser_alone() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (addon, there, one, two) = two_offering(&redis);
    for pkce in [true, false] {
        // Asked for again by neither: what Home Assistant can is remembered by each.
        there.state().pkce = pkce;
        let three = offering(&redis, &addon, &there);
        let mut browser = Browser::new();
        let back = there.approve(&browser.begin(&three, "/ingress/a/deep"), BOB.id);
        let mut stranger = Browser::new();
        assert_helps(&stranger.go(&two, &back), 400, STALE);
        stranger.begin(&two, "/ingress/a/");
        assert_helps(&stranger.go(&two, &back), 400, STALE);
        let before = there.calls_to("/auth/token").len();
        let arrived = browser.go(&two, &back);
        assert_eq!((arrived.status, arrived.location().as_str()), (303, "/ingress/a/deep"), "{arrived:#?}");
        assert_eq!(there.calls_to("/auth/token").len(), before + 1);
        let session = browser.session().unwrap();
        for vestibule in [&one, &two, &three] {
            assert_helps(&browser.go(vestibule, &back), 400, STALE);
            assert!(vestibule.is_live(&session));
        }
        assert_eq!(there.calls_to("/auth/token").len(), before + 1, "the code is not tried again");
    }
}

#[test]
fn s88_of_two_proxies_that_get_one_state_at_once_one_takes_it() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (_addon, there, one, two) = two_offering(&redis);
    for turn in 1..=5 {
        let mut browser = Browser::new();
        let back = there.approve(&browser.begin(&one, "/ingress/a/"), BOB.id);
        let start = Barrier::new(4);
        let statuses = thread::scope(|scope| {
            let racers = [&one, &two, &one, &two].map(|vestibule| {
                let (start, back, mut browser) = (&start, &back, browser.clone());
                scope.spawn(move || {
                    start.wait();
                    browser.go(vestibule, back).status
                })
            });
            racers.map(|racer| racer.join().unwrap())
        });
        assert_eq!(statuses.iter().filter(|status| **status == 303).count(), 1, "{statuses:?}");
        assert_eq!(there.calls_to("/auth/token").len(), turn, "Home Assistant sees it once");
    }
}

#[test]
fn s75_who_signs_out_at_one_is_out_everywhere_and_the_one_that_has_the_tokens_gives_them_back() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (_addon, there, one, two) = two_offering(&redis);
    let mut browser = Browser::new();
    let back = there.approve(&browser.begin(&one, "/ingress/a/"), BOB.id);
    assert_eq!(browser.go(&two, &back).status, 303);
    let session = browser.session().unwrap();
    assert_eq!(there.tokens().len(), 1);
    let post = Ask::post("/.vestibule/sign-out", "").field("Origin", "https://p.test").cookie(&session);
    assert_eq!(one.ask(Protocol::H1, &post).status, 303);
    assert!(!one.is_live(&session));
    eventually("the end on the other", || (!two.is_live(&session)).then_some(()));
    eventually("the tokens given back", || there.tokens().is_empty().then_some(()));
    assert_eq!(there.calls_to("/auth/revoke").len(), 1, "by the one that had them");
}

#[test]
fn what_lies_in_redis_meanwhile_tells_a_reader_nothing_and_is_forgotten_in_time() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (_addon, there, one, _two) = two_offering(&redis);
    let mut browser = Browser::new();
    let page = browser.begin(&one, "/ingress/a/deep");
    let said = String::from_utf8(browser.with_cookies(Ask::navigate("/")).to_bytes()).unwrap();
    let cookie = said.split_once("__Host-ingress_journey=").unwrap().1.split([';', '\r']).next().unwrap();
    let keys = redis.keys("vestibule:parcel:*");
    let [key] = &keys[..] else { panic!("one journey: {keys:?}") };
    let left = redis.say(&["PTTL", key]).parse::<u64>().unwrap();
    assert!((1..=600_000).contains(&left), "{left}");
    let lies = format!("{key} {}", redis.say(&["--raw", "GET", key]));
    let asked = fields_of(page.split_once('?').unwrap().1.as_bytes());
    for secret in [asked["state"].as_str(), asked["code_challenge"].as_str(), cookie, "deep", "p.test", "verifier"] {
        assert!(!lies.contains(secret), "{secret}: {lies}");
    }
    // Nor does it help to write: what another browser's sign-in left is not taken for this one's.
    let mut other = Browser::new();
    let others = other.begin(&one, "/ingress/a/other");
    let new = redis.keys("vestibule:parcel:*").into_iter().find(|one| one != key).unwrap();
    redis.say(&["COPY", &new, key, "REPLACE"]);
    assert_helps(&browser.go(&one, &there.approve(&page, BOB.id)), 400, STALE);
    assert_eq!(other.go(&one, &there.approve(&others, BOB.id)).status, 303);
    assert!(redis.keys("vestibule:parcel:*").is_empty(), "what is taken up is gone");
}

#[test]
fn one_address_fills_redis_with_a_bounded_number_of_sign_ins() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (_addon, there, one, two) = two_offering(&redis);
    let mut browser = Browser::new();
    let first = browser.begin(&one, "/ingress/a/");
    for _ in 0..40 {
        Browser::new().begin(&one, "/ingress/a/");
    }
    assert_eq!(redis.keys("vestibule:parcel:*").len(), 32);
    assert_helps(&browser.go(&two, &there.approve(&first, BOB.id)), 400, STALE);
    let last = browser.begin(&one, "/ingress/a/");
    assert_eq!(browser.go(&two, &there.approve(&last, BOB.id)).status, 303);
}

#[test]
fn while_redis_is_away_a_sign_in_ends_in_a_page_that_helps_and_nothing_is_half_done() {
    if redis_is_missing() {
        return;
    }
    let mut redis = Redis::start_durable();
    let (_addon, there, one, two) = two_offering(&redis);
    let mut browser = Browser::new();
    let back = there.approve(&browser.begin(&one, "/ingress/a/"), BOB.id);
    let mut late = Browser::new();
    let later = there.approve(&late.begin(&one, "/ingress/a/"), BOB.id);
    redis.kill_9();
    let begun = Browser::new().go(&two, START);
    assert_helps(&begun, 503, AWAY);
    assert!(begun.fields.has("retry-after"), "{begun:#?}");
    assert_helps(&browser.go(&two, &back), 503, AWAY);
    assert!(there.calls_to("/auth/token").is_empty(), "the code was not touched");
    await_state(&two, "degraded");
    redis.start_again();
    await_state(&two, "good");
    assert_eq!(browser.go(&two, &back).status, 303, "what was begun is finished when it is back");
    // It goes away again while Home Assistant is being asked: its tokens are given back, and nobody is signed in.
    let pid = redis.pid().to_string();
    there.state().before_tokens = Some(Box::new(move || {
        assert!(Command::new("kill").args(["-9", &pid]).status().unwrap().success());
    }));
    assert_helps(&late.go(&two, &later), 503, AWAY);
    assert!(late.session().is_none());
    eventually("the tokens given back", || (there.tokens().len() == 1).then_some(()));
}

//! Add-ons on hosts of their own behind several proxies: a code that one makes is good at another, once, in its browser
//! and at its host (S-79, S-88), and what it was made for ends with the sign-in that it came from, wherever that ends
//! (S-75).

use std::sync::Barrier;
use std::thread;

use crate::outage::await_state;
use crate::proxy;
use crate::support::expectation::BOB;
use crate::support::form::new_session;
use crate::support::process::COOKIE;
use crate::support::redis::{Redis, redis_is_missing};
use crate::support::tunnel::{Tunnel, echo, handshake};
use crate::support::{Answer, Ask, ConfigFile, Protocol, RawAddon, Vestibule, eventually};

const NONCE: &str = "__Host-ingress_hand_over";

/// An add-on at `b.p.test` and one at `c.p.test`; the main host is `p.test`.
fn with_hosts(redis: &Redis, addon: &RawAddon) -> Vestibule {
    proxy(redis, addon, |config: &mut ConfigFile| {
        config.set("listen", "public_urls", r#"["https://p.test"]"#);
        for slug in ["b", "c"] {
            let upstream = addon.url();
            config.addon_table(&format!("slug = \"{slug}\"\nupstream = \"{upstream}\"\nhost = \"{slug}.p.test\"\n"));
        }
    })
}

fn navigate(vestibule: &Vestibule, host: &str, target: &str, cookies: &[&str]) -> Answer {
    let ask = Ask::navigate(target).host(host);
    vestibule.ask(Protocol::H1, &if cookies.is_empty() { ask } else { ask.cookie(cookies.join("; ")) })
}

/// The nonce's cookie of a browser that is unknown at `b.p.test`, and where it is sent on the main host.
#[track_caller]
fn leave(vestibule: &Vestibule) -> (String, String) {
    let left = navigate(vestibule, "b.p.test", "/.vestibule/sign-in?return_to=%2Fdevices", &[]);
    let (nonce, _) = left.set_cookie(NONCE).expect("the browser gets a nonce");
    (nonce, left.location().strip_prefix("https://p.test").expect("the main host").to_owned())
}

/// The way back to `b.p.test` with a code.
#[track_caller]
fn fetch_code(vestibule: &Vestibule, wish: &str, session: &str) -> String {
    let granted = navigate(vestibule, "p.test", wish, &[session]);
    assert_eq!(granted.status, 303, "{granted:#?}");
    granted.location().strip_prefix("https://b.p.test").expect("the add-on's host").to_owned()
}

fn opens(vestibule: &Vestibule, host: &str, cookie: &str) -> u16 {
    vestibule.ask(Protocol::H1, &Ask::get("/x").host(host).cookie(cookie)).status
}

#[test]
fn s88_a_code_of_one_proxy_is_good_at_another_once_and_in_its_browser_alone() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = (with_hosts(&redis, &addon), with_hosts(&redis, &addon));
    let session = one.cookie("bob");
    let (nonce, wish) = leave(&two);
    let (other, _) = leave(&one);
    for (host, cookies) in [("b.p.test", &[][..]), ("b.p.test", &[other.as_str()]), ("c.p.test", &[nonce.as_str()])] {
        let code = fetch_code(&one, &wish, &session);
        let planted = navigate(&two, host, &code, cookies);
        assert_eq!(planted.status, 400, "{host}: {planted:#?}");
        assert!(planted.set_cookie(COOKIE).is_none(), "{planted:#?}");
        assert_eq!(navigate(&one, "b.p.test", &code, &[&nonce]).status, 400, "a failed try uses it up everywhere");
    }
    let late = fetch_code(&one, &wish, &session);
    let keys = redis.keys("vestibule:parcel:*");
    let [key] = &keys[..] else { panic!("one code: {keys:?}") };
    let left = redis.say(&["PTTL", key]).parse::<u64>().unwrap();
    assert!((1..=30_000).contains(&left), "half a minute at most: {left}");
    redis.say(&["PEXPIRE", key, "1"]);
    eventually("the end of its time", || redis.keys("vestibule:parcel:*").is_empty().then_some(()));
    assert_eq!(navigate(&two, "b.p.test", &late, &[&nonce]).status, 400, "too late");
    let code = fetch_code(&one, &wish, &session);
    let arrived = navigate(&two, "b.p.test", &code, &[&nonce]);
    assert_eq!(arrived.location(), "/devices", "{arrived:#?}");
    let there = new_session(&arrived);
    for vestibule in [&one, &two] {
        assert_eq!(navigate(vestibule, "b.p.test", &code, &[&nonce]).status, 400, "the second time");
        assert_eq!(opens(vestibule, "b.p.test", &there), 200);
        assert_eq!(addon.one().fields.one("x-remote-user-id"), BOB.id);
        addon.forget();
        assert_eq!(opens(vestibule, "c.p.test", &there), 403, "S-79");
    }
    addon.assert_no_request("bound to another add-on");
}

#[test]
fn s88_of_two_proxies_that_get_one_code_at_once_one_takes_it() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = (with_hosts(&redis, &addon), with_hosts(&redis, &addon));
    let session = one.cookie("bob");
    let (nonce, wish) = leave(&one);
    for _ in 0..10 {
        let code = fetch_code(&one, &wish, &session);
        let start = Barrier::new(4);
        let statuses: Vec<u16> = thread::scope(|scope| {
            let racers = [&one, &two, &one, &two].map(|vestibule| {
                let (start, code, nonce) = (&start, &code, &nonce);
                scope.spawn(move || {
                    start.wait();
                    navigate(vestibule, "b.p.test", code, &[nonce]).status
                })
            });
            racers.map(|racer| racer.join().unwrap()).into()
        });
        let won = statuses.iter().filter(|status| **status == 303).count();
        assert_eq!(won, 1, "{statuses:?}");
    }
}

#[test]
fn s75_a_proxy_that_never_saw_the_sign_in_serves_what_was_made_from_it_and_ends_it_with_it() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let addon = echo();
    let proxies: [Vestibule; 3] = std::array::from_fn(|_| with_hosts(&redis, &addon));
    let [one, two, three] = &proxies;
    for signs_out in ["p.test", "b.p.test"] {
        let session = one.cookie("bob");
        let (nonce, wish) = leave(one);
        let code = fetch_code(one, &wish, &session);
        let there = new_session(&navigate(one, "b.p.test", &code, &[&nonce]));
        // These two have heard of neither: the first thing that they see of it is the add-on's own session.
        let ask = handshake(Protocol::H1, "/ws").host("b.p.test").field("Origin", "https://b.p.test").cookie(&there);
        let mut tunnels = [two, three].map(|proxy| {
            let (answer, tunnel) = Tunnel::open(proxy, Protocol::H1, &ask);
            tunnel.unwrap_or_else(|| panic!("the WebSocket opens, but: {answer:#?}"))
        });
        for tunnel in &mut tunnels {
            tunnel.assert_alive("hello");
        }
        let cookie = if signs_out == "p.test" { &session } else { &there };
        let sign_out =
            Ask::post("/.vestibule/sign-out", "").host(signs_out).field("Sec-Fetch-Site", "same-origin").cookie(cookie);
        assert!(matches!(three.ask(Protocol::H2, &sign_out).status, 200 | 303));
        for tunnel in &mut tunnels {
            tunnel.await_end();
        }
        for proxy in &proxies {
            eventually("the end of both", || {
                let child = navigate(proxy, "b.p.test", "/.vestibule/session", &[&there]).status;
                (child != 200 && !proxy.is_live(&session)).then_some(())
            });
        }
        assert_eq!(redis.say(&["--raw", "EVAL", LIVE, "0"]), "0", "nothing of it is left");
    }
}

#[test]
fn while_redis_is_away_nothing_is_handed_over_and_nobody_loses_what_they_have() {
    if redis_is_missing() {
        return;
    }
    let (mut redis, addon) = (Redis::start_durable(), RawAddon::start());
    let (one, two) = (with_hosts(&redis, &addon), with_hosts(&redis, &addon));
    let session = one.cookie("bob");
    let hand_over = |here: Option<&str>| {
        let (nonce, wish) = leave(&two);
        let code = fetch_code(&one, &wish, &session);
        let cookies: Vec<&str> = here.into_iter().chain([nonce.as_str()]).collect();
        new_session(&navigate(&two, "b.p.test", &code, &cookies))
    };
    let there = hand_over(None);
    let (nonce, wish) = leave(&two);
    let code = fetch_code(&one, &wish, &session);
    redis.kill_9();
    await_state(&one, "degraded");
    await_state(&two, "degraded");
    for answer in [
        navigate(&one, "p.test", &wish, &[&session]),
        navigate(&two, "b.p.test", &code, &[&nonce]),
        navigate(&two, "b.p.test", &code, &[&nonce, &there]),
    ] {
        assert_eq!(answer.status, 503, "{answer:#?}");
        assert!(answer.fields.has("retry-after") && answer.set_cookie(COOKIE).is_none(), "{answer:#?}");
    }
    assert_eq!(opens(&two, "b.p.test", &there), 200, "the session that was there goes on");
    redis.start_again();
    await_state(&one, "good");
    await_state(&two, "good");
    assert_ne!(hand_over(Some(&there)), there);
    assert_eq!(opens(&two, "b.p.test", &there), 401, "S-74: the one before ends with the next");
}

/// How many sessions stand in Redis that have not ended.
const LIVE: &str = "
local live = 0
for _, key in ipairs(redis.call('KEYS', 'vestibule:session:*')) do
  if redis.call('GET', key) ~= 'ended' then live = live + 1 end
end
return live";

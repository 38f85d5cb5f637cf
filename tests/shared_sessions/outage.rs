//! Redis fails under load in every way that it can, and whoever is signed in does not notice.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::redis::{Redis, redis_is_missing};
use crate::support::{Ask, BOTH, PATIENCE, RawAddon, RawClient, Stopwatch, Vestibule, eventually};
use crate::{proxy, two_proxies};

/// People who ask all the time, each on a connection of their own, some of them again and again on new ones.
struct Crowd<'a> {
    proxies: [&'a Vestibule; 2],
    people: Vec<(String, String)>,
}

impl Crowd<'_> {
    /// Signed-in people, known to both proxies.
    fn gather<'a>(one: &'a Vestibule, two: &'a Vestibule) -> Crowd<'a> {
        let sign_in = |name: &str| {
            let cookie = one.cookie(name);
            assert!(one.is_live(&cookie) && two.is_live(&cookie));
            (one.home().user_id(name), cookie)
        };
        Crowd { proxies: [one, two], people: ["alice", "bob", "carol", "frank"].map(sign_in).into() }
    }

    /// Asks two hundred times a second while `meanwhile` runs; every answer must be the asker's own.
    fn keeps_asking_while(&self, meanwhile: impl FnOnce(&Load)) {
        let load = Load::default();
        thread::scope(|scope| {
            let pairs = self.people.iter().flat_map(|person| self.proxies.map(|proxy| (person, proxy)));
            let asking: Vec<_> = pairs
                .map(|(person, proxy)| {
                    let load = &load;
                    scope.spawn(move || self.ask_again_and_again(person, proxy, load))
                })
                .collect();
            {
                // When it fails, the crowd goes home as well.
                let _over = Over(&load.over);
                meanwhile(&load);
            }
            for one in asking {
                one.join().expect("nobody was refused or taken for somebody else");
            }
        });
    }

    /// One of eight, each with a question every forty milliseconds by the clock: who was slow with one makes it up.
    fn ask_again_and_again(&self, (user, cookie): &(String, String), proxy: &Vestibule, load: &Load) {
        let ask = Ask::get("/ingress/whoami/x").field("Accept", "application/json").cookie(cookie);
        let mut client = RawClient::connect(proxy.https());
        let mut next = Instant::now();
        while !load.over.load(Ordering::Relaxed) {
            let answer = client.ask(&ask);
            assert_eq!(answer.status, 200, "a known session is served: {answer:#?}");
            let seen = answer.text();
            assert!(seen.contains(user.as_str()), "{user} is {seen}");
            let others = self.people.iter().filter(|(other, _)| other != user);
            assert!(others.into_iter().all(|(other, _)| !seen.contains(other.as_str())), "{seen}");
            load.asked.fetch_add(1, Ordering::Relaxed);
            next += Duration::from_millis(40);
            thread::sleep(next.saturating_duration_since(Instant::now()));
        }
    }
}

/// What the crowd is doing.
#[derive(Default)]
struct Load {
    over: AtomicBool,
    asked: AtomicUsize,
}

impl Load {
    /// Waits until another two hundred were asked and answered: a second, where the machine is quick enough.
    fn goes_on(&self) {
        let before = self.asked.load(Ordering::Relaxed);
        eventually("two hundred more answers", || (self.asked.load(Ordering::Relaxed) >= before + 200).then_some(()));
    }
}

struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Something that is done to Redis.
type Deed<'a> = &'a dyn Fn(&Redis);

fn state(vestibule: &Vestibule) -> (u16, String) {
    let answer = vestibule.ask_operations(&Ask::get("/readyz"));
    (answer.status, answer.json()["session_store"].as_str().unwrap_or_default().to_owned())
}

pub(crate) fn await_state(vestibule: &Vestibule, wanted: &str) {
    eventually(wanted, || (state(vestibule).1 == wanted).then_some(()));
}

#[test]
fn redis_is_killed_in_the_middle_of_two_hundred_requests_a_second() {
    if redis_is_missing() {
        return;
    }
    let (mut redis, addon) = (Redis::start(), RawAddon::start());
    let (one, two) = two_proxies(&redis, &addon);
    let crowd = Crowd::gather(&one, &two);
    let ended = one.cookie("bob");
    assert!(two.is_live(&ended));
    let stranger = two.cookie("zoë");
    crowd.keeps_asking_while(|load| {
        load.goes_on();
        redis.kill_9();
        load.goes_on();
        await_state(&one, "degraded");
        await_state(&two, "degraded");
        assert_eq!(state(&one), (200, "degraded".to_owned()), "it still serves");
        refuses_the_unknown(&one, &stranger);
        assert!(one.ask_operations(&Ask::get("/metrics")).text().contains("vestibule_session_store_degraded 1\n"));
        assert!(one.command_ok(&["status"]).contains("session store: degraded"));
        let id = one.command_ok(&["sessions", "list"]);
        let id = id.lines().next().unwrap().split(' ').next().unwrap().to_owned();
        let revoked = one.command(&["sessions", "revoke", &id]);
        assert!(
            !revoked.status.success() && !one.is_live(&ended),
            "it ends here, and the operator hears that it is not all"
        );
        assert!(String::from_utf8_lossy(&revoked.stderr).contains("not stored yet"), "{revoked:?}");
        redis.start_again();
        await_state(&one, "good");
        await_state(&two, "good");
        load.goes_on();
        eventually("the end on the other", || (!two.is_live(&ended)).then_some(()));
        assert!(one.is_live(&stranger), "it was written again by the one that knew it");
    });
    let third = proxy(&redis, &addon, |_| {});
    assert!(!third.is_live(&ended), "what was ended never comes back");
    assert!(crowd.people.iter().all(|(_, cookie)| third.is_live(cookie)), "what lives does");
    assert_eq!(third.sign_in("bob", "bob-pass-1").status, 303);
}

/// Nobody new, and nobody sent round in circles to sign in.
fn refuses_the_unknown(vestibule: &Vestibule, cookie: &str) {
    for protocol in BOTH {
        let began = Stopwatch::start();
        let answer = vestibule.ask(protocol, &Ask::navigate("/ingress/a/").cookie(cookie));
        assert_eq!(answer.status, 503, "{answer:#?}");
        assert!(answer.fields.has("retry-after") && !answer.fields.has("location"), "{answer:#?}");
        assert!(answer.set_cookie(crate::support::process::COOKIE).is_none(), "the browser keeps its cookie");
        began.assert_within(PATIENCE / 2, "refused");
    }
    let answer = vestibule.sign_in("carol", "carol-pass-1");
    assert_eq!(answer.status, 503, "{answer:#?}");
    assert!(vestibule.await_line(&["refused", "session_store_away"]).contains("audit"));
}

#[test]
fn redis_hangs_fills_up_and_becomes_a_replica_under_load() {
    if redis_is_missing() {
        return;
    }
    let (redis, addon) = (Redis::start_durable(), RawAddon::start());
    let (one, two) = two_proxies(&redis, &addon);
    let crowd = Crowd::gather(&one, &two);
    let stranger = two.cookie("zoë");
    crowd.keeps_asking_while(|load| {
        let says = |words: &'static [&'static str]| move |redis: &Redis| drop(redis.say(words));
        let troubles: [(Deed<'_>, Deed<'_>); 3] = [
            (&|redis| redis.signal("STOP"), &|redis| redis.signal("CONT")),
            (&says(&["CONFIG", "SET", "maxmemory", "1"]), &says(&["CONFIG", "SET", "maxmemory", "0"])),
            (&says(&["REPLICAOF", "127.0.0.1", "1"]), &says(&["REPLICAOF", "NO", "ONE"])),
        ];
        for (trouble, remedy) in troubles {
            trouble(&redis);
            await_state(&one, "degraded");
            load.goes_on();
            refuses_the_unknown(&one, &stranger);
            remedy(&redis);
            await_state(&one, "good");
            await_state(&two, "good");
        }
    });
    assert!(one.is_live(&stranger), "the cookie was kept and is good again");
}

#[test]
fn an_outage_that_lasts_ends_in_refusals_and_so_in_nobody_being_let_in_unseen() {
    if redis_is_missing() {
        return;
    }
    let (mut redis, addon) = (Redis::start_durable(), RawAddon::start());
    let one = proxy(&redis, &addon, |config| {
        config.set("session", "max_outage", r#""1s""#);
    });
    let cookie = one.cookie("bob");
    redis.kill_9();
    await_state(&one, "away");
    assert_eq!(state(&one).0, 503, "others may serve");
    let answer = one.ask(BOTH[0], &Ask::navigate("/ingress/a/").cookie(&cookie));
    assert_eq!(answer.status, 503, "{answer:#?}");
    redis.start_again();
    await_state(&one, "good");
    assert!(one.is_live(&cookie));
}

//! Sessions of several proxies on one Redis: each `Sessions` here is a node. Redis is a real one, and is killed,
//! filled, paused, made a replica and lied to.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use vestibule::config::{RedisPlace, RedisStore, SecretText};

use super::conformance::{DAY, finds, remembered};
use super::redis::{Redis, redis_is_missing};
use super::*;

/// What a proxy is configured with.
struct Place {
    socket: PathBuf,
    key: Option<&'static str>,
    max_outage: Duration,
}

impl Place {
    fn at(redis: &Redis) -> Self {
        Self { socket: redis.socket(), key: Some(KEY), max_outage: 5 * MINUTE }
    }

    fn settings(&self) -> Settings {
        let store = RedisStore {
            place: RedisPlace::Unix(self.socket.clone()),
            database: 0,
            user: None,
            password: None,
            ca: None,
            key: self.key.map(|key| SecretText::new(key.to_owned())),
            prefix: "test:".to_owned(),
        };
        Settings { max_outage: self.max_outage, ..settings(SessionStore::Redis(Box::new(store))) }
    }

    /// A node that has reached Redis.
    async fn node(&self, clock: &Clock) -> Node {
        let node = self.node_without_redis(clock);
        until("the store is there", || matches!(node.health(), Health::Durable)).await;
        node
    }

    fn node_without_redis(&self, clock: &Clock) -> Node {
        let (sessions, notices) = Sessions::open(&self.settings(), clock.clone()).expect("opened");
        assert!(notices.is_empty());
        let stop = CancellationToken::new();
        tokio::spawn(Arc::clone(&sessions).run(stop.clone()));
        Node { sessions, _stop: stop.drop_guard() }
    }
}

struct Node {
    sessions: Arc<Sessions>,
    _stop: tokio_util::sync::DropGuard,
}

impl std::ops::Deref for Node {
    type Target = Arc<Sessions>;

    fn deref(&self) -> &Arc<Sessions> {
        &self.sessions
    }
}

impl Node {
    async fn why_not(&self, token: &SessionToken) -> Reason {
        self.find(token).await.expect_err("refused")
    }
}

const KEY: &str = "of thirty-two characters or more, surely";

async fn two_nodes(redis: &Redis) -> (Node, Node, Clock) {
    let (place, clock) = (Place::at(redis), Clock::manual(START));
    (place.node(&clock).await, place.node(&clock).await, clock)
}

#[tokio::test]
async fn redis_does_what_every_store_does() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let clock = Clock::manual(START);
    let node = Place::at(&redis).node(&clock).await;
    conformance::conforms(Arc::clone(&node), clock.clone()).await;
    assert!(matches!(node.health(), Health::Durable));
    let other = Place::at(&redis).node(&clock).await;
    other.gather().await.expect("asked");
    assert!(other.is_empty(), "nothing that was revoked comes back");
}

#[tokio::test]
async fn a_session_holds_on_all_nodes_with_everything_that_is_known_of_it() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    let about = NewSession {
        address: Some("192.0.2.7".parse().expect("an address")),
        user_agent: vestibule::session::UserAgent::from_header(b"Mozilla/5.0"),
        addon: Some("node-red".parse().expect("a slug")),
        parent: Some(one.create(of("alice")).await.expect("made").1.digest()),
        refresh_token: Some("0a1b".to_owned()),
        password_digest: Some([7; 32]),
        certificate: Some([9; 32]),
        ..of("alice")
    };
    let (token, made) = one.create(about).await.expect("made");
    let found = two.find(&token).await.expect("found");
    assert_eq!(two.list(), one.list());
    assert_eq!((found.parent(), found.refresh_token()), (made.parent(), made.refresh_token()));
    assert_eq!(found.password_digest(), made.password_digest());
    assert_eq!(found.certificate(), Some(&[9; 32]));
    assert!(Arc::ptr_eq(&found, &two.find(&token).await.expect("known")), "asked once");
    let id = token.digest().to_string();
    let key = redis.keys("test:session:*").into_iter().find(|key| key.contains(&id)).expect("it is there");
    let text = redis.say(&["--raw", "GET", &key]);
    assert!(text.contains("\"user\":\"alice\"") && !text.contains(token.encode().as_str()), "no token in it: {text}");
}

#[tokio::test]
async fn a_child_ends_with_its_parent_on_nodes_that_knew_only_one_of_them() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, clock) = two_nodes(&redis).await;
    let (_, parent) = one.create(of("alice")).await.expect("made");
    let child = NewSession { parent: Some(parent.digest()), ..of("alice") };
    let (token, _) = one.create(child.clone()).await.expect("made");
    let found = two.find(&token).await.expect("found, with its parent");
    let (other, _) = two.create(child).await.expect("made");
    let mut notifier = two.subscribe();
    one.revoke(parent.id()).await.expect("revoked");
    notifier.changed().await.expect("it rings");
    assert_eq!(two.standing(&found), Err(Reason::SessionEnded), "its streams are cut");
    let third = Place::at(&redis).node(&clock).await;
    for node in [&one, &two, &third] {
        assert_eq!(node.why_not(&token).await, Reason::SessionEnded);
        assert_eq!(node.why_not(&other).await, Reason::SessionEnded, "one that the first node had not heard of");
    }
}

#[tokio::test]
async fn what_one_node_ends_the_others_cut_at_once() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    let (token, made) = one.create(of("alice")).await.expect("made");
    let (stays, _) = one.create(of("frank")).await.expect("made");
    let known = two.find(&token).await.expect("found");
    two.find(&stays).await.expect("found");
    let mut notifier = two.subscribe();
    let began = Stopwatch::start();
    one.revoke(made.id()).await.expect("revoked");
    notifier.changed().await.expect("it rings");
    began.assert_within(Duration::from_secs(1), "it rings");
    assert!(known.ended() && two.standing(&known) == Err(Reason::SessionEnded));
    assert_eq!(two.why_not(&token).await, Reason::SessionEnded);
    assert!(finds(&two, &stays).await);
}

#[tokio::test]
async fn a_node_ends_sessions_that_it_has_never_seen() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    let (alice, made) = one.create(of("alice")).await.expect("made");
    let (again, _) = one.create(of("alice")).await.expect("made");
    let (frank, _) = one.create(of("frank")).await.expect("made");
    assert_eq!(two.revoke(made.id()).await.expect("revoked").len(), 1);
    until("it ends", || made.ended()).await;
    assert_eq!(two.revoke_user(&"alice".parse().expect("an id")).await.expect("revoked").len(), 1);
    until("the other ends", || one.look_up(&again).is_none()).await;
    assert!(finds(&one, &frank).await && !finds(&one, &alice).await);
    redis.say(&["SET", &format!("test:session:{}", "ab".repeat(32)), "of a newer version"]);
    assert_eq!(two.revoke_all().await.expect("revoked").len(), 1);
    until("all have ended", || one.is_empty()).await;
    for key in redis.keys("test:session:*") {
        assert_eq!(redis.say(&["GET", &key]), "ended", "entries that nobody understands too");
        let rest: i64 = redis.say(&["PTTL", &key]).parse().expect("a number");
        assert!(rest >= 720 * 60_000, "for longer than the session could have lived: {rest}");
    }
}

#[tokio::test]
async fn seen_on_one_node_is_alive_on_the_other() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, clock) = two_nodes(&redis).await;
    let (token, _) = one.create(of("alice")).await.expect("made");
    let other = two.find(&token).await.expect("found");
    for _ in 0..4 {
        clock.set(clock.now().saturating_add(10 * MINUTE));
        assert!(finds(&one, &token).await);
        let seen = format!("{:016x}:", clock.now().as_millis());
        until("the sighting is known", || redis.say(&["GET", &redis.keys("test:session:*")[0]]).contains(&seen)).await;
    }
    assert!(!two.is_live(&other), "by what it knows itself it is over");
    assert!(finds(&two, &token).await, "and it asks");
    clock.set(clock.now().saturating_add(30 * MINUTE));
    assert!(!finds(&two, &token).await, "now it is over");
    until("for all", || !one.is_live(&other)).await;
    assert_eq!(one.why_not(&token).await, Reason::SessionEnded);
    let writes = redis.say(&["INFO", "commandstats"]);
    assert!(writes.contains("cmdstat_eval"), "{writes}");
}

#[tokio::test]
async fn a_sighting_is_written_once_a_minute() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, _, clock) = two_nodes(&redis).await;
    let (token, _) = one.create(of("alice")).await.expect("made");
    let entry = || redis.say(&["GET", &redis.keys("test:session:*")[0]]);
    let before = entry();
    for _ in 0..59 {
        clock.set(clock.now().saturating_add(Duration::from_secs(1)));
        assert!(finds(&one, &token).await);
    }
    one.create(of("frank")).await.expect("made after whatever was to be said before");
    assert!(redis.keys("test:session:*").iter().any(|key| redis.say(&["GET", key]) == before));
    clock.set(clock.now().saturating_add(Duration::from_secs(1)));
    assert!(finds(&one, &token).await);
    let seen = format!("{:016x}:", clock.now().as_millis());
    let known = |key: &String| redis.say(&["GET", key]).contains("alice") && redis.say(&["GET", key]).contains(&seen);
    until("it is written", || redis.keys("test:session:*").iter().any(known)).await;
}

#[tokio::test]
async fn s75_a_sighting_by_a_node_that_heard_of_no_end_brings_nothing_back() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, _two, clock) = two_nodes(&redis).await;
    for left in ["ended", ""] {
        let (token, _) = one.create(of("alice")).await.expect("made");
        let id = token.digest().to_string();
        let key = redis.keys("test:session:*").into_iter().find(|key| key.contains(&id)).expect("it is there");
        // Another node's word on it was lost on the way.
        if left.is_empty() {
            redis.say(&["DEL", &key])
        } else {
            redis.say(&["SET", &key, left])
        };
        clock.set(clock.now().saturating_add(Duration::from_secs(61)));
        assert!(finds(&one, &token).await, "known here, and nobody has told it");
        until("it finds out with its sighting", || one.look_up(&token).is_none()).await;
        assert_eq!(redis.say(&["GET", &key]), left);
    }
}

#[tokio::test]
async fn the_cap_counts_the_sessions_of_all_nodes() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, clock) = two_nodes(&redis).await;
    let (first, _) = one.create(of("alice")).await.expect("made");
    for turn in 0..20_u32 {
        clock.set(clock.now().saturating_add(Duration::from_secs(1)));
        let node = if turn.is_multiple_of(2) { &two } else { &one };
        node.create(of("alice")).await.expect("made");
    }
    until("the oldest gives way", || one.look_up(&first).is_none()).await;
    one.gather().await.expect("asked");
    assert_eq!(one.len(), 20);
}

#[tokio::test]
async fn a_sign_in_reads_what_its_user_has_and_nobody_elses() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    for number in 0..100 {
        one.create(of(&format!("user-{number}"))).await.expect("made");
    }
    for _ in 0..30 {
        let (_, session) = one.create(of("alice")).await.expect("made");
        one.sign_out(&session).await.expect("ended");
    }
    let set = || redis.say(&["SCARD", "test:user:alice"]).parse::<usize>().expect("a number");
    assert!(set() <= 2, "what has ended is forgotten by the next sign-in: {}", set());
    redis.say(&["CONFIG", "RESETSTAT"]);
    two.create(of("alice")).await.expect("made");
    let statistics = redis.say(&["INFO", "commandstats"]);
    assert!(!statistics.contains("cmdstat_scan:") && !statistics.contains("cmdstat_keys:"), "{statistics}");
    assert_eq!(two.len(), 1, "it knows of nobody else");
    assert_eq!(set(), 1);
    assert!(redis.say(&["PTTL", "test:user:alice"]).parse::<i64>().expect("a number") > 0);
}

#[tokio::test]
async fn s89_nothing_is_forged() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (place, clock) = (Place::at(&redis), Clock::manual(START));
    let node = place.node(&clock).await;
    let open = Place { key: None, ..Place::at(&redis) }.node(&clock).await;
    let key = |token: &SessionToken| {
        let id = token.digest().to_string();
        redis.keys("test:session:*").into_iter().find(|key| key.contains(&id)).expect("it is there")
    };
    let (unsealed, _) = open.create(of("frank")).await.expect("made");
    assert_eq!(node.why_not(&unsealed).await, Reason::SessionEnded, "made without the key");
    let (sealed, _) = node.create(of("alice")).await.expect("made");
    assert_eq!(open.why_not(&sealed).await, Reason::SessionEnded, "a node without the key cannot tell");
    let entry = redis.say(&["--raw", "GET", &key(&sealed)]);
    redis.say(&["SET", &key(&unsealed), &entry]);
    assert_eq!(node.why_not(&unsealed).await, Reason::SessionEnded, "another session's entry");
    redis.say(&["SET", &key(&sealed), &entry.replace("alice", "frank")]);
    let other = place.node(&clock).await;
    for bad in [&entry.replace("alice", "frank"), entry.split_at(40).0, "", "ended ", "::"] {
        redis.say(&["SET", &key(&sealed), bad]);
        assert_eq!(other.why_not(&sealed).await, Reason::SessionEnded, "{bad}");
    }
    redis.say(&["DEL", &key(&sealed)]);
    redis.say(&["LPUSH", &format!("test:session:{}", "cd".repeat(32)), "a list"]);
    assert!(other.find(&SessionToken::random()).await.is_err(), "a key of another type is no session");
    other.gather().await.expect("asked");
}

#[tokio::test]
async fn while_redis_is_away_the_known_go_on_and_nobody_new_is_let_in() {
    if redis_is_missing() {
        return;
    }
    let mut redis = Redis::start_durable();
    let (one, two, _) = two_nodes(&redis).await;
    let (token, known) = one.create(of("alice")).await.expect("made");
    redis.kill_9();
    until("it is noticed", || matches!(one.health(), Health::Degraded { .. })).await;
    assert!(finds(&one, &token).await && one.standing(&known).is_ok());
    assert_eq!(two.why_not(&token).await, Reason::SessionStoreAway, "never refused as if it had ended");
    assert!(one.create(of("frank")).await.is_err());
    redis.start_again();
    until("all is back", || matches!(two.health(), Health::Durable) && matches!(one.health(), Health::Durable)).await;
    assert!(finds(&two, &token).await && finds(&one, &token).await);
    one.create(of("frank")).await.expect("made");
}

#[tokio::test]
async fn an_outage_lasts_for_a_bounded_time() {
    if redis_is_missing() {
        return;
    }
    let mut redis = Redis::start_durable();
    let (place, clock) = (Place { max_outage: Duration::from_millis(500), ..Place::at(&redis) }, Clock::manual(START));
    let node = place.node(&clock).await;
    let (token, session) = node.create(of("alice")).await.expect("made");
    redis.kill_9();
    until("it is noticed", || !matches!(node.health(), Health::Durable)).await;
    until("the known are refused", || node.standing(&session).is_err()).await;
    assert_eq!(node.why_not(&token).await, Reason::SessionStoreAway);
    assert!(matches!(node.health(), Health::Away { .. }));
    assert_eq!(node.standing(&session), Err(Reason::SessionStoreAway), "streams too");
    redis.start_again();
    until("all is back", || matches!(node.health(), Health::Durable)).await;
    assert!(finds(&node, &token).await, "it had not ended");
    let fresh = Place { socket: PathBuf::from("/nowhere/redis.sock"), ..place }.node_without_redis(&clock);
    assert!(matches!(fresh.health(), Health::Away { .. }), "a node that has never reached it serves nobody");
    assert_eq!(fresh.why_not(&token).await, Reason::SessionStoreAway);
}

/// Ways in which Redis answers and is of no use.
#[tokio::test]
async fn a_full_a_hanging_and_a_read_only_redis_are_away_and_come_back() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    let (token, _) = one.create(of("alice")).await.expect("made");
    for (trouble, remedy) in [
        (&["CONFIG", "SET", "maxmemory", "1"][..], &["CONFIG", "SET", "maxmemory", "0"][..]),
        (&["CLIENT", "PAUSE", "4000", "ALL"], &["PING"]),
        (&["REPLICAOF", "127.0.0.1", "1"], &["REPLICAOF", "NO", "ONE"]),
        (
            &["CONFIG", "SET", "requirepass", "another"],
            &["-a", "another", "--no-auth-warning", "CONFIG", "SET", "requirepass", ""],
        ),
    ] {
        redis.say(trouble);
        if trouble.contains(&"requirepass") {
            redis.say(&["-a", "another", "--no-auth-warning", "CLIENT", "KILL", "TYPE", "PUBSUB"]);
        }
        until("it is noticed", || matches!(one.health(), Health::Degraded { .. })).await;
        assert!(finds(&one, &token).await, "{trouble:?}");
        let began = Stopwatch::start();
        assert_eq!(one.why_not(&SessionToken::random()).await, Reason::SessionStoreAway, "{trouble:?}");
        assert!(one.create(of("frank")).await.is_err(), "{trouble:?}");
        began.assert_within(Duration::from_secs(1), "nobody waits for it");
        redis.say(remedy);
        until("it is back", || [&one, &two].iter().all(|node| matches!(node.health(), Health::Durable))).await;
        assert!(finds(&one, &token).await && finds(&two, &token).await, "{trouble:?}");
        let (anew, made) = one.create(of("carol")).await.expect("made");
        one.revoke(made.id()).await.expect("revoked");
        assert!(!finds(&two, &anew).await);
    }
}

#[tokio::test]
async fn a_redis_that_was_started_empty_gets_back_what_lives_and_nothing_that_was_ended() {
    if redis_is_missing() {
        return;
    }
    for turn in 0..4 {
        let mut redis = Redis::start();
        let (one, two, clock) = two_nodes(&redis).await;
        let (lives, _) = one.create(of("alice")).await.expect("made");
        let (ended, gone) = one.create(of("alice")).await.expect("made");
        let (during, known) = one.create(of("frank")).await.expect("made");
        for token in [&lives, &ended, &during] {
            two.find(token).await.expect("found");
        }
        one.revoke(gone.id()).await.expect("revoked");
        until("both know", || two.look_up(&ended).is_none()).await;
        redis.kill_9();
        until("it is noticed", || !matches!(one.health(), Health::Durable)).await;
        let unsaid = one.sign_out(&known).await;
        assert!(matches!(unsaid, Err(RevokeError::NotOnDisk { .. })), "{unsaid:?}");
        assert!(!finds(&one, &during).await && two.look_up(&during).is_some(), "the other node cannot know");
        redis.start_again();
        until("all is back", || [&one, &two].iter().all(|node| matches!(node.health(), Health::Durable))).await;
        until("both know", || two.look_up(&during).is_none()).await;
        let third = Place::at(&redis).node(&clock).await;
        for node in [&one, &two, &third] {
            assert!(finds(node, &lives).await, "turn {turn}");
            assert_eq!(node.why_not(&ended).await, Reason::SessionEnded, "turn {turn}");
            assert_eq!(node.why_not(&during).await, Reason::SessionEnded, "turn {turn}");
        }
    }
}

#[tokio::test]
async fn a_redis_that_comes_back_with_what_it_had_yesterday_brings_nobody_back() {
    if redis_is_missing() {
        return;
    }
    let mut redis = Redis::start();
    let (one, two, clock) = two_nodes(&redis).await;
    let (token, session) = one.create(of("alice")).await.expect("made");
    two.find(&token).await.expect("found");
    redis.say(&["SAVE"]);
    one.revoke(session.id()).await.expect("revoked");
    let (later, _) = one.create(of("frank")).await.expect("made");
    redis.kill_9();
    until("it is noticed", || !matches!(one.health(), Health::Durable)).await;
    redis.start_again();
    until("all is back", || [&one, &two].iter().all(|node| matches!(node.health(), Health::Durable))).await;
    let third = Place::at(&redis).node(&clock).await;
    for node in [&one, &two, &third] {
        assert_eq!(node.why_not(&token).await, Reason::SessionEnded);
        assert!(finds(node, &later).await, "what was made since is written again");
    }
}

#[tokio::test]
async fn a_redis_that_was_emptied_by_its_operator_has_ended_all() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    let (token, _) = one.create(of("alice")).await.expect("made");
    redis.say(&["FLUSHALL"]);
    assert_eq!(two.why_not(&token).await, Reason::SessionEnded);
    redis.say(&["CLIENT", "KILL", "TYPE", "PUBSUB"]);
    until("the next look finds out", || one.look_up(&token).is_none()).await;
}

#[tokio::test]
async fn what_was_ended_while_a_node_was_cut_off_is_the_first_thing_that_it_hears() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    let (token, session) = one.create(of("alice")).await.expect("made");
    two.find(&token).await.expect("found");
    for _ in 0..5 {
        let (_, other) = one.create(of("frank")).await.expect("made");
        let (id, mine) = (other.id(), two.create(of("carol")).await.expect("made").0);
        // Both lose their connections; whichever is first to be back speaks while the other is still away.
        redis.say(&["CLIENT", "KILL", "TYPE", "PUBSUB"]);
        let _said = one.revoke(id).await;
        until("it ends everywhere", || other.ended()).await;
        until("both are back", || [&one, &two].iter().all(|node| matches!(node.health(), Health::Durable))).await;
        assert!(finds(&two, &mine).await);
    }
    let revoking = one.revoke(session.id());
    redis.say(&["CLIENT", "KILL", "TYPE", "PUBSUB"]);
    let _said = revoking.await;
    until("the other node has heard", || two.look_up(&token).is_none()).await;
}

#[tokio::test]
async fn many_unknown_tokens_reach_a_limit_and_hold_nobody_up() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, _, _) = two_nodes(&redis).await;
    let (token, _) = one.create(of("alice")).await.expect("made");
    redis.say(&["CLIENT", "PAUSE", "400", "ALL"]);
    let refused = Arc::new(AtomicU64::new(0));
    let asking: Vec<_> = (0..1000)
        .map(|_| {
            let (sessions, refused) = (Arc::clone(&one), Arc::clone(&refused));
            tokio::spawn(async move {
                let why = sessions.find(&SessionToken::random()).await.expect_err("nobody's");
                refused.fetch_add(u64::from(why == Reason::SessionStoreAway), Ordering::Relaxed);
            })
        })
        .collect();
    until("the limit is met", || refused.load(Ordering::Relaxed) >= 700).await;
    assert!(finds(&one, &token).await, "who is known does not wait with them");
    for one in asking {
        one.await.expect("no panic");
    }
}

#[tokio::test]
async fn hundreds_of_sessions_are_read_in_pieces() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, _) = two_nodes(&redis).await;
    for user in 0..600 {
        one.create(of(&format!("user{user}"))).await.expect("made");
    }
    two.gather().await.expect("asked");
    assert_eq!(two.len(), 600);
    assert_eq!(two.revoke_all().await.expect("revoked").len(), 600);
    until("all have ended", || one.is_empty()).await;
}

#[tokio::test]
async fn the_secret_of_a_remembered_session_is_replaced_on_one_node_and_reused_on_the_other() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (one, two, clock) = two_nodes(&redis).await;
    let later = |by: Duration| clock.set(clock.now().saturating_add(by));
    let (old, session) = one.create(remembered("alice")).await.expect("made");
    let there = two.find(&old).await.expect("found");
    later(DAY);
    let (new, _) = one.renew(&session, &old, Carrier::Navigation).await.expect("due");
    assert!(two.renew(&there, &old, Carrier::Navigation).await.is_none(), "the first was quicker");
    assert!(finds(&two, &new).await, "what one has offered the other asks for");
    later(MINUTE);
    assert!(finds(&two, &new).await, "it takes the place of the old one here");
    // A sighting by the node that has not heard of it must not undo it.
    one.touch(&session);
    one.gather().await.expect("asked");
    later(MINUTE);
    assert!(finds(&two, &new).await && finds(&one, &new).await);
    let mut notifier = two.subscribe();
    assert_eq!(one.why_not(&old).await, Reason::TokenReused);
    notifier.changed().await.expect("it rings");
    for node in [&one, &two, &Place::at(&redis).node(&clock).await] {
        assert_eq!(node.why_not(&new).await, Reason::SessionEnded);
        assert_eq!(node.why_not(&old).await, Reason::SessionEnded);
    }
    assert!(session.ended() && there.ended());
}

#[tokio::test]
async fn without_redis_no_secret_is_replaced_and_nobody_is_signed_out() {
    if redis_is_missing() {
        return;
    }
    let redis = Redis::start();
    let (place, clock) = (Place::at(&redis), Clock::manual(START));
    let (one, two) = (place.node(&clock).await, place.node(&clock).await);
    let (old, session) = one.create(remembered("alice")).await.expect("made");
    two.find(&old).await.expect("found");
    clock.set(clock.now().saturating_add(DAY));
    let (new, _) = one.renew(&session, &old, Carrier::Navigation).await.expect("due");
    drop(redis);
    until("it is away", || matches!(two.health(), Health::Degraded { .. })).await;
    assert_eq!(two.why_not(&new).await, Reason::SessionStoreAway, "nobody can say what it is");
    assert!(finds(&two, &old).await && finds(&one, &new).await);
    clock.set(clock.now().saturating_add(MINUTE));
    assert!(finds(&one, &new).await && finds(&one, &old).await && !session.ended(), "nothing is replaced");
}

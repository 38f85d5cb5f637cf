//! How long it takes to find the session of a request among 10,000: from the bytes of the cookie to the live session,
//! and the same for a token that nobody has. In comes nothing, out come criterion's figures.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use futures_util::FutureExt as _;
use vestibule::clock::Clock;
use vestibule::config::{Session as Settings, SessionStore};
use vestibule::session::{MadeBy, NewSession, SessionToken, Sessions};

fn look_up(c: &mut Criterion) {
    let settings = Settings {
        store: SessionStore::Memory,
        idle_timeout: Duration::from_mins(30),
        absolute_timeout: Duration::from_hours(12),
        password_timeout: None,
        per_user: 20,
        cross_site_framing: false,
        remembered: None,
        max_age: Vec::new(),
        store_timeout: Duration::from_secs(1),
        max_outage: Duration::from_mins(5),
    };
    let (sessions, _) = Sessions::open(&settings, Clock::System).expect("memory needs nothing");
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let cookies: Vec<_> = (0..10_000)
        .map(|number| {
            let user = format!("user{}", number / 10).parse().expect("a user id");
            let (token, _) = runtime.block_on(sessions.create(NewSession::new(user, MadeBy::Password))).expect("made");
            token.encode()
        })
        .collect();
    let mut turn = cookies.iter().cycle();
    c.bench_function("session/look_up", |b| {
        b.iter(|| {
            let cookie = turn.next().expect("it goes round");
            let token = SessionToken::parse(black_box(cookie.as_bytes())).expect("a token");
            black_box(sessions.find(&token).now_or_never().expect("nothing is waited for")).expect("live")
        });
    });
    let nobody = SessionToken::random().encode();
    c.bench_function("session/look_up_unknown", |b| {
        b.iter(|| {
            let token = SessionToken::parse(black_box(nobody.as_bytes())).expect("a token");
            assert!(black_box(sessions.find(&token).now_or_never().expect("nothing is waited for")).is_err());
        });
    });
}

criterion_group!(benches, look_up);
criterion_main!(benches);

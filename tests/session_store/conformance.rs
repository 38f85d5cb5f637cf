//! What every store has to do, memory, disk or Redis: the one list of behaviours that all are held to. In comes an open
//! store, out comes nothing but failed assertions.

use super::*;

/// What every store has to do. Each part begins with no sessions and the clock wherever the last one left it.
pub(crate) async fn conforms(sessions: Arc<Sessions>, clock: Clock) {
    let later = |by: Duration| clock.set(clock.now().saturating_add(by));
    finds_who_signed_in_and_nobody_else(&sessions).await;
    ends_what_is_revoked(&sessions).await;
    ends_after_the_idle_time(&sessions, later).await;
    ends_at_the_absolute_limit_however_busy(&sessions, later).await;
    a_thousand_requests_in_a_second_gain_one_idle_time(&sessions, later).await;
    the_oldest_gives_way(&sessions, later).await;
    a_session_made_from_another_ends_with_it(&sessions, later).await;
    a_clock_that_goes_back_lends_no_time(&sessions, &clock).await;
    a_session_opens_one_door_and_lives_as_that_door_has_it(&sessions, later).await;
    new_limits_hold_at_once(&sessions, later).await;
    a_remembered_session_lives_by_limits_of_its_own(&sessions, later).await;
    a_replaced_secret_ends_the_session(&sessions, later).await;
    a_lost_answer_locks_nobody_out(&sessions, later).await;
    a_token_without_its_second_secret_is_none(&sessions).await;
}

async fn finds_who_signed_in_and_nobody_else(sessions: &Sessions) {
    let (first, session) = sessions.create(of("alice")).await.expect("made");
    let (second, _) = sessions.create(of("alice")).await.expect("made");
    assert_ne!(first.digest(), second.digest(), "a new token at every sign-in");
    assert_eq!(sessions.find(&first).await.expect("live").digest(), session.digest());
    assert!(!finds(sessions, &SessionToken::random()).await);
    assert_eq!(sessions.list().len(), 2);
    sessions.revoke_all().await.expect("revoked");
}

async fn ends_what_is_revoked(sessions: &Sessions) {
    let (one, session) = sessions.create(of("alice")).await.expect("made");
    let (two, other) = sessions.create(of("alice")).await.expect("made");
    let (three, _) = sessions.create(of("frank")).await.expect("made");
    let mut notifier = sessions.subscribe();
    let ended = sessions.revoke(session.id()).await.expect("revoked");
    assert_eq!(ended.len(), 1);
    assert!(notifier.has_changed().expect("open"), "open streams are told");
    notifier.mark_unchanged();
    assert!(session.ended() && !sessions.touch(&session) && !finds(sessions, &one).await);
    assert!(matches!(sessions.revoke(session.id()).await, Err(RevokeError::Unknown)));

    assert!(finds(sessions, &two).await);
    sessions.sign_out(&other).await.expect("signed out");
    assert!(!finds(sessions, &two).await);

    let (four, _) = sessions.create(of("alice")).await.expect("made");
    let alice = "alice".parse().expect("an id");
    assert_eq!(sessions.revoke_user(&alice).await.expect("revoked").len(), 1);
    assert!(!finds(sessions, &four).await && finds(sessions, &three).await, "frank stays");

    let with = |digest| NewSession { password_digest: Some([digest; 32]), ..of("carol") };
    let (old, _) = sessions.create(with(1)).await.expect("made");
    let (new, _) = sessions.create(with(2)).await.expect("made");
    let changed = |session: &Session| session.password_digest().is_some_and(|digest| *digest != [2; 32]);
    assert_eq!(sessions.end_where(changed).await.expect("ended").len(), 1);
    assert!(!finds(sessions, &old).await && finds(sessions, &new).await);
    assert_eq!(sessions.revoke_all().await.expect("revoked").len(), 2);
    assert!(sessions.is_empty());
}

async fn ends_after_the_idle_time(sessions: &Sessions, later: impl Fn(Duration)) {
    let (token, session) = sessions.create(of("alice")).await.expect("made");
    later(30 * MINUTE - Duration::from_millis(1));
    assert!(finds(sessions, &token).await);
    later(30 * MINUTE);
    assert!(!finds(sessions, &token).await);
    assert!(session.ended(), "over for good");
    assert!(sessions.list().is_empty());
    sessions.revoke_all().await.expect("revoked");
}

async fn ends_at_the_absolute_limit_however_busy(sessions: &Sessions, later: impl Fn(Duration)) {
    let (token, session) = sessions.create(of("alice")).await.expect("made");
    for _ in 0..719 {
        later(MINUTE);
        assert!(sessions.touch(&session), "an open tunnel counts as seen");
    }
    assert_eq!(sessions.ends(&session), session.created().saturating_add(720 * MINUTE));
    later(MINUTE);
    assert!(!sessions.is_live(&session) && !finds(sessions, &token).await);
    sessions.revoke_all().await.expect("revoked");
}

async fn a_thousand_requests_in_a_second_gain_one_idle_time(sessions: &Sessions, later: impl Fn(Duration)) {
    let (token, session) = sessions.create(of("alice")).await.expect("made");
    for _ in 0..1000 {
        later(Duration::from_millis(1));
        assert!(finds(sessions, &token).await);
    }
    let limit = session.created().saturating_add(Duration::from_secs(1)).saturating_add(30 * MINUTE);
    assert_eq!(sessions.ends(&session), limit);
    later(30 * MINUTE);
    assert!(!finds(sessions, &token).await);
    sessions.revoke_all().await.expect("revoked");
}

async fn the_oldest_gives_way(sessions: &Sessions, later: impl Fn(Duration)) {
    let (frank, _) = sessions.create(of("frank")).await.expect("made");
    let mut tokens = Vec::new();
    for _ in 0..20 {
        later(Duration::from_secs(1));
        tokens.push(sessions.create(of("alice")).await.expect("made").0);
    }
    for token in &tokens {
        assert!(finds(sessions, token).await, "twenty may be");
    }
    later(Duration::from_secs(1));
    tokens.push(sessions.create(of("alice")).await.expect("made").0);
    let mut live = Vec::new();
    for token in &tokens {
        live.push(finds(sessions, token).await);
    }
    assert!(!live[0] && live[1..].iter().all(|live| *live), "the first of twenty-one gives way: {live:?}");
    assert!(finds(sessions, &frank).await, "others are not touched");
    sessions.revoke_all().await.expect("revoked");
}

async fn a_clock_that_goes_back_lends_no_time(sessions: &Sessions, clock: &Clock) {
    let before = clock.now();
    let (token, session) = sessions.create(of("alice")).await.expect("made");
    let back = |by: Duration| clock.set(Timestamp::from_millis(before.as_millis() - millis(by)));
    back(SKEW);
    assert!(finds(sessions, &token).await, "a small step is nothing");
    back(SKEW + Duration::from_millis(1));
    assert!(!finds(sessions, &token).await, "its age is not known");
    assert!(!session.ended(), "but it is kept");
    let (anew, _) = sessions.create(of("alice")).await.expect("made");
    assert!(finds(sessions, &anew).await, "signing in anew works");
    clock.set(before.saturating_add(MINUTE));
    assert!(finds(sessions, &token).await, "the clock has caught up");
    assert!(sessions.ends(&session) <= before.saturating_add(31 * MINUTE));
    sessions.revoke_all().await.expect("revoked");
}

async fn a_session_opens_one_door_and_lives_as_that_door_has_it(sessions: &Sessions, later: impl Fn(Duration)) {
    let make = || sessions.create_at_home_assistant("alice".parse().expect("an id"), Some([7; 32]));
    let (browsers, _) = sessions.create(of("alice")).await.expect("made");
    let (token, session) = make().await.expect("made");
    let found = sessions.find_at_home_assistant(&token).await.expect("live");
    assert_eq!((found.digest(), found.password_digest()), (session.digest(), Some(&[7; 32])));
    assert!(sessions.find_at_home_assistant(&IngressToken::random()).await.is_err());
    // Seen once a minute it lives on: for 15 minutes after the last time, and no longer.
    for _ in 0..29 {
        later(MINUTE);
        sessions.find_at_home_assistant(&token).await.expect("live");
    }
    assert_eq!(sessions.ends(&session), session.created().saturating_add(44 * MINUTE));
    later(MINUTE);
    assert!(!finds(sessions, &browsers).await, "the one that nobody looked at");
    later(14 * MINUTE);
    assert!(sessions.find_at_home_assistant(&token).await.is_err() && !sessions.is_live(&session));
    sessions.revoke_all().await.expect("revoked");
    // Twenty of this door push none out at the other.
    let (ours, _) = sessions.create(of("alice")).await.expect("made");
    let (first, _) = make().await.expect("made");
    for _ in 0..20 {
        later(Duration::from_millis(1));
        make().await.expect("made");
    }
    assert!(finds(sessions, &ours).await && sessions.find_at_home_assistant(&first).await.is_err());
    assert_eq!(sessions.revoke_user(&"alice".parse().expect("an id")).await.expect("revoked").len(), 21);
    sessions.revoke_all().await.expect("revoked");
}

async fn new_limits_hold_at_once(sessions: &Sessions, later: impl Fn(Duration)) {
    let (token, _) = sessions.create(of("alice")).await.expect("made");
    later(10 * MINUTE);
    let notifier = sessions.subscribe();
    sessions.reconfigure(&Settings { idle_timeout: 5 * MINUTE, ..settings(SessionStore::Memory) });
    assert!(notifier.has_changed().expect("open"));
    assert!(!finds(sessions, &token).await);
    sessions.reconfigure(&settings(SessionStore::Memory));
    assert!(!finds(sessions, &token).await, "what has expired stays so");
    sessions.revoke_all().await.expect("revoked");
}

pub(crate) async fn finds(sessions: &Sessions, token: &SessionToken) -> bool {
    sessions.find(token).await.is_ok()
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).expect("a short time")
}

async fn a_session_made_from_another_ends_with_it(sessions: &Sessions, later: impl Fn(Duration)) {
    let child_of = |parent: &Session| NewSession { parent: Some(parent.digest()), ..of("alice") };
    let (_, parent) = sessions.create(of("alice")).await.expect("made");
    let (token, child) = sessions.create(child_of(&parent)).await.expect("made");
    later(29 * MINUTE);
    assert!(sessions.look_up(&token).is_some());
    later(29 * MINUTE);
    assert!(sessions.is_live(&parent), "being seen at the child counts for the parent");
    let ended = sessions.revoke(parent.id()).await.expect("revoked");
    assert_eq!(ended.len(), 2, "both have ended at once");
    assert!(child.ended() && !sessions.touch(&child) && sessions.look_up(&token).is_none());

    let (head, parent) = sessions.create(of("alice")).await.expect("made");
    let (token, child) = sessions.create(child_of(&parent)).await.expect("made");
    sessions.sign_out(&child).await.expect("signed out");
    assert!(sessions.look_up(&token).is_none() && sessions.look_up(&head).is_some(), "the parent stays");
    let (token, _) = sessions.create(child_of(&parent)).await.expect("made");
    later(31 * MINUTE);
    assert!(sessions.look_up(&token).is_none() && sessions.look_up(&head).is_none());
    let orphan = NewSession { parent: Some(SessionToken::random().digest()), ..of("alice") };
    let (token, _) = sessions.create(orphan).await.expect("made");
    assert!(sessions.look_up(&token).is_none(), "a parent that is not there is no parent");
    sessions.revoke_all().await.expect("revoked");
}

/// What a browser that is remembered shows.
pub(crate) fn remembered(user: &str) -> NewSession {
    NewSession { remembered: true, ..of(user) }
}

pub(crate) const DAY: Duration = Duration::from_hours(24);

async fn a_remembered_session_lives_by_limits_of_its_own(sessions: &Sessions, later: impl Fn(Duration)) {
    let (token, session) = sessions.create(remembered("alice")).await.expect("made");
    let (ordinary, _) = sessions.create(of("alice")).await.expect("made");
    assert_eq!(sessions.keep_for(&session), Some(180 * DAY));
    later(29 * DAY);
    assert!(finds(sessions, &token).await && !finds(sessions, &ordinary).await);
    later(29 * DAY);
    assert!(finds(sessions, &token).await, "29 days after it was last seen");
    assert_eq!(sessions.keep_for(&session), Some(122 * DAY));
    later(31 * DAY);
    assert!(!finds(sessions, &token).await, "31 days after it was last seen");
    let (token, session) = sessions.create(remembered("alice")).await.expect("made");
    for _ in 0..179 {
        later(DAY);
        assert!(finds(sessions, &token).await);
    }
    later(DAY);
    assert!(!finds(sessions, &token).await && session.ended(), "however busy");
    let (token, _) = sessions.create(remembered("alice")).await.expect("made");
    later(DAY);
    sessions.reconfigure(&Settings { remembered: None, ..settings(SessionStore::Memory) });
    assert!(!finds(sessions, &token).await, "nobody stays signed in any more");
    sessions.reconfigure(&settings(SessionStore::Memory));
    sessions.revoke_all().await.expect("revoked");
}

async fn a_replaced_secret_ends_the_session(sessions: &Sessions, later: impl Fn(Duration)) {
    let (old, session) = sessions.create(remembered("alice")).await.expect("made");
    let child = NewSession { parent: Some(session.digest()), ..remembered("alice") };
    let (child, _) = sessions.create(child).await.expect("made");
    assert!(sessions.renew(&session, &old, Carrier::Navigation).await.is_none(), "not due");
    later(DAY);
    assert!(sessions.renew(&session, &old, Carrier::Read).await.is_none(), "not due for all that is read");
    let (new, keep) = sessions.renew(&session, &old, Carrier::Navigation).await.expect("due");
    assert_eq!((keep, new.digest()), (179 * DAY, old.digest()));
    assert!(sessions.renew(&session, &old, Carrier::Navigation).await.is_none(), "one at a time");
    assert!(finds(sessions, &new).await && finds(sessions, &old).await, "the browser may have lost it again");
    later(MINUTE);
    assert!(finds(sessions, &old).await && finds(sessions, &new).await, "now it takes the place of the old one");
    later(MINUTE - Duration::from_millis(1));
    assert!(finds(sessions, &old).await, "a request that was under way");
    assert!(finds(sessions, &child).await);
    later(Duration::from_millis(1));
    assert_eq!(sessions.find(&old).await.expect_err("refused"), Reason::TokenReused);
    assert!(session.ended() && !finds(sessions, &new).await && !finds(sessions, &old).await);
    assert!(!finds(sessions, &child).await, "and what was made from it");
    assert!(sessions.list().is_empty());
}

async fn a_lost_answer_locks_nobody_out(sessions: &Sessions, later: impl Fn(Duration)) {
    let (old, session) = sessions.create(remembered("alice")).await.expect("made");
    later(DAY);
    sessions.renew(&session, &old, Carrier::Navigation).await.expect("due");
    later(20 * DAY);
    assert!(finds(sessions, &old).await, "the new secret never came");
    let (new, _) = sessions.renew(&session, &old, Carrier::Read).await.expect("due again");
    later(MINUTE);
    assert!(finds(sessions, &new).await);
    later(DAY);
    let (newer, _) = sessions.renew(&session, &new, Carrier::Navigation).await.expect("due");
    assert!(finds(sessions, &newer).await);
    sessions.revoke_all().await.expect("revoked");
}

async fn a_token_without_its_second_secret_is_none(sessions: &Sessions) {
    let (token, session) = sessions.create(remembered("alice")).await.expect("made");
    let text = token.encode();
    let half = SessionToken::parse(&text.as_bytes()[..43]).expect("a token");
    assert_eq!(half.digest(), token.digest());
    assert_eq!(sessions.find(&half).await.expect_err("refused"), Reason::SessionEnded);
    assert!(sessions.look_up(&half).is_none() && !session.ended());
    let (ordinary, _) = sessions.create(of("alice")).await.expect("made");
    let long = format!("{}.{}", ordinary.encode().as_str(), text.split_at(44).1);
    let long = SessionToken::parse(long.as_bytes()).expect("a token");
    assert_eq!(sessions.find(&long).await.expect_err("refused"), Reason::SessionEnded);
    assert!(finds(sessions, &ordinary).await && finds(sessions, &token).await, "nothing has ended");
    let guessed = format!("{}{}", text.split_at(44).0, ordinary.encode().as_str());
    let guessed = SessionToken::parse(guessed.as_bytes()).expect("a token");
    assert_eq!(sessions.find(&guessed).await.expect_err("refused"), Reason::TokenReused, "never given out");
    sessions.revoke_all().await.expect("revoked");
}

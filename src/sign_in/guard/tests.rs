//! Who may try, and who may not.

use super::*;

const BUDGET: Budget = Budget {
    per_address: 6,
    per_user: 3,
    window: Duration::from_mins(1),
    ban: Duration::from_mins(5),
    longest_ban: Duration::from_hours(1),
};

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_000_000 + seconds * 1000)
}

fn guard() -> Guard {
    Guard(GuardStore::Here(Here::default()))
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

async fn tries(guard: &Guard, from: &str, name: &str, now: Timestamp) -> usize {
    let mut allowed = 0;
    while guard.attempt(ip(from), name, BUDGET, now).await.is_ok() {
        allowed += 1;
    }
    allowed
}

/// Goes on until there is a ban.
async fn insist(guard: &Guard, from: &str, name: &str, now: Timestamp) {
    while !matches!(guard.attempt(ip(from), name, BUDGET, now).await, Err(Turned::Banned(_))) {}
}

#[tokio::test]
async fn a_user_name_and_an_address_have_their_budgets() {
    let guard = guard();
    assert_eq!(tries(&guard, "192.0.2.1", "alice", at(0)).await, 3);
    assert_eq!(tries(&guard, "192.0.2.1", " ALICE", at(0)).await, 0);
    assert_eq!(tries(&guard, "192.0.2.1", "bob", at(0)).await, 3);
    assert_eq!(tries(&guard, "192.0.2.1", "carol", at(0)).await, 0, "the address has used up its own");
}

#[tokio::test]
async fn s96_nobody_is_locked_out_from_elsewhere() {
    let guard = guard();
    insist(&guard, "192.0.2.1", "alice", at(0)).await;
    insist(&guard, "2001:db8::1", "alice", at(0)).await;
    assert_eq!(tries(&guard, "192.0.2.2", "alice", at(0)).await, 3);
    assert_eq!(tries(&guard, "2001:db8:0:1::1", "alice", at(0)).await, 3);
    assert_eq!(tries(&guard, "2001:db8::2", "alice", at(0)).await, 0, "the same /64");
}

#[tokio::test]
async fn s96_a_ban_of_a_name_leaves_others_at_its_address_alone() {
    let guard = guard();
    insist(&guard, "192.0.2.1", "alice", at(0)).await;
    assert_eq!(tries(&guard, "192.0.2.1", "bob", at(0)).await, 3);
    let bans = guard.bans(at(0)).await.unwrap();
    assert_eq!(bans, [Ban { address: ip("192.0.2.1"), user: Some("alice".into()), until: at(300) }]);
    assert_eq!(tries(&guard, "192.0.2.1", "alice", at(300)).await, 3, "it ends by itself");
    assert!(guard.bans(at(300)).await.unwrap().is_empty());
}

#[tokio::test]
async fn the_right_password_forgives_wrong_ones() {
    let guard = guard();
    tries(&guard, "192.0.2.1", "alice", at(0)).await;
    guard.succeeded(ip("192.0.2.1"), "Alice").await;
    assert_eq!(tries(&guard, "192.0.2.1", "alice", at(0)).await, 3);
}

#[tokio::test]
async fn an_operator_lifts_what_is_meant_and_nothing_else() {
    let guard = guard();
    for from in ["192.0.2.1", "192.0.2.2"] {
        insist(&guard, from, "alice", at(0)).await;
        insist(&guard, from, "bob", at(0)).await;
    }
    assert_eq!(guard.bans(at(0)).await.unwrap().len(), 4);
    guard.lift(&Whose::User(ip("192.0.2.1"), "Bob".into())).await.unwrap();
    assert_eq!(guard.bans(at(0)).await.unwrap().len(), 3);
    guard.lift(&Whose::Address(ip("192.0.2.1"))).await.unwrap();
    assert!(guard.bans(at(0)).await.unwrap().iter().all(|ban| ban.address == ip("192.0.2.2")));
    guard.lift(&Whose::All).await.unwrap();
    assert_eq!(tries(&guard, "192.0.2.2", "alice", at(0)).await, 3);
}

#[tokio::test]
async fn s96_a_restart_lifts_no_ban() {
    let folder = tempfile::tempdir().unwrap();
    let open = || Guard(GuardStore::Here(Here::open(folder.path().join("sessions.bans"))));
    let guard = open();
    insist(&guard, "192.0.2.1", "alice", at(0)).await;
    let after = open();
    assert_eq!(after.bans(at(1)).await.unwrap(), guard.bans(at(1)).await.unwrap());
    let told = after.attempt(ip("192.0.2.1"), "alice", BUDGET, at(1)).await;
    assert_eq!(told, Err(Turned::Banned(Duration::from_secs(299))));
    after.lift(&Whose::All).await.unwrap();
    assert!(open().bans(at(1)).await.unwrap().is_empty(), "what was lifted stays so");
    std::fs::write(folder.path().join("sessions.bans"), "{").unwrap();
    assert_eq!(tries(&open(), "192.0.2.1", "alice", at(0)).await, 3, "a damaged file bans nobody");
}

//! The budget as its holders see it.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use super::*;

fn connections(most: usize) -> Claim {
    Claim::new(Limit::Connections, Holder::All, most)
}

fn of_peer(address: &str, most: usize) -> Claim {
    Claim::new(Limit::ConnectionsPerAddress, Holder::Peer(address.parse::<std::net::IpAddr>().unwrap().into()), most)
}

fn refusals_of(budget: &Budget, limit: Limit) -> u64 {
    budget.refusals().find(|(name, _)| *name == limit).unwrap().1
}

async fn is_pending<F: Future + Unpin>(future: &mut F) -> bool {
    std::future::poll_fn(|cx| std::task::Poll::Ready(Pin::new(&mut *future).poll(cx).is_pending())).await
}

const QUEUE: Queue = Queue { limit: Limit::AddonQueuePerUser, longest: 2, patience: Duration::from_secs(5) };

#[test]
fn a_permit_gives_back_what_it_has_when_it_is_dropped() {
    let budget = Budget::new();
    let first = budget.take(1, &[connections(2), of_peer("192.0.2.1", 1)]).unwrap();
    let refused = budget.take(1, &[connections(2), of_peer("192.0.2.1", 1)]).unwrap_err();
    assert_eq!(refused, Refused(Limit::ConnectionsPerAddress));
    assert_eq!(
        budget.taken(Limit::Connections, &Holder::All),
        1,
        "who is refused by one limit holds nothing of another"
    );
    let other = budget.take(1, &[connections(2), of_peer("192.0.2.2", 1)]).unwrap();
    assert_eq!(budget.take(1, &[connections(2)]).unwrap_err(), Refused(Limit::Connections));
    assert_eq!(refusals_of(&budget, Limit::Connections), 1);
    assert_eq!(refusals_of(&budget, Limit::ConnectionsPerAddress), 1);
    drop((first, other));
    assert_eq!(budget.counts.len(), 0, "those who hold nothing are forgotten");
}

#[test]
fn a_limit_may_change_while_permits_are_out() {
    let budget = Budget::new();
    let first = budget.take(1, &[connections(2)]).unwrap();
    let _second = budget.take(1, &[connections(2)]).unwrap();
    assert!(budget.take(1, &[connections(1)]).is_err(), "fewer than are out: nobody more");
    let _third = budget.take(1, &[connections(3)]).unwrap();
    drop(first);
    assert!(budget.take(1, &[connections(2)]).is_err(), "two are still taken");
}

#[test]
fn bytes_grow_until_their_limit_and_none_is_lost_by_a_refusal() {
    let budget = Budget::new();
    let claims = [
        Claim::new(Limit::JudgedBytes, Holder::All, 100),
        Claim::new(Limit::JudgedBytesPerUser, Holder::User("mia".into()), 50),
    ];
    let mut body = budget.take(0, &claims).unwrap();
    assert_eq!(budget.counts.len(), 0, "nothing is nothing");
    body.grow(30, &claims).unwrap();
    body.grow(20, &claims).unwrap();
    assert_eq!(body.grow(1, &claims).unwrap_err(), Refused(Limit::JudgedBytesPerUser));
    assert!(budget.take(usize::MAX, &claims).is_err(), "no sum overflows");
    drop(body);
    assert_eq!(budget.counts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_gets_the_next_place_in_the_order_of_coming() {
    let budget = Budget::new();
    let held = budget.take(1, &[connections(1)]).unwrap();
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    for name in ["first", "second"] {
        let (queue, said) = (Arc::clone(&budget), said.clone());
        tokio::spawn(async move {
            let permit = queue.take_in_turn(&connections(1), QUEUE).await.unwrap();
            said.send(name).unwrap();
            drop(permit);
        });
        tokio::task::yield_now().await;
    }
    let third = budget.take_in_turn(&connections(1), QUEUE).await.unwrap_err();
    assert_eq!(third, Refused(Limit::AddonQueuePerUser), "two wait already");
    drop(held);
    assert_eq!((heard.recv().await, heard.recv().await), (Some("first"), Some("second")));
    assert_eq!(budget.counts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_longer_than_the_queue_says() {
    let budget = Budget::new();
    let held = budget.take(1, &[connections(1)]).unwrap();
    let begun = tokio::time::Instant::now();
    assert_eq!(budget.take_in_turn(&connections(1), QUEUE).await.unwrap_err(), Refused(Limit::Connections));
    assert_eq!(begun.elapsed().as_secs(), 5);
    drop(held);
    assert_eq!(budget.counts.len(), 0, "who gave up is forgotten");
}

#[tokio::test(start_paused = true)]
async fn a_turn_that_comes_to_somebody_who_left_goes_to_the_next() {
    let budget = Budget::new();
    let held = budget.take(1, &[connections(1)]).unwrap();
    let claim = connections(1);
    let mut leaver = Box::pin(budget.take_in_turn(&claim, QUEUE));
    assert!(is_pending(&mut leaver).await);
    let mut stayer = Box::pin(budget.take_in_turn(&claim, QUEUE));
    assert!(is_pending(&mut stayer).await);
    // The place is the leaver's by now, who does not know it yet.
    drop(held);
    drop(leaver);
    let permit = stayer.await.unwrap();
    assert_eq!(budget.taken(Limit::Connections, &Holder::All), 1);
    drop(permit);
    assert_eq!(budget.counts.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_comes_late_does_not_overtake_those_who_wait() {
    let budget = Budget::new();
    let held = budget.take(1, &[connections(1)]).unwrap();
    let claim = connections(1);
    let mut waits = Box::pin(budget.take_in_turn(&claim, QUEUE));
    assert!(is_pending(&mut waits).await);
    drop(held);
    let mut late = Box::pin(budget.take_in_turn(&claim, QUEUE));
    assert!(is_pending(&mut late).await);
    let permit = waits.await.unwrap();
    drop(permit);
    drop(late.await.unwrap());
}

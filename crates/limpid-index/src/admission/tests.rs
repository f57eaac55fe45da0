use tokio::task::JoinHandle;
use tokio::time::advance;

use super::*;

fn urgency(number: u8) -> (watch::Sender<Urgency>, watch::Receiver<Urgency>) {
    watch::channel(Urgency::new(number))
}

async fn enter(admission: &Arc<Admission>, number: u8) -> Result<Slot, Refusal> {
    admission.enter(&mut urgency(number).1).await
}

/// Begins to wait, and returns when the place in the queue is taken.
async fn wait(admission: &Arc<Admission>, number: u8) -> JoinHandle<Result<Slot, Refusal>> {
    let own = Arc::clone(admission);
    let before = admission.load().waiting;
    let task = tokio::spawn(async move { enter(&own, number).await });
    while admission.load().waiting == before {
        tokio::task::yield_now().await;
    }
    task
}

#[tokio::test]
async fn no_more_run_than_may() {
    let admission = Admission::new(2, 10);
    let first = enter(&admission, 3).await.unwrap();
    let _second = enter(&admission, 3).await.unwrap();
    let third = wait(&admission, 3).await;
    assert_eq!(admission.load().running, 2);
    drop(first);
    let _third = third.await.unwrap().unwrap();
    assert_eq!(admission.load().running, 2);
    assert_eq!(admission.load().waiting, 0);
}

#[tokio::test]
async fn the_most_urgent_runs_first_and_then_the_one_that_came_first() {
    let admission = Admission::new(1, 10);
    let mut slot = enter(&admission, 3).await.unwrap();
    let mut waiting = Vec::new();
    for (name, number) in [("c", 5), ("a", 1), ("d", 5), ("b", 3)] {
        waiting.push((name, wait(&admission, number).await));
    }
    let mut order = String::new();
    while !waiting.is_empty() {
        drop(slot);
        while !waiting.iter().any(|(_, task)| task.is_finished()) {
            tokio::task::yield_now().await;
        }
        let place = waiting
            .iter()
            .position(|(_, task)| task.is_finished())
            .unwrap();
        let (name, task) = waiting.remove(place);
        order.push_str(name);
        slot = task.await.unwrap().unwrap();
    }
    assert_eq!(order, "abcd");
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_refuses_and_says_when_to_come_back() {
    let admission = Admission::new(2, 4);
    let slot = enter(&admission, 3).await.unwrap();
    advance(Duration::from_secs(10)).await;
    drop(slot);
    let _running = (enter(&admission, 3).await, enter(&admission, 3).await);
    let mut waiting = Vec::new();
    for _ in 0..4 {
        waiting.push(wait(&admission, 3).await);
    }
    // Two at a time take ten seconds each, and six are before.
    let refusal = enter(&admission, 3).await.err();
    let retry_after = Duration::from_secs(30);
    assert_eq!(refusal, Some(Refusal::Full { retry_after }));
    assert_eq!(admission.load().waiting, 4);
}

#[tokio::test]
async fn one_that_is_more_urgent_takes_the_last_place_of_a_full_queue() {
    let admission = Admission::new(1, 2);
    let slot = enter(&admission, 3).await.unwrap();
    let _early = wait(&admission, 7).await;
    let late = wait(&admission, 7).await;
    let own = Arc::clone(&admission);
    let urgent = tokio::spawn(async move { enter(&own, 1).await });
    assert!(matches!(late.await.unwrap(), Err(Refusal::Full { .. })));
    drop(slot);
    assert!(urgent.await.unwrap().is_ok());
}

#[tokio::test]
async fn one_that_stops_waiting_leaves_the_queue() {
    let admission = Admission::new(1, 10);
    let slot = enter(&admission, 3).await.unwrap();
    let gone = wait(&admission, 1).await;
    let stays = wait(&admission, 5).await;
    gone.abort();
    assert!(gone.await.is_err());
    assert_eq!(admission.load().waiting, 1);
    drop(slot);
    assert!(stays.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_slot_that_nobody_takes_passes_on() {
    let admission = Admission::new(1, 10);
    let slot = enter(&admission, 3).await.unwrap();
    let gone = wait(&admission, 1).await;
    let stays = wait(&admission, 5).await;
    // The slot is granted to a task that is aborted before it runs again.
    drop(slot);
    gone.abort();
    assert!(gone.await.is_err());
    assert!(stays.await.unwrap().is_ok());
}

#[tokio::test]
async fn one_that_becomes_urgent_while_it_waits_runs_first() {
    let admission = Admission::new(1, 10);
    let slot = enter(&admission, 3).await.unwrap();
    let ordinary = wait(&admission, 3).await;
    let (sender, mut receiver) = urgency(7);
    let own = Arc::clone(&admission);
    let raised = tokio::spawn(async move { own.enter(&mut receiver).await });
    while admission.load().waiting < 2 {
        tokio::task::yield_now().await;
    }
    sender.send_replace(Urgency::HIGHEST);
    while !admission
        .lock()
        .waiting
        .contains_key(&(Urgency::HIGHEST, 1))
    {
        tokio::task::yield_now().await;
    }
    drop(slot);
    let slot = raised.await.unwrap().unwrap();
    assert!(!ordinary.is_finished());
    drop(slot);
    assert!(ordinary.await.unwrap().is_ok());
}

#[tokio::test(start_paused = true)]
async fn the_age_of_the_oldest_is_known() {
    let admission = Admission::new(1, 10);
    let _slot = enter(&admission, 3).await.unwrap();
    let _first = wait(&admission, 3).await;
    advance(Duration::from_secs(5)).await;
    let _second = wait(&admission, 1).await;
    advance(Duration::from_secs(2)).await;
    assert_eq!(admission.load().oldest, Duration::from_secs(7));
}

#[tokio::test]
async fn closing_refuses_those_who_wait_and_those_who_come() {
    let admission = Admission::new(1, 10);
    let slot = enter(&admission, 3).await.unwrap();
    let waits = wait(&admission, 3).await;
    admission.close();
    assert_eq!(waits.await.unwrap().err(), Some(Refusal::Closed));
    assert_eq!(enter(&admission, 3).await.err(), Some(Refusal::Closed));
    drop(slot);
    assert_eq!(admission.load().running, 0);
}

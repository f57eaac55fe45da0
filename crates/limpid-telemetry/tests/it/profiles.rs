use std::hint::black_box;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use limpid_telemetry::{ProfileError, cpu_profile, heap_profile};
use tokio::sync::Mutex;

use crate::collector::unzipped;

/// Only one profile is made at a time; tests that expect to get one take turns.
static TURN: LazyLock<Mutex<()>> = LazyLock::new(Mutex::default);

#[inline(never)]
fn spend_time_in_a_function_with_this_name(stop: &AtomicBool) -> u64 {
    let mut state = 1_u64;
    while !stop.load(Ordering::Relaxed) {
        state = black_box(
            state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1),
        );
    }
    state
}

#[inline(never)]
fn keep_memory_in_a_function_with_this_name() -> Vec<Vec<u8>> {
    (0..64).map(|_| black_box(vec![1_u8; 1 << 20])).collect()
}

fn has(profile: &[u8], text: &str) -> bool {
    profile
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cpu_profile_names_the_function_that_spends_the_time() {
    let _turn = TURN.lock().await;
    let stop = Arc::new(AtomicBool::new(false));
    let busy = Arc::clone(&stop);
    let thread = std::thread::spawn(move || spend_time_in_a_function_with_this_name(&busy));
    let profile = cpu_profile(Duration::from_secs(1)).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    thread.join().unwrap();
    let profile = unzipped(&profile);
    assert!(has(&profile, "nanoseconds"));
    assert!(has(&profile, "spend_time_in_a_function_with_this_name"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heap_profile_names_the_function_that_keeps_the_memory() {
    let _turn = TURN.lock().await;
    let stop = Arc::new(AtomicBool::new(false));
    let busy = Arc::clone(&stop);
    let thread = std::thread::spawn(move || {
        let mut kept = Vec::new();
        while !busy.load(Ordering::Relaxed) {
            // The old memory goes when the new is there, so that some always is.
            kept = keep_memory_in_a_function_with_this_name();
        }
        kept.len()
    });
    let profile = heap_profile(Duration::from_secs(1)).await.unwrap();
    stop.store(true, Ordering::Relaxed);
    assert_eq!(thread.join().unwrap(), 64);
    let profile = unzipped(&profile);
    assert!(has(&profile, "inuse_space"));
    assert!(has(&profile, "keep_memory_in_a_function_with_this_name"));
}

#[tokio::test(start_paused = true)]
async fn only_one_profile_is_made_at_a_time() {
    let _turn = TURN.lock().await;
    let first = tokio::spawn(heap_profile(Duration::from_mins(1)));
    tokio::task::yield_now().await;
    let second = cpu_profile(Duration::from_secs(1)).await;
    assert!(matches!(second, Err(ProfileError::Busy)), "{second:?}");
    // Whoever wanted the first went away; its turn ends with it.
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());
    assert!(heap_profile(Duration::ZERO).await.is_ok());
}

#[tokio::test]
async fn a_profile_is_not_made_for_longer_than_a_minute() {
    let error = cpu_profile(Duration::from_secs(61)).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "a profile may take at most 60 seconds: 61"
    );
}

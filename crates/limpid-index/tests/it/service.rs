//! What clients of the service get, whoever else wants the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use limpid_index::{FailureKind, IndexFault, IndexService, Urgency};
use limpid_testkit::layer::LayerBuilder;
use limpid_types::{Digest, IndexReport, Manifest, index_state};
use prometheus_client::registry::Registry as Metrics;
use tokio::task::JoinHandle;
use tokio::time::{Duration, advance};

use crate::bench::{Bench, layer};
use crate::registry::{BROKEN, GONE, GOOD, LYING, manifest};

type Outcome = Result<Arc<IndexReport>, IndexFault>;

fn begin(service: &IndexService, manifest: &Manifest, urgency: u8) -> JoinHandle<Outcome> {
    let (service, manifest) = (service.clone(), manifest.clone());
    tokio::spawn(async move { service.index(manifest, Urgency::new(urgency)).await })
}

fn names(report: &IndexReport) -> Vec<&str> {
    let packages = report.packages.values();
    packages.map(|package| package.name.as_str()).collect()
}

/// Returns the value of a metric of a service.
fn metric(service: &IndexService, name: &str) -> String {
    let mut metrics = Metrics::default();
    service.register(&mut metrics);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &metrics).unwrap();
    let line = text.lines().find(|line| line.starts_with(name));
    let line = line.unwrap_or_else(|| panic!("no {name} in\n{text}"));
    line.rsplit_once(' ').unwrap().1.to_owned()
}

async fn wait_for_queue(service: &IndexService, length: usize) {
    while metric(service, "limpid_index_queued") != format!("{length}.0") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn an_image_that_many_ask_for_is_read_once() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    bench.registry.hold(&base);
    let requests: Vec<_> = (0..20).map(|_| begin(&service, &image, 3)).collect();
    bench.registry.wait_for(1).await;
    bench.registry.let_go(&base);
    for request in requests {
        let report = request.await.unwrap().unwrap();
        assert_eq!(names(&report), ["musl"]);
        assert_eq!(report.state, index_state::FINISHED);
    }
    assert_eq!(bench.registry.opened(), [base]);
}

#[tokio::test]
async fn a_base_that_two_images_share_is_read_once() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let top = bench
        .registry
        .add(&LayerBuilder::new().file("app", "x").build());
    bench.registry.hold(&base);
    let first = begin(&service, &manifest("first", GOOD, &[&base]), 3);
    bench.registry.wait_for(1).await;
    let second = begin(&service, &manifest("second", GOOD, &[&base, &top]), 3);
    bench.registry.wait_for(2).await;
    bench.registry.let_go(&base);
    assert_eq!(names(&first.await.unwrap().unwrap()), ["musl"]);
    assert_eq!(names(&second.await.unwrap().unwrap()), ["musl"]);
    assert_eq!(bench.registry.opened(), [base, top]);
}

#[tokio::test]
async fn a_bad_address_of_one_image_does_not_fail_another_with_the_same_layer() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    bench.registry.hold(&base);
    let bad = begin(&service, &manifest("bad", GONE, &[&base]), 3);
    bench.registry.wait_for(1).await;
    let good = begin(&service, &manifest("good", GOOD, &[&base]), 3);
    wait_until_running(&service, 2).await;
    bench.registry.let_go(&base);
    assert!(matches!(
        bad.await.unwrap(),
        Err(IndexFault::Terminal { .. })
    ));
    assert_eq!(names(&good.await.unwrap().unwrap()), ["musl"]);
}

async fn wait_until_running(service: &IndexService, count: usize) {
    while metric(service, "limpid_index_running") != format!("{count}.0") {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_failure_is_shared_with_those_who_gave_the_same_addresses_and_with_nobody_else() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    bench.registry.hold(&base);
    let bad = manifest("image", BROKEN, &[&base]);
    let good = manifest("image", GOOD, &[&base]);
    let mut first = pin!(service.index(bad.clone(), Urgency::default()));
    let mut same = pin!(service.index(bad, Urgency::default()));
    let mut other = pin!(service.index(good, Urgency::default()));
    for request in [&mut first, &mut same, &mut other] {
        let polled = poll_fn(|context| Poll::Ready(request.as_mut().poll(context))).await;
        assert!(polled.is_pending());
    }
    bench.registry.wait_for(1).await;
    bench.registry.let_go(&base);
    let (first, same, other) = tokio::join!(first, same, other);
    assert_eq!(first.unwrap_err(), same.unwrap_err());
    assert_eq!(names(&other.unwrap()), ["musl"]);
    assert_eq!(bench.registry.opened().len(), 2);
}

#[tokio::test]
async fn a_known_image_needs_no_layers_also_after_a_restart() {
    let bench = Bench::new();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    let service = bench.service();
    let first = service.index(image.clone(), Urgency::default());
    let first = first.await.unwrap();
    let restarted = bench.service();
    let unreachable = manifest("image", BROKEN, &[&base]);
    let again = restarted
        .index(unreachable, Urgency::default())
        .await
        .unwrap();
    assert_eq!(first, again);
    let report = restarted.report(&image.hash).await.unwrap().unwrap();
    assert!(Arc::ptr_eq(&again, &report), "the report was ready");
    assert_eq!(bench.registry.opened().len(), 1);
    let name = "claircore_indexer_scanned_manifests{scanned_before=\"true\"}";
    assert_eq!(metric(&restarted, name), "1");
}

#[tokio::test]
async fn the_same_manifest_with_other_layers_is_indexed_anew() {
    let bench = Bench::new();
    let service = bench.service();
    let old = bench.registry.add(&layer("old"));
    let new = bench.registry.add(&layer("new"));
    for (layer, name) in [(&old, "old"), (&new, "new")] {
        let image = manifest("image", GOOD, &[layer]);
        let indexed = service
            .index(image.clone(), Urgency::default())
            .await
            .unwrap();
        assert_eq!(names(&indexed), [name]);
        let report = service.report(&image.hash).await.unwrap().unwrap();
        assert_eq!(names(&report), [name]);
    }
}

#[tokio::test]
async fn one_that_leaves_does_not_disturb_the_others_and_the_last_one_ends_the_work() {
    let mut bench = Bench::new();
    bench.settings.request_limit = Some(1);
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    bench.registry.hold(&base);
    let first = begin(&service, &image, 3);
    bench.registry.wait_for(1).await;
    let second = begin(&service, &image, 3);
    tokio::task::yield_now().await;
    first.abort();
    assert!(first.await.is_err());
    bench.registry.let_go(&base);
    assert_eq!(names(&second.await.unwrap().unwrap()), ["musl"]);

    let other = bench.registry.add(&layer("other"));
    let image = manifest("other", GOOD, &[&other]);
    bench.registry.hold(&other);
    let request = begin(&service, &image, 3);
    bench.registry.wait_for(2).await;
    request.abort();
    assert!(request.await.is_err());
    let again = begin(&service, &image, 3);
    wait_for_queue(&service, 1).await;
    bench.registry.let_go(&other);
    // The slot comes free when the thread that read has ended, and the lease was given back.
    assert_eq!(names(&again.await.unwrap().unwrap()), ["other"]);
}

#[tokio::test]
async fn the_most_urgent_image_is_next() {
    let mut bench = Bench::new();
    bench.settings.request_limit = Some(1);
    let service = bench.service();
    let layers: Vec<Digest> = ["first", "backfill", "push"]
        .map(|name| bench.registry.add(&layer(name)))
        .into();
    bench.registry.hold(&layers[0]);
    let first = begin(&service, &manifest("first", GOOD, &[&layers[0]]), 3);
    bench.registry.wait_for(1).await;
    let backfill = begin(&service, &manifest("backfill", GOOD, &[&layers[1]]), 7);
    wait_for_queue(&service, 1).await;
    let push = begin(&service, &manifest("push", GOOD, &[&layers[2]]), 1);
    wait_for_queue(&service, 2).await;
    bench.registry.let_go(&layers[0]);
    for request in [first, backfill, push] {
        request.await.unwrap().unwrap();
    }
    let order = [&layers[0], &layers[2], &layers[1]].map(Clone::clone);
    assert_eq!(bench.registry.opened(), order);
}

#[tokio::test]
async fn a_full_queue_refuses_and_remembers_nothing() {
    let mut bench = Bench::new();
    bench.settings.request_limit = Some(1);
    bench.settings.queue = 1;
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    bench.registry.hold(&base);
    let running = begin(&service, &manifest("running", GOOD, &[&base]), 3);
    bench.registry.wait_for(1).await;
    let waiting = begin(&service, &manifest("waiting", GOOD, &[&base]), 3);
    wait_for_queue(&service, 1).await;
    let refused = manifest("refused", GOOD, &[&base]);
    let fault = service
        .index(refused.clone(), Urgency::default())
        .await
        .unwrap_err();
    let IndexFault::Full { retry_after } = fault else {
        panic!("{fault:?}");
    };
    assert!(retry_after >= Duration::from_secs(1));
    assert_eq!(service.status(&refused.hash).await.unwrap(), None);
    assert_eq!(metric(&service, "limpid_index_refused_total"), "1");
    bench.registry.let_go(&base);
    running.await.unwrap().unwrap();
    waiting.await.unwrap().unwrap();
}

#[tokio::test]
async fn no_more_images_run_than_the_budget_has_room_for() {
    let mut bench = Bench::new();
    bench.settings.bytes_per_request = bench.budget.total() / 2;
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    bench.registry.hold(&base);
    let images = ["a", "b", "c"].map(|name| manifest(name, GOOD, &[&base]));
    let requests = images.map(|image| begin(&service, &image, 3));
    wait_for_queue(&service, 1).await;
    wait_until_running(&service, 2).await;
    bench.registry.let_go(&base);
    for request in requests {
        request.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn failures_are_told_apart_and_remembered() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let text = bench
        .registry
        .add_stored(b"<html>no archive at all</html>".to_vec());
    let cases = [
        (BROKEN, &base, FailureKind::Fetch, false),
        (GONE, &base, FailureKind::Fetch, true),
        (LYING, &base, FailureKind::Digest, false),
        (GOOD, &text, FailureKind::Archive, true),
    ];
    for (place, layer, kind, is_terminal) in cases {
        let image = manifest(&format!("{place} {layer}"), place, &[layer]);
        let fault = service.index(image.clone(), Urgency::default()).await;
        let fault = fault.unwrap_err();
        assert_eq!(fault.kind(), Some(kind), "{fault:?}");
        let found = matches!(fault, IndexFault::Terminal { .. });
        assert_eq!(found, is_terminal, "{fault:?}");
        let cause = fault.to_string();
        assert!(
            cause.is_ascii() && cause.contains(layer.as_str()),
            "{cause}"
        );
        let report = service.report(&image.hash).await.unwrap().unwrap();
        assert_eq!(report.state, index_state::ERROR);
        assert!(!report.success);
        assert_eq!(report.err, cause);
    }
}

#[tokio::test]
async fn a_failure_is_forgotten_when_another_attempt_succeeds() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let broken = manifest("image", BROKEN, &[&base]);
    assert!(service.index(broken, Urgency::default()).await.is_err());
    let image = manifest("image", GOOD, &[&base]);
    service
        .index(image.clone(), Urgency::default())
        .await
        .unwrap();
    let report = service.report(&image.hash).await.unwrap().unwrap();
    assert_eq!(names(&report), ["musl"]);
}

#[tokio::test]
async fn a_manifest_without_layers_is_bad_for_ever() {
    let bench = Bench::new();
    let image = manifest("image", GOOD, &[]);
    let fault = bench.service().index(image, Urgency::default()).await;
    assert!(matches!(fault, Err(IndexFault::Terminal { .. })));
}

#[tokio::test]
async fn what_was_cut_short_for_want_of_memory_is_retryable_and_not_kept() {
    let mut bench = Bench::new();
    bench.budget = limpid_layer::Budget::new(8 << 20);
    let mut database = String::new();
    for number in 0..40_000 {
        write!(database, "P:package-{number}\nV:1\n\n").unwrap();
    }
    let tar = LayerBuilder::new().file("lib/apk/db/installed", database);
    let base = bench.registry.add(&tar.build());
    let image = manifest("image", GOOD, &[&base]);
    let fault = bench
        .service()
        .index(image.clone(), Urgency::default())
        .await;
    let fault = fault.unwrap_err();
    assert_eq!(fault.kind(), Some(FailureKind::Memory));
    assert!(matches!(fault, IndexFault::Retryable { .. }));
    assert_eq!(bench.store.manifest(&image.hash).await.unwrap(), None);
    bench.budget = limpid_layer::Budget::new(256 << 20);
    let report = bench.service().index(image, Urgency::default()).await;
    assert_eq!(report.unwrap().packages.len(), 40_000);
}

#[tokio::test(start_paused = true)]
async fn an_image_that_another_process_indexes_is_not_read_twice() {
    let bench = Bench::new();
    let (one, other) = (bench.service(), bench.service());
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    bench.registry.hold(&base);
    let first = begin(&one, &image, 3);
    bench.registry.wait_for(1).await;
    let second = begin(&other, &image, 3);
    // The other service has looked, and waits before it looks again.
    while metric(&other, "limpid_index_admitted_total") == "0" {
        tokio::task::yield_now().await;
    }
    bench.registry.let_go(&base);
    assert_eq!(names(&first.await.unwrap().unwrap()), ["musl"]);
    assert_eq!(names(&second.await.unwrap().unwrap()), ["musl"]);
    assert_eq!(bench.registry.opened().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_lost_lease_ends_the_attempt_before_anything_is_kept() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let image = manifest("image", GOOD, &[&base]);
    bench.registry.hold(&base);
    let request = begin(&service, &image, 3);
    bench.registry.wait_for(1).await;
    let later = bench.now() + Duration::from_hours(1);
    let name = format!("index:{}", image.hash);
    let taken = bench
        .store
        .acquire_lease(&name, "other", Duration::from_hours(1), later);
    assert!(matches!(
        taken.await.unwrap(),
        limpid_store::Acquisition::Granted(_)
    ));
    advance(Duration::from_secs(6)).await;
    let fault = request.await.unwrap().unwrap_err();
    assert_eq!(fault.kind(), Some(FailureKind::Conflict), "{fault:?}");
    bench.registry.let_go(&base);
    wait_until_running(&service, 0).await;
    assert_eq!(bench.store.manifest(&image.hash).await.unwrap(), None);
}

#[tokio::test]
async fn layers_that_are_deleted_while_an_image_is_indexed_are_read_again() {
    let bench = Bench::new();
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    let top = bench
        .registry
        .add(&LayerBuilder::new().file("app", "x").build());
    let old = manifest("old", GOOD, &[&base]);
    service
        .index(old.clone(), Urgency::default())
        .await
        .unwrap();
    bench.registry.hold(&top);
    let new = begin(&service, &manifest("new", GOOD, &[&base, &top]), 3);
    bench.registry.wait_for(2).await;
    let both = [old.hash.clone(), Digest::sha256(b"unknown")];
    let deleted = service.delete(&both).await.unwrap();
    assert_eq!(deleted, BTreeSet::from([old.hash.clone()]));
    assert_eq!(service.report(&old.hash).await.unwrap(), None);
    bench.registry.let_go(&top);
    assert_eq!(names(&new.await.unwrap().unwrap()), ["musl"]);
    let opened = bench.registry.opened();
    assert_eq!(opened.iter().filter(|layer| **layer == base).count(), 2);
}

#[tokio::test]
async fn a_closed_service_begins_nothing() {
    let mut bench = Bench::new();
    bench.settings.request_limit = Some(1);
    let service = bench.service();
    let base = bench.registry.add(&layer("musl"));
    bench.registry.hold(&base);
    let running = begin(&service, &manifest("running", GOOD, &[&base]), 3);
    bench.registry.wait_for(1).await;
    let waiting = begin(&service, &manifest("waiting", GOOD, &[&base]), 3);
    wait_for_queue(&service, 1).await;
    service.close();
    assert_eq!(
        waiting.await.unwrap().unwrap_err(),
        IndexFault::ShuttingDown
    );
    bench.registry.let_go(&base);
    assert!(running.await.unwrap().is_ok());
}

#[tokio::test]
async fn images_are_found_by_the_names_of_their_packages() {
    let bench = Bench::new();
    let service = bench.service();
    let status = "Package: libssl3\nSource: openssl\nStatus: install ok installed\nVersion: 3\n";
    let tar = LayerBuilder::new()
        .file("var/lib/dpkg/status", status)
        .build();
    let base = bench.registry.add(&tar);
    let image = manifest("image", GOOD, &[&base]);
    service
        .index(image.clone(), Urgency::default())
        .await
        .unwrap();
    for (name, count) in [("libssl3", 1), ("openssl", 1), ("musl", 0)] {
        let names = BTreeSet::from([name.to_owned()]);
        let found = service
            .manifests_with_packages(&names, None, 10)
            .await
            .unwrap();
        assert_eq!(found.len(), count, "{name}");
    }
}

#[tokio::test]
async fn the_state_is_a_token_of_32_hex_digits_that_every_process_has() {
    let bench = Bench::new();
    let service = bench.service();
    assert_eq!(service.state().len(), 32);
    assert!(service.state().bytes().all(|byte| byte.is_ascii_hexdigit()));
    assert_eq!(service.state(), bench.service().state());
}

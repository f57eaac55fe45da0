use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use limpid_store::{
    Acquisition, Activation, ErrorKind, GenerationStore as _, IndexStore as _, JobStore as _,
    LayerRecord, LeaseStore as _, ManifestRecord,
};
use limpid_store_postgres::PostgresStore;
use limpid_testkit::postgres::Shutdown;
use limpid_types::Digest;
use tokio::sync::Barrier;

use crate::server::{Server, settings};

async fn save(store: &PostgresStore, name: &str) {
    let now = Timestamp::UNIX_EPOCH;
    let layer = Digest::sha256(name.as_bytes());
    let record = LayerRecord {
        evidence: vec![7; 5000],
        owned_files: Vec::new(),
        packages: ["bash".to_owned()].into(),
    };
    store.save_layer(&layer, "set", &record, now).await.unwrap();
    let record = ManifestRecord {
        layers: vec![layer.clone()],
        detector_set: "set".into(),
    };
    assert!(store.save_manifest(&layer, &record).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_is_there_after_a_restart_and_work_goes_on() {
    let server = Server::start();
    let parameters = server.cluster.database();
    for parameters in [server.pooler.through(&parameters), parameters] {
        let store = PostgresStore::connect(&settings(parameters)).await.unwrap();
        for (name, shutdown) in [("a", Shutdown::Fast), ("b", Shutdown::Immediate)] {
            let now = Timestamp::UNIX_EPOCH;
            save(&store, name).await;
            let minute = Duration::from_mins(1);
            let lease = store.acquire_lease(name, "me", minute, now).await.unwrap();
            assert!(matches!(lease, Acquisition::Granted(_)));
            server.cluster.restart(shutdown);
            let manifest = Digest::sha256(name.as_bytes());
            assert!(store.manifest(&manifest).await.unwrap().is_some());
            let again = store.acquire_lease(name, "you", minute, now).await.unwrap();
            assert!(matches!(again, Acquisition::Held(_)));
            let both = [manifest];
            assert_eq!(store.delete_manifests(&both).await.unwrap().len(), 1);
            let current = store.current().await.unwrap().map(|one| one.number);
            let done = store
                .activate(current, &[].into(), None, now)
                .await
                .unwrap();
            assert!(matches!(done, Activation::Done(_)));
            store
                .remove_expired_leases(Timestamp::MAX, 10)
                .await
                .unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_away_is_unavailable_and_found_again() {
    let server = Server::start();
    let parameters = server.cluster.database();
    let store = PostgresStore::connect(&settings(parameters)).await.unwrap();
    save(&store, "a").await;
    server.cluster.stop(Shutdown::Fast);
    let error = store.backlog().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    let now = Timestamp::UNIX_EPOCH;
    let error = store
        .claim_job(Duration::from_mins(1), now)
        .await
        .unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unavailable);
    server.cluster.start_again();
    let manifest = Digest::sha256(b"a");
    assert!(store.manifest(&manifest).await.unwrap().is_some());
}

/// Many submit while the server is restarted: those who were told that it was done find it done.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_under_load_loses_nothing_that_was_acknowledged() {
    let server = Arc::new(Server::start());
    let parameters = server.cluster.database();
    let parameters = server.pooler.through(&parameters);
    let store = PostgresStore::connect(&settings(parameters)).await.unwrap();
    let everybody = Arc::new(Barrier::new(5));
    let writers: Vec<_> = (0..4)
        .map(|writer| {
            let (store, everybody) = (store.clone(), Arc::clone(&everybody));
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for number in 0..200 {
                    let manifest = Digest::sha256(format!("{writer} {number}").as_bytes());
                    let now = Timestamp::UNIX_EPOCH;
                    match store.submit_job(&manifest, b"layers", 1, 3, now).await {
                        Ok(_) => acknowledged.push(manifest),
                        Err(error) => assert_eq!(error.kind, ErrorKind::Unavailable, "{error:?}"),
                    }
                    if number == 20 {
                        everybody.wait().await;
                    }
                }
                acknowledged
            })
        })
        .collect();
    everybody.wait().await;
    let restarting = Arc::clone(&server);
    let restarted = tokio::task::spawn_blocking(move || {
        restarting.cluster.restart(Shutdown::Immediate);
    });
    let mut count = 0;
    for writer in writers {
        for manifest in writer.await.unwrap() {
            count += 1;
            assert!(store.job(&manifest).await.unwrap().is_some());
        }
    }
    restarted.await.unwrap();
    assert!(count >= 80, "{count}");
}

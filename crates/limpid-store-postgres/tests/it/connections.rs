use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use limpid_store::{ErrorKind, IndexStore as _, JobStore as _, LayerRecord, LeaseStore as _};
use limpid_store_postgres::{PostgresSettings, PostgresStore};
use limpid_types::Digest;

use crate::server::Database;

const SECRET: &str = "the-password-of-somebody";

fn parameters(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    let owned = |&(name, value): &(&str, &str)| (name.to_owned(), value.to_owned());
    pairs.iter().map(owned).collect()
}

#[tokio::test]
async fn no_error_shows_the_password() {
    let database = Database::new();
    let mut unknown_database = database.parameters.clone();
    unknown_database.insert("dbname".into(), "not_there".into());
    unknown_database.insert("password".into(), SECRET.into());
    let password = ("password", SECRET);
    for parameters in [
        unknown_database,
        parameters(&[("host", "/not/there"), password]),
        parameters(&[("host", "127.0.0.1"), ("port", "1"), password]),
        parameters(&[("host", "127.0.0.1"), ("port", SECRET), password]),
        parameters(&[("host", "127.0.0.1"), ("sslmode", SECRET), password]),
        parameters(&[("host", "127.0.0.1"), ("service", SECRET), password]),
    ] {
        let settings = PostgresSettings::new(parameters);
        let error = PostgresStore::connect(&settings).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        for text in [
            error.to_string(),
            format!("{error:?}"),
            format!("{settings:?}"),
        ] {
            assert!(!text.contains(SECRET), "{text}");
        }
    }
}

#[tokio::test]
async fn two_connections_are_enough_for_many_at_once() {
    let database = Database::new();
    for settings in [database.settings(), database.settings_through_pooler()] {
        let store = PostgresStore::connect(&settings).await.unwrap();
        let tasks: Vec<_> = (0..50)
            .map(|number| {
                let store = store.clone();
                tokio::spawn(async move {
                    let name = format!("lease {number}");
                    let minute = Duration::from_mins(1);
                    let now = Timestamp::UNIX_EPOCH;
                    store.acquire_lease(&name, "a", minute, now).await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let statistics = store.pool_statistics();
        assert_eq!((statistics.max, statistics.in_use), (2, 0));
        assert!((1..=2).contains(&statistics.open), "{statistics:?}");
        assert_eq!(statistics.idle, statistics.open);
        assert!(statistics.acquired > 50);
        assert!(statistics.waited > Duration::ZERO);
        store
            .remove_expired_leases(Timestamp::MAX, 1000)
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn connections_that_the_server_ended_are_replaced() {
    let database = Database::new();
    for (first, settings) in [
        (0, database.settings()),
        (20, database.settings_through_pooler()),
    ] {
        let store = PostgresStore::connect(&settings).await.unwrap();
        for round in first..first + 20 {
            database.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            );
            let manifest = Digest::sha256(format!("{round}").as_bytes());
            let now = Timestamp::UNIX_EPOCH;
            store
                .record_failure(&manifest, 1, "no answer", false, now)
                .await
                .unwrap();
            let job = store.job(&manifest).await.unwrap().unwrap();
            assert_eq!(job.attempts, 1, "it was done once");
        }
    }
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_stopped() {
    let database = Database::new();
    let mut settings = database.settings();
    settings.statement_limit = Duration::from_millis(300);
    let store = PostgresStore::connect(&settings).await.unwrap();
    // Somebody else keeps the table for longer than a statement may take.
    let blocker = std::thread::spawn({
        let database = Database {
            server: database.server,
            parameters: database.parameters.clone(),
        };
        move || database.sql("BEGIN; LOCK limpid.index_job; SELECT pg_sleep(2); COMMIT")
    });
    let locked = "SELECT count(*) FROM pg_locks WHERE granted AND mode = 'AccessExclusiveLock'
        AND relation = 'limpid.index_job'::regclass";
    while database.sql(locked) == "0" {}
    let error = store.backlog().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Busy);
    let waiting = "SELECT count(*) FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while database.sql(waiting) != "0" {}
    blocker.join().unwrap();
    assert_eq!(store.backlog().await.unwrap().waiting, 0);
}

#[tokio::test]
async fn texts_that_the_server_cannot_hold_are_kept_nearly() {
    let database = Database::new();
    let store = database.store().await;
    let manifest = Digest::sha256(b"image");
    let now = Timestamp::UNIX_EPOCH;
    store
        .record_failure(&manifest, 1, "bad\0name", true, now)
        .await
        .unwrap();
    let job = store.job(&manifest).await.unwrap().unwrap();
    assert_eq!(job.cause, "bad\u{fffd}name");
    let names = ["zero\0".to_owned(), "x".repeat(100_000)];
    let record = LayerRecord {
        evidence: vec![1],
        owned_files: vec![2],
        packages: names.clone().into(),
    };
    let layer = Digest::sha256(b"layer");
    store.save_layer(&layer, "set", &record, now).await.unwrap();
    let record = limpid_store::ManifestRecord {
        layers: vec![layer],
        detector_set: "set".into(),
    };
    assert!(store.save_manifest(&manifest, &record).await.unwrap());
    for name in names {
        let names = [name].into();
        let found = store.manifests_with_packages(&names, None, 10).await;
        assert_eq!(found.unwrap(), std::slice::from_ref(&manifest));
    }
}

#[tokio::test]
async fn many_manifests_with_a_package_come_in_the_same_order_as_few() {
    let database = Database::new();
    let store = database.store().await;
    let now = Timestamp::UNIX_EPOCH;
    let mut layers = Vec::new();
    for name in ["common", "rare"] {
        let record = LayerRecord {
            evidence: Vec::new(),
            owned_files: Vec::new(),
            packages: [name.to_owned()].into(),
        };
        let layer = Digest::sha256(name.as_bytes());
        store.save_layer(&layer, "set", &record, now).await.unwrap();
        layers.push(layer);
    }
    // Enough for the other way of finding them.
    database.sql(
        "INSERT INTO limpid.manifest (detector_set, digest, layers)
         SELECT (SELECT min(id) FROM limpid.detector_set), '\\x01' || sha256(n::text::bytea),
             CASE n % 100 WHEN 0 THEN ids ELSE ids[1:1] END
         FROM generate_series(1, 6000) AS n,
             (SELECT array_agg(id ORDER BY id) AS ids FROM limpid.layer) AS layer;
         INSERT INTO limpid.manifest_layer (layer, manifest)
         SELECT unnest(layers), id FROM limpid.manifest",
    );
    let mut expected: Vec<_> = (1..=6000)
        .map(|number| (Digest::sha256(number.to_string().as_bytes()), number))
        .collect();
    expected.sort();
    for (name, wanted) in [("common", 1), ("rare", 100)] {
        let wanted: Vec<_> = expected
            .iter()
            .filter(|(_, number)| number % wanted == 0)
            .map(|(digest, _)| digest.clone())
            .collect();
        let packages = [name.to_owned()].into();
        let mut found = Vec::new();
        loop {
            let page = store.manifests_with_packages(&packages, found.last(), 1000);
            let page = page.await.unwrap();
            if page.is_empty() {
                break;
            }
            found.extend(page);
        }
        assert_eq!(found, wanted, "{name}");
    }
}

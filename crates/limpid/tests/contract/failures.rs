//! A database that is gone for a while.

use std::process::Command;

use futures_util::future::join_all;
use limpid_testkit::postgres::{PostgresCluster, Shutdown};
use serde_json::json;

use crate::client::{
    AFFECTED, Client, DIFF, INDEX_REPORT, INDEX_STATE, OPERATIONS, REPORT, body_of, unknown,
};
use crate::service::{Backend, Service, new_database};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_database_each_route_that_needs_it_is_500_until_it_is_back() {
    let cluster = PostgresCluster::start();
    let connection = new_database(&cluster);
    let service = Service::ready(Backend::Postgres, |configuration| {
        for role in ["indexer", "matcher"] {
            configuration[role]["connstring"] = json!(connection);
        }
    });
    fail_and_recover(
        &service,
        || cluster.stop(Shutdown::Immediate),
        || cluster.start_again(),
    )
    .await;
}

/// SQLite fails without the tables that it was left with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_tables_each_route_that_needs_them_is_500_until_they_are_back() {
    let service = Service::ready(Backend::Embedded, |_| ());
    fail_and_recover(
        &service,
        || rename_tables(&service, "", "_gone"),
        || rename_tables(&service, "_gone", ""),
    )
    .await;
}

/// Renames the tables that routes begin with.
fn rename_tables(service: &Service, from: &str, to: &str) {
    let tables = ["manifest", "package_name", "generation", "pointer_move"];
    let script = tables.map(|table| format!("ALTER TABLE {table}{from} RENAME TO {table}{to};"));
    let output = Command::new("sqlite3")
        .args(["-bail", "-cmd", ".timeout 10000"])
        .arg(service.database())
        .arg(format!("BEGIN IMMEDIATE; {} COMMIT;", script.join(" ")))
        .output()
        .expect("sqlite3 is installed by ./test");
    assert!(output.status.success(), "{output:?}");
}

/// Asks every route that needs the database while that fails, and afterwards.
async fn fail_and_recover(service: &Service, fail: impl Fn(), recover: impl Fn()) {
    let client = Client::of(service);
    let image = service.image("before the failure");
    assert_eq!(client.index(&image).await.status, 201);
    let tag = client.get(OPERATIONS).await.header("etag").to_owned();
    let operation = tag.trim_matches('"');

    fail();
    let digest = unknown("while the database is gone");
    let next = body_of(&service.image("during the failure")).to_string();
    let vulnerability = json!([{ "id": "1", "package": { "name": "openssl" } }]).to_string();
    let digests = json!([image.hash.to_string()]).to_string();
    let requests = [
        ("POST", INDEX_REPORT.to_owned(), next.as_str()),
        ("DELETE", INDEX_REPORT.to_owned(), &digests),
        ("GET", format!("{INDEX_REPORT}/{digest}"), ""),
        ("DELETE", format!("{INDEX_REPORT}/{digest}"), ""),
        ("POST", AFFECTED.to_owned(), &vulnerability),
        ("GET", format!("{REPORT}/{digest}"), ""),
        ("GET", OPERATIONS.to_owned(), ""),
        ("DELETE", format!("{OPERATIONS}/{operation}"), ""),
        ("GET", format!("{DIFF}?cur={operation}"), ""),
    ];
    let replies = requests.iter().map(|(method, path, body)| {
        let reply = client.send(method, path, &[], (*body).to_owned());
        async move { (method, path, reply.await) }
    });
    for (method, path, reply) in join_all(replies).await {
        assert_eq!(reply.status, 500, "{method} {path}: {}", reply.text());
        let message = reply.error(500, "internal-error");
        assert!(!message.contains("dbname"), "{message}");
    }
    assert_eq!(client.get(INDEX_STATE).await.status, 200);
    assert_eq!(client.get("/openapi/v1").await.status, 200);

    recover();
    let image = service.image("after the failure");
    // Connections that broke are noticed when they are used.
    while client.index(&image).await.status != 201 {
        tokio::task::yield_now().await;
    }
    let report = client.get(&format!("{REPORT}/{}", image.hash)).await;
    assert_eq!(report.status, 200, "{report:?}");
}

//! The matcher's routes.

use serde_json::{Value, json};

use crate::client::{Client, DIFF, INDEX_REPORT, OPERATIONS, REPORT, body_of, unknown};
use crate::on_both_stores;
use crate::service::{Backend, Service};

on_both_stores!(
    a_report_names_what_is_vulnerable,
    an_image_without_a_finished_index_has_no_report,
    operations_are_listed_and_conditional,
    an_operation_can_be_deleted_whether_or_not_it_is_known,
    a_difference_needs_the_newer_operation_only,
);

async fn a_report_names_what_is_vulnerable(service: &Service) {
    let client = Client::of(service);
    let image = service.image("report");
    assert_eq!(client.index(&image).await.status, 201);
    let reply = client.get(&format!("{REPORT}/{}", image.hash)).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    assert_eq!(reply.header("cache-control"), "max-age=21600");
    assert_eq!(
        reply.header("content-type"),
        "application/vnd.clair.vulnerability_report.v1+json"
    );
    let report = reply.json();
    let found = report["vulnerabilities"].as_object().unwrap();
    let mut names: Vec<_> = found
        .values()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    names.sort_unstable();
    assert_eq!(names, ["CVE-2026-0001", "CVE-2026-0002"]);
    let hits = report["package_vulnerabilities"].as_object().unwrap();
    assert_eq!(hits.len(), 1, "{report}");
    for (package, ids) in hits {
        assert_eq!(report["packages"][package]["name"], "libssl3");
        for id in ids.as_array().unwrap() {
            assert!(found.contains_key(id.as_str().unwrap()));
        }
    }
}

async fn an_image_without_a_finished_index_has_no_report(service: &Service) {
    let client = Client::of(service);
    let digest = unknown("vulnerability report");
    let message = client
        .get(&format!("{REPORT}/{digest}"))
        .await
        .error(404, "not-found");
    assert_eq!(
        message,
        format!("index report for manifest \"{digest}\" not found")
    );

    let mut failing = body_of(&service.image("fails"));
    failing["layers"][1]["uri"] = json!(service.registry.url("/nothing"));
    failing["layers"][1]["hash"] = json!(unknown("layer"));
    client
        .post(INDEX_REPORT, &failing)
        .await
        .error(500, "internal-error");
    let hash = failing["hash"].as_str().unwrap();
    let report = client.get(&format!("{REPORT}/{hash}")).await;
    report.error(404, "not-found");
    // The failure itself is kept with the index report.
    let index = client.get(&format!("{INDEX_REPORT}/{hash}")).await;
    assert_eq!(index.status, 200, "{index:?}");
    let index = index.json();
    assert_eq!(index["state"], "IndexError");
    assert_eq!(index["success"], false);
    assert_ne!(index["err"], "");
    assert!(index["packages"].is_object() && index["environments"].is_object());
}

/// Returns the operations of the only updater.
async fn operations(client: &Client) -> Vec<Value> {
    let listed = client.get(OPERATIONS).await.json();
    let by_updater = listed.as_object().unwrap();
    let (_, operations) = by_updater.iter().next().expect("an updater");
    operations.as_array().unwrap().clone()
}

async fn operations_are_listed_and_conditional(service: &Service) {
    let client = Client::of(service);
    let reply = client.get(OPERATIONS).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    let listed = reply.json();
    for (updater, operations) in listed.as_object().unwrap() {
        for operation in operations.as_array().unwrap() {
            assert_eq!(operation["updater"], *updater);
            assert_eq!(operation["kind"], "vulnerability");
            for field in ["ref", "fingerprint", "date"] {
                assert!(operation[field].is_string(), "{operation}");
            }
        }
    }
    let newest = &operations(&client).await[0]["ref"];
    let tag = reply.header("etag").to_owned();
    assert_eq!(tag, format!("\"{}\"", newest.as_str().unwrap()));
    let same = client.get_with(OPERATIONS, "if-none-match", &tag).await;
    assert_eq!((same.status, same.body.len()), (304, 0));

    let kinds = [
        "kind=vulnerability",
        "kind=",
        "latest=1",
        "latest=T",
        "latest=maybe",
    ];
    for query in kinds {
        let reply = client.get(&format!("{OPERATIONS}?{query}")).await;
        assert_eq!(reply.status, 200, "{query}: {}", reply.text());
        assert_eq!(reply.json(), listed, "{query}");
    }
    let none = client.get(&format!("{OPERATIONS}?kind=enrichment")).await;
    assert_eq!((none.status, none.json()), (200, json!({})));
    let wrong = client.get(&format!("{OPERATIONS}?kind=x")).await;
    assert_eq!(wrong.error(400, "bad-request"), "unknown kind: \"x\"");
}

async fn an_operation_can_be_deleted_whether_or_not_it_is_known(service: &Service) {
    let client = Client::of(service);
    for id in [
        "5f0b5d9e-0000-4000-8000-000000000001",
        "urn:uuid:5f0b5d9e-0000-4000-8000-000000000001",
        "5f0b5d9e000040008000000000000001",
    ] {
        let reply = client.delete(&format!("{OPERATIONS}/{id}")).await;
        assert_eq!((reply.status, reply.body.len()), (200, 0), "{id}");
    }
    for id in ["x", "5f0b5d9e", ""] {
        let reply = client.delete(&format!("{OPERATIONS}/{id}")).await;
        reply.error(400, "bad-request");
    }
}

async fn a_difference_needs_the_newer_operation_only(service: &Service) {
    let client = Client::of(service);
    let message = client.get(DIFF).await.error(400, "bad-request");
    assert_eq!(message, "\"cur\" query param is required");
    let wrong = client.get(&format!("{DIFF}?cur=x")).await;
    assert_eq!(
        wrong.error(400, "bad-request"),
        "could not parse \"cur\" query param into uuid"
    );
    let current = operations(&client).await[0]["ref"]
        .as_str()
        .unwrap()
        .to_owned();
    let wrong = client.get(&format!("{DIFF}?cur={current}&prev=x")).await;
    wrong.error(400, "bad-request");
    let nobody = "5f0b5d9e-0000-4000-8000-000000000002";
    let unknown = client.get(&format!("{DIFF}?cur={nobody}")).await;
    assert!(unknown.text().contains(nobody), "{}", unknown.text());
    unknown.error(404, "not-found");

    let reply = client.get(&format!("{DIFF}?cur={current}")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.header("content-type"), "application/json");
    let difference = reply.json();
    assert_eq!(difference["cur"]["ref"], *current);
    assert_eq!(
        difference["prev"]["ref"],
        "00000000-0000-0000-0000-000000000000"
    );
    assert_eq!(difference["prev"]["date"], "0001-01-01T00:00:00Z");
    let added = difference["added"].as_array().unwrap();
    assert!(
        added.iter().any(|one| one["name"] == "CVE-2026-0003"),
        "{difference}"
    );
    assert!(difference["removed"].as_array().is_none_or(Vec::is_empty));
    let same = client
        .get(&format!("{DIFF}?cur={current}&prev={current}"))
        .await;
    let same = same.json();
    for side in ["added", "removed"] {
        assert!(same[side].as_array().is_none_or(Vec::is_empty), "{same}");
    }
}

#[tokio::test]
async fn before_there_is_data_a_report_is_202_and_the_process_not_ready() {
    for backend in Backend::BOTH {
        let service = Service::start(backend, "combo", |configuration| {
            configuration["updaters"]["sets"] = json!([]);
        });
        let client = Client::of(&service);
        let image = service.image("too early");
        assert_eq!(client.index(&image).await.status, 201);
        for digest in [image.hash.to_string(), unknown("too early")] {
            let reply = client.get(&format!("{REPORT}/{digest}")).await;
            assert_eq!((reply.status, reply.body.len()), (202, 0), "{backend:?}");
            assert_eq!(reply.header("content-type"), "");
        }
        client
            .get(&format!("{REPORT}/x"))
            .await
            .error(400, "bad-request");
        assert_eq!(client.get(OPERATIONS).await.json(), json!({}));
        assert_eq!(client.get(OPERATIONS).await.header("etag"), "");
        assert_eq!(service.introspected("/readyz"), Some(503));
        assert_eq!(service.introspected("/healthz"), Some(200));
    }
}

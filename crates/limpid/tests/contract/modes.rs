//! Processes of one role.

use serde_json::json;

use crate::client::{Client, INDEX_REPORT, INDEX_STATE, OPERATIONS, REPORT, unknown};
use crate::service::{Backend, Service};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_matcher_asks_the_indexer_of_another_process() {
    for backend in Backend::BOTH {
        let psk = json!({ "psk": { "key": "c2VjcmV0", "iss": ["quay"] } });
        let indexer = Service::start(backend, "indexer", |configuration| {
            configuration["auth"] = psk.clone();
        });
        let matcher = Service::start(backend, "matcher", |configuration| {
            // Both forms are taken.
            let scheme = match backend {
                Backend::Embedded => "",
                Backend::Postgres => "http://",
            };
            let address = format!("{scheme}127.0.0.1:{}", indexer.port);
            configuration["matcher"]["indexer_addr"] = json!(address);
            configuration["auth"] = psk.clone();
        });
        crate::service::eventually(|| (matcher.introspected("/readyz") == Some(200)).then_some(()));
        let claims = json!({ "iss": "quay" });
        let key = jsonwebtoken::EncodingKey::from_secret(b"secret");
        let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims, &key).unwrap();
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];

        let image = indexer.image("of another process");
        let body = crate::client::body_of(&image).to_string();
        let indexing = Client::of(&indexer);
        let reply = indexing.send("POST", INDEX_REPORT, &headers, body).await;
        assert_eq!(reply.status, 201, "{reply:?}");

        let matching = Client::of(&matcher);
        let path = format!("{REPORT}/{}", image.hash);
        let report = matching.send("GET", &path, &headers, "").await;
        assert_eq!(report.status, 200, "{report:?}");
        let report = report.json();
        assert_eq!(report["vulnerabilities"].as_object().unwrap().len(), 2);
        let path = format!("{REPORT}/{}", unknown("elsewhere"));
        matching
            .send("GET", &path, &headers, "")
            .await
            .error(404, "not-found");

        // Each has what its mode has, and nothing else.
        for (client, missing) in [(&indexing, OPERATIONS), (&matching, INDEX_STATE)] {
            let reply = client.send("GET", missing, &headers, "").await;
            assert_eq!((reply.status, reply.text()), (404, "404 page not found\n"));
        }

        // Without its indexer the matcher fails in a way that says that trying again may help.
        drop(indexer);
        let path = format!("{REPORT}/{}", unknown("gone"));
        let reply = matching.send("GET", &path, &headers, "").await;
        reply.error(500, "internal-error");
    }
}

#[tokio::test]
async fn a_notifier_answers_its_own_routes_only() {
    let service = Service::start(Backend::Embedded, "Notifier", |configuration| {
        configuration["notifier"] = json!({
            "indexer_addr": "http://127.0.0.1:1/",
            "matcher_addr": "http://127.0.0.1:1/",
            "webhook": {
                "target": "http://127.0.0.1:1/target",
                "callback": "http://127.0.0.1:1/notifier/api/v1/notification/",
            },
        });
    });
    let client = Client::of(&service);
    let page = client
        .get("/notifier/api/v1/notification/5f0b5d9e-0000-4000-8000-000000000001")
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    assert_eq!(client.get(INDEX_STATE).await.status, 404);
    assert_eq!(client.get(OPERATIONS).await.status, 404);
    assert_eq!(client.get("/openapi/v1").await.status, 200);
    assert_eq!(service.introspected("/readyz"), Some(200));
}

//! More than can be done at a time.

use limpid_testkit::registry::Answer;
use serde_json::json;

use crate::client::{Client, INDEX_REPORT, INDEX_STATE, body_of, unknown};
use crate::service::{Backend, Service, eventually};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_gets_a_whole_429_that_says_when_to_come_back() {
    let service = Service::ready(Backend::Embedded, |configuration| {
        configuration["indexer"]["index_report_request_concurrency"] = json!(1);
        configuration["limpid"]["indexing"] = json!({ "queue": 0 });
    });
    let client = Client::of(&service);
    let stalled = service.registry.serve(
        "/stalls",
        [Answer::Stall(
            b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_vec(),
        )],
    );
    let mut slow = body_of(&service.image("slow"));
    slow["layers"][1]["uri"] = json!(stalled);
    slow["layers"][1]["hash"] = json!(unknown("slow layer"));
    let port = service.port;
    let waiting = tokio::spawn(async move { Client::at(port).post(INDEX_REPORT, &slow).await });
    eventually(|| {
        let requests = service.registry.requests();
        requests
            .iter()
            .any(|one| one.target == "/stalls")
            .then_some(())
    });

    let reply = client.index(&service.image("one too many")).await;
    reply.error(429, "too-many-requests");
    assert!(
        reply.header("retry-after").parse::<u64>().unwrap() > 0,
        "{reply:?}"
    );
    let length = reply.header("content-length").parse().ok();
    assert_eq!(length, Some(reply.body.len()));
    // What needs no place is answered, also on the connection of before.
    assert_eq!(client.get(INDEX_STATE).await.status, 200);
    let path = format!("{INDEX_REPORT}/{}", unknown("overload"));
    assert_eq!(client.get(&path).await.status, 404);
    waiting.abort();
}

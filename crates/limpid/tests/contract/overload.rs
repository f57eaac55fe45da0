//! More than can be done at a time.

use limpid_testkit::registry::Answer;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{AFFECTED, Client, INDEX_REPORT, INDEX_STATE, Reply, body_of, unknown};
use crate::service::{Backend, Service};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_too_much_gets_a_whole_429_that_says_when_to_come_back() {
    for backend in Backend::BOTH {
        one_image_too_many(backend).await;
    }
}

async fn one_image_too_many(backend: Backend) {
    let service = Service::ready(backend, |configuration| {
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
    service.wait_for_fetch("/stalls");

    let reply = client.index(&service.image("one too many")).await;
    check_429(&reply);
    // What needs no place is answered, also on the connection of before.
    assert_eq!(client.get(INDEX_STATE).await.status, 200);
    let path = format!("{INDEX_REPORT}/{}", unknown("overload"));
    assert_eq!(client.get(&path).await.status, 404);
    waiting.abort();
}

#[track_caller]
fn check_429(reply: &Reply) {
    reply.error(429, "too-many-requests");
    let seconds = reply.header("retry-after").parse::<u64>();
    assert!(seconds.is_ok_and(|seconds| seconds > 0), "{reply:?}");
    let length = reply.header("content-length").parse().ok();
    assert_eq!(length, Some(reply.body.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fifth_search_is_429_while_four_answers_are_not_taken() {
    for backend in Backend::BOTH {
        let service = Service::ready(backend, |_| {});
        let client = Client::of(&service);
        // The answer has all of this again, which is more than sockets keep.
        let description = "x".repeat(15 << 20);
        let body = json!([{ "id": "1", "description": description }]).to_string();
        let mut searches = Vec::new();
        for _ in 0..4 {
            let mut stream = TcpStream::connect(("127.0.0.1", service.port))
                .await
                .unwrap();
            let length = body.len();
            let head =
                format!("POST {AFFECTED} HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body.as_bytes()).await.unwrap();
            let mut answer = [0; 12];
            stream.read_exact(&mut answer).await.unwrap();
            assert_eq!(&answer, b"HTTP/1.1 200", "{backend:?}");
            searches.push(stream);
        }
        check_429(&client.post(AFFECTED, &json!({})).await);
        // Who goes away gives the place back.
        drop(searches);
        while client.post(AFFECTED, &json!({})).await.status != 200 {
            tokio::task::yield_now().await;
        }
    }
}

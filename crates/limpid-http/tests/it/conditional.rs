use limpid_http::{Fetched, Fingerprint, Request};
use limpid_types::Digest;

use crate::server::Server;
use crate::support::{Client, ok, status, text};

fn fingerprint() -> Fingerprint {
    Fingerprint {
        etag: Some("\"v1\"".into()),
        last_modified: Some("Sat, 21 Nov 2026 08:00:00 GMT".into()),
        digest: Digest::sha256(b"hello"),
    }
}

#[tokio::test]
async fn a_document_comes_with_its_fingerprint() {
    let headers = "ETag: \"v1\"\r\nLast-Modified: Sat, 21 Nov 2026 08:00:00 GMT\r\n";
    let server = Server::with_answers(&[&ok(headers, "hello")]).await;
    let client = Client::new();
    let mut document = client.document(&server.url("/x")).await;
    assert_eq!(document.fingerprint, fingerprint());
    assert_eq!(document.bytes, 5);
    assert_eq!(text(&mut document), "hello");
    let requests = server.requests();
    assert!(requests[0].contains(&format!("user-agent: limpid/{}", env!("CARGO_PKG_VERSION"))));
    assert!(requests[0].contains("accept-encoding: identity"));
    assert!(!requests[0].contains("if-none-match"));
    let left = client.spool.path().read_dir().unwrap().count();
    assert_eq!(left, 0, "the file has no name");
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let server = Server::with_answers(&[&status("304 Not Modified", "")]).await;
    let client = Client::new();
    let url = server.url("/x");
    let fingerprint = fingerprint();
    let request = Request::new(&url).unless(Some(&fingerprint));
    let fetched = client.fetcher.fetch(request).await.unwrap();
    assert!(matches!(fetched, Fetched::Unchanged));
    let request = &server.requests()[0];
    assert!(request.contains("if-none-match: \"v1\"\r\n"));
    assert!(request.contains("if-modified-since: sat, 21 nov 2026 08:00:00 gmt\r\n"));
}

#[tokio::test]
async fn unchanged_is_no_answer_to_an_unconditional_request() {
    let server = Server::with_answers(&[&status("304 Not Modified", "")]).await;
    let (fault, _) = Client::new().fault(&server.url("/x")).await;
    assert_eq!(fault.to_string(), "server answered with status 304");
}

#[tokio::test]
async fn an_absent_document_is_an_answer() {
    for answer in ["404 Not Found", "410 Gone"] {
        let server = Server::with_answers(&[&status(answer, "")]).await;
        let client = Client::new();
        let url = server.url("/x");
        let fetched = client.fetcher.fetch(Request::new(&url)).await.unwrap();
        assert!(matches!(fetched, Fetched::NotFound));
        assert!(!client.fetcher.exists(&url).await.unwrap());
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn an_empty_document_is_a_document() {
    let server = Server::with_answers(&[&ok("", "")]).await;
    let document = Client::new().document(&server.url("/x")).await;
    assert_eq!(document.fingerprint.digest, Digest::sha256(b""));
}

#[tokio::test]
async fn whether_a_document_exists_is_asked_without_fetching_it() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
    let server = Server::with_answers(&[head]).await;
    let client = Client::new();
    assert!(client.fetcher.exists(&server.url("/x")).await.unwrap());
    assert!(server.requests()[0].starts_with("head /x "));
}

#[tokio::test]
async fn a_server_that_does_not_know_head_is_asked_with_get() {
    let answers = [status("405 Method Not Allowed", ""), ok("", "hello")];
    let server = Server::with_answers(&[&answers[0], &answers[1]]).await;
    let client = Client::new();
    assert!(client.fetcher.exists(&server.url("/x")).await.unwrap());
    assert!(server.requests()[1].starts_with("get /x "));
}

#[tokio::test]
async fn content_that_is_encoded_is_left_as_it_is() {
    let server = Server::with_answers(&[&ok("content-encoding: gzip\r\n", "not gzip")]).await;
    let mut document = Client::new().document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "not gzip");
}

use limpid_http::FetchFault;
use limpid_types::Digest;

use crate::server::Server;
use crate::support::{Client, ok, text};

/// The head and first half of an answer that breaks off.
fn broken(headers: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n{headers}\r\nhello")
}

fn rest(range: &str) -> String {
    format!(
        "HTTP/1.1 206 Partial Content\r\ncontent-length: 5\r\ncontent-range: {range}\r\n\r\nworld"
    )
}

#[tokio::test]
async fn a_body_that_breaks_off_is_continued() {
    let answers = [broken("etag: \"v1\"\r\n"), rest("bytes 5-9/10")];
    let server = Server::with_answers(&[&answers[0], &answers[1]]).await;
    let mut document = Client::new().document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "helloworld");
    assert_eq!(document.fingerprint.digest, Digest::sha256(b"helloworld"));
    assert_eq!(document.fingerprint.etag.as_deref(), Some("\"v1\""));
    let requests = server.requests();
    assert!(requests[1].contains("range: bytes=5-\r\n"));
    assert!(requests[1].contains("if-range: \"v1\"\r\n"));
}

#[tokio::test]
async fn a_document_that_changed_meanwhile_is_taken_whole() {
    let answers = [broken("etag: \"v1\"\r\n"), ok("etag: \"v2\"\r\n", "new")];
    let server = Server::with_answers(&[&answers[0], &answers[1]]).await;
    let mut document = Client::new().document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "new");
    assert_eq!(document.fingerprint.etag.as_deref(), Some("\"v2\""));
}

#[tokio::test]
async fn without_a_strong_validator_everything_is_asked_for_again() {
    for headers in ["", "etag: W/\"v1\"\r\n"] {
        let answers = [broken(headers), ok("", "helloworld")];
        let server = Server::with_answers(&[&answers[0], &answers[1]]).await;
        let mut document = Client::new().document(&server.url("/x")).await;
        assert_eq!(text(&mut document), "helloworld");
        assert!(!server.requests()[1].contains("range: "));
    }
}

#[tokio::test]
async fn a_wrong_part_is_not_appended() {
    for wrong in ["bytes 4-8/10", "bytes */10", "items 5-9/10", "bytes 5"] {
        let answers = [
            broken("etag: \"v1\"\r\n"),
            rest(wrong),
            ok("", "helloworld"),
        ];
        let server = Server::with_answers(&[&answers[0], &answers[1], &answers[2]]).await;
        let mut document = Client::new().document(&server.url("/x")).await;
        assert_eq!(text(&mut document), "helloworld", "{wrong}");
    }
}

#[tokio::test]
async fn a_rest_that_is_not_there_is_asked_for_anew() {
    let answers = [
        broken("etag: \"v1\"\r\n"),
        crate::support::status("416 Range Not Satisfiable", ""),
        ok("", "helloworld"),
    ];
    let server = Server::with_answers(&[&answers[0], &answers[1], &answers[2]]).await;
    let mut document = Client::new().document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "helloworld");
}

#[tokio::test]
async fn a_body_that_always_breaks_off_fails_in_the_end() {
    let server = Server::with_answers(&[&broken("")]).await;
    let (fault, attempts) = Client::new().fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::Connection(_)), "{fault:?}");
    assert_eq!(attempts, 3);
}

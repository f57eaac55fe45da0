use std::time::Duration;

use limpid_http::{FetchFault, Source};
use tokio::net::TcpListener;

use crate::server::Server;
use crate::support::{Client, ok, settings, status, text};

async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_host_that_did_not_answer_is_not_asked_for_its_other_documents() {
    let base = nobody().await;
    let client = Client::new();
    let (fault, attempts) = client.fault(&format!("{base}/x").parse().unwrap()).await;
    assert!(matches!(fault, FetchFault::Connection(_)));
    assert_eq!(attempts, 3);
    let (fault, attempts) = client.fault(&format!("{base}/y").parse().unwrap()).await;
    let message = fault.to_string();
    assert!(matches!(fault, FetchFault::SilentHost { .. }), "{message}");
    assert!(
        message.contains("left alone: connection failed: "),
        "{message}"
    );
    assert_eq!(attempts, 1);
    let exists = client
        .fetcher
        .exists(&format!("{base}/z").parse().unwrap())
        .await;
    assert!(matches!(
        exists.unwrap_err().fault,
        FetchFault::SilentHost { .. }
    ));

    let server = Server::with_answers(&[&ok("", "hello")]).await;
    let mut document = client.document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "hello", "other hosts are asked");
}

#[tokio::test]
async fn a_host_is_asked_again_after_a_time() {
    let base = nobody().await;
    let mut settings = settings();
    settings.silence = Duration::ZERO;
    let client = Client::with(settings, Source::Direct);
    for _ in 0..2 {
        let (fault, attempts) = client.fault(&format!("{base}/x").parse().unwrap()).await;
        assert!(matches!(fault, FetchFault::Connection(_)));
        assert_eq!(attempts, 3);
    }
}

#[tokio::test]
async fn a_host_that_answers_badly_is_asked_for_its_other_documents() {
    let broken = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
    for bad in [broken, &status("503 Service Unavailable", "")] {
        let server = Server::with_answers(&[bad, bad, bad, &ok("", "hello")]).await;
        let client = Client::new();
        client.fault(&server.url("/x")).await;
        let mut document = client.document(&server.url("/y")).await;
        assert_eq!(text(&mut document), "hello");
    }
}

#[tokio::test]
async fn a_host_that_leads_to_a_silent_one_is_not_silent_itself() {
    let elsewhere = nobody().await;
    let away = status("302 Found", &format!("location: {elsewhere}/x\r\n"));
    let server = Server::with_answers(&[&away, &away, &away, &ok("", "hello")]).await;
    let client = Client::new();
    client.fault(&server.url("/x")).await;
    let mut document = client.document(&server.url("/y")).await;
    assert_eq!(text(&mut document), "hello");
    let url = format!("{elsewhere}/y").parse().unwrap();
    let (fault, _) = client.fault(&url).await;
    assert!(matches!(fault, FetchFault::SilentHost { .. }), "{fault}");
}

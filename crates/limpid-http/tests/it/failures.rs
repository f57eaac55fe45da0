use std::error::Error as _;
use std::time::Duration;

use limpid_http::{FetchFault, FetchSettings, Source};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::server::{Server, send};
use crate::support::{Client, ok, settings, status, text};

fn client(change: impl FnOnce(&mut FetchSettings)) -> Client {
    let mut settings = settings();
    change(&mut settings);
    Client::with(settings, Source::Direct)
}

#[tokio::test]
async fn errors_that_may_pass_are_tried_again() {
    for answer in [
        "429 Too Many Requests",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        let answers = [status(answer, "retry-after: 0\r\n"), ok("", "hello")];
        let server = Server::with_answers(&[&answers[0], &answers[1]]).await;
        let mut document = Client::new().document(&server.url("/x")).await;
        assert_eq!(text(&mut document), "hello");
        assert_eq!(server.requests().len(), 2);
    }
}

#[tokio::test]
async fn errors_that_stay_are_not_tried_again() {
    for code in [400, 401, 403, 451] {
        let server = Server::with_answers(&[&status(&format!("{code} No"), "")]).await;
        let (fault, attempts) = Client::new().fault(&server.url("/x")).await;
        assert!(matches!(fault, FetchFault::Status(found) if found == code));
        assert_eq!(attempts, 1);
    }
}

#[tokio::test]
async fn attempts_are_bounded() {
    let server = Server::with_answers(&[&status("503 Service Unavailable", "")]).await;
    let (fault, attempts) = Client::new().fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::Status(503)));
    assert_eq!((attempts, server.requests().len()), (3, 3));
    let exists = Client::new().fetcher.exists(&server.url("/x")).await;
    assert!(exists.is_err(), "a server that is down is not a no");
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connection_failure() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let url = format!("http://{address}/x").parse().unwrap();
    let (fault, attempts) = Client::new().fault(&url).await;
    assert!(matches!(fault, FetchFault::Connection(_)));
    assert_eq!(attempts, 3);
}

#[tokio::test]
async fn a_server_that_says_nothing_is_given_up() {
    let server = Server::start(|_, _, stream| {
        Box::pin(async move {
            std::future::pending::<()>().await;
            drop(stream);
        })
    })
    .await;
    let client = client(|settings| {
        settings.stall_timeout = Duration::from_millis(50);
        settings.attempts = 2;
    });
    let (fault, attempts) = client.fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::Stalled { .. }), "{fault:?}");
    assert_eq!(attempts, 2);
}

#[tokio::test]
async fn a_body_that_stalls_is_given_up() {
    let server = Server::start(|_, _, mut stream| {
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello";
            stream.write_all(head).await.unwrap();
            std::future::pending::<()>().await;
        })
    })
    .await;
    let client = client(|settings| settings.stall_timeout = Duration::from_millis(50));
    let (fault, _) = client.fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::Stalled { .. }), "{fault:?}");
}

#[tokio::test]
async fn a_body_that_drips_is_given_up_in_the_end() {
    let server = Server::start(|_, _, mut stream| {
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n";
            stream.write_all(head).await.unwrap();
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        })
    })
    .await;
    let client = client(|settings| settings.total_timeout = Duration::from_millis(200));
    let (fault, _) = client.fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::TooSlow { .. }), "{fault:?}");
}

#[tokio::test]
async fn an_endless_body_is_cut_off() {
    let server = Server::start(|_, _, mut stream| {
        Box::pin(async move {
            let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            stream.write_all(head).await.unwrap();
            while stream.write_all(b"5\r\nhello\r\n").await.is_ok() {}
        })
    })
    .await;
    let client = client(|settings| settings.max_bytes = 100_000);
    let (fault, attempts) = client.fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::TooLarge { limit: 100_000 }));
    assert_eq!(attempts, 1);
}

#[tokio::test]
async fn a_body_that_is_announced_too_large_is_not_read() {
    let head = "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\n";
    let server = Server::with_answers(&[head]).await;
    let client = client(|settings| {
        settings.max_bytes = 100;
        settings.attempts = 1;
    });
    let (fault, _) = client.fault(&server.url("/x")).await;
    // The largest lengths are refused below us already.
    assert!(
        matches!(
            fault,
            FetchFault::TooLarge { .. } | FetchFault::Connection(_)
        ),
        "{fault:?}"
    );
}

#[tokio::test]
async fn a_body_beyond_its_announced_length_is_not_read() {
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more";
    let server = Server::with_answers(&[answer]).await;
    let mut document = Client::new().document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "hello");
}

#[tokio::test]
async fn what_is_not_http_is_a_failure() {
    let server = Server::start(|_, _, stream| Box::pin(send(stream, vec![0xff; 3000]))).await;
    let (fault, _) = Client::new().fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::Connection(_)));
}

#[tokio::test]
async fn redirections_are_followed() {
    let answers = [status("302 Found", "location: /y\r\n"), ok("", "hello")];
    let server = Server::with_answers(&[&answers[0], &answers[1]]).await;
    let mut document = Client::new().document(&server.url("/x")).await;
    assert_eq!(text(&mut document), "hello");
    assert!(server.requests()[1].starts_with("get /y "));
}

#[tokio::test]
async fn a_circle_of_redirections_ends() {
    let server = Server::with_answers(&[&status("302 Found", "location: /x\r\n")]).await;
    let client = client(|settings| settings.redirects = 4);
    let (fault, attempts) = client.fault(&server.url("/x")).await;
    assert!(matches!(fault, FetchFault::Redirect(_)), "{fault:?}");
    assert_eq!((attempts, server.requests().len()), (1, 5));
}

#[tokio::test]
async fn a_redirection_to_a_file_is_not_followed() {
    let answer = status("302 Found", "location: file:///etc/passwd\r\n");
    let server = Server::with_answers(&[&answer]).await;
    let (fault, attempts) = Client::new().fault(&server.url("/x")).await;
    assert!(!fault.is_temporary(), "{fault:?}");
    assert_eq!(attempts, 1);
}

#[tokio::test]
async fn errors_do_not_show_secrets() {
    let server = Server::with_answers(&[&status("302 Found", "location: /x?k=sesame\r\n")]).await;
    let mut url = server.url("/x?token=sesame");
    url.set_password(Some("sesame")).unwrap();
    for url in [
        url,
        "http://u:sesame@127.0.0.1:1/?q=sesame".parse().unwrap(),
    ] {
        let error = Client::new().failure(&url).await;
        let mut text = format!("{error} {error:?}");
        let mut source = error.source();
        while let Some(cause) = source {
            text.push_str(&cause.to_string());
            source = cause.source();
        }
        assert!(text.contains("127.0.0.1"), "{text}");
        assert!(!text.contains("sesame"), "{text}");
    }
}

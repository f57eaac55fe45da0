use std::io::Read as _;
use std::time::{Duration, Instant};

use limpid_http::LayerFaultKind;
use limpid_testkit::registry::{Answer, Blob, Registry};

use crate::layer_support::{bytes, client, client_with, fault, open};

#[test]
fn answers_that_may_pass_are_asked_for_again() {
    for line in [
        "408 Request Timeout",
        "429 Too Many Requests",
        "500 Internal Server Error",
        "503 Service Unavailable",
    ] {
        let registry = Registry::start().unwrap();
        let retry = Answer::status(line, &[("retry-after", "3600")], "later");
        let url = registry.serve("/x", [retry, Answer::blob(*b"hello")]);
        assert_eq!(bytes(&client(), &url), b"hello", "{line}");
    }
}

#[test]
fn a_registry_may_ask_for_a_pause_within_the_limit() {
    let registry = Registry::start().unwrap();
    let retry = || Answer::status("429 Too Many Requests", &[("retry-after", "3600")], "");
    let url = registry.serve("/x", [retry(), Answer::blob(*b"hello")]);
    let client = client_with(|settings| settings.longest_pause = Duration::from_millis(120));
    let start = Instant::now();
    assert_eq!(bytes(&client, &url), b"hello");
    assert!(start.elapsed() >= Duration::from_millis(120));

    let url = registry.serve("/y", [retry()]);
    let client = client_with(|settings| {
        settings.longest_pause = Duration::from_mins(1);
        settings.total_timeout = Duration::from_secs(30);
    });
    let (kind, attempts, _) = fault(&client, &url);
    assert_eq!((kind, attempts), (LayerFaultKind::TooSlow, 1));
}

#[test]
fn answers_that_stay_are_told() {
    for (line, expected) in [
        ("400 Bad Request", LayerFaultKind::Status),
        ("401 Unauthorized", LayerFaultKind::Denied),
        ("403 Forbidden", LayerFaultKind::Denied),
        ("404 Not Found", LayerFaultKind::NotFound),
        ("410 Gone", LayerFaultKind::NotFound),
        ("204 No Content", LayerFaultKind::Status),
        ("206 Partial Content", LayerFaultKind::Status),
        ("304 Not Modified", LayerFaultKind::Status),
    ] {
        let registry = Registry::start().unwrap();
        let url = registry.serve("/x", [Answer::status(line, &[], "")]);
        let (kind, attempts, text) = fault(&client(), &url);
        assert_eq!((kind, attempts), (expected, 1), "{line}");
        assert!(text.contains(&format!("status {}", &line[..3])), "{text}");
    }
}

#[test]
fn the_beginning_of_an_error_is_told_in_plain_characters() {
    let registry = Registry::start().unwrap();
    let body = format!("\u{1b}[31mno\r\n{}\u{e9}", "x".repeat(100_000));
    let url = registry.serve("/x", [Answer::status("403 Forbidden", &[], &body)]);
    let (_, _, text) = fault(&client(), &url);
    assert!(text.contains("status 403: \"[31mnoxxx"), "{text}");
    assert!(text.matches('x').count() < 300, "{text}");
    assert!(
        text.bytes().all(|byte| matches!(byte, b' '..=b'~')),
        "{text}"
    );
}

#[test]
fn an_error_whose_body_does_not_end_is_told_all_the_same() {
    let registry = Registry::start().unwrap();
    let head = b"HTTP/1.1 404 Not Found\r\ncontent-length: 9\r\n\r\nno".to_vec();
    let url = registry.serve("/x", [Answer::Stall(head)]);
    let (kind, _, text) = fault(&client(), &url);
    assert_eq!(kind, LayerFaultKind::NotFound);
    assert!(text.contains("status 404: \"no\""), "{text}");
}

#[test]
fn an_endless_layer_is_cut_off() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Endless]);
    let client = client_with(|settings| settings.max_bytes = 5_000_000);
    let (kind, attempts, text) = fault(&client, &url);
    assert_eq!((kind, attempts), (LayerFaultKind::TooLarge, 1));
    assert!(text.contains("limpid.layers.max_bytes: 5000000"), "{text}");
}

#[test]
fn a_layer_that_is_announced_too_large_is_not_read() {
    let registry = Registry::start().unwrap();
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999999\r\n\r\nx".to_vec();
    let url = registry.serve("/x", [Answer::Stall(head)]);
    let mut stream = open(&client(), &url, &[]);
    let error = stream.read(&mut [0]).unwrap_err();
    let fault = limpid_http::LayerFault::of(&error).unwrap();
    assert_eq!(
        (fault.kind(), fault.received),
        (LayerFaultKind::TooLarge, 0)
    );
}

#[test]
fn a_layer_just_within_the_limit_comes() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::blob(*b"hello")]);
    let client = client_with(|settings| settings.max_bytes = 5);
    assert_eq!(bytes(&client, &url), b"hello");
}

#[test]
fn a_registry_that_says_nothing_is_given_up() {
    let registry = Registry::start().unwrap();
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello".to_vec();
    for (path, begun) in [
        ("/x", Vec::new()),
        ("/y", half),
        ("/z", b"HTTP/1.1 20".to_vec()),
    ] {
        let url = registry.serve(path, [Answer::Stall(begun)]);
        let client = client_with(|settings| {
            settings.stall_timeout = Duration::from_millis(50);
            settings.attempts = 2;
        });
        let (kind, attempts, text) = fault(&client, &url);
        assert_eq!((kind, attempts), (LayerFaultKind::TooSlow, 2), "{path}");
        assert!(text.contains("no data within 50 ms"), "{text}");
    }
}

#[test]
fn a_layer_that_stalls_goes_on_with_another_connection() {
    let registry = Registry::start().unwrap();
    let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhello".to_vec();
    let whole = Blob::new(*b"helloworld");
    let url = registry.serve("/x", [Answer::Stall(half), Answer::Blob(whole)]);
    let client = client_with(|settings| settings.stall_timeout = Duration::from_millis(50));
    assert_eq!(bytes(&client, &url), b"helloworld");
}

#[test]
fn a_layer_that_drips_is_given_up() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Drip(Duration::from_millis(2))]);
    let client = client_with(|settings| {
        settings.least_bytes_per_second = 10_000;
        settings.rate_window = Duration::from_millis(200);
    });
    let (kind, attempts, text) = fault(&client, &url);
    assert_eq!((kind, attempts), (LayerFaultKind::TooSlow, 1));
    assert!(text.contains("bytes within"), "{text}");

    let client = client_with(|settings| settings.total_timeout = Duration::from_millis(200));
    let (kind, _, text) = fault(&client, &url);
    assert_eq!(kind, LayerFaultKind::TooSlow);
    assert!(text.contains("limpid.layers.max_time: 200 ms"), "{text}");
}

#[test]
fn headers_without_end_are_not_read() {
    let registry = Registry::start().unwrap();
    let field = format!("x: {}\r\n", "y".repeat(1000));
    for (path, fields) in [("/large", 70), ("/many", 5000)] {
        let head = format!(
            "HTTP/1.1 200 OK\r\n{}content-length: 0\r\n\r\n",
            field.repeat(fields)
        );
        let url = registry.serve(path, [Answer::Raw(head.into())]);
        let (kind, _, text) = fault(&client(), &url);
        assert_eq!(kind, LayerFaultKind::Broken, "{text}");
    }
}

#[test]
fn what_is_not_http_is_a_broken_answer() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Raw(vec![0xff; 3000])]);
    assert_eq!(fault(&client(), &url).0, LayerFaultKind::Broken);
}

#[test]
fn a_layer_that_was_encoded_on_the_way_is_refused() {
    let registry = Registry::start().unwrap();
    let blob = Blob::new(*b"hello");
    let gzip = Answer::Blob(blob.clone().header("content-encoding", "gzip"));
    let url = registry.serve("/x", [gzip]);
    let (kind, attempts, text) = fault(&client(), &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Broken, 1));
    assert!(text.contains("encoding of its own: \"gzip\""), "{text}");

    let plain = Answer::Blob(blob.header("content-encoding", "identity"));
    let url = registry.serve("/y", [plain]);
    assert_eq!(bytes(&client(), &url), b"hello");
}

#[test]
fn a_reader_that_stops_ends_the_transfer() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Endless]);
    let mut stream = open(&client(), &url, &[]);
    stream.read_exact(&mut [0; 10]).unwrap();
    drop(stream);
    // The registry can write no more than buffers hold, so it ends only when we hang up.
    assert!(registry.is_idle_within(Duration::from_secs(30)));
    assert_eq!(registry.requests().len(), 1);
}

#[test]
fn a_runtime_that_ends_ends_the_stream() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Stall(Vec::new())]);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let url = url.parse().unwrap();
    let mut stream = client().open(&url, &[].into(), runtime.handle().clone());
    runtime.shutdown_background();
    let error = stream.read(&mut [0]).unwrap_err();
    let text = crate::layer_support::chain(&error);
    assert!(text.contains("the program is ending"), "{text}");
}

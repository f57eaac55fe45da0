use std::io::Read as _;

use limpid_http::LayerFaultKind;
use limpid_testkit::registry::{Answer, Blob, Registry};

use crate::layer_support::{bytes, client, client_with, fault, open, read};

/// Returns bytes of which no two parts are the same.
fn layer(length: u32) -> Vec<u8> {
    (0..length.div_ceil(4)).flat_map(u32::to_be_bytes).collect()
}

fn cut(layer: &[u8], after: usize) -> Blob {
    Blob::new(layer).cut_after(after)
}

#[test]
fn a_layer_comes_whole_and_asked_for_once() {
    let registry = Registry::start().unwrap();
    let layer = layer(3_000_000);
    let url = registry.serve("/x", [Answer::blob(layer.clone())]);
    assert!(bytes(&client(), &url) == layer);
    let requests = registry.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].method, "GET");
    assert_eq!(requests[0].header("accept-encoding"), Some("identity"));
    assert_eq!(requests[0].header("range"), None);
    let agent = format!("limpid/{}", env!("CARGO_PKG_VERSION"));
    assert_eq!(requests[0].header("user-agent"), Some(agent.as_str()));
}

#[test]
fn an_empty_layer_is_a_layer() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::blob([])]);
    assert_eq!(bytes(&client(), &url), b"");
}

#[test]
fn nothing_is_asked_for_before_the_first_read() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::blob(*b"hello")]);
    let mut stream = open(&client(), &url, &[]);
    assert_eq!(stream.read(&mut []).unwrap(), 0);
    assert!(registry.requests().is_empty());
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert_eq!(text, "hello");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0, "the end stays the end");
}

#[test]
fn a_layer_that_breaks_off_again_and_again_goes_on_where_it_was() {
    let registry = Registry::start().unwrap();
    let layer = layer(1_000_000);
    let piece = || Answer::Blob(cut(&layer, 300_000).etag("\"v1\""));
    let url = registry.serve("/x", [piece(), piece(), piece(), piece()]);
    assert!(bytes(&client(), &url) == layer);
    let requests = registry.requests();
    let ranges: Vec<_> = requests.iter().map(|one| one.header("range")).collect();
    let expected = ["bytes=300000-", "bytes=600000-", "bytes=900000-"].map(Some);
    assert_eq!(ranges, [&[None], expected.as_slice()].concat());
    assert_eq!(requests[1].header("if-range"), Some("\"v1\""));
}

#[test]
fn a_layer_without_a_strong_tag_goes_on_too() {
    for etag in [None, Some("W/\"v1\"")] {
        let registry = Registry::start().unwrap();
        let layer = layer(1000);
        let blob = etag.map_or(Blob::new(layer.clone()), |etag| {
            Blob::new(layer.clone()).header("etag", etag)
        });
        let answers = [blob.clone().cut_after(500), blob].map(Answer::Blob);
        let url = registry.serve("/x", answers);
        assert_eq!(bytes(&client(), &url), layer);
        let request = &registry.requests()[1];
        assert_eq!(request.header("range"), Some("bytes=500-"));
        assert_eq!(request.header("if-range"), None);
    }
}

#[test]
fn a_registry_without_ranges_does_not_make_bytes_come_twice() {
    let registry = Registry::start().unwrap();
    let layer = layer(1_000_000);
    let blob = Blob::new(layer.clone()).without_parts();
    let answers = [
        blob.clone().cut_after(400_000),
        blob.clone().cut_after(100),
        blob,
    ];
    let url = registry.serve("/x", answers.map(Answer::Blob));
    assert!(bytes(&client(), &url) == layer);
}

#[test]
fn another_version_is_never_mixed_in() {
    let layer = layer(1000);
    let first = || Answer::Blob(cut(&layer, 500).etag("\"v1\""));
    let cases = [
        (Blob::new(vec![0; 1000]).etag("\"v2\""), "layer changed"),
        (Blob::new(vec![0; 999]), "layer has 999 bytes now"),
    ];
    for (second, expected) in cases {
        let registry = Registry::start().unwrap();
        let url = registry.serve("/x", [first(), Answer::Blob(second)]);
        let (received, result) = read(&client(), &url);
        assert_eq!(received, layer[..500]);
        let text = crate::layer_support::chain(&result.unwrap_err());
        assert!(text.contains(expected), "{text}");
    }
}

#[test]
fn a_wrong_part_is_not_appended() {
    let part = |range: &str, body: &str| {
        Answer::status("206 Partial Content", &[("content-range", range)], body)
    };
    for wrong in [
        part("bytes 4-8/10", "oworl"),
        part("bytes */10", "world"),
        part("items 5-9/10", "world"),
        part("bytes 5-9/10", "world!"),
        Answer::status("206 Partial Content", &[], "world"),
        Answer::status("416 Range Not Satisfiable", &[], ""),
    ] {
        let registry = Registry::start().unwrap();
        let whole = Blob::new(*b"helloworld");
        let first = Answer::Blob(whole.clone().cut_after(5));
        let url = registry.serve("/x", [first, wrong.clone(), Answer::Blob(whole)]);
        assert_eq!(bytes(&client(), &url), b"helloworld", "{wrong:?}");
        assert_eq!(registry.requests()[2].header("range"), None, "{wrong:?}");
    }
}

#[test]
fn a_part_that_ends_early_is_followed_by_the_next() {
    let registry = Registry::start().unwrap();
    let whole = Blob::new(*b"helloworld");
    let range = [("content-range", "bytes 5-6/10")];
    let answers = [
        Answer::Blob(whole.clone().cut_after(5)),
        Answer::status("206 Partial Content", &range, "wo"),
        Answer::Blob(whole),
    ];
    let url = registry.serve("/x", answers);
    assert_eq!(bytes(&client(), &url), b"helloworld");
    assert_eq!(registry.requests()[2].header("range"), Some("bytes=7-"));
}

#[test]
fn a_length_that_is_too_long_is_named() {
    let lie = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhello".to_vec();
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Raw(lie.clone()), Answer::blob(*b"hello")]);
    let (kind, attempts, text) = fault(&client(), &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Broken, 2));
    assert!(
        text.contains("5 bytes now, and 100 bytes were announced"),
        "{text}"
    );

    let url = registry.serve("/y", [Answer::Raw(lie.clone()), Answer::Raw(lie)]);
    let (kind, attempts, text) = fault(&client(), &url);
    assert_eq!((kind, attempts), (LayerFaultKind::Broken, 4));
    assert!(
        text.contains("5 bytes") && text.contains("100 bytes were announced"),
        "{text}"
    );
}

#[test]
fn bytes_behind_the_announced_length_are_not_read() {
    let lie = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello, and more";
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Raw(lie.into())]);
    assert_eq!(bytes(&client(), &url), b"hello");

    let first = Answer::Blob(Blob::new(*b"helloworld").cut_after(5));
    let lie = "HTTP/1.1 206 Partial Content\r\ncontent-range: bytes 5-9/10\r\n\
        transfer-encoding: chunked\r\n\r\n7\r\nworld!!\r\n0\r\n\r\n";
    let url = registry.serve("/y", [first, Answer::Raw(lie.into())]);
    let (kind, _, text) = fault(&client(), &url);
    assert_eq!(kind, LayerFaultKind::Broken);
    assert!(text.contains("behind the 10 bytes"), "{text}");
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    let lie = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello!";
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Raw(lie.into())]);
    assert_eq!(fault(&client(), &url).0, LayerFaultKind::Broken);
}

#[test]
fn a_layer_of_unknown_length_that_is_complete_is_not_begun_anew() {
    let registry = Registry::start().unwrap();
    let cut_off = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n";
    let url = registry.serve("/x", [Answer::Raw(cut_off.into()), Answer::blob(*b"hello")]);
    assert_eq!(bytes(&client(), &url), b"hello");
    assert_eq!(registry.requests()[1].header("range"), Some("bytes=5-"));
}

#[test]
fn a_layer_that_always_breaks_off_fails_in_the_end_and_stays_failed() {
    let registry = Registry::start().unwrap();
    let url = registry.serve("/x", [Answer::Blob(cut(&layer(1000), 10))]);
    let mut stream = open(&client_with(|settings| settings.attempts = 3), &url, &[]);
    let mut bytes = Vec::new();
    for _ in 0..2 {
        let error = stream.read_to_end(&mut bytes).unwrap_err();
        let fault = limpid_http::LayerFault::of(&error).unwrap();
        assert_eq!(fault.kind(), LayerFaultKind::Broken);
        assert_eq!((fault.attempts, fault.received), (3, 30));
    }
    assert_eq!(bytes, layer(1000)[..30]);
    assert_eq!(registry.requests().len(), 3);
}

use std::io::Read;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::routing::get;
use limpid_api::{Api, ApiSettings};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::client::{Answer, LARGE_REPORT, get_path, pieces, request, serve_api, serve_plainly};

const LARGE: &str = "/matcher/api/v1/vulnerability_report/x";
const PIECES: &str = "/matcher/api/v1/internal/update_diff";

fn decode(answer: &Answer) -> Vec<u8> {
    let mut body = answer.body.as_slice();
    let mut decoder: Box<dyn Read + '_> = match answer.header("content-encoding") {
        None => Box::new(&mut body),
        Some("gzip") => Box::new(flate2::read::GzDecoder::new(body)),
        Some("deflate") => Box::new(flate2::read::ZlibDecoder::new(body)),
        Some("zstd") => Box::new(zstd::Decoder::new(body).unwrap()),
        Some(other) => panic!("coding: {other}"),
    };
    let mut content = Vec::new();
    decoder.read_to_end(&mut content).unwrap();
    content
}

#[tokio::test]
async fn a_whole_body_is_encoded_as_asked_and_has_its_length() {
    let server = serve_api(ApiSettings::default()).await;
    for (asked, coding) in [
        ("gzip, deflate", Some("gzip")),
        ("deflate", Some("deflate")),
        ("zstd", Some("zstd")),
        ("gzip, deflate, br, zstd", Some("zstd")),
        ("br", None),
        ("gzip;q=0", None),
    ] {
        let header = format!("Accept-Encoding: {asked}\r\n");
        let answer = request(server.address, "GET", LARGE, &header).await;
        assert_eq!(answer.header("content-encoding"), coding, "{asked}");
        assert_eq!(answer.header("vary"), Some("Accept-Encoding"));
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        assert_eq!(decode(&answer).len(), LARGE_REPORT);
        assert!(coding.is_none() || answer.body.len() < LARGE_REPORT / 10);
    }
    assert_eq!(
        get_path(server.address, LARGE).await.body.len(),
        LARGE_REPORT
    );
}

#[tokio::test]
async fn a_body_in_pieces_is_encoded_as_it_comes() {
    let server = serve_api(ApiSettings::default()).await;
    let expected: String = pieces().collect();
    for coding in ["gzip", "deflate", "zstd", "identity"] {
        let header = format!("Accept-Encoding: {coding}\r\n");
        let answer = request(server.address, "GET", PIECES, &header).await;
        assert_eq!(answer.header("content-length"), None);
        assert_eq!(decode(&answer), expected.as_bytes(), "{coding}");
    }
}

#[tokio::test]
async fn a_small_body_is_left_alone() {
    let server = serve_api(ApiSettings::default()).await;
    let answer = request(
        server.address,
        "GET",
        "/nowhere",
        "Accept-Encoding: gzip\r\n",
    )
    .await;
    assert_eq!(answer.header("content-encoding"), None);
    assert_eq!(answer.text(), "404 page not found\n");
}

#[tokio::test]
async fn an_empty_answer_has_no_coding() {
    let server = serve_api(ApiSettings::default()).await;
    let path = format!(
        "/indexer/api/v1/index_report/{}",
        crate::client::some_digest()
    );
    let answer = request(server.address, "DELETE", &path, "Accept-Encoding: gzip\r\n").await;
    assert_eq!(
        (answer.status, answer.header("content-encoding")),
        (204, None)
    );
}

#[tokio::test]
async fn who_accepts_nothing_gets_an_empty_415_that_says_what_there_is() {
    let server = serve_api(ApiSettings::default()).await;
    for header in [
        "Accept-Encoding: identity;q=0\r\n",
        "Accept-Encoding: br, *;q=0\r\n",
    ] {
        let answer = request(server.address, "GET", LARGE, header).await;
        assert_eq!((answer.status, answer.body.len()), (415, 0));
        assert_eq!(
            answer.header("accept-encoding"),
            Some("zstd, gzip, deflate")
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_never_has_an_end() {
    let broken = || async {
        let parts = [
            Ok(Bytes::from(vec![b'x'; 100_000])),
            Err(std::io::Error::other("no more")),
        ];
        Body::from_stream(futures_util::stream::iter(parts))
    };
    let router = Router::new().route("/broken", get(broken));
    let api = Api::new(ApiSettings::default()).with(router);
    let server = serve_plainly(api.finish()).await;
    for coding in ["identity", "gzip", "zstd"] {
        let mut stream = TcpStream::connect(server.address).await.unwrap();
        let asked = format!("GET /broken HTTP/1.1\r\nHost: a\r\nAccept-Encoding: {coding}\r\n\r\n");
        stream.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        // The connection ends, be it in order or not.
        let _ = stream.read_to_end(&mut answer).await;
        let is_chunked = answer
            .windows(26)
            .any(|line| line.eq_ignore_ascii_case(b"transfer-encoding: chunked"));
        // What breaks off before anything could be sent may also have no answer at all.
        assert!(is_chunked || answer.is_empty(), "{coding}");
        assert!(is_chunked || coding != "identity", "{coding}");
        assert!(!answer.ends_with(b"0\r\n\r\n"), "{coding}");
    }
}

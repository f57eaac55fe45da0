use std::io::Read;

use limpid_api::ApiSettings;

use crate::client::{Answer, LARGE_REPORT, get_path, pieces, request, serve_api};

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

use std::io::Read as _;

use flate2::read::GzDecoder;
use serde_json::{Value, json};

use crate::client::{Answer, post, request, some_digest};
use crate::installation::{BROKEN, INDEX, Installation};

const REPORT: &str = "/matcher/api/v1/vulnerability_report";
const OPERATIONS: &str = "/matcher/api/v1/internal/update_operation";
const DIFF: &str = "/matcher/api/v1/internal/update_diff";
const NIL: &str = "00000000-0000-0000-0000-000000000000";

fn read(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

fn names(vulnerabilities: &Value) -> Vec<&str> {
    let list = vulnerabilities.as_array().unwrap().iter();
    list.map(|one| one["name"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn there_is_no_report_before_there_is_data() {
    let installation = Installation::new().await;
    let manifest = installation.index("zlib").await;
    let path = format!("{REPORT}/{manifest}");
    let early = installation.get(&path).await;
    assert_eq!((early.status, early.body.len()), (202, 0));
    let malformed = installation.get(&format!("{REPORT}/x")).await;
    assert_eq!(malformed.status, 400);

    installation.serve("zlib", &["CVE-1"]).await;
    let report = installation.get(&path).await;
    assert_eq!(report.status, 200);
    assert_eq!(report.header("cache-control"), Some("max-age=90"));
    let own = "application/vnd.clair.vulnerability_report.v1+json";
    assert_eq!(report.header("content-type"), Some(own));
    assert_eq!(report.header("vary"), Some("Accept, Accept-Encoding"));
    let report = read(&report);
    assert_eq!(report["manifest_hash"], manifest.as_str());
    assert_eq!(
        report["package_vulnerabilities"].as_object().unwrap().len(),
        1
    );
    assert_eq!(report["limpid"]["generation"], 1);
}

#[tokio::test]
async fn only_an_image_that_was_indexed_to_the_end_has_a_report() {
    let installation = Installation::new().await;
    installation.serve("zlib", &["CVE-1"]).await;
    let failed = installation.manifest("failed", BROKEN);
    let answer = post(installation.server.address, INDEX, &failed.to_string()).await;
    assert_eq!(answer.status, 500);
    for digest in [failed["hash"].as_str().unwrap(), &some_digest()] {
        let missing = installation.get(&format!("{REPORT}/{digest}")).await;
        let message = format!("index report for manifest \"{digest}\" not found");
        assert_eq!(missing.status, 404);
        assert_eq!(
            read(&missing),
            json!({"code": "not-found", "message": message})
        );
    }
}

#[tokio::test]
async fn a_report_is_sent_as_it_is_kept_to_who_takes_gzip_and_unpacked_to_others() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    installation.serve("zlib", &["CVE-1", "CVE-2"]).await;
    let path = format!("{REPORT}/{}", installation.index("zlib").await);
    let plain = installation.get(&path).await;
    assert_eq!(plain.header("content-encoding"), None);
    let mut packed = Vec::new();
    for accept in ["gzip", "zstd, gzip", "*", "gzip, deflate, br"] {
        let header = format!("Accept-Encoding: {accept}\r\n");
        let answer = request(address, "GET", &path, &header).await;
        assert_eq!(answer.header("content-encoding"), Some("gzip"), "{accept}");
        let length = answer.body.len().to_string();
        assert_eq!(answer.header("content-length"), Some(length.as_str()));
        let mut content = Vec::new();
        let mut decoder = GzDecoder::new(&answer.body[..]);
        decoder.read_to_end(&mut content).unwrap();
        assert_eq!(content, plain.body, "{accept}");
        packed.push(answer.body);
    }
    packed.dedup();
    assert_eq!(packed.len(), 1, "the very same bytes go to everybody");
    let answer = request(address, "GET", &path, "Accept-Encoding: zstd\r\n").await;
    assert_eq!(answer.header("content-encoding"), Some("zstd"));
    assert_eq!(zstd::decode_all(&answer.body[..]).unwrap(), plain.body);
    for refusal in ["gzip;q=0", "identity"] {
        let header = format!("Accept-Encoding: {refusal}\r\n");
        let answer = request(address, "GET", &path, &header).await;
        assert_eq!(answer.body, plain.body, "{refusal}");
    }
}

#[tokio::test]
async fn limpids_own_report_is_there_for_who_asks_for_it() {
    let installation = Installation::new().await;
    installation.serve("zlib", &["CVE-1"]).await;
    let path = format!("{REPORT}/{}", installation.index("zlib").await);
    let own = "application/vnd.limpid.report.v1+json";
    let accept = format!("Accept: {own}\r\n");
    let report = request(installation.server.address, "GET", &path, &accept).await;
    assert_eq!(report.header("content-type"), Some(own));
    let report = read(&report);
    assert_eq!(report["findings"][0]["id"], "CVE-1");
    assert_eq!(report["coverage"]["verdict"], "complete");
    let refused = "Accept: text/html\r\n";
    let refused = request(installation.server.address, "GET", &path, refused).await;
    assert_eq!(refused.status, 415);
}

/// Returns the names of the operations of the only updater, newest first.
async fn references(installation: &Installation, query: &str) -> Vec<String> {
    let answer = installation.get(&format!("{OPERATIONS}{query}")).await;
    assert_eq!(answer.status, 200);
    let operations = read(&answer);
    let updaters = operations.as_object().unwrap();
    assert_eq!(updaters.len(), 1, "{operations}");
    let list = updaters.values().next().unwrap().as_array().unwrap().iter();
    list.map(|one| one["ref"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn operations_are_listed_and_forgotten() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    let none = installation.get(OPERATIONS).await;
    assert_eq!(
        (none.status, none.text(), none.header("etag")),
        (200, "{}", None)
    );
    installation.serve("zlib", &["CVE-1"]).await;
    installation.serve("zlib", &["CVE-2"]).await;
    let all = references(&installation, "").await;
    assert_eq!(all.len(), 2);
    assert_eq!(references(&installation, "?latest=true").await, all[..1]);
    assert_eq!(references(&installation, "?latest=yes").await, all);
    let tag = format!("\"{}\"", all[0]);
    let answer = installation.get(OPERATIONS).await;
    assert_eq!(answer.header("etag"), Some(tag.as_str()));
    let known = format!("If-None-Match: {tag}\r\n");
    let unchanged = request(address, "GET", OPERATIONS, &known).await;
    assert_eq!((unchanged.status, unchanged.body.len()), (304, 0));
    let enrichments = format!("{OPERATIONS}?kind=enrichment");
    assert_eq!(installation.get(&enrichments).await.text(), "{}");
    let other = installation.get(&format!("{OPERATIONS}?kind=x")).await;
    assert_eq!(
        (other.status, read(&other)["message"].as_str()),
        (400, Some("unknown kind: \"x\""))
    );

    for reference in [all[1].as_str(), NIL] {
        let path = format!("{OPERATIONS}/{reference}");
        let deleted = request(address, "DELETE", &path, "").await;
        assert_eq!((deleted.status, deleted.body.len()), (200, 0));
    }
    assert_eq!(references(&installation, "").await, all[..1]);
    let malformed = request(address, "DELETE", &format!("{OPERATIONS}/x"), "").await;
    assert_eq!(malformed.status, 400);
    let refused = installation.get(&format!("{OPERATIONS}/{NIL}")).await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("DELETE"))
    );
}

#[tokio::test]
async fn a_difference_has_what_only_one_side_has() {
    let installation = Installation::new().await;
    installation.serve("zlib", &["CVE-1", "CVE-2"]).await;
    installation.serve("zlib", &["CVE-2", "CVE-3"]).await;
    let all = references(&installation, "").await;
    let (cur, prev) = (&all[0], &all[1]);
    let answer = installation
        .get(&format!("{DIFF}?cur={cur}&prev={prev}"))
        .await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    let diff = read(&answer);
    assert_eq!(
        (&diff["cur"]["ref"], &diff["prev"]["ref"]),
        (&json!(cur), &json!(prev))
    );
    assert_eq!(names(&diff["added"]), ["CVE-3"]);
    assert_eq!(names(&diff["removed"]), ["CVE-1"]);
    for query in [format!("?cur={cur}"), format!("?cur={cur}&prev={NIL}")] {
        let diff = read(&installation.get(&format!("{DIFF}{query}")).await);
        assert_eq!(diff["prev"]["ref"], NIL);
        assert_eq!(names(&diff["added"]), ["CVE-2", "CVE-3"]);
        assert_eq!(diff["removed"], json!([]));
    }
    for (query, status, message) in [
        ("", 400, "\"cur\" query param is required".to_owned()),
        (
            "?cur=x",
            400,
            "could not parse \"cur\" query param into uuid".into(),
        ),
        (
            &format!("?cur={cur}&prev=x"),
            400,
            "could not parse \"prev\" query param into uuid".into(),
        ),
        (
            &format!("?cur={NIL}"),
            404,
            format!("could not get update operations: operation {NIL} does not exist"),
        ),
    ] {
        let refused = installation.get(&format!("{DIFF}{query}")).await;
        assert_eq!(
            (refused.status, read(&refused)["message"].as_str()),
            (status, Some(message.as_str())),
            "{query}"
        );
    }
}

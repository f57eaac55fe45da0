use std::sync::Arc;

use limpid_api::ApiSettings;
use limpid_index::IndexSettings;
use limpid_types::{IndexReport, Repository};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use crate::client::{Answer, exchange, post, request, some_digest};
use crate::installation::{BROKEN, GONE, GOOD, INDEX, Installation};

fn read(answer: &Answer) -> Value {
    serde_json::from_slice(&answer.body).unwrap()
}

/// Makes a request with a body, which closes its connection.
fn with_body(method: &str, path: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!(
        "{method} {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n{headers}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .into_bytes()
}

#[tokio::test]
async fn an_image_is_indexed_while_the_client_waits() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    let manifest = installation.manifest("zlib", GOOD);
    let hash = manifest["hash"].as_str().unwrap();
    let made = post(address, INDEX, &manifest.to_string()).await;
    assert_eq!(made.status, 201);
    assert_eq!(made.header("content-type"), Some("application/json"));
    assert_eq!(
        made.header("location"),
        Some(format!("{INDEX}/{hash}").as_str())
    );
    let links = format!(
        "<{INDEX}/{hash}>; rel=\"https://projectquay.io/clair/v1/index_report\", \
         </matcher/api/v1/vulnerability_report/{hash}>; \
         rel=\"https://projectquay.io/clair/v1/vulnerability_report\""
    );
    assert_eq!(made.header("link"), Some(links.as_str()));
    let tag = made.header("etag").unwrap();

    let path = format!("{INDEX}/{hash}");
    let got = installation.get(&path).await;
    assert_eq!((got.status, got.header("etag")), (200, Some(tag)));
    let own = "application/vnd.clair.index_report.v1+json";
    assert_eq!(got.header("content-type"), Some(own));
    assert_eq!(read(&got), read(&made));
    assert_eq!(read(&got)["state"], "IndexFinished");

    let known = format!("If-None-Match: {tag}\r\n");
    for path in [path, format!("{INDEX}/{}", some_digest())] {
        let unchanged = request(address, "GET", &path, &known).await;
        assert_eq!((unchanged.status, unchanged.body.len()), (304, 0), "{path}");
    }
    let again = with_body("POST", INDEX, &known, &manifest.to_string());
    let again = exchange(address, &again).await;
    assert_eq!((again.status, again.body.len()), (412, 0));
    assert_eq!(again.header("link"), Some(links.as_str()));
}

#[tokio::test]
async fn index_reports_are_served_as_the_presentation_shows_them_and_kept_as_they_are() {
    let product = "cpe:2.3:o:redhat:enterprise_linux:9:*:*:*:*:*:*:*";
    let presentation = move |report: Arc<IndexReport>| {
        let mut shown = IndexReport::clone(&report);
        let repository = Repository {
            id: "7".into(),
            name: product.into(),
            ..Repository::default()
        };
        shown.repository.insert("7".into(), repository);
        Arc::new(shown)
    };
    let installation = Installation::presenting(
        ApiSettings::default(),
        IndexSettings::default(),
        Arc::new(presentation),
    )
    .await;
    let manifest = installation.manifest("zlib", GOOD);
    let hash = manifest["hash"].as_str().unwrap();
    let made = post(installation.server.address, INDEX, &manifest.to_string()).await;
    assert_eq!(made.status, 201);
    let got = installation.get(&format!("{INDEX}/{hash}")).await;
    let again = post(installation.server.address, INDEX, &manifest.to_string()).await;
    for answer in [&made, &got, &again] {
        assert_eq!(read(answer)["repository"]["7"]["name"], product);
        assert_eq!(read(answer)["packages"].as_object().unwrap().len(), 1);
    }
    let digest = hash.parse().unwrap();
    let kept = installation.indexer.report(&digest).await.unwrap().unwrap();
    assert!(kept.repository.is_empty());
}

#[tokio::test]
async fn the_state_is_the_tag_of_reports() {
    let installation = Installation::new().await;
    let path = "/indexer/api/v1/index_state";
    let state = installation.get(path).await;
    let own = "application/vnd.clair.index_state.v1+json";
    assert_eq!(
        (state.status, state.header("content-type")),
        (200, Some(own))
    );
    let tag = state.header("etag").unwrap();
    assert_eq!(
        format!("\"{}\"", read(&state)["state"].as_str().unwrap()),
        tag
    );
    let known = format!("If-None-Match: \"x\", W/{tag}\r\n");
    let unchanged = request(installation.server.address, "GET", path, &known).await;
    assert_eq!(
        (unchanged.status, unchanged.header("etag")),
        (304, Some(tag))
    );
}

#[tokio::test]
async fn what_is_not_there_or_cannot_be_had_is_refused() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    let digest = some_digest();
    for path in [
        format!("{INDEX}/{digest}"),
        format!("/indexer/api/v1/index_status/{digest}"),
    ] {
        let missing = installation.get(&path).await;
        assert_eq!(missing.status, 404, "{path}");
        assert_eq!(read(&missing)["code"], "not-found", "{path}");
    }
    for path in [
        format!("{INDEX}/{digest}"),
        "/indexer/api/v1/index_state".into(),
    ] {
        let refused = request(address, "GET", &path, "Accept: text/html\r\n").await;
        assert_eq!(refused.status, 415, "{path}");
    }
    for path in [
        format!("{INDEX}/"),
        "/indexer/api/v1/index_status/".into(),
        "/indexer/api/v1/index_status/x".into(),
    ] {
        assert_eq!(installation.get(&path).await.status, 400, "{path}");
    }
    let path = format!("/indexer/api/v1/index_status/{digest}");
    let refused = request(address, "DELETE", &path, "").await;
    assert_eq!(
        (refused.status, refused.header("allow")),
        (405, Some("GET"))
    );
    let counted = "clair_http_indexerv1_request_total{handler=\
                   \"/indexer/api/v1/index_status/:digest\",code=\"404\",method=\"get\"}";
    installation.wait_for(counted, 1.0).await;
}

#[tokio::test]
async fn only_what_is_bad_for_ever_is_a_bad_request() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    let empty = json!({"hash": some_digest(), "layers": []}).to_string();
    let bogus = post(address, INDEX, &empty).await;
    assert_eq!(
        (bogus.status, read(&bogus)["message"].as_str()),
        (400, Some("bogus manifest"))
    );
    for (place, status) in [(GONE, 400), (BROKEN, 500)] {
        let manifest = installation.manifest(place, place);
        let failed = post(address, INDEX, &manifest.to_string()).await;
        assert_eq!(failed.status, status, "{place}");
        let message = read(&failed)["message"].as_str().unwrap().to_owned();
        assert!(message.starts_with("failed to start scan: "), "{message}");
        let path = format!("{INDEX}/{}", manifest["hash"].as_str().unwrap());
        let report = read(&installation.get(&path).await);
        assert_eq!(report["state"], "IndexError", "{place}");
        assert!(message.ends_with(report["err"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn who_does_not_want_to_wait_is_told_where_to_ask() {
    let installation = Installation::new().await;
    let manifest = installation.manifest("zlib", GOOD);
    let hash = manifest["hash"].as_str().unwrap();
    let submit = || {
        let prefer = "Prefer: respond-async\r\nPriority: u=5\r\n";
        let asked = with_body("POST", INDEX, prefer, &manifest.to_string());
        let address = installation.server.address;
        async move { exchange(address, &asked).await }
    };
    let accepted = submit().await;
    assert_eq!(accepted.status, 202);
    let path = format!("/indexer/api/v1/index_status/{hash}");
    assert_eq!(accepted.header("location"), Some(path.as_str()));
    assert_eq!(accepted.header("preference-applied"), Some("respond-async"));
    assert_eq!(accepted.header("retry-after"), Some("2"));
    assert!(accepted.header("link").is_some());
    let status = installation.get(&path).await;
    assert_eq!((status.status, read(&status)), (200, read(&accepted)));
    assert_eq!(read(&status)["state"], "waiting");
    let report = format!("{INDEX}/{hash}");
    assert_eq!(installation.get(&report).await.status, 404);

    let stop = CancellationToken::new();
    let worker = tokio::spawn(installation.indexer.clone().run(stop.clone()));
    while read(&installation.get(&path).await)["state"] != "finished" {
        tokio::task::yield_now().await;
    }
    stop.cancel();
    worker.await.unwrap();
    assert_eq!(installation.get(&report).await.status, 200);
    let again = submit().await;
    assert_eq!(
        (again.status, read(&again)["state"].as_str()),
        (202, Some("finished"))
    );
}

#[tokio::test]
async fn deletion_tells_what_was_there() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    let (one, two) = (
        installation.index("one").await,
        installation.index("two").await,
    );
    let digests = json!([two, some_digest(), one, two]).to_string();
    let deleted = exchange(address, &with_body("DELETE", INDEX, "", &digests)).await;
    assert_eq!((deleted.status, read(&deleted)), (200, json!([two, one])));
    let none = exchange(address, &with_body("DELETE", INDEX, "", &digests)).await;
    assert_eq!((none.status, read(&none)), (200, json!([])));
    let three = format!("{INDEX}/{}", installation.index("three").await);
    for _ in 0..2 {
        let deleted = request(address, "DELETE", &three, "").await;
        assert_eq!((deleted.status, deleted.body.len()), (204, 0));
    }
    assert_eq!(installation.get(&three).await.status, 404);
}

#[tokio::test]
async fn a_full_indexer_refuses_and_counts_it() {
    let settings = IndexSettings {
        request_limit: Some(1),
        queue: 0,
        ..IndexSettings::default()
    };
    let installation = Installation::with(ApiSettings::default(), settings).await;
    let address = installation.server.address;
    installation.layers.hold();
    let first = installation.manifest("first", GOOD).to_string();
    let first = tokio::spawn(async move { post(address, INDEX, &first).await });
    installation.layers.wait_for(1).await;
    let second = installation.manifest("second", GOOD).to_string();
    let refused = post(address, INDEX, &second).await;
    assert_eq!(refused.status, 429);
    assert_eq!(
        read(&refused),
        json!({"code": "too-many-requests", "message": "server handling too many requests"})
    );
    let retry_after: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!(retry_after > 0);
    let length = refused.body.len().to_string();
    assert_eq!(refused.header("content-length"), Some(length.as_str()));
    let limited = "clair_http_concurrencylimited_total\
                   {endpoint=\"/indexer/api/v1/index_report\",method=\"POST\"}";
    installation.wait_for(limited, 1.0).await;
    installation.layers.let_go();
    assert_eq!(first.await.unwrap().status, 201);
    assert_eq!(post(address, INDEX, &second).await.status, 201);
}

#[tokio::test]
async fn a_client_that_goes_away_ends_its_indexing() {
    let installation = Installation::new().await;
    installation.layers.hold();
    let manifest = installation.manifest("zlib", GOOD);
    let mut client = TcpStream::connect(installation.server.address)
        .await
        .unwrap();
    let asked = with_body("POST", INDEX, "", &manifest.to_string());
    client.write_all(&asked).await.unwrap();
    installation.layers.wait_for(1).await;
    drop(client);
    let gone = "clair_http_indexerv1_request_total\
                {handler=\"/indexer/api/v1/index_report\",code=\"499\",method=\"post\"}";
    installation.wait_for(gone, 1.0).await;
    installation.layers.let_go();
    installation.wait_for("limpid_index_running", 0.0).await;
    let path = format!("{INDEX}/{}", manifest["hash"].as_str().unwrap());
    assert_eq!(installation.get(&path).await.status, 404);
}

#[tokio::test]
async fn affected_manifests_are_found_by_either_form_of_the_question() {
    let installation = Installation::new().await;
    let address = installation.server.address;
    let affected = installation.index("zlib").await;
    installation.index("other").await;
    let vulnerability = |id: &str, severity: &str, fixed: &str| {
        json!({
            "id": id, "name": id, "normalized_severity": severity, "fixed_in_version": fixed,
            "package": {"name": "zlib", "kind": "source"},
            "distribution": {"did": "debian", "version_id": "12", "version_code_name": "bookworm",
                             "version": "12 (bookworm)"},
        })
    };
    let list = json!([
        vulnerability("low", "Low", "2"),
        vulnerability("high", "High", ""),
        vulnerability("fixed", "High", "1"),
        {},
    ]);
    for path in [
        "/indexer/api/v1/internal/affected_manifest",
        "/indexer/api/v1/internal/affected_manifest/",
    ] {
        for body in [json!({"vulnerabilities": list}), list.clone()] {
            let answer = post(address, path, &body.to_string()).await;
            assert_eq!(answer.status, 200);
            let own = "application/vnd.clair.affected_manifests.v1+json";
            assert_eq!(answer.header("content-type"), Some(own));
            let found = read(&answer);
            let expected = json!({affected.as_str(): ["high", "low"]});
            assert_eq!(found["vulnerable_manifests"], expected);
            let echoed: Vec<_> = found["vulnerabilities"]
                .as_object()
                .unwrap()
                .keys()
                .collect();
            assert_eq!(echoed, ["", "fixed", "high", "low"]);
        }
    }
    let path = "/indexer/api/v1/internal/affected_manifest";
    for body in ["{}", "{\"vulnerabilities\":[]}", "[]"] {
        let found = read(&post(address, path, body).await);
        assert_eq!(
            found,
            json!({"vulnerabilities": {}, "vulnerable_manifests": {}})
        );
    }
    let body = r#"[{"normalized_severity":"Dire"}]"#;
    assert_eq!(post(address, path, body).await.status, 400);
}

use std::error::Error as _;
use std::sync::Arc;

use axum::Router;
use axum::http::HeaderMap;
use axum::routing::get;
use jiff::Timestamp;
use limpid_api::{
    ApiSettings, INTRASERVICE_ISSUER, IndexerClient, IndexerClientError, PresharedKey, Signer,
    Verifier,
};
use limpid_index::IndexSettings;
use limpid_match::IndexReports as _;
use limpid_types::Digest;
use url::Url;

use crate::client::{Running, serve_plainly, some_digest};
use crate::installation::{INDEX, Installation};

fn url(server: &Running) -> Url {
    format!("http://{}/ignored", server.address)
        .parse()
        .unwrap()
}

fn client(server: &Running) -> IndexerClient {
    IndexerClient::new(&url(server), None, None).unwrap()
}

fn digest() -> Digest {
    some_digest().parse().unwrap()
}

/// Serves the same answer for every manifest.
async fn serve_answer(status: u16, body: &'static str) -> Running {
    let status = axum::http::StatusCode::from_u16(status).unwrap();
    let path = format!("{INDEX}/{{digest}}");
    serve_plainly(Router::new().route(&path, get(move || async move { (status, body) }))).await
}

async fn failure(client: &IndexerClient) -> IndexerClientError {
    let failure = client.index_report(&digest()).await.unwrap_err();
    *failure.downcast().unwrap()
}

#[tokio::test]
async fn a_report_of_another_process_is_the_one_that_it_has() {
    let installation = Installation::new().await;
    let manifest: Digest = installation.index("zlib").await.parse().unwrap();
    let client = client(&installation.server);
    let report = client.index_report(&manifest).await.unwrap().unwrap();
    let own = installation.indexer.report(&manifest).await.unwrap();
    assert_eq!(report, own.unwrap());
    let again = client.index_report(&manifest).await.unwrap().unwrap();
    assert!(
        Arc::ptr_eq(&report, &again),
        "the same content is the same object"
    );
    assert!(client.index_report(&digest()).await.unwrap().is_none());
}

#[tokio::test]
async fn requests_are_signed_and_say_their_trace() {
    let key = PresharedKey::new(b"secret", ["other".to_owned()]);
    let settings = ApiSettings {
        verifier: Some(Verifier::new([key.clone()])),
        ..ApiSettings::default()
    };
    let installation = Installation::with(settings, IndexSettings::default()).await;
    let refused = failure(&client(&installation.server)).await;
    assert!(
        matches!(refused, IndexerClientError::Status { status: 401, .. }),
        "{refused}"
    );
    let url = url(&installation.server);
    let signer = Signer::new(&key, INTRASERVICE_ISSUER, [&url]);
    assert!(signer.authorization(&url, Timestamp::now()).is_some());
    let client = IndexerClient::new(&url, Some(signer), None).unwrap();
    assert!(client.index_report(&digest()).await.unwrap().is_none());

    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let path = format!("{INDEX}/{{digest}}");
    let route = get(move |headers: HeaderMap| async move {
        let has_trace = headers.get("traceparent").is_some_and(|it| it == trace);
        if has_trace {
            axum::http::StatusCode::NOT_FOUND
        } else {
            axum::http::StatusCode::BAD_REQUEST
        }
    });
    let server = serve_plainly(Router::new().route(&path, route)).await;
    let propagation = Arc::new(move |headers: &mut HeaderMap| {
        headers.insert("traceparent", trace.parse().unwrap());
    });
    let traced = IndexerClient::new(&self::url(&server), None, Some(propagation)).unwrap();
    assert!(traced.index_report(&digest()).await.unwrap().is_none());
}

#[tokio::test]
async fn what_is_no_report_is_a_failure_that_names_the_manifest() {
    let server = serve_answer(500, "").await;
    let failed = failure(&client(&server)).await;
    let text = format!("the indexer answered 500 for: {INDEX}/{}", some_digest());
    assert_eq!(failed.to_string(), text);
    for body in ["", "{}", "[", "<html>"] {
        let server = serve_answer(200, body).await;
        let failed = failure(&client(&server)).await;
        assert!(
            matches!(failed, IndexerClientError::Content { .. }),
            "{body}"
        );
        assert!(failed.to_string().ends_with(&some_digest()), "{failed}");
    }
}

#[tokio::test]
async fn an_indexer_that_is_not_there_is_a_failure_without_its_address() {
    let server = serve_answer(200, "").await;
    let mut url = url(&server);
    url.set_password(Some("secret")).unwrap();
    server.stop.cancel();
    server.end.await.unwrap();
    let client = IndexerClient::new(&url, None, None).unwrap();
    let failed = failure(&client).await;
    assert!(
        matches!(failed, IndexerClientError::Request { .. }),
        "{failed}"
    );
    assert!(failed.source().is_some());
    assert!(!format!("{failed:?}").contains("secret"));
}

#[test]
fn what_has_no_host_is_no_address() {
    let address: Url = "mailto:a@b".parse().unwrap();
    let refused = IndexerClient::new(&address, None, None).err().unwrap();
    assert_eq!(refused.to_string(), "not an address of an indexer: mailto:");
}

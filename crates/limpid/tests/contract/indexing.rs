//! `POST index_report`, `GET index_report` and `index_state`.

use serde_json::json;

use crate::client::{Client, INDEX_REPORT, INDEX_STATE, body_of, unknown};
use crate::on_both_stores;
use crate::service::{Service, eventually};

on_both_stores!(
    an_image_is_indexed_while_the_client_waits,
    an_image_that_is_posted_again_is_answered_without_its_layers,
    many_posts_of_one_image_fetch_its_layer_once,
    a_post_with_the_current_state_is_412,
    a_get_with_the_current_state_is_304,
    an_unknown_image_is_404,
    the_state_is_an_opaque_token_with_a_tag,
    an_index_that_nobody_waits_for_is_followed_by_its_status,
    headers_of_a_manifest_go_to_the_registry,
);

async fn an_image_is_indexed_while_the_client_waits(service: &Service) {
    let client = Client::of(service);
    let image = service.image("waits");
    let reply = client.index(&image).await;
    assert_eq!(reply.status, 201, "{reply:?}");
    let hash = image.hash.to_string();
    assert_eq!(
        reply.header("etag"),
        format!("\"{}\"", client.state().await)
    );
    assert_eq!(reply.header("location"), format!("{INDEX_REPORT}/{hash}"));
    assert_eq!(reply.header("content-type"), "application/json");
    assert_eq!(
        reply.headers("link"),
        [
            format!(
                "<{INDEX_REPORT}/{hash}>; rel=\"https://projectquay.io/clair/v1/index_report\""
            ),
            format!(
                "</matcher/api/v1/vulnerability_report/{hash}>; \
                 rel=\"https://projectquay.io/clair/v1/vulnerability_report\""
            ),
        ]
    );
    let report = reply.json();
    assert_eq!(report["manifest_hash"], hash);
    assert_eq!(report["state"], "IndexFinished");
    assert_eq!(report["success"], true);
    assert_eq!(report["err"], "");

    let stored = client.get(&format!("{INDEX_REPORT}/{hash}")).await;
    assert_eq!(stored.status, 200);
    assert_eq!(stored.header("etag"), reply.header("etag"));
    assert_eq!(
        stored.header("content-type"),
        "application/vnd.clair.index_report.v1+json"
    );
    assert_eq!(stored.json(), report);
}

async fn an_image_that_is_posted_again_is_answered_without_its_layers(service: &Service) {
    let client = Client::of(service);
    let image = service.image("again");
    let first = client.index(&image).await;
    let fetched = || {
        let hash = image.layers[1].hash.to_string();
        let requests = service.registry.requests();
        let of_layer = requests.iter().filter(|one| one.target.contains(&hash));
        of_layer.count()
    };
    assert_eq!(fetched(), 1);
    let second = client.index(&image).await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.json(), second.json());
    assert_eq!(fetched(), 1);
}

async fn many_posts_of_one_image_fetch_its_layer_once(service: &Service) {
    let client = Client::of(service);
    let image = service.image("many");
    let posts = futures_util::future::join_all((0..8).map(|_| client.index(&image))).await;
    for post in posts {
        assert_eq!(post.status, 201, "{post:?}");
    }
    let hash = image.layers[1].hash.to_string();
    let requests = service.registry.requests();
    let fetched = requests.iter().filter(|one| one.target.contains(&hash));
    assert_eq!(fetched.count(), 1);
}

async fn a_post_with_the_current_state_is_412(service: &Service) {
    let client = Client::of(service);
    let tag = format!("\"{}\"", client.state().await);
    let known = service.image("precondition");
    assert_eq!(client.index(&known).await.status, 201);
    for image in [known, service.image("precondition, not known")] {
        let body = body_of(&image).to_string();
        let headers = [("if-none-match", tag.as_str())];
        let reply = client.send("POST", INDEX_REPORT, &headers, body).await;
        assert_eq!(reply.status, 412);
        assert!(reply.body.is_empty());
        assert_eq!(reply.headers("link").len(), 2);
    }
    let reply = client
        .send(
            "POST",
            INDEX_REPORT,
            &[("if-none-match", tag.as_str())],
            "{}",
        )
        .await;
    reply.error(400, "bad-request");
}

async fn a_get_with_the_current_state_is_304(service: &Service) {
    let client = Client::of(service);
    let image = service.image("conditional");
    assert_eq!(client.index(&image).await.status, 201);
    let state = client.state().await;
    for digest in [image.hash.to_string(), unknown("conditional")] {
        let path = format!("{INDEX_REPORT}/{digest}");
        for condition in [
            format!("\"{state}\""),
            format!("W/\"{state}\""),
            format!("\"other\", \"{state}\""),
        ] {
            let reply = client.get_with(&path, "if-none-match", &condition).await;
            assert_eq!(reply.status, 304, "{condition}");
            assert!(reply.body.is_empty());
        }
    }
    let path = format!("{INDEX_REPORT}/{}", image.hash);
    for condition in ["\"other\"", &state] {
        let reply = client.get_with(&path, "if-none-match", condition).await;
        assert_eq!(reply.status, 200, "{condition}");
    }
}

async fn an_unknown_image_is_404(service: &Service) {
    let client = Client::of(service);
    let path = format!("{INDEX_REPORT}/{}", unknown("index report"));
    let message = client.get(&path).await.error(404, "not-found");
    assert_eq!(message, "index report not found");
}

async fn the_state_is_an_opaque_token_with_a_tag(service: &Service) {
    let client = Client::of(service);
    let reply = client.get(INDEX_STATE).await;
    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("content-type"),
        "application/vnd.clair.index_state.v1+json"
    );
    let body = reply.json();
    let state = body["state"].as_str().unwrap();
    assert!(!state.is_empty());
    assert_eq!(body, json!({ "state": state }));
    assert_eq!(reply.header("etag"), format!("\"{state}\""));
    let same = client
        .get_with(INDEX_STATE, "if-none-match", reply.header("etag"))
        .await;
    assert_eq!((same.status, same.body.len()), (304, 0));
    assert_eq!(same.header("etag"), reply.header("etag"));
}

async fn an_index_that_nobody_waits_for_is_followed_by_its_status(service: &Service) {
    let client = Client::of(service);
    let image = service.image("asynchronous");
    let headers = [("prefer", "respond-async")];
    let body = body_of(&image).to_string();
    let reply = client.send("POST", INDEX_REPORT, &headers, body).await;
    assert_eq!(reply.status, 202, "{reply:?}");
    assert_eq!(reply.header("preference-applied"), "respond-async");
    assert!(reply.header("retry-after").parse::<u64>().unwrap() > 0);
    let location = reply.header("location").to_owned();
    assert_eq!(
        location,
        format!("/indexer/api/v1/index_status/{}", image.hash)
    );
    assert_eq!(reply.json()["layers"], 2);
    let status = loop {
        let status = client.get(&location).await;
        assert_eq!(status.status, 200, "{status:?}");
        let status = status.json();
        if !["waiting", "running"].contains(&status["state"].as_str().unwrap()) {
            break status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    assert_eq!(status["state"], "finished", "{status}");
    assert_eq!(status["layers_done"], 2);
    let report = client.get(&format!("{INDEX_REPORT}/{}", image.hash)).await;
    assert_eq!(report.json()["state"], "IndexFinished");

    let path = format!("/indexer/api/v1/index_status/{}", unknown("status"));
    client.get(&path).await.error(404, "not-found");
}

async fn headers_of_a_manifest_go_to_the_registry(service: &Service) {
    let client = Client::of(service);
    let image = service.image("headers");
    let mut body = body_of(&image);
    body["layers"][1]["headers"] = json!({
        "Authorization": ["Bearer secret"],
        "Accept": ["application/gzip"],
        "X-More": ["one", "two"],
    });
    assert_eq!(client.post(INDEX_REPORT, &body).await.status, 201);
    let hash = image.layers[1].hash.to_string();
    let request = eventually(|| {
        let requests = service.registry.requests();
        requests.into_iter().find(|one| one.target.contains(&hash))
    });
    assert_eq!(request.header("authorization"), Some("Bearer secret"));
    assert_eq!(request.header("accept"), Some("application/gzip"));
    let more = request.headers.iter().filter(|(name, _)| name == "x-more");
    assert_eq!(more.count(), 2);
}

//! What the configuration says about layers. What it forbids is 500 and not 400, which is for what
//! is bad for ever: Quay would never ask again, however the configuration is changed.

use limpid_testkit::registry::Answer;
use serde_json::json;

use crate::client::{Client, INDEX_REPORT, body_of, unknown};
use crate::service::{Backend, Service};

#[tokio::test]
async fn a_layer_beyond_the_limit_may_be_tried_again() {
    let service = Service::start(Backend::Embedded, "indexer", |configuration| {
        configuration["limpid"]["layers"]["max_bytes"] = json!("64KiB");
    });
    let client = Client::of(&service);
    assert_eq!(client.index(&service.image("small")).await.status, 201);
    let announced = Answer::blob(vec![0; 100_000]);
    for (name, answer) in [("announced", announced), ("endless", Answer::Endless)] {
        let mut body = body_of(&service.image(name));
        body["layers"][1]["uri"] = json!(service.registry.serve(&format!("/{name}"), [answer]));
        body["layers"][1]["hash"] = json!(unknown(name));
        let reply = client.post(INDEX_REPORT, &body).await;
        let message = reply.error(500, "internal-error");
        let says = "larger than limpid.layers.max_bytes: 65536";
        assert!(message.contains(says), "{message}");
        let requests = service.registry.requests();
        let asked = requests
            .iter()
            .filter(|one| one.target == format!("/{name}"));
        assert_eq!(asked.count(), 1, "{name} is not asked for again at once");
    }
}

#[tokio::test]
async fn a_layer_that_takes_too_long_may_be_tried_again() {
    let service = Service::start(Backend::Embedded, "indexer", |configuration| {
        configuration["limpid"]["layers"]["max_time"] = json!("1s");
    });
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n".to_vec();
    let mut body = body_of(&service.image("slow"));
    body["layers"][1]["uri"] = json!(service.registry.serve("/slow", [Answer::Stall(head)]));
    body["layers"][1]["hash"] = json!(unknown("slow"));
    let reply = Client::of(&service).post(INDEX_REPORT, &body).await;
    let message = reply.error(500, "internal-error");
    assert!(
        message.contains("limpid.layers.max_time: 1000 ms"),
        "{message}"
    );
}

#[tokio::test]
async fn a_refused_address_names_its_host_and_the_key_that_allows_it() {
    let service = Service::start(Backend::Embedded, "indexer", |configuration| {
        configuration["limpid"]["layers"]["allow_networks"] = json!([]);
    });
    let port = service.registry.address().port();
    for (host, class) in [("127.0.0.1", "loopback"), ("localhost", "loopback")] {
        let mut body = body_of(&service.image(host));
        for layer in body["layers"].as_array_mut().unwrap() {
            layer["uri"] = json!(format!("http://{host}:{port}/layer"));
        }
        let reply = Client::of(&service).post(INDEX_REPORT, &body).await;
        let message = reply.error(500, "internal-error");
        for part in [&format!("limpid.layers.allow_networks: {host}"), class] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
    assert!(service.registry.requests().is_empty());
}

#[tokio::test]
async fn behind_an_airgap_the_error_of_a_public_address_says_so() {
    let service = Service::start(Backend::Embedded, "indexer", |configuration| {
        configuration["indexer"]["airgap"] = json!(true);
    });
    let mut body = body_of(&service.image("airgap"));
    for layer in body["layers"].as_array_mut().unwrap() {
        layer["uri"] = json!("http://1.1.1.1/layer");
    }
    let reply = Client::of(&service).post(INDEX_REPORT, &body).await;
    let message = reply.error(500, "internal-error");
    for part in [
        "limpid.layers.allow_networks: 1.1.1.1",
        "no private address",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

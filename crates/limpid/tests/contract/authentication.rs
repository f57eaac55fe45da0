//! Preshared keys.

use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};

use crate::client::{
    AFFECTED, Client, DIFF, INDEX_REPORT, INDEX_STATE, NOTIFICATION, OPERATIONS, REPORT,
};
use crate::service::{Backend, Service};

/// A service that believes two keys, one of them configured as Clair's and one as limpid's own.
fn service() -> &'static Service {
    static SERVICE: OnceLock<Service> = OnceLock::new();
    SERVICE.get_or_init(|| start(Backend::Embedded))
}

fn start(backend: Backend) -> Service {
    Service::ready(backend, |configuration| {
        // "secret" and "second secret".
        configuration["auth"] = json!({ "psk": { "key": "c2VjcmV0", "iss": ["quay"] } });
        configuration["limpid"]["auth"] = json!({
            "psk": [{ "key": "c2Vjb25kIHNlY3JldA==", "iss": ["quay", "rotated"] }],
        });
    })
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

fn token(algorithm: Algorithm, key: &str, claims: &Value) -> String {
    let key = EncodingKey::from_secret(key.as_bytes());
    let token = jsonwebtoken::encode(&Header::new(algorithm), claims, &key).unwrap();
    format!("Bearer {token}")
}

/// A token as Quay makes it: neither `iat` nor `nbf`.
fn quays(key: &str) -> String {
    let claims = json!({ "iss": "quay", "exp": now() + 300 });
    token(Algorithm::HS256, key, &claims)
}

async fn status(path: &str, authorization: &str) -> u16 {
    let client = Client::of(service());
    let reply = client.get_with(path, "authorization", authorization).await;
    if reply.status == 401 {
        assert!(reply.body.is_empty());
        assert_eq!(reply.header("content-length"), "0");
        assert_eq!(reply.header("www-authenticate"), "");
    }
    reply.status
}

#[tokio::test]
async fn without_a_token_all_but_robots_is_an_empty_401() {
    refuses_without_a_token(service()).await;
    refuses_without_a_token(&start(Backend::Postgres)).await;
}

async fn refuses_without_a_token(service: &Service) {
    let client = Client::of(service);
    for (method, path) in [
        ("POST", INDEX_REPORT),
        ("DELETE", INDEX_REPORT),
        ("GET", INDEX_STATE),
        ("GET", "/indexer/api/v1/index_report/x"),
        ("DELETE", "/indexer/api/v1/index_report/x"),
        ("POST", AFFECTED),
        ("GET", REPORT),
        ("GET", OPERATIONS),
        ("DELETE", OPERATIONS),
        ("GET", DIFF),
        ("GET", NOTIFICATION),
        ("DELETE", NOTIFICATION),
        ("GET", "/openapi/v1"),
        ("GET", "/nowhere"),
        ("GET", "//nowhere"),
        ("PUT", INDEX_STATE),
    ] {
        let reply = client.send(method, path, &[], "").await;
        assert_eq!(reply.status, 401, "{method} {path}");
        assert!(reply.body.is_empty(), "{method} {path}");
    }
    assert_eq!(client.get("/robots.txt").await.status, 200);
    assert_eq!(service.introspected("/metrics"), Some(200));
}

#[tokio::test]
async fn tokens_of_both_keys_are_believed() {
    for key in ["secret", "second secret"] {
        assert_eq!(status(INDEX_STATE, &quays(key)).await, 200, "{key}");
        for algorithm in [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512] {
            let claims = json!({ "iss": "clair-intraservice" });
            let token = token(algorithm, key, &claims);
            assert_eq!(status(INDEX_STATE, &token).await, 200, "{algorithm:?}");
        }
    }
    let client = Client::of(service());
    let (image, token) = (service().image("signed"), quays("secret"));
    let headers = [("authorization", token.as_str())];
    let body = crate::client::body_of(&image).to_string();
    let reply = client.send("POST", INDEX_REPORT, &headers, body).await;
    assert_eq!(reply.status, 201, "{reply:?}");
}

#[tokio::test]
async fn times_count_where_they_are_given_with_some_grace() {
    for (claims, expected) in [
        (json!({ "iss": "quay" }), 200),
        (json!({ "iss": "quay", "exp": now() - 5 }), 200),
        (json!({ "iss": "quay", "exp": now() - 60 }), 401),
        (
            json!({ "iss": "quay", "nbf": now() + 5, "iat": now() + 5 }),
            200,
        ),
        (json!({ "iss": "quay", "nbf": now() + 60 }), 401),
        (json!({ "iss": "quay", "iat": now() + 60 }), 401),
        (
            json!({ "iss": "quay", "aud": "x", "sub": "y", "jti": "z" }),
            200,
        ),
    ] {
        let token = token(Algorithm::HS256, "secret", &claims);
        assert_eq!(status(INDEX_STATE, &token).await, expected, "{claims}");
    }
}

#[tokio::test]
async fn what_is_no_token_of_a_key_is_401() {
    let good = quays("secret");
    let bare = good.strip_prefix("Bearer ").unwrap();
    // `{"alg":"none"}` and `{"iss":"quay"}`.
    let none = "Bearer eyJhbGciOiJub25lIn0.eyJpc3MiOiJxdWF5In0.";
    for authorization in [
        "Bearer ",
        "Bearer x",
        "Bearer a.b.c",
        none,
        bare,
        &format!("bearer {bare}"),
        &format!("Basic {bare}"),
        &format!("{good}x"),
        &quays("third secret"),
        &token(Algorithm::HS256, "secret", &json!({ "iss": "nobody" })),
        &token(Algorithm::HS256, "secret", &json!({})),
        // The issuer is one of the other key's.
        &token(Algorithm::HS256, "secret", &json!({ "iss": "rotated" })),
    ] {
        let shown: String = authorization.chars().take(40).collect();
        assert_eq!(status(INDEX_STATE, authorization).await, 401, "{shown}");
    }
}

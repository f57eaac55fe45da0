//! Tokens are made by hand here: header and claims as text, and an HMAC over them.

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use limpid_api::{ApiSettings, HttpMetrics, PresharedKey, Refusal, Verifier};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;
use serde_json::json;

use crate::client::{request, serve_api};

const KEY: &[u8] = b"secret";
const NOW: i64 = 1_700_000_000;

fn mint(algorithm: &str, key: &[u8], header: &str, claims: &str) -> String {
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(claims)
    );
    let signature = hmac(algorithm, key, signed.as_bytes());
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

/// HMAC (RFC 2104) by its definition, so that nothing of the code under test is used.
fn hmac(algorithm: &str, key: &[u8], message: &[u8]) -> Vec<u8> {
    use sha2::{Sha256, Sha384, Sha512};
    fn by<D: sha2::Digest>(block: usize, key: &[u8], message: &[u8]) -> Vec<u8> {
        let mut padded = key.to_vec();
        padded.resize(block, 0);
        let with = |byte: u8| padded.iter().map(|one| one ^ byte).collect::<Vec<u8>>();
        let inner = D::new()
            .chain_update(with(0x36))
            .chain_update(message)
            .finalize();
        let outer = D::new()
            .chain_update(with(0x5c))
            .chain_update(inner)
            .finalize();
        outer.to_vec()
    }
    match algorithm {
        "HS384" => by::<Sha384>(128, key, message),
        "HS512" => by::<Sha512>(128, key, message),
        _ => by::<Sha256>(64, key, message),
    }
}

fn token(claims: &str) -> String {
    mint("HS256", KEY, r#"{"alg":"HS256"}"#, claims)
}

fn verify_line(line: &str) -> Result<String, Refusal> {
    let keys = [
        PresharedKey::new(b"older", ["quay".to_owned()]),
        PresharedKey::new(KEY, ["quay".to_owned(), "clairctl".to_owned()]),
    ];
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, line.parse().unwrap());
    let now = Timestamp::from_second(NOW).unwrap();
    let caller = Verifier::new(keys).verify(&headers, now)?;
    Ok(caller.issuer)
}

fn verify(token: &str) -> Result<String, Refusal> {
    verify_line(&format!("Bearer {token}"))
}

fn at(claim: &str, offset: i64) -> Result<String, Refusal> {
    verify(&token(&format!(
        r#"{{"iss":"quay","{claim}":{}}}"#,
        NOW + offset
    )))
}

#[test]
fn all_three_algorithms_and_all_keys_are_taken() {
    for algorithm in ["HS256", "HS384", "HS512"] {
        for key in [KEY, b"older"] {
            let header = format!(r#"{{"alg":"{algorithm}","typ":"anything","kid":"x"}}"#);
            let token = mint(algorithm, key, &header, r#"{"iss":"quay"}"#);
            assert_eq!(verify(&token), Ok("quay".into()), "{algorithm}");
        }
    }
}

#[test]
fn quays_claims_are_enough() {
    let claims = format!(r#"{{"iss":"quay","exp":{}}}"#, NOW + 300);
    assert_eq!(verify(&token(&claims)), Ok("quay".into()));
}

#[test]
fn other_claims_do_not_count() {
    let claims = r#"{"iss":"clairctl","aud":["x"],"sub":5,"jti":{},"more":[1]}"#;
    assert_eq!(verify(&token(claims)), Ok("clairctl".into()));
}

#[test]
fn times_have_fifteen_seconds_of_grace() {
    assert!(at("exp", -15).is_ok() && at("nbf", 15).is_ok() && at("iat", 15).is_ok());
    assert_eq!(at("exp", -16), Err(Refusal::Expired));
    assert_eq!(at("nbf", 16), Err(Refusal::NotYetValid));
    assert_eq!(at("iat", 16), Err(Refusal::IssuedInFuture));
    let fraction = format!(r#"{{"iss":"quay","exp":{NOW}.5,"nbf":null}}"#);
    assert!(verify(&token(&fraction)).is_ok());
}

#[test]
fn an_issuer_may_only_use_its_own_key() {
    assert_eq!(
        verify(&token(r#"{"iss":"stranger"}"#)),
        Err(Refusal::Issuer)
    );
    assert_eq!(verify(&token("{}")), Err(Refusal::Issuer));
    let older = |issuer: &str| {
        let claims = format!(r#"{{"iss":"{issuer}"}}"#);
        verify(&mint("HS256", b"older", r#"{"alg":"HS256"}"#, &claims))
    };
    assert_eq!(older("clairctl"), Err(Refusal::Issuer));
    assert_eq!(older("clair-intraservice"), Ok("clair-intraservice".into()));
}

#[test]
fn a_wrong_signature_is_refused() {
    let good = token(r#"{"iss":"quay"}"#);
    let other = mint("HS256", b"other", r#"{"alg":"HS256"}"#, r#"{"iss":"quay"}"#);
    assert_eq!(verify(&other), Err(Refusal::Signature));
    let (signed, _) = good.rsplit_once('.').unwrap();
    assert_eq!(verify(&format!("{signed}.")), Err(Refusal::Signature));
    // The signature of one algorithm under the name of another.
    let mixed = mint("HS256", KEY, r#"{"alg":"HS512"}"#, r#"{"iss":"quay"}"#);
    assert_eq!(verify(&mixed), Err(Refusal::Signature));
}

#[test]
fn other_algorithms_are_refused() {
    for algorithm in ["none", "RS256", "ES256", "EdDSA", "HS1", ""] {
        let header = format!(r#"{{"alg":"{algorithm}"}}"#);
        let refused = verify(&mint("HS256", KEY, &header, r#"{"iss":"quay"}"#));
        assert!(
            matches!(refused, Err(Refusal::Algorithm | Refusal::Malformed)),
            "{algorithm}: {refused:?}"
        );
    }
}

#[test]
fn what_is_critical_is_not_understood() {
    let header = r#"{"alg":"HS256","crit":["b64"],"b64":false}"#;
    let token = mint("HS256", KEY, header, r#"{"iss":"quay"}"#);
    assert_eq!(verify(&token), Err(Refusal::Malformed));
}

#[test]
fn only_a_bearer_token_in_the_compact_form_is_one() {
    let good = token(r#"{"iss":"quay"}"#);
    for line in [
        format!("bearer {good}"),
        format!("Bearer\t{good}"),
        format!("Basic {good}"),
        good.clone(),
    ] {
        assert_eq!(verify_line(&line), Err(Refusal::Missing), "{line}");
    }
    let parts: Vec<_> = good.split('.').collect();
    let json = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]});
    for token in [
        json.to_string(),
        String::new(),
        ".".into(),
        "..".into(),
        "a.b.c".into(),
        format!(" {good}"),
        format!("{good}.x"),
        "a".repeat(20_000),
        token("[]"),
        token(r#"{"iss":5}"#),
        token(r#"{"iss":"quay","exp":"never"}"#),
    ] {
        assert!(verify(&token).is_err(), "{token}");
    }
}

#[tokio::test]
async fn without_a_token_everything_but_robots_is_an_empty_401() {
    let metrics = HttpMetrics::default();
    let settings = ApiSettings {
        verifier: Some(Verifier::new([PresharedKey::new(KEY, ["quay".to_owned()])])),
        metrics: metrics.clone(),
        ..ApiSettings::default()
    };
    let server = serve_api(settings).await;
    for path in [
        "/openapi/v1",
        "/nowhere",
        "//a",
        "/indexer/api/v1/index_state",
    ] {
        let answer = request(server.address, "GET", path, "Accept-Encoding: gzip\r\n").await;
        assert_eq!(answer.status, 401, "{path}");
        assert_eq!(answer.header("content-length"), Some("0"));
        assert_eq!(answer.header("content-type"), None);
        assert_eq!(answer.header("www-authenticate"), None);
    }
    let stale = token(r#"{"iss":"quay","exp":5}"#);
    let header = format!("Authorization: Bearer {stale}\r\n");
    assert_eq!(
        request(server.address, "GET", "/openapi/v1", &header)
            .await
            .status,
        401
    );
    let good = token(r#"{"iss":"quay"}"#);
    let header = format!("Authorization: Bearer {good}\r\n");
    assert_eq!(
        request(server.address, "GET", "/openapi/v1", &header)
            .await
            .status,
        200
    );
    assert_eq!(
        request(server.address, "GET", "/robots.txt", "")
            .await
            .status,
        200
    );

    let mut registry = Registry::default();
    metrics.register(&mut registry);
    let mut text = String::new();
    encode(&mut text, &registry).unwrap();
    assert!(
        text.contains("limpid_http_auth_refusals_total{cause=\"missing\"} 4"),
        "{text}"
    );
    assert!(
        text.contains("limpid_http_auth_refusals_total{cause=\"expired\"} 1"),
        "{text}"
    );
}

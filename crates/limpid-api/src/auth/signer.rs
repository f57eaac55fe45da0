use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use axum::http::HeaderValue;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde::Serialize;
use url::Url;

use super::PresharedKey;

/// How long before and after its making a token is valid, in seconds.
const VALIDITY: i64 = 60;

/// Signs requests to other services with a shared key, as Clair does: HS256, valid for a minute.
#[derive(Clone)]
pub struct Signer {
    key: EncodingKey,
    issuer: Arc<str>,
    authorities: Arc<BTreeSet<String>>,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    iat: i64,
    nbf: i64,
    exp: i64,
}

impl Signer {
    /// Makes a signer that names an issuer. Only requests to hosts and ports of some addresses are
    /// signed, so that nobody else ever sees a token.
    pub fn new<'a>(
        key: &PresharedKey,
        issuer: &str,
        targets: impl IntoIterator<Item = &'a Url>,
    ) -> Self {
        Self {
            key: EncodingKey::from_secret(&key.secret),
            issuer: issuer.into(),
            authorities: Arc::new(targets.into_iter().map(authority).collect()),
        }
    }

    /// Returns the header `Authorization` for a request; none when its target is not one of the
    /// signer's.
    pub fn authorization(&self, target: &Url, now: Timestamp) -> Option<HeaderValue> {
        if !self.authorities.contains(&authority(target)) {
            return None;
        }
        let mut value = HeaderValue::try_from(format!("Bearer {}", self.token(now)?)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    fn token(&self, now: Timestamp) -> Option<String> {
        let header = Header {
            typ: None,
            ..Header::new(Algorithm::HS256)
        };
        let now = now.as_second();
        let claims = Claims {
            iss: &self.issuer,
            iat: now,
            nbf: now - VALIDITY,
            exp: now + VALIDITY,
        };
        // A key of any length signs, and the claims are always JSON.
        encode(&header, &claims, &self.key).ok()
    }
}

/// Returns host and port; the port also when it is the scheme's own, so that both ways to write
/// an address are the same target.
fn authority(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or_default(),
        url.port_or_known_default().unwrap_or_default()
    )
}

/// Does not show the key.
impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signer")
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Verifier;
    use axum::http::HeaderMap;
    use axum::http::header::AUTHORIZATION;
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    fn signer() -> (Signer, PresharedKey) {
        let key = PresharedKey::new(b"secret", ["clair-notifier".to_owned()]);
        let target = Url::parse("http://indexer:8080/some/path").unwrap();
        (Signer::new(&key, "clair-notifier", [&target]), key)
    }

    #[test]
    fn a_token_has_clairs_header_and_claims() {
        let (signer, _) = signer();
        let token = signer
            .token(Timestamp::from_second(1_000).unwrap())
            .unwrap();
        let parts: Vec<_> = token
            .split('.')
            .map(|part| {
                String::from_utf8_lossy(&URL_SAFE_NO_PAD.decode(part).unwrap()).into_owned()
            })
            .collect();
        assert_eq!(parts[0], r#"{"alg":"HS256"}"#);
        assert_eq!(
            parts[1],
            r#"{"iss":"clair-notifier","iat":1000,"nbf":940,"exp":1060}"#
        );
    }

    #[test]
    fn only_its_targets_get_a_token_and_believe_it() {
        let (signer, key) = signer();
        let now = Timestamp::from_second(1_000).unwrap();
        for stranger in [
            "http://indexer/",
            "http://elsewhere:8080/",
            "https://indexer/",
        ] {
            let stranger = Url::parse(stranger).unwrap();
            assert_eq!(signer.authorization(&stranger, now), None, "{stranger}");
        }
        let target = Url::parse("http://indexer:8080/other").unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, signer.authorization(&target, now).unwrap());
        let caller = Verifier::new([key]).verify(&headers, now).unwrap();
        assert_eq!(caller.issuer, "clair-notifier");
    }

    #[test]
    fn the_key_is_not_shown() {
        let (signer, key) = signer();
        assert!(!format!("{signer:?}{key:?}").contains("secret"));
    }
}

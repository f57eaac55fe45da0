use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

use super::{INTRASERVICE_ISSUER, PresharedKey};

/// How much clocks may differ, in seconds.
const LEEWAY: f64 = 15.0;

/// The longest token that is looked at, in bytes.
const LONGEST_TOKEN: usize = 8 << 10;

/// Checks the tokens of requests: JSON Web Tokens in their compact form, signed with a shared key.
///
/// Several keys may be believed at a time, so that one can be replaced without a break. HS256,
/// HS384 and HS512 are taken. `exp`, `nbf` and `iat` count when they are there; Quay sends only
/// `exp`. The JSON form of tokens, which Clair's library reads as well, is refused: no client uses
/// it, and the compact form leaves no choice of which signature or header counts.
#[derive(Clone)]
pub struct Verifier {
    keys: Arc<[Key]>,
    validation: Arc<Validation>,
}

struct Key {
    key: DecodingKey,
    issuers: BTreeSet<String>,
}

/// Who sent a request, as an extension of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The issuer of the token.
    pub issuer: String,
}

/// Why a token was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// There is none.
    Missing,
    /// It is not a token.
    Malformed,
    /// It is signed in a way that is not taken.
    Algorithm,
    /// No key has made the signature.
    Signature,
    /// Its issuer is not one who may use the key.
    Issuer,
    /// It is no longer valid.
    Expired,
    /// It is not valid yet.
    NotYetValid,
    /// It says that it was made in the future.
    IssuedInFuture,
}

impl Refusal {
    /// Returns the name for metrics and logs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Algorithm => "algorithm",
            Self::Signature => "signature",
            Self::Issuer => "issuer",
            Self::Expired => "expired",
            Self::NotYetValid => "not_yet_valid",
            Self::IssuedInFuture => "issued_in_future",
        }
    }
}

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
}

impl Verifier {
    /// Makes a verifier that believes some keys. Without any it refuses everything.
    pub fn new(keys: impl IntoIterator<Item = PresharedKey>) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.algorithms = vec![Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        // Which claims are there and what they say is looked at here, with Clair's rules.
        validation.required_spec_claims.clear();
        validation.validate_exp = false;
        validation.validate_nbf = false;
        validation.validate_aud = false;
        let keys = keys.into_iter().map(|key| Key {
            key: DecodingKey::from_secret(&key.secret),
            issuers: key
                .issuers
                .into_iter()
                .chain([INTRASERVICE_ISSUER.into()])
                .collect(),
        });
        Self {
            keys: keys.collect(),
            validation: Arc::new(validation),
        }
    }

    /// Checks the token of a request's headers.
    pub fn verify(&self, headers: &HeaderMap, now: Timestamp) -> Result<Caller, Refusal> {
        let token = headers
            .get_all(AUTHORIZATION)
            .iter()
            .find_map(|line| line.as_bytes().strip_prefix(b"Bearer "))
            .ok_or(Refusal::Missing)?;
        self.verify_token(token, now)
    }

    fn verify_token(&self, token: &[u8], now: Timestamp) -> Result<Caller, Refusal> {
        if token.len() > LONGEST_TOKEN {
            return Err(Refusal::Malformed);
        }
        let header = decode_header(token).map_err(|error| refusal(error.kind()))?;
        if !self.validation.algorithms.contains(&header.alg) {
            return Err(Refusal::Algorithm);
        }
        // Whatever is critical is nothing that is understood here (RFC 7515 section 4.1.11).
        if header.crit.is_some() {
            return Err(Refusal::Malformed);
        }
        let mut worst = Refusal::Signature;
        for key in &*self.keys {
            match decode::<Claims>(token, &key.key, &self.validation) {
                Ok(token) => match key.check(token.claims, now) {
                    Ok(caller) => return Ok(caller),
                    // Two issuers may share a key.
                    Err(cause) => worst = cause,
                },
                Err(error) => match refusal(error.kind()) {
                    Refusal::Signature => {}
                    cause => return Err(cause),
                },
            }
        }
        Err(worst)
    }
}

impl Key {
    fn check(&self, claims: Claims, now: Timestamp) -> Result<Caller, Refusal> {
        #[expect(
            clippy::cast_precision_loss,
            reason = "milliseconds are exact in a double for a quarter of a million years"
        )]
        let now = now.as_millisecond() as f64 / 1000.0;
        let issuer = claims
            .iss
            .filter(|issuer| self.issuers.contains(issuer))
            .ok_or(Refusal::Issuer)?;
        if claims.exp.is_some_and(|end| now - LEEWAY > end) {
            return Err(Refusal::Expired);
        }
        if claims.nbf.is_some_and(|begin| now + LEEWAY < begin) {
            return Err(Refusal::NotYetValid);
        }
        if claims.iat.is_some_and(|made| now + LEEWAY < made) {
            return Err(Refusal::IssuedInFuture);
        }
        Ok(Caller { issuer })
    }
}

fn refusal(error: &ErrorKind) -> Refusal {
    match error {
        ErrorKind::InvalidSignature => Refusal::Signature,
        ErrorKind::InvalidAlgorithm
        | ErrorKind::InvalidAlgorithmName
        | ErrorKind::UnsupportedAlgorithm => Refusal::Algorithm,
        _ => Refusal::Malformed,
    }
}

/// Does not show the keys.
impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("keys", &self.keys.len())
            .finish_non_exhaustive()
    }
}

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use limpid_types::Digest;
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::ApiError;

/// The digest that is the last element of the path. Elements before it do not count, as in Clair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DigestPath(
    /// The digest.
    pub Digest,
);

/// The UUID that is the last element of the path, in any of its usual forms. Elements before it do
/// not count, as in Clair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UuidPath(
    /// The UUID.
    pub Uuid,
);

impl<S: Sync> FromRequestParts<S> for DigestPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let element = last_element(parts.uri.path())?;
        let digest = element
            .parse()
            .map_err(|error| ApiError::bad_request(format!("malformed path: {error}")))?;
        Ok(Self(digest))
    }
}

impl<S: Sync> FromRequestParts<S> for UuidPath {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let element = last_element(parts.uri.path())?;
        let uuid = Uuid::try_parse(&element)
            .map_err(|error| ApiError::bad_request(format!("malformed path: {error}")))?;
        Ok(Self(uuid))
    }
}

/// Returns what stands behind the last slash, those that are percent-encoded included.
fn last_element(path: &str) -> Result<String, ApiError> {
    let decoded = percent_decode_str(path)
        .decode_utf8()
        .map_err(|_| ApiError::bad_request("malformed path: not UTF-8"))?;
    let (_, last) = decoded.rsplit_once('/').unwrap_or(("", &decoded));
    Ok(last.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::Request;

    async fn digest(path: &str) -> Result<Digest, ApiError> {
        let (mut parts, ()) = Request::get(path).body(()).unwrap().into_parts();
        Ok(DigestPath::from_request_parts(&mut parts, &()).await?.0)
    }

    #[tokio::test]
    async fn only_the_last_element_counts_however_it_is_encoded() {
        let hex = "ab".repeat(32);
        let expected: Digest = format!("sha256:{hex}").parse().unwrap();
        for path in [
            format!("/index_report/sha256:{hex}"),
            format!("/index_report/a/b/sha256:{hex}"),
            format!("/index_report/sha256%3A{hex}"),
            format!("/index_report/a%2Fsha256%3a{}?x=/y", hex.to_uppercase()),
        ] {
            assert_eq!(digest(&path).await.unwrap(), expected, "{path}");
        }
    }

    #[tokio::test]
    async fn anything_else_is_a_bad_request() {
        for path in [
            "/index_report/",
            "/index_report/x",
            "/r/sha256:00",
            "/r/%ff",
        ] {
            let error = digest(path).await.unwrap_err();
            assert_eq!(error.status(), 400, "{path}");
            assert!(error.message().starts_with("malformed path: "), "{path}");
        }
    }

    #[tokio::test]
    async fn uuids_are_read_in_all_their_forms() {
        let hyphenated = "1b4d0db2-e757-4150-bbbb-543658144205";
        for form in [
            hyphenated.to_owned(),
            hyphenated.replace('-', ""),
            format!("urn:uuid:{hyphenated}"),
            format!("%7B{hyphenated}%7D"),
        ] {
            let request = Request::get(format!("/notification/{form}"));
            let (mut parts, ()) = request.body(()).unwrap().into_parts();
            let read = UuidPath::from_request_parts(&mut parts, &()).await.unwrap();
            assert_eq!(read.0.to_string(), hyphenated);
        }
    }
}

use std::fmt::Write as _;

use axum::body::Body;
use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use crate::endpoint::Endpoint;

/// How many characters of a message are answered.
const LONGEST_MESSAGE: usize = 1024;

/// Why a request failed, as the client is told: a status and `{"code":"..","message":".."}`.
///
/// Clients decode the body as ASCII, so the message is cut and escaped to be that. What only the
/// operator may know goes into [`ApiError::with_detail`] and from there into the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiError {
    status: StatusCode,
    message: String,
    detail: Option<String>,
    retry_after_seconds: Option<u64>,
    allow: Option<&'static str>,
}

/// What the log says of a failed response, as an extension of it.
#[derive(Clone, Debug)]
pub(crate) struct FailureReason(pub(crate) String);

impl ApiError {
    /// Makes an error of some status.
    pub fn new(status: StatusCode, message: impl Into<String>) -> Self {
        Self {
            status,
            message: message.into(),
            detail: None,
            retry_after_seconds: None,
            allow: None,
        }
    }

    /// The request is wrong and will always be (400). Quay never sends such a manifest again, so
    /// this is only for what is bad for ever.
    pub fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, message)
    }

    /// There is no such thing (404).
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, message)
    }

    /// The client took too long to send its request (408).
    pub fn request_timeout(message: impl Into<String>) -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, message)
    }

    /// The body is too large (413).
    pub fn payload_too_large(limit_bytes: usize) -> Self {
        let message = format!("request body is too large, limit in bytes: {limit_bytes}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, message)
    }

    /// None of the types that the client accepts can be had (415, which is what Clair answers).
    pub fn not_acceptable(offered: &[&str]) -> Self {
        let message = format!(
            "unable to negotiate common media type for [{}]",
            offered.join(" ")
        );
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, message)
    }

    /// Too much is asked for at a time (429).
    pub fn too_many_requests(retry_after_seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds.max(1)),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                "server handling too many requests",
            )
        }
    }

    /// It failed, and trying again may help (500).
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, message)
    }

    /// It cannot be done just now (503).
    pub fn unavailable(message: impl Into<String>, retry_after_seconds: u64) -> Self {
        Self {
            retry_after_seconds: Some(retry_after_seconds.max(1)),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, message)
        }
    }

    /// The endpoint does not have the method (405).
    pub(crate) fn method_not_allowed(endpoint: &Endpoint, method: &str) -> Self {
        Self {
            allow: Some(endpoint.allow),
            ..Self::new(
                StatusCode::METHOD_NOT_ALLOWED,
                format!("method disallowed: {method}"),
            )
        }
    }

    /// Adds what the log says, and the client does not learn.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Returns the status.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// Returns the message.
    pub fn message(&self) -> &str {
        &self.message
    }

    fn code(&self) -> &'static str {
        match self.status {
            StatusCode::BAD_REQUEST => "bad-request",
            StatusCode::NOT_FOUND => "not-found",
            StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
            StatusCode::TOO_MANY_REQUESTS => "too-many-requests",
            // Clair has no other codes.
            _ => "internal-error",
        }
    }

    fn body(&self) -> String {
        let mut body = format!(r#"{{"code":"{}","message":""#, self.code());
        let mut units = [0; 2];
        for character in self.message.chars().take(LONGEST_MESSAGE) {
            match character {
                '"' | '\\' => {
                    body.push('\\');
                    body.push(character);
                }
                ' '..='~' => body.push(character),
                _ => {
                    for unit in character.encode_utf16(&mut units) {
                        // Writing to a String cannot fail.
                        let _ = write!(body, "\\u{unit:04x}");
                    }
                }
            }
        }
        body.push_str("\"}");
        body
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.body()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allow) = self.allow {
            headers.insert(ALLOW, HeaderValue::from_static(allow));
        }
        let reason = self.detail.unwrap_or(self.message);
        response.extensions_mut().insert(FailureReason(reason));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_ascii_whatever_the_message_is() {
        let error = ApiError::bad_request("a \"b\" \\ \n caf\u{e9} \u{1f600}");
        assert_eq!(
            error.body(),
            r#"{"code":"bad-request","message":"a \"b\" \\ \u000a caf\u00e9 \ud83d\ude00"}"#
        );
        let read: serde_json::Value = serde_json::from_str(&error.body()).unwrap();
        assert_eq!(read["message"], "a \"b\" \\ \n caf\u{e9} \u{1f600}");
    }

    #[test]
    fn a_long_message_is_cut() {
        let body = ApiError::internal("\u{1f600}".repeat(1 << 20)).body();
        assert!(body.len() < 13 * LONGEST_MESSAGE, "{}", body.len());
    }

    #[test]
    fn codes_are_the_ones_that_clair_has() {
        for (status, code) in [
            (400, "bad-request"),
            (404, "not-found"),
            (405, "method-not-allowed"),
            (429, "too-many-requests"),
            (413, "internal-error"),
            (415, "internal-error"),
            (500, "internal-error"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(ApiError::new(status, "").code(), code);
        }
    }

    #[test]
    fn a_429_says_when_to_come_back() {
        let response = ApiError::too_many_requests(0).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "1");
    }
}

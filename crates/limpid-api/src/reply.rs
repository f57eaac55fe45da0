use axum::body::Body;
use axum::http::HeaderValue;
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use serde::Serialize;

use crate::ApiError;

/// Answers a document as JSON with status 200.
pub fn json_reply<T: Serialize>(
    content_type: HeaderValue,
    document: &T,
) -> Result<Response, ApiError> {
    let body = serde_json::to_vec(document).map_err(|error| {
        ApiError::internal("internal error").with_detail(format!("cannot write answer: {error}"))
    })?;
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    Ok(response)
}

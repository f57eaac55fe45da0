use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::ApiError;
use crate::endpoint::Endpoint;

/// Refuses methods that an endpoint does not have, among them HEAD and OPTIONS everywhere.
pub(crate) async fn check_method(request: Request, next: Next) -> Response {
    match Endpoint::of(&request) {
        Some(endpoint) if !endpoint.allows(request.method().as_str()) => {
            ApiError::method_not_allowed(endpoint, request.method().as_str()).into_response()
        }
        _ => next.run(request).await,
    }
}

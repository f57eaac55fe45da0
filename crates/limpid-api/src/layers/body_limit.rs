use axum::extract::{Request, State};
use axum::http::header::CONTENT_LENGTH;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::extract::BodyLimits;

/// Refuses a request at once that says its body is too large, and tells the extractor of bodies
/// the limits for those that do not say so.
pub(crate) async fn limit_body(
    State(limits): State<BodyLimits>,
    mut request: Request,
    next: Next,
) -> Response {
    let length = request.headers().get(CONTENT_LENGTH);
    let length = length.and_then(|length| length.to_str().ok()?.parse().ok());
    if let Err(error) = limits.check(length.unwrap_or(0)) {
        return error.into_response();
    }
    request.extensions_mut().insert(limits);
    next.run(request).await
}

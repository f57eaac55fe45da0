use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;

use crate::auth::Verifier;
use crate::error::FailureReason;
use crate::metrics::HttpMetrics;

/// What is needed to let requests in.
#[derive(Clone)]
pub(crate) struct Gate {
    pub(crate) verifier: Verifier,
    pub(crate) metrics: HttpMetrics,
}

/// Lets in requests with a good token only, and notes whose they are. The others get Clair's empty
/// 401.
pub(crate) async fn authenticate(
    State(gate): State<Gate>,
    mut request: Request,
    next: Next,
) -> Response {
    match gate.verifier.verify(request.headers(), Timestamp::now()) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(cause) => {
            gate.metrics.count_refusal(cause);
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::UNAUTHORIZED;
            let reason = format!("token refused: {}", cause.name());
            response.extensions_mut().insert(FailureReason(reason));
            response
        }
    }
}

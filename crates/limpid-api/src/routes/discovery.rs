use axum::Router;
use axum::http::header::{CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::extract::{IfNoneMatch, Negotiated, Offer};
use crate::openapi;

/// The forms in which the document can be had.
struct DocumentTypes;

impl Offer for DocumentTypes {
    const TYPES: &'static [&'static str] = &[
        "application/openapi+json",
        "application/openapi+yaml",
        "application/json",
        "application/yaml",
        "application/vnd.oai.openapi+json",
        "application/vnd.oai.openapi+yaml",
    ];
}

/// Returns the router of `/openapi/v1`.
pub(crate) fn router() -> Router {
    Router::new().route("/openapi/v1", get(document))
}

async fn document(wanted: Negotiated<DocumentTypes>, if_none_match: IfNoneMatch) -> Response {
    let text = if wanted.media_type().ends_with("yaml") {
        openapi::yaml()
    } else {
        openapi::json()
    };
    let headers = [
        (CONTENT_TYPE, wanted.content_type()),
        (ETAG, text.tag.header()),
        (VARY, HeaderValue::from_static("Accept")),
    ];
    if if_none_match.matches(&text.tag) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, text.body.clone()).into_response()
}

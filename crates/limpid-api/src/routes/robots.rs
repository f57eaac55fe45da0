use axum::Router;
use axum::http::HeaderName;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::routing::any;

/// Everything is forbidden to all.
const ROBOTS: &str = "User-agent: *\nDisallow: /\n";

/// Returns the router of `/robots.txt`, which answers any method.
pub(crate) fn router() -> Router {
    Router::new().route("/robots.txt", any(robots))
}

async fn robots() -> ([(HeaderName, &'static str); 3], &'static str) {
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CACHE_CONTROL, "no-store"),
    ];
    (headers, ROBOTS)
}

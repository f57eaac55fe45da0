mod readiness;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::http::header::{
    ACCEPT, ALLOW, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use futures_util::future::BoxFuture;

pub use self::readiness::Readiness;

use crate::ApiError;
use crate::extract::QueryParameters;

/// How long a CPU profile is taken unless said otherwise, and at most.
const PROFILE_TIME: Duration = Duration::from_secs(30);
const LONGEST_PROFILE: Duration = Duration::from_mins(1);

/// What the introspection listener shows of a process.
#[derive(Clone)]
pub struct Introspection {
    /// Whether the process can serve.
    pub readiness: Readiness,
    /// Where metrics are found, `/metrics` as a rule. It is taken literally.
    pub metrics_path: String,
    /// Renders the metrics for a value of the header `Accept`.
    pub metrics: RenderMetrics,
    /// Takes a CPU profile for some time, in pprof's format.
    pub cpu_profile: Option<TakeCpuProfile>,
    /// Takes a profile of the heap, in pprof's format.
    pub heap_profile: Option<TakeHeapProfile>,
}

/// Renders metrics for a value of the header `Accept`.
pub type RenderMetrics = Arc<dyn Fn(Option<&str>) -> Rendered + Send + Sync>;

/// Takes a CPU profile for some time.
pub type TakeCpuProfile = Arc<dyn Fn(Duration) -> Profile + Send + Sync>;

/// Takes a profile of the heap.
pub type TakeHeapProfile = Arc<dyn Fn() -> Profile + Send + Sync>;

/// A profile that is being taken.
pub type Profile = BoxFuture<'static, Result<Bytes, ProfileFault>>;

/// Why there is no profile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProfileFault {
    /// Another one is being taken.
    Busy,
    /// It failed.
    Failed(
        /// Why.
        String,
    ),
}

/// A text and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The value of the header `Content-Type`.
    pub content_type: &'static str,
    /// The text.
    pub body: String,
}

/// Returns the router of the introspection listener: `/healthz`, `/readyz`, the metrics, and
/// profiles below `/debug/pprof/`.
///
/// Health touches nothing that the process depends on: a process that waits for its database is
/// not to be killed.
pub fn introspection_router(introspection: Introspection) -> Router {
    let metrics_path = introspection.metrics_path.clone();
    let introspection = Arc::new(introspection);
    let metrics = Arc::clone(&introspection);
    Router::new()
        .route("/healthz", any(healthz))
        .route("/readyz", any(readyz))
        .route("/debug/pprof/profile", get(cpu_profile))
        .route("/debug/pprof/heap", get(heap_profile))
        // The path is the operator's and may be any, also one that looks like a pattern.
        .fallback(move |request: Request| async move {
            if request.uri().path() == metrics_path && request.method() == Method::GET {
                render_metrics(&metrics, request.headers())
            } else {
                (StatusCode::NOT_FOUND, plain(), "404 page not found\n").into_response()
            }
        })
        .with_state(introspection)
}

fn plain() -> HeaderMap {
    HeaderMap::from_iter([
        (
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        ),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ])
}

async fn healthz() -> Response {
    (plain(), "ok").into_response()
}

async fn readyz(State(introspection): State<Arc<Introspection>>, method: Method) -> Response {
    if method != Method::GET {
        return (StatusCode::METHOD_NOT_ALLOWED, [(ALLOW, "GET")]).into_response();
    }
    let missing = introspection.readiness.missing();
    if missing.is_empty() {
        return (plain(), "").into_response();
    }
    let body = format!("not ready: {}\n", missing.join(", "));
    (StatusCode::SERVICE_UNAVAILABLE, plain(), body).into_response()
}

fn render_metrics(introspection: &Introspection, headers: &HeaderMap) -> Response {
    let accept = headers.get(ACCEPT).and_then(|accept| accept.to_str().ok());
    let rendered = (introspection.metrics)(accept);
    ([(CONTENT_TYPE, rendered.content_type)], rendered.body).into_response()
}

async fn cpu_profile(
    State(introspection): State<Arc<Introspection>>,
    query: QueryParameters,
) -> Result<Response, ApiError> {
    let time = match query.get("seconds").map(str::parse) {
        None => PROFILE_TIME,
        Some(Ok(seconds @ 1..)) => Duration::from_secs(seconds).min(LONGEST_PROFILE),
        Some(_) => {
            return Err(ApiError::bad_request(
                "could not parse \"seconds\" query param into a positive integer",
            ));
        }
    };
    let Some(profile) = &introspection.cpu_profile else {
        return Err(ApiError::not_found("this build takes no CPU profiles"));
    };
    profile_reply(profile(time).await, "profile")
}

async fn heap_profile(
    State(introspection): State<Arc<Introspection>>,
) -> Result<Response, ApiError> {
    let Some(profile) = &introspection.heap_profile else {
        return Err(ApiError::not_found(
            "this build takes no profiles of the heap",
        ));
    };
    profile_reply(profile().await, "heap")
}

fn profile_reply(profile: Result<Bytes, ProfileFault>, name: &str) -> Result<Response, ApiError> {
    match profile {
        Ok(profile) => {
            let mut response = Response::new(Body::from(profile));
            let headers = response.headers_mut();
            let binary = HeaderValue::from_static("application/octet-stream");
            headers.insert(CONTENT_TYPE, binary);
            if let Ok(value) = HeaderValue::try_from(format!("attachment; filename=\"{name}\"")) {
                headers.insert(CONTENT_DISPOSITION, value);
            }
            Ok(response)
        }
        Err(ProfileFault::Busy) => Err(ApiError::unavailable("another profile is being taken", 5)),
        Err(ProfileFault::Failed(cause)) => {
            Err(ApiError::internal(format!("cannot take profile: {cause}")))
        }
    }
}

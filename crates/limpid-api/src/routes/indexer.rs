//! The indexer's routes.

mod affected;
mod question;

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{CONTENT_TYPE, ETAG, LINK, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use limpid_index::{IndexFault, IndexService, IndexStatus, Urgency};
use limpid_store::StoreError;
use limpid_types::{Digest, IndexReport, Manifest};
use serde::Serialize;
use tokio::sync::Semaphore;

use crate::extract::{
    DigestPath, EntityTag, IfNoneMatch, JsonBody, Negotiated, Offer, Preferences, RequestUrgency,
};
use crate::routes::json;
use crate::{ApiError, Caller, HttpMetrics};

/// How many searches for affected manifests may be under way at a time.
const SEARCHES: usize = 4;
/// When a client should ask again for how an image stands, in seconds.
const ASK_AGAIN: u64 = 2;

/// The forms in which an index report can be had.
struct ReportTypes;

impl Offer for ReportTypes {
    const TYPES: &'static [&'static str] = &[
        "application/vnd.clair.index_report.v1+json",
        "application/json",
    ];
}

/// The forms in which the state can be had.
struct StateTypes;

impl Offer for StateTypes {
    const TYPES: &'static [&'static str] = &[
        "application/vnd.clair.index_state.v1+json",
        "application/json",
    ];
}

/// What the indexer's handlers work with.
#[derive(Clone)]
pub struct IndexerRoutes {
    service: IndexService,
    urgency_by_issuer: Arc<BTreeMap<String, u8>>,
    metrics: HttpMetrics,
    searches: Arc<Semaphore>,
    presentation: Option<Presentation>,
}

/// Puts an index report into the shape in which clients get it.
pub type Presentation = Arc<dyn Fn(Arc<IndexReport>) -> Arc<IndexReport> + Send + Sync>;

impl IndexerRoutes {
    /// Makes the handlers of a service. An issuer of tokens can have an urgency, which its
    /// requests have unless they say otherwise. Requests that are refused because too many are
    /// under way are counted in the metrics.
    pub fn new(
        service: IndexService,
        urgency_by_issuer: BTreeMap<String, u8>,
        metrics: HttpMetrics,
    ) -> Self {
        Self {
            service,
            urgency_by_issuer: Arc::new(urgency_by_issuer),
            metrics,
            searches: Arc::new(Semaphore::new(SEARCHES)),
            presentation: None,
        }
    }

    /// Returns the handlers with something that completes the reports that clients get: by
    /// vulnerability data, say, which the indexer knows nothing of.
    #[must_use]
    pub fn with_presentation(mut self, presentation: Presentation) -> Self {
        self.presentation = Some(presentation);
        self
    }

    fn present(&self, report: Arc<IndexReport>) -> Arc<IndexReport> {
        match &self.presentation {
            Some(presentation) => presentation(report),
            None => report,
        }
    }

    /// Returns the router.
    pub fn router(self) -> Router {
        let report = get(index_report).delete(delete);
        let status = get(status);
        let affected = post(affected::affected_manifests);
        Router::new()
            .route(
                "/indexer/api/v1/index_report",
                post(index).delete(bulk_delete),
            )
            .route("/indexer/api/v1/index_report/", report.clone())
            .route("/indexer/api/v1/index_report/{*digest}", report)
            .route("/indexer/api/v1/index_status/", status.clone())
            .route("/indexer/api/v1/index_status/{*digest}", status)
            .route("/indexer/api/v1/index_state", get(state))
            .route(
                "/indexer/api/v1/internal/affected_manifest",
                affected.clone(),
            )
            .route("/indexer/api/v1/internal/affected_manifest/", affected)
            .with_state(self)
    }

    /// The request's own header decides, then who has sent it.
    fn urgency(&self, asked: RequestUrgency, caller: Option<Extension<Caller>>) -> Urgency {
        let of_issuer = || {
            let Extension(caller) = caller?;
            self.urgency_by_issuer.get(&caller.issuer).copied()
        };
        asked
            .0
            .or_else(of_issuer)
            .map_or_else(Urgency::default, Urgency::new)
    }

    /// Says why an image was not indexed, in Clair's words. 400 is only for what is bad for ever.
    fn refuse(&self, fault: IndexFault) -> ApiError {
        match fault {
            IndexFault::Full { retry_after } => {
                self.metrics.count_limited(INDEX_REPORT, "POST");
                let part = u64::from(retry_after.subsec_nanos() > 0);
                ApiError::too_many_requests(retry_after.as_secs().saturating_add(part))
            }
            IndexFault::Terminal { cause, .. } => {
                ApiError::bad_request(format!("failed to start scan: {cause}"))
            }
            IndexFault::Retryable { cause, .. } => {
                ApiError::internal(format!("failed to start scan: {cause}"))
            }
            IndexFault::ShuttingDown => ApiError::unavailable("the indexer is shutting down", 1),
        }
    }

    fn tag(&self) -> EntityTag {
        EntityTag::strong(self.service.state())
    }
}

async fn index(
    State(routes): State<IndexerRoutes>,
    caller: Option<Extension<Caller>>,
    urgency: RequestUrgency,
    preferences: Preferences,
    if_none_match: IfNoneMatch,
    JsonBody(manifest): JsonBody<Manifest>,
) -> Result<Response, ApiError> {
    if manifest.layers.is_empty() {
        return Err(ApiError::bad_request("bogus manifest"));
    }
    let hash = manifest.hash.clone();
    let links = links(&hash);
    if if_none_match.matches(&routes.tag()) {
        return Ok((StatusCode::PRECONDITION_FAILED, links).into_response());
    }
    let urgency = routes.urgency(urgency, caller);
    if preferences.respond_async {
        let status = routes.service.submit(manifest, urgency).await;
        let status = status.map_err(|fault| routes.refuse(fault))?;
        return Ok((StatusCode::ACCEPTED, accepted(&hash), links, Json(status)).into_response());
    }
    let report = routes.service.index(manifest, urgency).await;
    let report = report.map_err(|fault| routes.refuse(fault))?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (ETAG, routes.tag().header()),
        (LOCATION, path(INDEX_REPORT, &hash)),
    ];
    let body = json::body(routes.present(report)).await?;
    Ok((StatusCode::CREATED, headers, links, body).into_response())
}

async fn bulk_delete(
    State(routes): State<IndexerRoutes>,
    JsonBody(digests): JsonBody<Option<Vec<Digest>>>,
) -> Result<Json<Vec<Digest>>, ApiError> {
    let digests = digests.unwrap_or_default();
    let mut deleted = routes
        .service
        .delete(&digests)
        .await
        .map_err(|error| failed("could not delete manifests", &error))?;
    // In the order of the request, each once.
    let told = digests
        .into_iter()
        .filter(|digest| deleted.remove(digest))
        .collect();
    Ok(Json(told))
}

async fn index_report(
    State(routes): State<IndexerRoutes>,
    DigestPath(digest): DigestPath,
    wanted: Negotiated<ReportTypes>,
    if_none_match: IfNoneMatch,
) -> Result<Response, ApiError> {
    let tag = routes.tag();
    // Also for a manifest that is not known: a client that asks so has just indexed it.
    if if_none_match.matches(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag.header())]).into_response());
    }
    let report = routes
        .service
        .report(&digest)
        .await
        .map_err(|fault| ApiError::internal(format!("could not retrieve index report: {fault}")))?
        .ok_or_else(|| ApiError::not_found("index report not found"))?;
    let headers = [(CONTENT_TYPE, wanted.content_type()), (ETAG, tag.header())];
    Ok((headers, json::body(routes.present(report)).await?).into_response())
}

async fn delete(
    State(routes): State<IndexerRoutes>,
    DigestPath(digest): DigestPath,
) -> Result<StatusCode, ApiError> {
    routes
        .service
        .delete(&[digest])
        .await
        .map_err(|error| failed("unable to delete manifest", &error))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says how the indexing of a manifest stands that was submitted with `Prefer: respond-async`.
async fn status(
    State(routes): State<IndexerRoutes>,
    DigestPath(digest): DigestPath,
) -> Result<Json<IndexStatus>, ApiError> {
    let status = routes
        .service
        .status(&digest)
        .await
        .map_err(|error| failed("could not look up the manifest", &error))?;
    status
        .map(Json)
        .ok_or_else(|| ApiError::not_found("manifest not found"))
}

async fn state(
    State(routes): State<IndexerRoutes>,
    wanted: Negotiated<StateTypes>,
    if_none_match: IfNoneMatch,
) -> Response {
    #[derive(Serialize)]
    struct Token<'a> {
        state: &'a str,
    }
    let tag = routes.tag();
    if if_none_match.matches(&tag) {
        return (StatusCode::NOT_MODIFIED, [(ETAG, tag.header())]).into_response();
    }
    let state = routes.service.state();
    let body = Json(Token { state }).into_response().into_body();
    (
        [(CONTENT_TYPE, wanted.content_type()), (ETAG, tag.header())],
        body,
    )
        .into_response()
}

const INDEX_REPORT: &str = "/indexer/api/v1/index_report";
const INDEX_STATUS: &str = "/indexer/api/v1/index_status";
const VULNERABILITY_REPORT: &str = "/matcher/api/v1/vulnerability_report";

/// Where both reports of a manifest are.
fn links(manifest: &Digest) -> AppendHeaders<[(HeaderName, HeaderValue); 2]> {
    let link = |path: &str, relation: &str| {
        let link =
            format!("<{path}/{manifest}>; rel=\"https://projectquay.io/clair/v1/{relation}\"");
        (LINK, visible(link))
    };
    AppendHeaders([
        link(INDEX_REPORT, "index_report"),
        link(VULNERABILITY_REPORT, "vulnerability_report"),
    ])
}

fn accepted(manifest: &Digest) -> [(HeaderName, HeaderValue); 3] {
    [
        (LOCATION, path(INDEX_STATUS, manifest)),
        (
            HeaderName::from_static("preference-applied"),
            HeaderValue::from_static("respond-async"),
        ),
        (RETRY_AFTER, HeaderValue::from(ASK_AGAIN)),
    ]
}

fn path(base: &str, manifest: &Digest) -> HeaderValue {
    visible(format!("{base}/{manifest}"))
}

/// A digest is visible ASCII, and so is what stands around it.
fn visible(text: String) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static(""))
}

/// The client learns what failed, the log also why.
fn failed(what: &str, error: &StoreError) -> ApiError {
    ApiError::internal(format!("{what}: {}", error.kind)).with_detail(json::chain(error))
}

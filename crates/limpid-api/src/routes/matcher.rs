//! The matcher's routes.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, VARY};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use limpid_match::{Diff, MatchFault, MatchService, OperationKind, PackedReport, UpdateOperation};
use limpid_types::{NIL_REFERENCE, ZERO_TIME};
use serde_json::json;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use uuid::Uuid;

use crate::ApiError;
use crate::extract::{
    DigestPath, EntityTag, IfNoneMatch, Negotiated, Offer, QueryParameters, UuidPath,
};
use crate::layers::compress::Packed;
use crate::routes::json::{self, Break, JsonWriter};

/// How many differences are written at a time. Each has a thread until the client has taken it.
const DIFFERENCES: usize = 4;

/// limpid's own report, which says what was not covered and why each finding is one.
const LIMPID_REPORT: &str = "application/vnd.limpid.report.v1+json";

/// The forms in which a report can be had.
struct ReportTypes;

impl Offer for ReportTypes {
    const TYPES: &'static [&'static str] = &[
        "application/vnd.clair.vulnerability_report.v1+json",
        "application/json",
        LIMPID_REPORT,
    ];
}

/// What the matcher's handlers work with.
#[derive(Clone)]
pub struct MatcherRoutes {
    service: MatchService,
    cache_control: HeaderValue,
    differences: Arc<Semaphore>,
}

impl MatcherRoutes {
    /// Makes the handlers of a service. Clients may keep reports for some time.
    pub fn new(service: MatchService, cache_age: Duration) -> Self {
        let seconds = cache_age.as_secs_f64().round();
        let cache_control = HeaderValue::try_from(format!("max-age={seconds}"));
        Self {
            service,
            cache_control: cache_control.unwrap_or_else(|_| HeaderValue::from_static("max-age=0")),
            differences: Arc::new(Semaphore::new(DIFFERENCES)),
        }
    }

    /// Returns the router.
    pub fn router(self) -> Router {
        let report = get(vulnerability_report);
        let operation = axum::routing::delete(delete_operation);
        Router::new()
            .route("/matcher/api/v1/vulnerability_report/", report.clone())
            .route("/matcher/api/v1/vulnerability_report/{*digest}", report)
            .route("/matcher/api/v1/internal/update_operation", get(operations))
            .route(
                "/matcher/api/v1/internal/update_operation/",
                operation.clone(),
            )
            .route(
                "/matcher/api/v1/internal/update_operation/{*ref}",
                operation,
            )
            .route("/matcher/api/v1/internal/update_diff", get(diff))
            .with_state(self)
    }
}

async fn vulnerability_report(
    State(routes): State<MatcherRoutes>,
    DigestPath(digest): DigestPath,
    wanted: Negotiated<ReportTypes>,
) -> Result<Response, ApiError> {
    let is_ready = routes.service.is_ready().await;
    if !is_ready.map_err(|fault| failed("initialization error", &fault))? {
        return Ok(StatusCode::ACCEPTED.into_response());
    }
    let report = if wanted.media_type() == LIMPID_REPORT {
        let report = routes.service.limpid_report(&digest).await;
        report.map(|report| report.map(IntoResponse::into_response))
    } else {
        let report = routes.service.vulnerability_report(&digest).await;
        let packed = |report: PackedReport| (Extension(Packed), report.gzip()).into_response();
        report.map(|report| report.map(packed))
    };
    let report = match report {
        Ok(Some(report)) => report,
        Ok(None) => {
            let message = format!("index report for manifest \"{digest}\" not found");
            return Err(ApiError::not_found(message));
        }
        Err(MatchFault::NotReady) => return Ok(StatusCode::ACCEPTED.into_response()),
        Err(MatchFault::Full) => return Err(ApiError::too_many_requests(1)),
        Err(fault @ MatchFault::IndexReport { .. }) => {
            return Err(failed("experienced a server side error", &fault));
        }
        Err(fault) => return Err(failed("failed to start scan", &fault)),
    };
    let headers = [
        (CONTENT_TYPE, wanted.content_type()),
        (CACHE_CONTROL, routes.cache_control.clone()),
        (VARY, HeaderValue::from_static("Accept")),
    ];
    Ok((headers, report).into_response())
}

async fn operations(
    State(routes): State<MatcherRoutes>,
    query: QueryParameters,
    if_none_match: IfNoneMatch,
) -> Result<Response, ApiError> {
    let kind = match query.get("kind") {
        None | Some("vulnerability") => OperationKind::Vulnerability,
        Some("enrichment") => OperationKind::Enrichment,
        Some(other) => {
            return Err(ApiError::bad_request(format!("unknown kind: {other:?}")));
        }
    };
    // What Go takes for true.
    let is_true = |text| matches!(text, "1" | "t" | "T" | "true" | "TRUE" | "True");
    let latest = query.get("latest").is_some_and(is_true);
    let refuse = |fault| failed("could not get update operations", &fault);
    let newest = routes
        .service
        .latest_operation(kind)
        .await
        .map_err(refuse)?;
    let tag = newest.map(|newest| EntityTag::strong(&newest.reference.to_string()));
    if let Some(tag) = &tag
        && if_none_match.matches(tag)
    {
        return Ok((StatusCode::NOT_MODIFIED, [(ETAG, tag.header())]).into_response());
    }
    let operations = routes
        .service
        .operations(kind, latest)
        .await
        .map_err(refuse)?;
    let body = json::body(operations).await?;
    let mut response = (json::JSON, body).into_response();
    if let Some(tag) = tag {
        response.headers_mut().insert(ETAG, tag.header());
    }
    Ok(response)
}

async fn delete_operation(
    State(routes): State<MatcherRoutes>,
    UuidPath(reference): UuidPath,
) -> Result<StatusCode, ApiError> {
    routes
        .service
        .delete_operation(reference)
        .await
        .map_err(|fault| failed("could not delete update operation", &fault))?;
    Ok(StatusCode::OK)
}

async fn diff(
    State(routes): State<MatcherRoutes>,
    query: QueryParameters,
) -> Result<Response, ApiError> {
    let cur = reference(&query, "cur")?
        .ok_or_else(|| ApiError::bad_request("\"cur\" query param is required"))?;
    let prev = reference(&query, "prev")?.filter(|prev| !prev.is_nil());
    let diff = routes
        .service
        .diff(cur, prev)
        .await
        .map_err(|fault| match fault {
            MatchFault::UnknownOperation { reference } => ApiError::not_found(format!(
                "could not get update operations: operation {reference} does not exist"
            )),
            fault => failed("could not get update operations", &fault),
        })?;
    let turn = Arc::clone(&routes.differences).acquire_owned().await;
    let turn =
        turn.map_err(|error| ApiError::internal("internal error").with_detail(error.to_string()))?;
    let (writer, body) = json::stream(turn);
    spawn_blocking(move || {
        if let Err(error) = write_diff(&diff, writer) {
            error.log("difference of update operations");
        }
    });
    Ok((json::JSON, body).into_response())
}

/// Writes a difference as it is found: it can be a whole database.
fn write_diff(diff: &Diff, mut writer: JsonWriter) -> Result<(), Break> {
    writer.text("{\"prev\":");
    match diff.prev() {
        Some(prev) => writer.value(prev)?,
        None => writer.value(&no_operation())?,
    }
    writer.text(",\"cur\":");
    writer.value::<UpdateOperation>(diff.cur())?;
    for (name, changes) in [("added", diff.added()), ("removed", diff.removed())] {
        writer.text(&format!(",\"{name}\":["));
        let mut separator = "";
        for change in changes {
            writer.text(separator);
            writer.value(&change.map_err(|fault| Break::Failed(json::chain(&fault)))?)?;
            writer.blocking_pass_on()?;
            separator = ",";
        }
        writer.text("]");
    }
    writer.text("}");
    writer.blocking_finish()
}

/// What Clair writes for an operation that is none.
fn no_operation() -> serde_json::Value {
    json!({
        "ref": NIL_REFERENCE, "updater": "", "fingerprint": "", "date": ZERO_TIME, "kind": "",
    })
}

fn reference(query: &QueryParameters, name: &str) -> Result<Option<Uuid>, ApiError> {
    let parse = |text| {
        Uuid::try_parse(text).map_err(|_| {
            ApiError::bad_request(format!("could not parse {name:?} query param into uuid"))
        })
    };
    query.get(name).map(parse).transpose()
}

/// The client learns what failed, the log also why.
fn failed(what: &str, fault: &MatchFault) -> ApiError {
    ApiError::internal(format!("{what}: {fault}")).with_detail(json::chain(fault))
}

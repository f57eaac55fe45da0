use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use limpid_types::{Digest, IndexReport, Vulnerability, VulnerabilitySummaries, index_state};
use tokio::task::spawn_blocking;

use super::{IndexerRoutes, failed};
use crate::ApiError;
use crate::extract::{JsonBody, Negotiated, Offer};
use crate::routes::json::{self, JsonWriter};

/// How many manifests are asked for at a time.
const PAGE: usize = 256;

/// The forms in which the answer can be had.
pub(super) struct AffectedTypes;

impl Offer for AffectedTypes {
    const TYPES: &'static [&'static str] = &[
        "application/vnd.clair.affected_manifests.v1+json",
        "application/json",
    ];
}

/// Answers which manifests are affected by some vulnerabilities.
///
/// There may be very many, so the answer is written as it is found, and what goes wrong after its
/// beginning breaks it off: half an answer never looks like a whole one.
pub(super) async fn affected_manifests(
    State(routes): State<IndexerRoutes>,
    wanted: Negotiated<AffectedTypes>,
    JsonBody(summaries): JsonBody<VulnerabilitySummaries>,
) -> Result<Response, ApiError> {
    let search = Search::new(routes, summaries.vulnerabilities);
    // The first page tells most failures while there is still a status to be chosen.
    let first = search.page(None).await?;
    let (writer, body) = json::stream();
    tokio::spawn(async move {
        if let Err(error) = search.write(first, writer.clone()).await {
            tracing::warn!(reason = error, "could not tell all affected manifests");
            writer.fail(error).await;
        }
    });
    Ok(([(CONTENT_TYPE, wanted.content_type())], body).into_response())
}

/// A search for affected manifests.
struct Search {
    routes: IndexerRoutes,
    vulnerabilities: Arc<Vec<Vulnerability>>,
    names: std::collections::BTreeSet<String>,
}

impl Search {
    fn new(routes: IndexerRoutes, vulnerabilities: Vec<Vulnerability>) -> Self {
        Self {
            routes,
            names: limpid_match::names(&vulnerabilities),
            vulnerabilities: Arc::new(vulnerabilities),
        }
    }

    /// Returns the next manifests that may be affected.
    async fn page(&self, after: Option<&Digest>) -> Result<Vec<Digest>, ApiError> {
        if self.names.is_empty() {
            return Ok(Vec::new());
        }
        self.routes
            .service
            .manifests_with_packages(&self.names, after, PAGE)
            .await
            .map_err(|error| failed("could not retrieve affected manifests", &error))
    }

    async fn write(&self, first: Vec<Digest>, mut writer: JsonWriter) -> Result<(), String> {
        let by_id: BTreeMap<&str, &Vulnerability> = self
            .vulnerabilities
            .iter()
            .map(|vulnerability| (vulnerability.id.as_str(), vulnerability))
            .collect();
        writer.text("{\"vulnerabilities\":").await?;
        writer.value(&by_id).await?;
        writer.text(",\"vulnerable_manifests\":{").await?;
        let mut page = first;
        let mut is_first = true;
        while let Some(last) = page.last().cloned() {
            for manifest in page {
                let ids = self.affecting(&manifest).await?;
                if ids.is_empty() {
                    continue;
                }
                writer.text(if is_first { "" } else { "," }).await?;
                writer.value(&manifest).await?;
                writer.text(":").await?;
                writer.value(&ids).await?;
                is_first = false;
            }
            page = self
                .page(Some(&last))
                .await
                .map_err(|error| error.message().to_owned())?;
        }
        writer.text("}}").await?;
        writer.finish().await
    }

    /// Returns the ids of what affects a manifest.
    async fn affecting(&self, manifest: &Digest) -> Result<Vec<String>, String> {
        let report = self.routes.service.report(manifest).await;
        let report: Option<Arc<IndexReport>> = report.map_err(|fault| fault.to_string())?;
        let Some(report) = report.filter(|report| report.state == index_state::FINISHED) else {
            return Ok(Vec::new());
        };
        let vulnerabilities = Arc::clone(&self.vulnerabilities);
        spawn_blocking(move || limpid_match::affected(&report, &vulnerabilities))
            .await
            .map_err(|error| error.to_string())
    }
}

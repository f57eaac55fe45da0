use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use limpid_index::IndexService;
use limpid_match::MemoryData;
use limpid_types::{Digest, Vulnerability, index_state};
use tokio::task::spawn_blocking;

use super::question::Question;
use super::{IndexerRoutes, failed};
use crate::ApiError;
use crate::extract::{JsonBody, Negotiated, Offer};
use crate::routes::json::{self, Break, JsonWriter};

/// How many manifests are asked for at a time.
const PAGE: usize = 256;
/// When a client should try again that is refused, in seconds.
const TRY_AGAIN: u64 = 1;

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
    JsonBody(Question(vulnerabilities)): JsonBody<Question>,
) -> Result<Response, ApiError> {
    // Each search holds its vulnerabilities in memory until the client has taken the answer.
    let Ok(turn) = Arc::clone(&routes.searches).try_acquire_owned() else {
        let endpoint = "/indexer/api/v1/internal/affected_manifest/";
        routes.metrics.count_limited(endpoint, "POST");
        return Err(ApiError::too_many_requests(TRY_AGAIN));
    };
    let search = Search::new(routes.service, vulnerabilities).await?;
    // The first page tells most failures while there is still a status to be chosen.
    let first = search.page(None).await?;
    let (writer, body) = json::stream(turn);
    tokio::spawn(async move {
        if let Err(error) = search.write(first, writer).await {
            error.log("affected manifests");
        }
    });
    Ok(([(CONTENT_TYPE, wanted.content_type())], body).into_response())
}

/// A search for affected manifests.
struct Search {
    service: IndexService,
    names: BTreeSet<String>,
    sought: Arc<Sought>,
}

/// What is searched for, in the form in which it is asked about and in that in which it is found.
struct Sought {
    vulnerabilities: Vec<Vulnerability>,
    data: MemoryData,
}

impl Search {
    async fn new(
        service: IndexService,
        vulnerabilities: Vec<Vulnerability>,
    ) -> Result<Self, ApiError> {
        let prepare = move || Self {
            service,
            names: limpid_match::names(&vulnerabilities),
            sought: Arc::new(Sought {
                data: MemoryData::of_vulnerabilities(&vulnerabilities),
                vulnerabilities,
            }),
        };
        let prepared = spawn_blocking(prepare).await;
        prepared
            .map_err(|error| ApiError::internal("internal error").with_detail(error.to_string()))
    }

    /// Returns the next manifests that may be affected.
    async fn page(&self, after: Option<&Digest>) -> Result<Vec<Digest>, ApiError> {
        if self.names.is_empty() {
            return Ok(Vec::new());
        }
        self.service
            .manifests_with_packages(&self.names, after, PAGE)
            .await
            .map_err(|error| failed("could not retrieve affected manifests", &error))
    }

    async fn write(&self, first: Vec<Digest>, mut writer: JsonWriter) -> Result<(), Break> {
        self.write_vulnerabilities(&mut writer).await?;
        writer.text(",\"vulnerable_manifests\":{");
        let mut page = first;
        let mut separator = "";
        while let Some(last) = page.last().cloned() {
            for manifest in page {
                writer.pass_on().await?;
                let ids = self.affecting(&manifest).await?;
                if ids.is_empty() {
                    continue;
                }
                writer.text(separator);
                writer.value(&manifest)?;
                writer.text(":");
                writer.value(&ids)?;
                separator = ",";
            }
            page = self
                .page(Some(&last))
                .await
                .map_err(|error| Break::Failed(error.message().to_owned()))?;
        }
        writer.text("}}");
        writer.finish().await
    }

    /// Writes all vulnerabilities that were asked for. Of those with the same id the last counts.
    async fn write_vulnerabilities(&self, writer: &mut JsonWriter) -> Result<(), Break> {
        let by_id: BTreeMap<&str, &Vulnerability> = self
            .sought
            .vulnerabilities
            .iter()
            .map(|vulnerability| (vulnerability.id.as_str(), vulnerability))
            .collect();
        writer.text("{\"vulnerabilities\":{");
        let mut separator = "";
        for (id, vulnerability) in by_id {
            writer.text(separator);
            writer.value(id)?;
            writer.text(":");
            writer.value(vulnerability)?;
            writer.pass_on().await?;
            separator = ",";
        }
        writer.text("}");
        Ok(())
    }

    /// Returns the ids of what affects a manifest.
    async fn affecting(&self, manifest: &Digest) -> Result<Vec<String>, Break> {
        let report = self.service.report(manifest).await;
        let report = report.map_err(|fault| Break::Failed(fault.to_string()))?;
        let Some(report) = report.filter(|report| report.state == index_state::FINISHED) else {
            return Ok(Vec::new());
        };
        let sought = Arc::clone(&self.sought);
        spawn_blocking(move || sought.data.affected(&report, &sought.vulnerabilities))
            .await
            .map_err(|error| Break::Failed(error.to_string()))
    }
}
